from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from reviewbot.store.policies import Policies
from reviewbot.store.transactions import Transactions
from tests.store.builders import HEAD, NEXT_HEAD, REPO_ID
from tests.store.conftest import run_sql


def test_f70_the_last_policy_that_was_in_order_is_kept_byte_for_byte(transactions: Transactions):
    policies = Policies(transactions)
    assert policies.last_good(REPO_ID) is None

    policies.remember(REPO_ID, HEAD, b"version: 1\n\0\xff", "h1")
    policies.remember(REPO_ID, NEXT_HEAD, b"version: 1\r\n", "h2")

    assert policies.last_good(REPO_ID) == (NEXT_HEAD, b"version: 1\r\n")
    assert policies.last_good(6) is None


def test_what_is_remembered_already_is_not_written_again(transactions: Transactions):
    policies = Policies(transactions)
    policies.remember(REPO_ID, HEAD, b"version: 1\n", "h1")
    run_sql(transactions, "UPDATE good_policy SET at = 5")

    policies.remember(REPO_ID, HEAD, b"version: 1\n", "h1")

    assert run_sql(transactions, "SELECT at FROM good_policy") == [(5.0,)]


def test_f70_a_problem_of_a_policy_is_new_once(transactions: Transactions):
    policies = Policies(transactions)

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda _: policies.notice(REPO_ID, "digest"), range(6)))

    assert sorted(told) == [False] * 5 + [True]
    assert policies.notice(REPO_ID, "another digest")
    assert policies.notice(6, "digest")
