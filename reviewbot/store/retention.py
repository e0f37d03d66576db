"""Forgetting what is old: exactly what the setting says, and nothing that still has a purpose."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select, tuple_, update
from sqlmodel import Session, col

from reviewbot.store.live_rows import DeliveryConflictRow, DeliveryRow, PullReviewRow, PullRow, SpendingRow
from reviewbot.store.record_rows import BacktestRow, PullFactRow, SessionRow
from reviewbot.store.rows import ReplayRow, ReviewRow
from reviewbot.store.said_rows import FeedbackRow, RoundRow
from reviewbot.store.transactions import Transactions

DAY_SECONDS = 86_400.0
GUID_DAYS = 366
"""How long the names of deliveries are kept, so that an old one that is sent again is known (FAULTS.md F23)."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows went, or would go; `bodies` are deliveries whose text is emptied, `deliveries` those that go."""

    bodies: int = 0
    deliveries: int = 0
    reviews: int = 0
    pull_titles: int = 0
    feedback: int = 0
    spending: int = 0
    sessions: int = 0

    @property
    def total(self) -> int:
        return sum(getattr(self, one.name) for one in fields(self))


def prune(transactions: Transactions, days: int, *, is_trial: bool = False) -> Forgotten:
    """Deletes what is older than so many days, of closed pull requests only; raises StoreError.

    Reviews go with their findings, runs, calls and rounds. What was said on a pull request, outcomes and incidents
    stay, because they are the record; so do ignored findings, the outbox, which keeps things from being said twice,
    and retro runs. The names of deliveries stay for a year at least. `is_trial` counts and changes nothing.
    """

    def work(session: Session) -> Forgotten:
        now = transactions.now(session)
        before = now - days * DAY_SECONDS
        settled = col(DeliveryRow.state).in_(["handled", "ignored", "dead"])
        names_before = now - max(days, GUID_DAYS) * DAY_SECONDS
        old_bodies = and_(settled, col(DeliveryRow.received_at) < before, col(DeliveryRow.body) != b"")
        old_names = and_(settled, col(DeliveryRow.received_at) < names_before)
        closed = select(col(PullFactRow.repo_id), col(PullFactRow.number)).where(col(PullFactRow.state) != "open")
        idle = select(col(PullRow.repo_id), col(PullRow.number)).where(col(PullRow.wanted) <= col(PullRow.handled))
        pull = (col(RoundRow.repo_id), col(RoundRow.number))
        old_rounds = and_(col(RoundRow.created_at) < before, _in(pull, closed), _in(pull, idle))
        reviews = [row for (row,) in session.execute(select(col(RoundRow.review_id)).where(old_rounds))]
        found = Forgotten(
            bodies=_count(session, DeliveryRow, old_bodies),
            deliveries=_count(session, DeliveryRow, old_names),
            reviews=len(reviews),
            pull_titles=_count(session, PullFactRow, _old_pull(before)),
            feedback=_count(session, FeedbackRow, col(FeedbackRow.at) < before),
            spending=_count(session, SpendingRow, col(SpendingRow.at) < before),
            sessions=_count(session, SessionRow, col(SessionRow.expires_at) < now),
        )
        if is_trial:
            return found
        session.execute(update(DeliveryRow).where(old_bodies).values(body=b""))
        gone = select(col(DeliveryRow.id)).where(old_names)
        session.execute(delete(DeliveryConflictRow).where(col(DeliveryConflictRow.delivery_id).in_(gone)))
        session.execute(delete(DeliveryRow).where(old_names))
        session.execute(delete(RoundRow).where(old_rounds))
        for start in range(0, len(reviews), 500):
            part = reviews[start : start + 500]
            kept = select(col(ReplayRow.review_id))
            session.execute(delete(ReviewRow).where(col(ReviewRow.id).in_(part), col(ReviewRow.id).not_in(kept)))
        session.execute(update(PullFactRow).where(_old_pull(before)).values(title="", author=""))
        for row, condition in (
            (FeedbackRow, col(FeedbackRow.at) < before),
            (SpendingRow, col(SpendingRow.at) < before),
            (PullReviewRow, col(PullReviewRow.at) < before),
            (SessionRow, col(SessionRow.expires_at) < now),
            (BacktestRow, and_(col(BacktestRow.due_at).is_(None))),
        ):
            session.execute(delete(row).where(condition))
        return found

    return transactions.run(work)


def _old_pull(before: float) -> ColumnElement[bool]:
    return and_(
        col(PullFactRow.state) != "open",
        col(PullFactRow.changed_at) < before,
        (col(PullFactRow.title) != "") | (col(PullFactRow.author) != ""),
    )


def _in(columns: tuple[Any, ...], query: Any) -> Any:
    return tuple_(*columns).in_(query)


def _count(session: Session, row: type[Any], condition: Any) -> int:
    return int(session.scalar(select(func.count()).select_from(row).where(condition)) or 0)
