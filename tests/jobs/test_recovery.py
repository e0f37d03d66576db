"""The private part of DBOS that takes the work of dead processes over: these tests fail when DBOS changes it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from importlib.metadata import version

import pytest
from sqlalchemy import text

from reviewbot.jobs.durable import DurableQueue
from reviewbot.jobs.engine import Engine
from reviewbot.jobs.queue import DeliveryJob, job_id
from reviewbot.jobs.recovery import claims, give_back, recover
from reviewbot.store.transactions import Transactions
from tests.jobs.recorded_handlers import RecordedHandlers
from tests.jobs.waiting import wait_until

JOB = DeliveryJob(5)


@pytest.fixture
def queue(make_engine: Callable[..., Engine], transactions: Transactions) -> Iterator[DurableQueue]:
    """The tables of the engine, and nobody who works on them."""
    engine = make_engine()
    engine.launch(RecordedHandlers().handlers())
    engine.stop(0.1)
    opened = DurableQueue(transactions)
    yield opened
    opened.close()


def taken(queue: DurableQueue, transactions: Transactions, executor: str) -> None:
    """A job as DBOS leaves it when the process that has it dies."""
    queue.enqueue(JOB)
    set_pending(transactions, executor)


def set_pending(transactions: Transactions, executor: str) -> None:
    table = "workflow_status" if transactions.is_sqlite else "dbos.workflow_status"
    change = text(f"UPDATE {table} SET status = 'PENDING', executor_id = :executor, owner_xid = 'x'")
    with transactions.writing() as session:
        session.connection().execute(change, {"executor": executor})


def test_dbos_is_the_version_whose_private_methods_are_known():
    assert version("dbos").startswith("3.4.")


def test_the_private_methods_take_what_we_give_them(queue: DurableQueue):
    private = queue.client._sys_db

    assert list(inspect.signature(private.get_pending_workflows).parameters) == ["executor_id", "app_version"]
    assert list(inspect.signature(private.reenqueue_for_recovery).parameters) == [
        "workflow_id",
        "executor_ids",
        "recovery_queue_name",
    ]


def test_a_job_of_a_dead_process_is_put_back_once(queue: DurableQueue, transactions: Transactions):
    taken(queue, transactions, "dead")

    assert queue.executors() == {"dead"}
    assert claims(queue.client, "dead") == (job_id(JOB),)
    assert recover(queue.client, ["dead", "unknown"]) == 1
    assert recover(queue.client, ["dead"]) == 0
    status = queue.client.retrieve_workflow(job_id(JOB)).get_status()
    assert (status.status, status.queue_name) == ("ENQUEUED", "deliveries")


def test_a_job_that_a_living_process_has_taken_stays_with_it(queue: DurableQueue, transactions: Transactions):
    taken(queue, transactions, "living")

    assert not give_back(queue.client, "dead", job_id(JOB))
    assert claims(queue.client, "living") == (job_id(JOB),)


def test_a_job_that_was_taken_and_never_begun_is_begun(make_engine: Callable[..., Engine], transactions: Transactions):
    engine, recorded = make_engine(), RecordedHandlers()
    engine.launch(recorded.handlers())
    engine.jobs.enqueue(JOB, delay_seconds=3600)
    set_pending(transactions, engine.worker_id)

    wait_until(lambda: recorded.deliveries == [5])
