from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from reviewbot.store.installations import Installations
from reviewbot.store.transactions import Transactions
from tests.store.conftest import run_sql


@pytest.fixture
def installations(transactions: Transactions) -> Installations:
    return Installations(transactions)


def test_f48_a_parked_installation_is_so_until_its_time_has_come(installations: Installations, transactions):
    until = time.time() + 60
    assert installations.parked_until(5) is None
    assert installations.parked_seconds(5) == 0.0

    installations.park(5, until, "rate limit \0")

    assert installations.parked_until(5) == pytest.approx(until)
    assert 50 < installations.parked_seconds(5) <= 61
    assert installations.parked_until(6) is None
    run_sql(transactions, "UPDATE installation SET parked_until = parked_until - 61")
    assert installations.parked_until(5) is None
    assert installations.parked_seconds(5) == 0.0


def test_f49_a_penalty_never_gets_shorter_and_strikes_add_up_until_a_success(installations: Installations):
    assert installations.park_for(5, 120, "secondary limit") == 1
    until = installations.parked_until(5)
    assert installations.park_for(5, 1, "secondary limit") == 2

    assert installations.parked_until(5) == until
    assert installations.strikes(5) == 2
    installations.clear_strikes(5)
    installations.clear_strikes(6)
    assert (installations.strikes(5), installations.strikes(6)) == (0, 0)
    assert installations.parked_until(5) == until


def test_strikes_that_come_at_once_are_all_counted(installations: Installations):
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: installations.park_for(5, 60, "limit"), range(8)))

    assert sorted(counts) == list(range(1, 9))


def test_f27_a_suspension_lasts_until_it_is_taken_back(installations: Installations):
    assert not installations.is_suspended(5)
    installations.suspend(5, True)
    assert installations.is_suspended(5)
    installations.suspend(5, False)
    assert not installations.is_suspended(5)


def test_f28_a_removed_installation_can_come_back(installations: Installations):
    assert not installations.is_removed(5)
    installations.remove(5)
    assert installations.is_removed(5)
    installations.note(5)
    assert not installations.is_removed(5)
