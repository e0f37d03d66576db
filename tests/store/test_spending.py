"""What calls to models have cost, to the last fraction of a cent."""

from __future__ import annotations

from decimal import Decimal
from threading import Thread

from reviewbot.store.spending import Spending
from reviewbot.store.transactions import Transactions
from tests.store.conftest import run_sql

DAY = 86_400.0


def test_f58_what_was_spent_is_exact_and_forgets_what_is_long_ago(transactions: Transactions):
    spending = Spending(transactions)
    for amount in ("0.10", "0.00000001", "0.2", "0"):
        spending.note(5, 1, Decimal(amount))
    spending.note(6, 1, Decimal("5"))

    assert spending.of_repository(5, DAY) == Decimal("0.30000001")
    assert spending.of_installation(1, DAY) == Decimal("5.30000001")
    assert spending.of_repository(4, DAY) == 0
    run_sql(transactions, "UPDATE spending SET at = at - 90000 WHERE cost_nanodollars = 100000000")
    assert spending.of_repository(5, DAY) == Decimal("0.20000001")


def test_f58_a_fraction_of_a_nanodollar_counts_as_one(transactions: Transactions):
    spending = Spending(transactions)

    spending.note(5, 1, Decimal("0.0000000001"))

    assert spending.of_repository(5, DAY) == Decimal("0.000000001")


def test_f58_calls_that_end_at_once_are_all_counted(transactions: Transactions):
    spending = Spending(transactions)
    threads = [Thread(target=spending.note, args=(5, 1, Decimal("0.01"))) for _ in range(12)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert spending.of_repository(5, DAY) == Decimal("0.12")
