"""A delivery is acknowledged exactly when it is on the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlmodel import Session

from reviewbot.domain.pull import PullRef
from reviewbot.jobs.engine import Engine
from reviewbot.jobs.queue import Done, Job, PullJob
from reviewbot.store.transactions import Transactions, open_transactions
from tests.jobs.recorded_handlers import RecordedHandlers
from tests.jobs.small_service import QUICK
from tests.jobs.waiting import wait_until
from tests.server.deliveries import post
from tests.server.running import NotedJobs, open_door


class StuckJobs(NotedJobs):
    """A queue whose database does not answer until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def enqueue(self, job: Job, session: Session | None = None, delay_seconds: float = 0.0) -> None:
        self.released.wait(10)
        super().enqueue(job, session, delay_seconds)


def test_f01_a_commit_that_takes_too_long_is_answered_with_503_and_the_redelivery_finds_it(
    transactions: Transactions,
):
    jobs = StuckJobs()
    with open_door(transactions, jobs, deadline_seconds=0.3) as door:
        started = time.monotonic()
        slow = post(door.port, {})
        took = time.monotonic() - started
        jobs.released.set()
        wait_until(lambda: door.counts() == {"received": 1})
        again = post(door.port, {})

    assert (slow.status, slow.headers["retry-after"]) == (503, "30")
    assert took < 1.5
    assert (again.status, again.said["status"]) == (202, "known")
    assert len(jobs.noted) == 1


def test_f01_the_deadline_is_three_seconds():
    import inspect

    from reviewbot.server.webhook import WebhookEndpoint

    assert inspect.signature(WebhookEndpoint).parameters["deadline_seconds"].default == 3.0


def test_f02_a_locked_database_is_answered_with_503_and_recovers_by_itself(sqlite: Transactions, jobs: NotedJobs):
    with open_door(sqlite, jobs, deadline_seconds=0.5) as door:
        with sqlite.writing() as session:
            session.connection()
            while_locked = post(door.port, {})
        wait_until(lambda: post(door.port, {}).status == 202)

        assert while_locked.status == 503
        assert door.counts() == {"received": 1}


def test_f02_a_database_that_cannot_be_written_is_answered_with_503(
    sqlite: Transactions, jobs: NotedJobs, tmp_path: Path
):
    read_only = open_transactions(f"sqlite:///file:{tmp_path / 'reviewbot.db'}?mode=ro&uri=true")
    with open_door(read_only, jobs) as door:
        answer = post(door.port, {})

    assert (answer.status, answer.said["status"]) == (503, "not_kept")
    assert "database" not in answer.said["why"]


def test_f02_f64_a_full_disk_is_answered_with_503_and_nothing_is_half_kept(sqlite: Transactions):
    class FullJobs(NotedJobs):
        """What SQLite does when there is no more room."""

        def enqueue(self, job: Job, session: Session | None = None, delay_seconds: float = 0.0) -> None:
            assert session is not None
            connection = session.connection()
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS filler (a)")
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
            connection.exec_driver_sql("INSERT INTO filler VALUES (zeroblob(10000000))")

    with open_door(sqlite, FullJobs()) as door:
        answer = post(door.port, {})

        assert answer.status == 503
        assert door.counts() == {}


def test_f03_a_delivery_whose_answer_was_lost_comes_again_and_is_one_job(transactions: Transactions, jobs: NotedJobs):
    with open_door(transactions, jobs) as door:
        first, second = post(door.port, {}), post(door.port, {})

    assert (first.status, second.status) == (202, 202)
    assert second.said["status"] == "known"
    assert len(jobs.noted) == 1


def test_f04_a_delivery_that_was_not_committed_is_accepted_when_it_comes_again(sqlite: Transactions):
    class FailingOnce(NotedJobs):
        def enqueue(self, job: Job, session: Session | None = None, delay_seconds: float = 0.0) -> None:
            super().enqueue(job, session, delay_seconds)
            if len(self.noted) == 1:
                assert session is not None
                session.connection().exec_driver_sql("SELECT * FROM nothing_of_this_name")

    with open_door(sqlite, FailingOnce()) as door:
        first, second = post(door.port, {}), post(door.port, {})

        assert (first.status, second.status, second.said["status"]) == (503, 202, "ignored")
        assert door.counts() == {"received": 1}


def test_f05_the_same_delivery_many_times_at_once_is_one_row_and_one_job(transactions: Transactions, jobs: NotedJobs):
    with open_door(transactions, jobs) as door, ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(lambda _: post(door.port, {"same": "body"}), range(16)))

        assert {answer.status for answer in answers} == {202}
        assert door.counts() == {"received": 1}
    assert len(jobs.noted) == 1


def test_f06_the_same_name_with_another_body_is_acknowledged_told_apart_and_kept(
    transactions: Transactions, jobs: NotedJobs
):
    with open_door(transactions, jobs) as door:
        post(door.port, {"a": 1})
        answer = post(door.port, {"a": 2})

        assert (answer.status, answer.said["status"]) == (202, "conflict")
        assert b'reviewbot_deliveries_total{result="conflict"} 1.0' in door.metrics.render()
        assert door.counts()["conflict"] == 1


def test_f06_the_same_name_from_another_hook_is_another_delivery(transactions: Transactions, jobs: NotedJobs):
    with open_door(transactions, jobs) as door:
        post(door.port, {"a": 1})
        answer = post(door.port, {"a": 2}, X_GitHub_Hook_Installation_Target_ID="2")

        assert answer.said["status"] == "ignored"
    assert len(jobs.noted) == 2


@pytest.fixture
def hanging_engine(transactions: Transactions):
    """An engine all of whose places are taken by handlers that wait for a GitHub that does not answer."""
    released = threading.Event()
    recorded = RecordedHandlers(
        on_delivery=lambda _: (released.wait(20), None)[1], on_pull=lambda _: (released.wait(20), Done())[1]
    )
    engine = Engine(transactions, reviews_at_once=2, rhythm=QUICK)
    engine.launch(recorded.handlers())
    for number in range(4):
        engine.jobs.enqueue(PullJob(PullRef(1, number), 1, number))
    wait_until(lambda: len(recorded.pulls) == 2)
    yield engine
    released.set()
    engine.stop(2)


def test_f01_f53_deliveries_are_acknowledged_while_every_handler_hangs(
    transactions: Transactions, hanging_engine: Engine
):
    with open_door(transactions, hanging_engine.jobs) as door:
        started = time.monotonic()
        statuses = {post(door.port, {}, guid=f"guid-{number}").status for number in range(20)}
        took = time.monotonic() - started

        assert statuses == {202}
        assert door.counts() == {"received": 20}
    assert took < 5


def test_f69_questions_about_the_service_that_hang_delay_no_delivery(sqlite: Transactions, jobs: NotedJobs):
    from reviewbot.server.app import Probes
    from tests.server.deliveries import request

    released = threading.Event()
    stuck: dict[str, Callable[[], bool]] = {"stuck": lambda: released.wait(10)}
    with open_door(sqlite, jobs, probes=Probes(stuck)) as door, ThreadPoolExecutor(5) as askers:
        asked = [askers.submit(request, door.port, "GET", "/readyz") for _ in range(4)]
        started = time.monotonic()
        status = post(door.port, {}).status
        took = time.monotonic() - started
        answers = [one.result().status for one in asked]
        released.set()

    assert (status, answers) == (202, [503] * 4)
    assert took < 1.0
