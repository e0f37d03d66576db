from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from reviewbot.errors import StoreError
from reviewbot.store.outbox import Outbox, Outgoing, SendState
from reviewbot.store.pulls import Fenced, Pulls
from reviewbot.store.transactions import Transactions
from reviewbot.store.workers import Workers
from tests.store.builders import REF, held, silence
from tests.store.conftest import run_sql

KEY = "77:5000000000:7:" + "a" * 40
REQUEST = {"body": "NUL \0, half \ud800, é, \U0001f600", "comments": [{"line": 3, "side": None}], "n": 2**60}


@pytest.fixture
def outbox(transactions: Transactions) -> Outbox:
    return Outbox(transactions)


@pytest.fixture
def hold(transactions: Transactions):
    return held(transactions)


def push_aside(transactions: Transactions):
    """Another worker takes the pull request from the first, which has gone silent."""
    Workers(transactions).beat("w2", "e2")
    silence(transactions, "w1")
    taken = Pulls(transactions).take(REF, "w2")
    assert taken is not None
    return taken


def state(outbox: Outbox, part: str = "review") -> SendState:
    found = outbox.find(KEY, part)
    assert found is not None
    return found.state


def test_a_write_is_planned_with_its_request_as_it_is(outbox: Outbox, hold):
    planned = outbox.plan(hold, KEY, "review", REQUEST)

    assert (planned.key, planned.part, planned.request) == (KEY, "review", REQUEST)
    assert (planned.state, planned.remote_id, planned.attempts) == (SendState.PLANNED, None, 0)
    assert (planned.clean_read_at, planned.note) == (None, "")
    assert outbox.find(KEY, "review") == planned
    assert outbox.find(KEY, "check") is None
    assert outbox.attempts(KEY, "check") == 0


def test_the_first_request_of_a_key_and_part_stands(outbox: Outbox, hold):
    first = outbox.plan(hold, KEY, "review", {"a": 1, "b": 2})

    assert outbox.plan(hold, KEY, "review", {"b": 2, "a": 1}) == first
    assert outbox.plan(hold, KEY, "review", {"a": 2}) == first


def test_another_request_takes_its_place_only_where_nothing_can_have_arrived(outbox: Outbox, hold):
    first = outbox.plan(hold, KEY, "review", {"a": 1})
    assert outbox.plan(hold, KEY, "review", {"a": 2}, replace=True).request == {"a": 2}

    outbox.sending(hold, first.id)
    assert outbox.plan(hold, KEY, "review", {"a": 3}, replace=True).request == {"a": 2}
    outbox.unknown(hold, first.id, "no answer")
    assert outbox.plan(hold, KEY, "review", {"a": 3}, replace=True).request == {"a": 2}
    outbox.refused(hold, first.id, "422")
    again = outbox.plan(hold, KEY, "review", {"a": 3}, replace=True)
    assert (again.request, again.state, again.note) == ({"a": 3}, SendState.PLANNED, "")
    outbox.sent(hold, first.id, "9")
    assert outbox.plan(hold, KEY, "review", {"a": 4}, replace=True).request == {"a": 3}


def test_a_write_is_sent_by_one_and_ends_once(outbox: Outbox, hold):
    planned = outbox.plan(hold, KEY, "review", REQUEST)

    sending = outbox.sending(hold, planned.id)
    assert sending is not None and (sending.state, sending.attempts) == (SendState.SENDING, 1)
    assert outbox.sending(hold, planned.id) is None
    assert outbox.sent(hold, planned.id, "4711") is True
    assert outbox.sent(hold, planned.id, "4711") is True

    assert outbox.sent(hold, planned.id, "other") is False
    assert outbox.refused(hold, planned.id, "no") is False
    assert outbox.unknown(hold, planned.id, "no") is False
    assert outbox.planned_again(hold, planned.id) is False
    assert outbox.sending(hold, planned.id) is None
    found = outbox.find(KEY, "review")
    assert found is not None and (found.state, found.remote_id, found.attempts) == (SendState.SENT, "4711", 1)


def test_a_refusal_is_kept_with_its_words(outbox: Outbox, hold):
    planned = outbox.plan(hold, KEY, "review", REQUEST)

    outbox.refused(hold, planned.id, "422: \0 no such line")

    found = outbox.find(KEY, "review")
    assert found is not None and (found.state, found.note) == (SendState.REFUSED, "422: \ufffd no such line")
    assert outbox.sending(hold, planned.id) is None


def test_its_sender_may_send_again_what_has_not_arrived(outbox: Outbox, hold):
    planned = outbox.plan(hold, KEY, "review", REQUEST)
    outbox.sending(hold, planned.id)

    assert outbox.planned_again(hold, planned.id) is True

    again = outbox.sending(hold, planned.id)
    assert again is not None and again.attempts == 2
    assert outbox.attempts(KEY, "review") == 2


def test_f42_what_may_have_arrived_is_sent_again_only_after_two_clean_reads(outbox: Outbox, hold, transactions):
    planned = outbox.plan(hold, KEY, "review", REQUEST)
    outbox.sending(hold, planned.id)
    outbox.unknown(hold, planned.id, "connection reset")

    with pytest.raises(StoreError, match="looks so far: 0"):
        outbox.planned_again(hold, planned.id)
    assert outbox.clean_read(hold, planned.id) == 0.0
    with pytest.raises(StoreError, match="looks so far: 1"):
        outbox.planned_again(hold, planned.id)
    assert state(outbox) is SendState.UNKNOWN
    run_sql(transactions, "UPDATE outgoing SET clean_read_at = clean_read_at - 30")
    assert 30 <= outbox.clean_read(hold, planned.id) < 40

    assert outbox.planned_again(hold, planned.id) is True
    assert state(outbox) is SendState.PLANNED


def test_f43_reads_from_before_an_answer_was_lost_prove_nothing(outbox: Outbox, hold):
    planned = outbox.plan(hold, KEY, "review", REQUEST)
    outbox.sending(hold, planned.id)
    outbox.unknown(hold, planned.id, "connection reset")
    outbox.clean_read(hold, planned.id)
    outbox.clean_read(hold, planned.id)
    outbox.planned_again(hold, planned.id)

    outbox.sending(hold, planned.id)
    outbox.unknown(hold, planned.id, "connection reset")

    assert outbox.clean_read(hold, planned.id) == 0.0
    with pytest.raises(StoreError, match="looks so far: 1"):
        outbox.planned_again(hold, planned.id)


def test_f43_looks_of_another_while_it_was_on_its_way_prove_nothing(outbox: Outbox):
    planned = outbox.plan(None, "comment:1", "answer", REQUEST)
    outbox.sending(None, planned.id)
    outbox.clean_read(None, planned.id)
    outbox.clean_read(None, planned.id)

    outbox.unknown(None, planned.id, "connection reset")

    assert outbox.clean_read(None, planned.id) == 0.0
    with pytest.raises(StoreError, match="looks so far: 1"):
        outbox.planned_again(None, planned.id)


def test_f42_what_is_found_is_adopted(outbox: Outbox, hold):
    planned = outbox.plan(hold, KEY, "review", REQUEST)
    outbox.sending(hold, planned.id)
    outbox.unknown(hold, planned.id, "connection reset")

    assert outbox.sent(hold, planned.id, "4711")

    assert state(outbox) is SendState.SENT


def test_f67_what_a_restored_backup_has_forgotten_is_adopted_without_being_sent(outbox: Outbox, hold):
    planned = outbox.plan(hold, KEY, "review", REQUEST)

    assert outbox.sent(hold, planned.id, "4711")

    found = outbox.find(KEY, "review")
    assert found is not None and (found.state, found.attempts) == (SendState.SENT, 0)


def test_what_has_the_same_effect_twice_is_simply_sent_again(outbox: Outbox, hold):
    planned = outbox.plan(hold, KEY, "check:update", REQUEST)
    outbox.sending(hold, planned.id)
    outbox.unknown(hold, planned.id, "connection reset")

    assert outbox.planned_again(hold, planned.id, repeatable=True) is True


def test_f60_what_a_dead_worker_was_sending_is_unknown_to_the_next(outbox: Outbox, hold, transactions):
    outbox.plan(hold, KEY, "check", REQUEST)
    sending = outbox.plan(hold, f"{KEY}:policy:0", "review", REQUEST)
    outbox.sending(hold, sending.id)
    other = outbox.plan(None, "comment:1", "answer", REQUEST)
    outbox.sending(None, other.id)
    new_hold = push_aside(transactions)

    claimed = outbox.claim(new_hold, KEY)

    assert [(row.id, row.state) for row in claimed] == [(sending.id, SendState.UNKNOWN)]
    assert outbox.claim(new_hold, KEY) == ()
    assert state(outbox, "check") is SendState.PLANNED
    with pytest.raises(StoreError, match="may have arrived"):
        outbox.planned_again(new_hold, sending.id)


def test_f60_a_worker_claims_nothing_that_it_is_sending_itself(outbox: Outbox, hold):
    planned = outbox.plan(hold, KEY, "review", REQUEST)
    outbox.sending(hold, planned.id)

    assert outbox.claim(hold, KEY) == ()
    assert state(outbox) is SendState.SENDING


def test_f61_no_transition_is_made_under_a_lost_hold(outbox: Outbox, hold, transactions):
    planned = outbox.plan(hold, KEY, "review", REQUEST)
    outbox.sending(hold, planned.id)
    push_aside(transactions)
    before = run_sql(transactions, "SELECT * FROM outgoing")

    for act in (
        lambda: outbox.plan(hold, KEY, "check", REQUEST),
        lambda: outbox.sending(hold, planned.id),
        lambda: outbox.sent(hold, planned.id, "1"),
        lambda: outbox.refused(hold, planned.id, ""),
        lambda: outbox.unknown(hold, planned.id, ""),
        lambda: outbox.clean_read(hold, planned.id),
        lambda: outbox.planned_again(hold, planned.id),
        lambda: outbox.claim(hold, KEY),
    ):
        with pytest.raises(Fenced):
            act()

    assert run_sql(transactions, "SELECT * FROM outgoing") == before


def test_a_write_without_a_hold_is_guarded_by_its_state(outbox: Outbox):
    planned = outbox.plan(None, "comment:1", "answer", REQUEST)
    start = Barrier(8)

    def send(_: int) -> Outgoing | None:
        start.wait()
        return outbox.sending(None, planned.id)

    with ThreadPoolExecutor(8) as pool:
        sent = [one for one in pool.map(send, range(8)) if one is not None]

    assert len(sent) == 1
    assert outbox.clean_read(None, planned.id) == 0.0
    with pytest.raises(StoreError, match="looks so far: 1"):
        outbox.planned_again(None, planned.id)
    assert outbox.sent(None, planned.id, "5")


def test_f05_plans_of_one_key_and_part_at_once_are_one_row(outbox: Outbox):
    start = Barrier(8)

    def plan(number: int) -> int:
        start.wait()
        return outbox.plan(None, "comment:1", "answer", {"number": number}).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(plan, range(8)))) == 1


def test_rows_are_listed_by_key_and_by_its_beginning_in_the_order_of_their_planning(outbox: Outbox):
    for key, part in [("1:2:3:b", "z"), ("1:2:3:a", "y"), ("1:2:3:b", "x"), ("1:2:30:a", "w"), ("1:2:3", "v")]:
        outbox.plan(None, key, part, {})

    assert [row.part for row in outbox.of("1:2:3:b")] == ["z", "x"]
    assert [row.part for row in outbox.starting("1:2:3:")] == ["z", "y", "x"]
    assert [row.part for row in outbox.starting("1:2:3")] == ["z", "y", "x", "w", "v"]
    assert outbox.starting("9") == ()


def test_a_write_that_is_not_there_is_named(outbox: Outbox):
    with pytest.raises(StoreError, match="write 424242 is not in the database"):
        outbox.sent(None, 424_242, "1")
