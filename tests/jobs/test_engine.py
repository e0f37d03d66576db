"""What the engine does with jobs, on both databases."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest
from sqlmodel import Session

from reviewbot.domain.pull import PullRef
from reviewbot.errors import StoreError
from reviewbot.jobs.engine import Chore, Engine
from reviewbot.jobs.queue import Again, CommentJob, DeliveryJob, Done, Handlers, Next, PullJob
from reviewbot.store.deliveries import Deliveries, Delivery, DeliveryState
from reviewbot.store.pulls import Fenced, Pulls
from reviewbot.store.transactions import Transactions
from reviewbot.store.workers import Workers
from tests.jobs.recorded_handlers import RecordedHandlers
from tests.jobs.small_service import REPO
from tests.jobs.waiting import wait_until

MakeEngine = Callable[..., Engine]
REF = PullRef(1, 7)


def delivered(deliveries: Deliveries, engine: Engine, guid: str = "guid-1") -> int:
    """A delivery that is stored together with its job."""

    def enqueue(session: Session, number: int) -> None:
        engine.jobs.enqueue(DeliveryJob(number), session)

    return deliveries.remember(Delivery("integration:1", guid, "ping", b"{}"), also=enqueue)[1]


def test_a_job_that_is_put_in_is_done(make_engine: MakeEngine):
    engine, recorded = make_engine(), RecordedHandlers()
    engine.launch(recorded.handlers())

    engine.jobs.enqueue(DeliveryJob(5))
    engine.jobs.enqueue(PullJob(REF, 1, installation_id=3))
    engine.jobs.enqueue(CommentJob(6, installation_id=3))

    wait_until(lambda: (recorded.deliveries, recorded.pulls, recorded.comments) == ([5], [REF], [6]))


def test_the_same_job_put_in_twice_is_done_once(make_engine: MakeEngine):
    engine, recorded = make_engine(), RecordedHandlers()
    engine.launch(recorded.handlers())

    for _ in range(3):
        engine.jobs.enqueue(PullJob(REF, 1, installation_id=3))
    engine.jobs.enqueue(PullJob(REF, 2, installation_id=3))

    wait_until(lambda: len(recorded.pulls) == 2)
    time.sleep(0.3)
    assert recorded.pulls == [REF, REF]


def test_f04_a_job_does_not_exist_where_its_transaction_was_rolled_back(
    make_engine: MakeEngine, transactions: Transactions
):
    engine, recorded = make_engine(), RecordedHandlers()
    engine.launch(recorded.handlers())
    deliveries = Deliveries(transactions)

    def enqueue_and_die(session: Session, number: int) -> None:
        engine.jobs.enqueue(DeliveryJob(number), session)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliveries.remember(Delivery("integration:1", "guid-1", "ping", b"{}"), also=enqueue_and_die)
    number = delivered(deliveries, engine)

    wait_until(lambda: recorded.deliveries)
    assert recorded.deliveries == [number]
    assert deliveries.counts()["received"] == 1


def test_work_that_is_wanted_again_is_done_again_after_its_delay(make_engine: MakeEngine):
    answers: list[Next] = [Done(), Again(0.0), Again(1.0)]
    times: list[float] = []

    def look(_: PullRef) -> Next:
        times.append(time.monotonic())
        return answers.pop()

    engine = make_engine()
    engine.launch(RecordedHandlers(on_pull=look).handlers())
    engine.jobs.enqueue(PullJob(REF, 1, installation_id=3))

    wait_until(lambda: len(times) == 3)
    assert times[1] - times[0] >= 0.95


def test_a_pull_request_whose_look_crashed_is_let_go_and_looked_at_again(
    make_engine: MakeEngine, transactions: Transactions
):
    pulls, engine = Pulls(transactions), make_engine()

    def look(ref: PullRef) -> Next:
        hold = pulls.take(ref, engine.worker_id)
        if hold is None:
            return Done()
        if len(recorded.pulls) == 1:
            raise ValueError("a bug")
        pulls.release(hold)
        return Done()

    recorded = RecordedHandlers(on_pull=look, on_let_go=lambda ref: pulls.drop(ref, engine.worker_id, due_in=0.2))
    engine.launch(recorded.handlers())
    wanted = pulls.want(REF, 3, REPO)
    engine.jobs.enqueue(PullJob(REF, wanted, installation_id=3))

    wait_until(lambda: handled(pulls) == 1)
    assert recorded.let_go == [REF]


def handled(pulls: Pulls) -> int:
    work = pulls.work(REF)
    return work.handled if work is not None else 0


def test_f65_a_delivery_whose_handler_dies_is_tried_again_with_its_attempts_counted_first(
    make_engine: MakeEngine, transactions: Transactions
):
    deliveries, engine = Deliveries(transactions), make_engine()

    def handle(number: int) -> None:
        if deliveries.begin(number) > 2:
            deliveries.settle(number, DeliveryState.DEAD, "gave up after 2 attempts")
            return
        raise MemoryError

    engine.launch(RecordedHandlers(on_delivery=handle).handlers())
    number = delivered(deliveries, engine)

    wait_until(lambda: deliveries.read(number).state is DeliveryState.DEAD)
    assert deliveries.read(number).attempts == 3
    assert deliveries.unsettled(0, 10) == ()


def test_an_answer_that_crashes_is_tried_again_but_not_for_ever(make_engine: MakeEngine):
    def fail(_: int) -> Next:
        raise ValueError("a bug")

    engine, recorded = make_engine(), RecordedHandlers(on_comment=fail)
    engine.launch(recorded.handlers())

    engine.jobs.enqueue(CommentJob(6, installation_id=3))
    engine.jobs.enqueue(CommentJob(7, installation_id=3, attempt=5))

    wait_until(lambda: recorded.comments.count(6) >= 2)
    assert recorded.comments.count(7) == 1


def test_a_delivery_that_has_no_job_is_found(make_engine: MakeEngine, transactions: Transactions):
    deliveries, engine = Deliveries(transactions), make_engine()
    recorded = RecordedHandlers(on_delivery=lambda one: deliveries.settle(one, DeliveryState.HANDLED, ""))
    engine.launch(recorded.handlers())

    _, number = deliveries.remember(Delivery("integration:1", "guid-1", "ping", b"{}"))

    wait_until(lambda: deliveries.read(number).state is DeliveryState.HANDLED)


def test_f62_what_a_wrong_clock_has_put_off_is_done_when_the_database_says_it_is_due(
    make_engine: MakeEngine, transactions: Transactions
):
    pulls, engine = Pulls(transactions), make_engine()

    def look(ref: PullRef) -> Next:
        hold = pulls.take(ref, engine.worker_id)
        if hold is not None:
            pulls.release(hold)
        return Done()

    engine.launch(RecordedHandlers(on_pull=look).handlers())
    wanted = pulls.want(REF, 3, REPO, delay_seconds=0.2)
    engine.jobs.enqueue(PullJob(REF, wanted, installation_id=3), delay_seconds=3600)

    wait_until(lambda: handled(pulls) == 1)


def test_f61_a_worker_that_was_taken_for_dead_changes_nothing_and_frees_nothing(
    make_engine: MakeEngine, transactions: Transactions
):
    pulls, engine = Pulls(transactions), make_engine()
    successor: list[object] = []

    def look(ref: PullRef) -> Next:
        hold = pulls.take(ref, engine.worker_id)
        if hold is None:
            return Done()
        Workers(transactions).bury(engine.worker_id)  # it slept for too long
        successor.append(pulls.take(ref, "another-worker"))
        pulls.release(hold)
        raise AssertionError("an old hold lets go of nothing")

    recorded = RecordedHandlers(on_pull=look, on_let_go=lambda ref: pulls.drop(ref, engine.worker_id, due_in=0.0))
    engine.launch(recorded.handlers())
    Workers(transactions).beat("another-worker", "another-executor")
    engine.jobs.enqueue(PullJob(REF, pulls.want(REF, 3, REPO), installation_id=3))

    wait_until(lambda: recorded.let_go)
    [hold] = successor
    assert pulls.is_mine(hold)
    with pytest.raises(Fenced):
        pulls.release(type(hold)(hold.ref, hold.token - 1, hold.wanted, engine.worker_id))


def test_f68_a_noisy_installation_does_not_keep_another_waiting(make_engine: MakeEngine):
    begun: list[PullRef] = []

    def look(ref: PullRef) -> Next:
        begun.append(ref)
        time.sleep(0.15)
        return Done()

    engine = make_engine(reviews_at_once=3)
    for number in range(30):
        engine_job = PullJob(PullRef(1, number), 1, installation_id=1)
        if number == 0:
            engine.launch(RecordedHandlers(on_pull=look).handlers())
        engine.jobs.enqueue(engine_job)
    wait_until(lambda: begun)
    engine.jobs.enqueue(PullJob(PullRef(2, 1), 1, installation_id=2))

    wait_until(lambda: PullRef(2, 1) in begun)
    assert Counter(ref.repo_id for ref in begun)[1] < 15


def test_f60_what_runs_when_the_process_stops_is_given_back_and_done_by_the_next(
    make_engine: MakeEngine, transactions: Transactions
):
    never = threading.Event()
    hanging = RecordedHandlers(on_pull=lambda _: (never.wait(10), Done())[1])
    engine = make_engine()
    engine.launch(hanging.handlers())
    engine.jobs.enqueue(PullJob(REF, 1, installation_id=3))
    wait_until(lambda: hanging.pulls)

    started = time.monotonic()
    left = engine.stop(0.3)
    took = time.monotonic() - started
    following, recorded = make_engine(), RecordedHandlers()
    following.launch(recorded.handlers())

    wait_until(lambda: recorded.pulls == [REF])
    never.set()
    assert left == 1
    assert took < 4


def test_jobs_that_wait_when_the_process_stops_are_not_begun(make_engine: MakeEngine):
    engine, recorded = make_engine(), RecordedHandlers()
    engine.launch(recorded.handlers())
    engine.drain()

    engine.jobs.enqueue(PullJob(REF, 1, installation_id=3))
    time.sleep(0.6)
    assert engine.stop(0.1) == 0
    assert recorded.pulls == []

    following, later = make_engine(), RecordedHandlers()
    following.launch(later.handlers())
    wait_until(lambda: later.pulls == [REF])


def test_runs_that_ended_long_ago_are_forgotten(make_engine: MakeEngine):
    engine, recorded = make_engine(), RecordedHandlers()
    engine.launch(recorded.handlers())
    for number in range(3):
        engine.jobs.enqueue(DeliveryJob(number))
    wait_until(lambda: len(recorded.deliveries) == 3)
    wait_until(lambda: not engine.jobs.counts())

    assert engine.jobs.purge(3600) == 0
    assert engine.jobs.purge(-1) == 3
    assert engine.jobs.purge(-1) == 0


def test_a_chore_is_done_on_schedule_and_survives_its_failures(make_engine: MakeEngine):
    calls: list[int] = []

    def chore() -> None:
        calls.append(len(calls))
        if len(calls) == 1:
            raise ValueError("once")

    engine = make_engine()
    engine.launch(RecordedHandlers().handlers(), [Chore("tidy", 0.1, chore)])

    wait_until(lambda: len(calls) >= 3)


def test_an_engine_is_alive_from_launch_to_stop(make_engine: MakeEngine):
    engine = make_engine()
    before = engine.is_alive()
    engine.launch(RecordedHandlers().handlers())
    while_working = engine.is_alive()
    engine.stop(0.1)

    assert (before, while_working, engine.is_alive()) == (False, True, False)


def test_handlers_are_all_of_the_interface():
    assert Handlers.__slots__ == ("delivery", "pull", "comment", "let_go")


def test_a_database_that_cannot_be_used_is_an_error_with_its_reason(
    make_engine: MakeEngine, transactions: Transactions
):
    engine = make_engine()
    with transactions.writing() as session:
        session.connection().exec_driver_sql("DROP TABLE worker")

    with pytest.raises(StoreError, match="worker"):
        engine.launch(RecordedHandlers().handlers())
