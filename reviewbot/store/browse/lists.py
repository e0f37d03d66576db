"""Lists for people, newest first, in pages: pull requests, findings, incidents, deliveries, retro runs, spending."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import String, and_, cast, func, or_
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from reviewbot.domain.record import IncidentRecord
from reviewbot.store.browse.figures import Repositories, repository_names, within
from reviewbot.store.incidents import StoredIncident
from reviewbot.store.live_rows import DeliveryRow, PullRow, SpendingRow
from reviewbot.store.plain_values import from_json
from reviewbot.store.record_rows import IncidentRow, OutcomeRow, PullFactRow
from reviewbot.store.rows import FindingRow, ReplayRow, RetroRunRow, VerdictRow
from reviewbot.store.said_rows import RoundRow
from reviewbot.store.sound_text import sound
from reviewbot.store.transactions import Transactions

PAGE = 50
_NANODOLLAR = Decimal("0.000000001")
_ESCAPED = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


@dataclass(frozen=True, slots=True)
class PullLine:
    """A pull request in a list; moments are unix seconds, `merged_at` None where it is not merged."""

    repo_id: int
    number: int
    repo: str
    title: str
    author: str
    state: str
    outcome: str | None
    reason: str
    merged_at: float | None
    changed_at: float


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding in a list. `stage` is what held it back, None where it was said; `result` what became of it, or ""."""

    id: int
    repo_id: int
    repo: str
    number: int
    title: str
    severity: str
    category: str
    reviewer: str
    path: str
    line: int | None
    stage: str | None
    result: str
    is_proven: bool
    at: float


@dataclass(frozen=True, slots=True)
class FindingSearch:
    """What is looked for; "" and None look for everything. `before` is the id of the last finding of the page before.

    `fate` is said, held back, addressed, dismissed, ignored or proven.
    """

    text: str = ""
    severity: str = ""
    category: str = ""
    reviewer: str = ""
    repo_id: int | None = None
    fate: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class IncidentSearch:
    """What is looked for; `before` is the number of the last incident of the page before."""

    text: str = ""
    answer: str = ""
    stand: str = ""
    repo_id: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A delivery in a list; its body is never shown."""

    id: int
    event: str
    guid: str
    state: str
    note: str
    attempts: int
    received_at: float


@dataclass(frozen=True, slots=True)
class RunLine:
    """A retro run in a list: verdicts by arm."""

    id: int
    started_at: str
    folder: str
    incidents_file: str
    replays: int
    verdicts: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class SpendLine:
    """What one repository has cost in US dollars: today, in the last 30 days, in all."""

    repo_id: int
    repo: str
    today_usd: Decimal
    month_usd: Decimal
    total_usd: Decimal


class Lists:
    """Reads pages of lists; raises StoreError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def pulls(
        self, repositories: Repositories, repo_id: int | None = None, before: float | None = None, failed: bool = False
    ) -> tuple[PullLine, ...]:
        """Pull requests by their last change; with `failed` only those whose latest head was given up or put off."""
        key = and_(col(PullFactRow.repo_id) == col(PullRow.repo_id), col(PullFactRow.number) == col(PullRow.number))
        query = select(PullFactRow, PullRow).join(PullRow, key, isouter=True)
        query = query.where(within(PullFactRow.repo_id, repositories))
        if repo_id is not None:
            query = query.where(PullFactRow.repo_id == repo_id)
        if before is not None:
            query = query.where(PullFactRow.changed_at < before)
        if failed:
            query = query.where(col(PullRow.outcome).in_(["failed", "deferred"]))
        with self._transactions.reading() as session:
            found = session.exec(query.order_by(col(PullFactRow.changed_at).desc()).limit(PAGE))
            return tuple(_pull(fact, work) for fact, work in found)

    def findings(self, search: FindingSearch, repositories: Repositories) -> tuple[FindingLine, ...]:
        """Findings of live reviews, the latest first."""
        outcome = and_(
            col(OutcomeRow.repo_id) == col(RoundRow.repo_id),
            col(OutcomeRow.number) == col(RoundRow.number),
            col(OutcomeRow.fingerprint) == col(FindingRow.fingerprint),
            col(FindingRow.stage).is_(None),
        )
        query = (
            sql_select(FindingRow, col(RoundRow.repo_id), col(RoundRow.number), col(RoundRow.created_at), OutcomeRow)
            .join(RoundRow, col(RoundRow.review_id) == col(FindingRow.review_id))
            .join(OutcomeRow, outcome, isouter=True)
            .where(within(RoundRow.repo_id, repositories), *_finding_conditions(search))
        )
        with self._transactions.reading() as session:
            rows = [list(row) for row in session.execute(query.order_by(col(FindingRow.id).desc()).limit(PAGE))]
            names = repository_names(session, {row[1] for row in rows})
            return tuple(
                _finding(row, repo_id, names.get(repo_id, str(repo_id)), number, at, became)
                for row, repo_id, number, at, became in rows
            )

    def incidents(self, search: IncidentSearch, repositories: Repositories) -> tuple[StoredIncident, ...]:
        """Incidents, the latest opened first."""
        query = select(IncidentRow).where(within(IncidentRow.repo_id, repositories))
        if search.answer:
            query = query.where(IncidentRow.answer == search.answer)
        if search.stand:
            query = query.where(IncidentRow.stand == search.stand)
        if search.repo_id is not None:
            query = query.where(IncidentRow.repo_id == search.repo_id)
        if search.text:
            query = query.where(_contains(IncidentRow.body, search.text))
        if search.before is not None:
            last = select(IncidentRow.opened_at).where(IncidentRow.id == search.before).scalar_subquery()
            same = and_(col(IncidentRow.opened_at) == last, col(IncidentRow.id) < search.before)
            query = query.where(or_(col(IncidentRow.opened_at) < last, same))
        with self._transactions.reading() as session:
            order = (col(IncidentRow.opened_at).desc(), col(IncidentRow.id).desc())
            rows = session.exec(query.order_by(*order).limit(PAGE))
            return tuple(StoredIncident(row.id or 0, from_json(IncidentRecord, row.body), row.attempts) for row in rows)

    def deliveries(self, state: str = "", before: int | None = None) -> tuple[DeliveryLine, ...]:
        line = (DeliveryRow.id, DeliveryRow.event, DeliveryRow.guid, DeliveryRow.state, DeliveryRow.note)
        query = sql_select(*(col(one) for one in (*line, DeliveryRow.attempts, DeliveryRow.received_at)))
        if state:
            query = query.where(col(DeliveryRow.state) == state)
        if before is not None:
            query = query.where(col(DeliveryRow.id) < before)
        with self._transactions.reading() as session:
            rows = session.connection().execute(query.order_by(col(DeliveryRow.id).desc()).limit(PAGE))
            return tuple(DeliveryLine(*list(row)) for row in rows)

    def runs(self) -> tuple[RunLine, ...]:
        """Retro runs that this database knows, the latest first."""
        with self._transactions.reading() as session:
            rows = session.exec(select(RetroRunRow).order_by(col(RetroRunRow.id).desc()).limit(PAGE)).all()
            return tuple(self._run(session, row) for row in rows)

    def verdicts(self, run_id: int) -> dict[tuple[str, str], str]:
        """The verdict of each case and arm of a run, in its first trial."""
        query = sql_select(col(VerdictRow.case_name), col(VerdictRow.arm), col(VerdictRow.verdict)).where(
            col(VerdictRow.run_id) == run_id
        )
        with self._transactions.reading() as session:
            rows = session.connection().execute(query.order_by(col(VerdictRow.trial).desc()))
            return {(case, arm): verdict for case, arm, verdict in rows}

    def spending(self, repositories: Repositories) -> tuple[SpendLine, ...]:
        """What each repository has cost, the dearest of the last 30 days first; days are those of UTC."""
        with self._transactions.reading() as session:
            now = self._transactions.now(session)
            sums = [_spent(session, repositories, since) for since in (now - now % 86_400, now - 30 * 86_400, 0.0)]
            names = repository_names(session, set(sums[2]))
        lines = [
            SpendLine(repo_id, names.get(repo_id, str(repo_id)), *(one.get(repo_id, Decimal(0)) for one in sums))
            for repo_id in sums[2]
        ]
        return tuple(sorted(lines, key=lambda one: (-one.month_usd, one.repo)))

    def _run(self, session: Session, row: RetroRunRow) -> RunLine:
        assert row.id is not None
        verdicts: dict[str, dict[str, int]] = defaultdict(dict)
        counted = (
            select(VerdictRow.arm, VerdictRow.verdict, func.count())
            .where(VerdictRow.run_id == row.id)
            .group_by(VerdictRow.arm, VerdictRow.verdict)
        )
        for arm, verdict, count in session.exec(counted):
            verdicts[arm][verdict] = count
        replays = session.exec(select(func.count()).select_from(ReplayRow).where(ReplayRow.run_id == row.id)).one()
        return RunLine(row.id, row.started_at, row.folder, row.incidents_file, replays, dict(verdicts))


def _finding_conditions(search: FindingSearch) -> list[Any]:
    conditions: list[Any] = []
    for column, wanted in (
        (FindingRow.severity, search.severity),
        (FindingRow.category, search.category),
        (FindingRow.reviewer, search.reviewer),
        (RoundRow.repo_id, search.repo_id),
    ):
        if wanted:
            conditions.append(col(column) == wanted)
    if search.text:
        conditions.append(or_(_contains(FindingRow.title, search.text), _contains(FindingRow.path, search.text)))
    if search.before is not None:
        conditions.append(col(FindingRow.id) < search.before)
    match search.fate:
        case "":
            pass
        case "said":
            conditions.append(col(FindingRow.stage).is_(None))
        case "held back":
            conditions.append(col(FindingRow.stage).is_not(None))
        case "proven":
            conditions.append(col(OutcomeRow.proven_at).is_not(None))
        case fate:
            conditions.append(OutcomeRow.result == fate)
    return conditions


def _contains(column: Any, text: str) -> Any:
    return cast(column, String).ilike(f"%{sound(text).translate(_ESCAPED)}%", escape="\\")


def _spent(session: Session, repositories: Repositories, since: float) -> dict[int, Decimal]:
    query = (
        select(SpendingRow.repo_id, func.sum(SpendingRow.cost_nanodollars))
        .where(col(SpendingRow.at) >= since, within(SpendingRow.repo_id, repositories))
        .group_by(col(SpendingRow.repo_id))
    )
    return {repo_id: int(amount or 0) * _NANODOLLAR for repo_id, amount in session.exec(query)}


def _pull(fact: PullFactRow, work: PullRow | None) -> PullLine:
    return PullLine(
        fact.repo_id,
        fact.number,
        f"{work.owner}/{work.name}" if work is not None else fact.repo,
        fact.title,
        fact.author,
        fact.state,
        work.outcome if work is not None else None,
        work.reason if work is not None else "",
        fact.merged_at,
        fact.changed_at,
    )


def _finding(
    row: FindingRow, repo_id: int, repo: str, number: int, at: float, became: OutcomeRow | None
) -> FindingLine:
    return FindingLine(
        row.id or 0,
        repo_id,
        repo,
        number,
        row.title,
        row.severity,
        row.category,
        row.reviewer,
        row.path or "",
        row.first_line,
        row.stage,
        became.result if became is not None else "",
        became is not None and became.proven_at is not None,
        at,
    )
