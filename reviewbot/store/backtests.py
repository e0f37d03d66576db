"""Backtests of policies that pull requests change: asked for once, made by whoever comes first."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from reviewbot.domain.pull import PullRef
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.store.record_rows import BacktestRow
from reviewbot.store.transactions import Transactions
from reviewbot.store.upsert import insert_unless_there


@dataclass(frozen=True, slots=True)
class WantedBacktest:
    """A head whose policy is to be held against the one in force; `attempts` counts the tries so far."""

    ref: PullRef
    head: Sha
    installation_id: int
    repo: RepoName
    attempts: int


class Backtests:
    """Keeps what is wanted; safe to use from several threads and processes; raises StoreError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def want(self, ref: PullRef, head: Sha, installation_id: int, repo: RepoName) -> None:
        """Asks for one; asking twice for the same head is asking once."""

        def work(session: Session) -> None:
            insert_unless_there(
                session,
                BacktestRow,
                repo_id=ref.repo_id,
                number=ref.number,
                head=head,
                installation_id=installation_id,
                repo=str(repo),
                attempts=0,
                due_at=self._transactions.now(session),
            )

        self._transactions.run(work)

    def take(self, lease_seconds: float) -> WantedBacktest | None:
        """The one that has waited longest, nobody else's for so long; the try is counted before it is made."""

        def work(session: Session) -> WantedBacktest | None:
            now = self._transactions.now(session)
            query = select(BacktestRow).where(col(BacktestRow.due_at) <= now).order_by(col(BacktestRow.due_at)).limit(1)
            row = session.exec(query.with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            row.due_at, row.attempts = now + lease_seconds, row.attempts + 1
            session.add(row)
            ref = PullRef(row.repo_id, row.number)
            return WantedBacktest(ref, Sha(row.head), row.installation_id, RepoName.parse(row.repo), row.attempts)

        return self._transactions.run(work)

    def settle(self, wanted: WantedBacktest, due_in: float | None = None) -> None:
        """Nothing more is to be done for it; or, after so many seconds, all of it again."""

        def work(session: Session) -> None:
            key = (wanted.ref.repo_id, wanted.ref.number, str(wanted.head))
            row = session.get(BacktestRow, key, with_for_update=True)
            if row is not None:
                row.due_at = None if due_in is None else self._transactions.now(session) + due_in
                session.add(row)

        self._transactions.run(work)
