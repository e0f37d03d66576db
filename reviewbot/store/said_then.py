"""What was said on a pull request while it was open, looked up by the repository's name and its number."""

from __future__ import annotations

from sqlmodel import col, select

from reviewbot.domain.finding import Finding
from reviewbot.domain.repository import RepoName
from reviewbot.store.live_rows import PullRow
from reviewbot.store.plain_values import from_json
from reviewbot.store.said_rows import KnownFindingRow, RoundRow
from reviewbot.store.transactions import Transactions


class SaidThen:
    """Reads the record of the App; raises StoreError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def findings(self, repo: RepoName, number: int) -> tuple[Finding, ...] | None:
        """All findings that were said, in order; None where the App has published no review of it."""
        with self._transactions.reading() as session:
            which = select(PullRow.repo_id).where(
                PullRow.owner == repo.owner, PullRow.name == repo.name, PullRow.number == number
            )
            repo_id = session.exec(which).first()
            published = select(RoundRow.id).where(
                RoundRow.repo_id == repo_id, RoundRow.number == number, col(RoundRow.published_at).is_not(None)
            )
            if repo_id is None or session.exec(published).first() is None:
                return None
            rows = select(KnownFindingRow).where(KnownFindingRow.repo_id == repo_id, KnownFindingRow.number == number)
            return tuple(from_json(Finding, row.body) for row in session.exec(rows.order_by(col(KnownFindingRow.id))))
