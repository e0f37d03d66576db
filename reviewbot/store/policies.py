"""The policy files of the repositories: the last one that was in order, and the problems that were told."""

from __future__ import annotations

from sqlmodel import Session, select

from reviewbot.domain.repository import Sha
from reviewbot.store.said_rows import GoodPolicyRow, PolicyNoticeRow
from reviewbot.store.transactions import Transactions
from reviewbot.store.upsert import insert_unless_there


class Policies:
    """Safe to use from several threads; raises StoreError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def remember(self, repo_id: int, sha: Sha, text: bytes, policy_hash: str) -> None:
        """Keeps the file of this commit as the last one in order; nothing is written where it is that already."""
        with self._transactions.reading() as session:
            known = session.get(GoodPolicyRow, repo_id)
            if known is not None and (known.sha, known.text, known.policy_hash) == (sha, text, policy_hash):
                return

        def work(session: Session) -> None:
            content = {"sha": str(sha), "text": text, "policy_hash": policy_hash, "at": self._transactions.now(session)}
            insert_unless_there(session, GoodPolicyRow, repo_id=repo_id, **content)
            query = select(GoodPolicyRow).where(GoodPolicyRow.repo_id == repo_id).with_for_update()
            session.add(session.exec(query).one().sqlmodel_update(content))

        self._transactions.run(work)

    def last_good(self, repo_id: int) -> tuple[Sha, bytes] | None:
        with self._transactions.reading() as session:
            row = session.get(GoodPolicyRow, repo_id)
            return None if row is None else (Sha(row.sha), row.text)

    def notice(self, repo_id: int, digest: str) -> bool:
        """Whether this problem of a repository's file is a new one; True the first time only."""

        def work(session: Session) -> bool:
            now = self._transactions.now(session)
            return insert_unless_there(session, PolicyNoticeRow, repo_id=repo_id, digest=digest, at=now) is not None

        return self._transactions.run(work)
