from __future__ import annotations

import pytest

from reviewbot.store.transactions import Transactions
from reviewbot.store.workers import Workers
from tests.store.builders import silence


@pytest.fixture
def workers(transactions: Transactions) -> Workers:
    return Workers(transactions)


def test_a_worker_lives_while_it_is_heard(workers: Workers, transactions):
    workers.beat("w1", "e1")
    workers.beat("w2", "e2")
    silence(transactions, "w2", 21)

    assert (workers.alive(), workers.dead()) == ((("w1", "e1"),), (("w2", "e2"),))
    assert workers.dead(60) == ()
    assert len(workers.alive(60)) == 2

    workers.beat("w2", "e3")
    assert workers.alive() == (("w1", "e1"), ("w2", "e3"))


def test_a_worker_that_leaves_is_neither_alive_nor_dead(workers: Workers):
    workers.beat("w1", "e1")
    workers.leave("w1")
    workers.leave("w1")

    assert (workers.alive(), workers.dead(-60)) == ((), ())


def test_a_worker_that_was_buried_by_mistake_is_back_when_it_is_heard(workers: Workers, transactions):
    workers.beat("w1", "e1")
    silence(transactions, "w1")
    workers.bury("w1")
    workers.bury("w1")
    assert workers.dead() == ()

    workers.beat("w1", "e1")

    assert workers.alive() == (("w1", "e1"),)
