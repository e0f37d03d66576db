"""The figures of the record, counted by the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from reviewbot.domain.record import Answer, IncidentRecord, Result, Stand
from reviewbot.domain.record_figures import Group, Month, RecordFigures, fates_of
from reviewbot.store.live_rows import PullRow, SpendingRow
from reviewbot.store.plain_values import from_json
from reviewbot.store.record_rows import IncidentRow, OutcomeRow
from reviewbot.store.rows import FindingRow, ReviewRow
from reviewbot.store.said_rows import RoundRow
from reviewbot.store.transactions import Transactions

_NANODOLLAR = Decimal("0.000000001")

Repositories = Collection[int] | None
"""The repositories that somebody may see; None for all."""


class Figures:
    """Counts what is on record; raises StoreError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def since(self, moment: float, repositories: Repositories = None, with_incidents: bool = False) -> RecordFigures:
        """Everything from a moment on (unix seconds), of the repositories that are given."""
        with self._transactions.reading() as session:
            until = self._transactions.now(session)
            reviews = _reviews(session, moment, repositories)
            outcomes = _outcomes(session, moment, repositories)
            answers = _answers(session, moment, repositories)
            return RecordFigures(
                since=moment,
                until=until,
                reviews=sum(count for count, _ in reviews.values()),
                silent=sum(silent for _, silent in reviews.values()),
                outcomes=_review_outcomes(session, moment, repositories),
                findings=_findings(session, moment, repositories),
                cost_usd=_cost(session, moment, repositories),
                fates=fates_of(outcomes.total),
                groups={
                    "repository": _repositories(session, outcomes.by["repository"], reviews),
                    **{name: _groups(outcomes.by[name]) for name in ("reviewer", "lens", "category")},
                },
                answers=Counter(answer for answer, _ in answers if answer is not None),
                unanswered=sum(answer is None for answer, _ in answers),
                incidents=_incidents(session, moment, repositories) if with_incidents else (),
                months=months_of(answers),
            )


def months_of(answers: Iterable[tuple[Answer | None, float]]) -> tuple[Month, ...]:
    """Incidents by the month in which they were opened (UTC), the first first; months without one are left out."""
    found: dict[str, Counter[Answer]] = defaultdict(Counter)
    for answer, opened_at in answers:
        if answer is not None:
            found[f"{datetime.fromtimestamp(opened_at, UTC):%Y-%m}"][answer] += 1
    return tuple(Month(name, dict(found[name])) for name in sorted(found))


class _Counts:
    """Findings by result and proof: all of them, and by each of their properties."""

    def __init__(self) -> None:
        self.total: Counter[tuple[Result, bool]] = Counter()
        self.by: dict[str, dict[str, Counter[tuple[Result, bool]]]] = defaultdict(lambda: defaultdict(Counter))

    def add(self, names: Mapping[str, str], key: tuple[Result, bool], count: int) -> None:
        self.total[key] += count
        for dimension, name in names.items():
            self.by[dimension][name][key] += count


def _outcomes(session: Session, moment: float, repositories: Repositories) -> _Counts:
    is_proven = case((col(OutcomeRow.proven_at).is_not(None), 1), else_=0)
    columns: tuple[Any, ...] = (
        OutcomeRow.repo_id,
        OutcomeRow.reviewer,
        OutcomeRow.lens,
        OutcomeRow.category,
        OutcomeRow.result,
    )
    query = sql_select(*columns, is_proven, func.count()).where(
        col(OutcomeRow.at) >= moment, within(OutcomeRow.repo_id, repositories)
    )
    counts = _Counts()
    for row in session.connection().execute(query.group_by(*columns, is_proven)):
        repo_id, reviewer, lens, category, result, proven, count = list(row)
        names = {"repository": str(repo_id), "reviewer": reviewer, "lens": lens or "none", "category": category}
        counts.add(names, (Result(result), bool(proven)), count)
    return counts


def _reviews(session: Session, moment: float, repositories: Repositories) -> dict[int, tuple[int, int]]:
    """Published reviews of each repository, and how many of them said nothing."""
    said = exists().where(col(FindingRow.review_id) == col(RoundRow.review_id), col(FindingRow.stage).is_(None))
    query = (
        select(RoundRow.repo_id, func.count(), func.sum(case((said, 0), else_=1)))
        .where(col(RoundRow.published_at) >= moment, within(RoundRow.repo_id, repositories))
        .group_by(col(RoundRow.repo_id))
    )
    return {repo_id: (count, int(silent or 0)) for repo_id, count, silent in session.exec(query)}


def _review_outcomes(session: Session, moment: float, repositories: Repositories) -> dict[str, int]:
    query = (
        select(ReviewRow.outcome, func.count())
        .join(RoundRow, col(RoundRow.review_id) == col(ReviewRow.id))
        .where(col(RoundRow.published_at) >= moment, within(RoundRow.repo_id, repositories))
        .group_by(col(ReviewRow.outcome))
    )
    return dict(session.exec(query).all())


def _findings(session: Session, moment: float, repositories: Repositories) -> int:
    query = (
        select(func.count())
        .select_from(FindingRow)
        .join(RoundRow, col(RoundRow.review_id) == col(FindingRow.review_id))
        .where(
            col(FindingRow.stage).is_(None),
            col(RoundRow.published_at) >= moment,
            within(RoundRow.repo_id, repositories),
        )
    )
    return session.exec(query).one()


def _cost(session: Session, moment: float, repositories: Repositories) -> Decimal:
    query = select(func.sum(SpendingRow.cost_nanodollars)).where(
        col(SpendingRow.at) >= moment, within(SpendingRow.repo_id, repositories)
    )
    return Decimal(session.exec(query).one() or 0) * _NANODOLLAR


def _answers(session: Session, moment: float, repositories: Repositories) -> list[tuple[Answer | None, float]]:
    """The answer of each incident, None where there is none yet, and when it was opened."""
    query = select(IncidentRow.answer, IncidentRow.opened_at).where(
        col(IncidentRow.opened_at) >= moment,
        IncidentRow.stand != Stand.WITHDRAWN.value,
        within(IncidentRow.repo_id, repositories),
    )
    return [(Answer(answer) if answer else None, opened_at) for answer, opened_at in session.exec(query)]


def _incidents(session: Session, moment: float, repositories: Repositories) -> tuple[IncidentRecord, ...]:
    query = select(IncidentRow.body).where(
        col(IncidentRow.opened_at) >= moment,
        IncidentRow.stand != Stand.WITHDRAWN.value,
        within(IncidentRow.repo_id, repositories),
    )
    bodies = session.exec(query.order_by(col(IncidentRow.opened_at), col(IncidentRow.id)))
    return tuple(from_json(IncidentRecord, body) for body in bodies)


def _repositories(
    session: Session, counts: Mapping[str, Counter[tuple[Result, bool]]], reviews: Mapping[int, tuple[int, int]]
) -> tuple[Group, ...]:
    ids = {int(name) for name in counts} | set(reviews)
    names = repository_names(session, ids)
    found = [
        Group(names.get(one, str(one)), fates_of(counts.get(str(one), {})), *reviews.get(one, (0, 0))) for one in ids
    ]
    return tuple(sorted(found, key=lambda one: (-one.reviews, one.name)))


def _groups(counts: Mapping[str, Counter[tuple[Result, bool]]]) -> tuple[Group, ...]:
    found = [Group(name, fates_of(one)) for name, one in counts.items()]
    return tuple(sorted(found, key=lambda one: (-one.fates.said, one.name)))


def repository_names(session: Session, ids: Collection[int]) -> dict[int, str]:
    """The present names of repositories by their numbers, as far as a pull request of theirs is on record."""
    query = select(PullRow.repo_id, func.max(PullRow.owner), func.max(PullRow.name)).group_by(col(PullRow.repo_id))
    return {repo_id: f"{owner}/{name}" for repo_id, owner, name in session.exec(query) if repo_id in ids}


def within(column: Any, repositories: Repositories) -> ColumnElement[bool]:
    """The condition that a column names one of the repositories that somebody may see."""
    return col(column).is_not(None) if repositories is None else col(column).in_(repositories)
