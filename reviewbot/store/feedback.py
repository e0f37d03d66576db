"""What people let us know of findings: thumbs, resolved threads, replies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session, col, select

from reviewbot.domain.pull import PullRef
from reviewbot.store.said_rows import FeedbackRow
from reviewbot.store.sound_text import sound
from reviewbot.store.transactions import Transactions
from reviewbot.store.upsert import insert_unless_there

FeedbackKind = Literal["+1", "-1", "resolved", "unresolved", "reply"]


@dataclass(frozen=True, slots=True)
class GivenFeedback:
    """One piece of it; `by_id` is GitHub's number of the person, `at` in unix seconds."""

    ref: PullRef
    fingerprint: str | None
    kind: str
    by_id: int
    remote_id: str
    at: float


class Feedback:
    """Keeps each piece once; safe to use from several threads; raises StoreError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def record(self, ref: PullRef, fingerprint: str | None, kind: FeedbackKind, by_id: int, remote_id: str) -> bool:
        """Keeps what somebody said by an object of GitHub's, such as a comment. False where it was known."""

        def work(session: Session) -> bool:
            new_id = insert_unless_there(
                session,
                FeedbackRow,
                repo_id=ref.repo_id,
                number=ref.number,
                fingerprint=fingerprint,
                kind=kind,
                by_id=by_id,
                remote_id=sound(remote_id),
                at=self._transactions.now(session),
            )
            return new_id is not None

        return self._transactions.run(work)

    def of(self, ref: PullRef) -> tuple[GivenFeedback, ...]:
        """All that was said on a pull request, the first first."""
        with self._transactions.reading() as session:
            query = select(FeedbackRow).where(FeedbackRow.repo_id == ref.repo_id, FeedbackRow.number == ref.number)
            rows = session.exec(query.order_by(col(FeedbackRow.id)))
            return tuple(
                GivenFeedback(ref, row.fingerprint, row.kind, row.by_id, row.remote_id, row.at) for row in rows
            )
