"""The processes that work, and which of them have died: by heartbeats on the database's clock."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, delete
from sqlmodel import Session, col, select

from reviewbot.store.holds import DEAD_AFTER_SECONDS, let_go_of_all
from reviewbot.store.live_rows import WorkerRow
from reviewbot.store.transactions import Transactions

Worker = tuple[str, str]
"""A worker's id and that of its executor in the job engine."""


class Workers:
    """Keeps the heartbeats; safe to use from several threads; raises StoreError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def beat(self, worker_id: str, executor_id: str) -> None:
        """Says that it lives; one that was buried meanwhile is back."""

        def work(session: Session) -> None:
            now = self._transactions.now(session)
            row = session.get(WorkerRow, worker_id)
            started_at = now if row is None else row.started_at
            session.merge(WorkerRow(worker_id=worker_id, executor_id=executor_id, started_at=started_at, beat_at=now))

        self._transactions.run(work)

    def leave(self, worker_id: str) -> None:
        """Says that it works no more; what it held is free at once."""
        self.bury(worker_id)

    def dead(self, after_seconds: float = DEAD_AFTER_SECONDS) -> tuple[Worker, ...]:
        """Those that were not heard for so long, and are not buried."""
        return self._listed(lambda now: col(WorkerRow.beat_at) < now - after_seconds)

    def alive(self, after_seconds: float = DEAD_AFTER_SECONDS) -> tuple[Worker, ...]:
        return self._listed(lambda now: col(WorkerRow.beat_at) >= now - after_seconds)

    def bury(self, worker_id: str) -> None:
        """Frees what it held and forgets it; twice is once. If it lives after all, it is fenced and beats again."""

        def work(session: Session) -> None:
            session.execute(delete(WorkerRow).where(col(WorkerRow.worker_id) == worker_id))
            let_go_of_all(session, worker_id, self._transactions.now(session))

        self._transactions.run(work)

    def _listed(self, which: Callable[[float], ColumnElement[bool]]) -> tuple[Worker, ...]:
        with self._transactions.reading() as session:
            query = select(WorkerRow.worker_id, WorkerRow.executor_id).where(which(self._transactions.now(session)))
            return tuple((worker, executor) for worker, executor in session.exec(query.order_by(WorkerRow.worker_id)))
