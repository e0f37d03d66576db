"""What became of the findings at the merge, and which of them a later fix has proved right."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from reviewbot.domain.finding import Finding
from reviewbot.domain.pull import PullRef
from reviewbot.domain.record import Outcome, Result
from reviewbot.store.record_rows import OutcomeRow
from reviewbot.store.sound_text import sound
from reviewbot.store.transactions import Transactions


@dataclass(frozen=True, slots=True)
class KeptOutcome:
    """An outcome with the pull request that its finding was said on."""

    ref: PullRef
    outcome: Outcome


class Outcomes:
    """Keeps one outcome for each finding that was said; safe to use from several threads; raises StoreError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def keep(self, ref: PullRef, installation_id: int, found: Iterable[tuple[Finding, Outcome]]) -> None:
        """Stores outcomes; one that is there is replaced, and what proved it right stays."""
        rows = [_row(ref, installation_id, finding, outcome) for finding, outcome in found]

        def work(session: Session) -> None:
            now = self._transactions.now(session)
            for row in rows:
                known = session.get(OutcomeRow, (row.repo_id, row.number, row.fingerprint))
                row.at = known.at if known is not None else now
                if known is not None:
                    row.proven_by, row.proven_at = known.proven_by, known.proven_at
                session.merge(row)

        self._transactions.run(work)

    def of(self, ref: PullRef) -> tuple[Outcome, ...]:
        """Those of a pull request, in the order of their fingerprints; none before it was merged."""
        with self._transactions.reading() as session:
            query = select(OutcomeRow).where(OutcomeRow.repo_id == ref.repo_id, OutcomeRow.number == ref.number)
            return tuple(_outcome(row) for row in session.exec(query.order_by(col(OutcomeRow.fingerprint))))

    def unproven(self, repo_id: int, paths: Sequence[str]) -> tuple[KeptOutcome, ...]:
        """Findings at these paths that were merged as they were, and that no fix has proved right yet."""
        with self._transactions.reading() as session:
            query = select(OutcomeRow).where(
                OutcomeRow.repo_id == repo_id,
                OutcomeRow.result != Result.ADDRESSED.value,
                col(OutcomeRow.proven_at).is_(None),
                col(OutcomeRow.path).in_([sound(path) for path in paths]),
            )
            rows = session.exec(query.order_by(col(OutcomeRow.number), col(OutcomeRow.fingerprint)))
            return tuple(KeptOutcome(PullRef(row.repo_id, row.number), _outcome(row)) for row in rows)

    def has_unproven(self, repo_id: int) -> bool:
        """Whether any fix could prove something in this repository."""
        with self._transactions.reading() as session:
            query = select(OutcomeRow.fingerprint).where(
                OutcomeRow.repo_id == repo_id,
                OutcomeRow.result != Result.ADDRESSED.value,
                col(OutcomeRow.proven_at).is_(None),
            )
            return session.exec(query.limit(1)).first() is not None

    def prove(self, kept: KeptOutcome, by: str) -> None:
        """Notes the fix that proved a finding right; the first one stays."""

        def work(session: Session) -> None:
            key = (kept.ref.repo_id, kept.ref.number, kept.outcome.fingerprint)
            row = session.get(OutcomeRow, key, with_for_update=True)
            if row is not None and row.proven_at is None:
                row.proven_by, row.proven_at = sound(by), self._transactions.now(session)
                session.add(row)

        self._transactions.run(work)


def _row(ref: PullRef, installation_id: int, finding: Finding, outcome: Outcome) -> OutcomeRow:
    return OutcomeRow(
        repo_id=ref.repo_id,
        number=ref.number,
        fingerprint=outcome.fingerprint,
        installation_id=installation_id,
        result=outcome.result.value,
        reason=sound(outcome.reason),
        commit=outcome.commit,
        path=sound(outcome.path),
        lines=json.dumps(outcome.lines),
        reviewer=sound(finding.reviewer),
        lens=sound(finding.lens),
        category=finding.category.value,
        severity=finding.severity.value,
        at=0.0,
        proven_by="",
    )


def _outcome(row: OutcomeRow) -> Outcome:
    return Outcome(
        row.fingerprint,
        Result(row.result),
        row.reason,
        row.commit,
        row.path,
        tuple(json.loads(row.lines)),
        row.at,
        row.proven_by,
        row.proven_at,
    )
