"""The private part of DBOS that takes the work of dead processes over: these tests fail when DBOS changes it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib.metadata import version

from sqlalchemy import text

from reviewbot.jobs.engine import Engine
from reviewbot.jobs.queue import DeliveryJob, job_id
from reviewbot.jobs.recovery import claims, give_back, recover
from reviewbot.store.transactions import Transactions
from tests.jobs.recorded_handlers import RecordedHandlers
from tests.jobs.waiting import wait_until

JOB = DeliveryJob(5)


def taken_by(engine: Engine, transactions: Transactions, executor: str) -> None:
    """A job as DBOS leaves it when the process that has it dies."""
    engine.launch(RecordedHandlers().handlers())
    engine.drain()
    engine.jobs.enqueue(JOB)
    table = "workflow_status" if transactions.is_sqlite else "dbos.workflow_status"
    with transactions.writing() as session:
        session.connection().execute(
            text(f"UPDATE {table} SET status = 'PENDING', executor_id = :executor, owner_xid = 'x'"),
            {"executor": executor},
        )


def test_dbos_is_the_version_whose_private_methods_are_known():
    assert version("dbos").startswith("3.4.")


def test_the_private_methods_take_what_we_give_them(make_engine: Callable[..., Engine]):
    private = make_engine().jobs.client._sys_db

    assert list(inspect.signature(private.get_pending_workflows).parameters) == ["executor_id", "app_version"]
    assert list(inspect.signature(private.reenqueue_for_recovery).parameters) == [
        "workflow_id",
        "executor_ids",
        "recovery_queue_name",
    ]


def test_a_job_of_a_dead_process_is_put_back_once(make_engine: Callable[..., Engine], transactions: Transactions):
    engine = make_engine()
    taken_by(engine, transactions, "dead")
    client = engine.jobs.client

    assert engine.jobs.executors() >= {"dead"}
    assert claims(client, "dead") == (job_id(JOB),)
    assert recover(client, ["dead", "unknown"]) == 1
    assert recover(client, ["dead"]) == 0
    assert client.retrieve_workflow(job_id(JOB)).get_status().queue_name == "deliveries"


def test_a_job_that_a_living_process_has_taken_stays_with_it(
    make_engine: Callable[..., Engine], transactions: Transactions
):
    engine = make_engine()
    taken_by(engine, transactions, "living")

    assert not give_back(engine.jobs.client, "dead", job_id(JOB))
    assert claims(engine.jobs.client, "living") == (job_id(JOB),)


def test_a_job_that_was_taken_and_never_begun_is_begun(make_engine: Callable[..., Engine], transactions: Transactions):
    engine, recorded = make_engine(), RecordedHandlers()
    engine.launch(recorded.handlers())
    engine.jobs.enqueue(JOB, delay_seconds=3600)
    table = "workflow_status" if transactions.is_sqlite else "dbos.workflow_status"
    with transactions.writing() as session:
        session.connection().execute(
            text(f"UPDATE {table} SET status = 'PENDING', executor_id = :executor"), {"executor": engine.worker_id}
        )

    wait_until(lambda: recorded.deliveries == [5])
