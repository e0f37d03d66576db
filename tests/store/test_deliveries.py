from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlmodel import Session

from reviewbot.errors import StoreError
from reviewbot.store.deliveries import Deliveries, Delivery, DeliveryState, Remembered
from reviewbot.store.transactions import Transactions, open_transactions
from tests.store.conftest import run_sql

ROOT = Path(__file__).parents[2]
DELIVERY = Delivery("integration:1", "guid-1", "pull_request", b'{"action": "opened"}')


@pytest.fixture
def deliveries(transactions: Transactions) -> Deliveries:
    return Deliveries(transactions)


def named(guid: str, body: bytes = b"{}", hook_target: str = "integration:1") -> Delivery:
    return Delivery(hook_target, guid, "pull_request", body)


def test_a_delivery_is_read_as_it_came(deliveries: Deliveries):
    remembered, delivery_id = deliveries.remember(DELIVERY)

    stored = deliveries.read(delivery_id)

    assert remembered is Remembered.NEW
    assert (stored.hook_target, stored.guid, stored.event, stored.body) == (
        DELIVERY.hook_target,
        DELIVERY.guid,
        DELIVERY.event,
        DELIVERY.body,
    )
    assert (stored.state, stored.note, stored.attempts) == (DeliveryState.RECEIVED, "", 0)


@pytest.mark.parametrize(
    "body",
    [b"", b"\0", b'{"x": "\\ud800\\u0000"}', b"\xed\xa0\x80", b"\xff\xfe", os.urandom(28_000), b" " * 25_000_000],
    ids=["empty", "nul", "escaped", "surrogate", "no utf-8", "noise", "25 MB"],
)
def test_f14_any_body_survives_on_any_database(deliveries: Deliveries, body: bytes):
    delivery_id = deliveries.dead_letter("integration:1", "guid-1", "pull_request", body, "no JSON: \0\ud800")

    stored = deliveries.read(delivery_id)

    assert stored.body == body
    assert (stored.state, stored.note) == (DeliveryState.DEAD, "no JSON: \ufffd\ufffd")
    assert deliveries.unsettled(0, 10) == ()


def test_f03_a_delivery_that_comes_again_is_the_same_row_and_does_nothing_more(deliveries: Deliveries):
    told: list[int] = []
    first = deliveries.remember(DELIVERY, lambda _, new_id: told.append(new_id))
    again = deliveries.remember(DELIVERY, lambda _, new_id: told.append(new_id))

    assert first == (Remembered.NEW, again[1])
    assert again[0] is Remembered.KNOWN
    assert told == [first[1]]


def test_f05_one_guid_from_many_threads_at_once_is_one_row(deliveries: Deliveries):
    start, told = Barrier(16), list[int]()

    def remember(_: int) -> tuple[Remembered, int]:
        start.wait()
        return deliveries.remember(DELIVERY, lambda _, new_id: told.append(new_id))

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(remember, range(16)))

    assert sorted(kind.value for kind, _ in results) == ["known"] * 15 + ["new"]
    assert len({delivery_id for _, delivery_id in results}) == len(told) == 1


def test_f06_another_body_under_a_known_guid_is_kept_beside_and_counted(deliveries: Deliveries, transactions):
    _, delivery_id = deliveries.remember(DELIVERY)
    other = named(DELIVERY.guid, b'{"action": "closed"}')

    found = [deliveries.remember(other), deliveries.remember(other), deliveries.remember(named(DELIVERY.guid, b"x"))]

    assert found == [(Remembered.CONFLICT, delivery_id)] * 3
    assert deliveries.read(delivery_id).body == DELIVERY.body
    assert deliveries.counts() == {"received": 1, "handled": 0, "ignored": 0, "dead": 0, "conflict": 3}
    assert run_sql(transactions, "SELECT times FROM delivery_conflict ORDER BY times") == [(1,), (2,)]


def test_f06_one_guid_by_two_hooks_is_two_deliveries(deliveries: Deliveries):
    first = deliveries.remember(named("guid-1"))
    second = deliveries.remember(named("guid-1", b"other", hook_target="repository:5"))

    assert {first[0], second[0]} == {Remembered.NEW}
    assert first[1] != second[1]
    assert deliveries.known(["guid-1"]) == {"guid-1"}


def test_f04_what_else_fails_takes_the_delivery_with_it(deliveries: Deliveries):
    def fail(_session: Session, _id: int) -> None:
        raise StoreError("the queue is full")

    with pytest.raises(StoreError, match="the queue is full"):
        deliveries.remember(DELIVERY, fail)

    assert deliveries.known([DELIVERY.guid]) == frozenset()
    assert deliveries.remember(DELIVERY)[0] is Remembered.NEW


@pytest.mark.parametrize(("when", "result"), [("before", "new"), ("after", "known")])
def test_f03_f04_a_process_that_is_killed_around_the_commit_loses_nothing_it_promised(address: str, when, result):
    script = (
        "import os, signal, sys\n"
        "from reviewbot.store.deliveries import Deliveries, Delivery\n"
        "from reviewbot.store.transactions import open_transactions\n"
        "die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "also = die if sys.argv[2] == 'before' else None\n"
        "Deliveries(open_transactions(sys.argv[1])).remember(\n"
        "    Delivery('integration:1', 'guid-1', 'pull_request', b'{\"action\": \"opened\"}'), also)\n"
        "die()\n"
    )

    done = subprocess.run([sys.executable, "-c", script, address, when], cwd=ROOT, capture_output=True)
    remembered, _ = Deliveries(open_transactions(address)).remember(DELIVERY)

    assert done.returncode == -9
    assert remembered.value == result


def test_f65_an_attempt_is_counted_before_it_is_made(deliveries: Deliveries):
    _, delivery_id = deliveries.remember(DELIVERY)

    assert [deliveries.begin(delivery_id) for _ in range(3)] == [1, 2, 3]
    assert deliveries.read(delivery_id).attempts == 3


def test_f65_a_dead_letter_can_be_handled_again(deliveries: Deliveries):
    _, delivery_id = deliveries.remember(DELIVERY)
    deliveries.begin(delivery_id)
    deliveries.settle(delivery_id, DeliveryState.DEAD, "gave up")
    assert deliveries.unsettled(0, 10) == ()

    deliveries.settle(delivery_id, DeliveryState.RECEIVED, "a person asked for it")

    assert deliveries.unsettled(0, 10) == (delivery_id,)
    assert deliveries.begin(delivery_id) == 1


def test_unsettled_ones_are_found_when_they_are_old_enough_the_oldest_first(deliveries: Deliveries, transactions):
    ids = [deliveries.remember(named(f"guid-{n}"))[1] for n in range(4)]
    run_sql(transactions, "UPDATE delivery SET received_at = received_at - 60 WHERE id = :id", id=ids[2])
    run_sql(transactions, "UPDATE delivery SET received_at = received_at - 90 WHERE id = :id", id=ids[3])
    deliveries.settle(ids[0], DeliveryState.HANDLED, "done")

    assert deliveries.unsettled(30, 10) == (ids[3], ids[2])
    assert deliveries.unsettled(30, 1) == (ids[3],)
    assert deliveries.unsettled(0, 10) == (ids[3], ids[2], ids[1])


def test_f18_of_many_guids_the_known_ones_are_told(deliveries: Deliveries):
    deliveries.remember(DELIVERY)

    assert deliveries.known([f"other-{n}" for n in range(3_000)] + [DELIVERY.guid]) == {DELIVERY.guid}
    assert deliveries.known([]) == frozenset()


def test_f23_a_replay_is_known_a_year_later_although_its_body_is_forgotten(deliveries: Deliveries, transactions):
    _, old = deliveries.remember(DELIVERY)
    _, open_one = deliveries.remember(named("guid-2"))
    deliveries.settle(old, DeliveryState.HANDLED, "done")
    run_sql(transactions, "UPDATE delivery SET received_at = received_at - :year", year=366 * 86_400)

    forgotten = deliveries.forget_bodies(30 * 86_400), deliveries.forget_bodies(30 * 86_400)

    assert forgotten == (1, 0)
    assert deliveries.remember(DELIVERY) == (Remembered.KNOWN, old)
    assert deliveries.read(old).body == b""
    assert deliveries.read(open_one).body == b"{}"


def test_a_delivery_that_is_not_there_is_named(deliveries: Deliveries):
    with pytest.raises(StoreError, match="delivery 424242 is not in the database"):
        deliveries.read(424_242)
