"""What calls to models have cost, noted call by call: also those of reviews that came to nothing."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from reviewbot.store.live_rows import SpendingRow
from reviewbot.store.transactions import Transactions

_NANODOLLAR = Decimal("0.000000001")


class Spending:
    """Amounts are US dollars. Safe to use from several threads; raises StoreError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def note(self, repo_id: int, installation_id: int, amount_usd: Decimal) -> None:
        """Adds what one call has cost; nothing is written where it was free."""
        nanodollars = int((amount_usd / _NANODOLLAR).to_integral_value(ROUND_UP))
        if not nanodollars:
            return

        def work(session: Session) -> None:
            now = self._transactions.now(session)
            session.add(
                SpendingRow(repo_id=repo_id, installation_id=installation_id, cost_nanodollars=nanodollars, at=now)
            )

        self._transactions.run(work)

    def of_repository(self, repo_id: int, since_seconds: float) -> Decimal:
        """What was spent on a repository in the last so many seconds, as far as prices are known."""
        return self._sum(col(SpendingRow.repo_id) == repo_id, since_seconds)

    def of_installation(self, installation_id: int, since_seconds: float) -> Decimal:
        return self._sum(col(SpendingRow.installation_id) == installation_id, since_seconds)

    def _sum(self, whose: ColumnElement[bool], since_seconds: float) -> Decimal:
        with self._transactions.reading() as session:
            since = self._transactions.now(session) - since_seconds
            query = select(func.sum(SpendingRow.cost_nanodollars)).where(whose, col(SpendingRow.at) >= since)
            return int(session.exec(query).one() or 0) * _NANODOLLAR
