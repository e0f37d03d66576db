"""DBOS in this process: how it is set up, and the three workflows that it runs."""

from __future__ import annotations

from typing import Final

from dbos import DBOS, DBOSConfig
from dbos import DBOSPortableJSONSerializer as JsonSerializer

from reviewbot.jobs.durable import (
    APPLICATION,
    APPLICATION_VERSION,
    COMMENTS,
    DELIVERIES,
    REVIEWS,
    SCHEMA,
    own_connections,
)
from reviewbot.jobs.rhythm import Rhythm
from reviewbot.jobs.right_of_way import RIGHT_OF_WAY
from reviewbot.jobs.runner import Runner
from reviewbot.store.transactions import Transactions

# DBOS takes at most this many deliveries per poll: together with the interval, the most that are handled in a second.
_DELIVERIES_TAKEN: Final = 25
_COMMENTS_AT_ONCE: Final = 2
# Connections beside those of the jobs that run: one per queue, and for what DBOS does in the background.
_BACKGROUND_CONNECTIONS: Final = 10
# A job whose process dies again and again is in the end left to the sweep, which makes longer pauses.
_MOST_RECOVERIES: Final = 20


def launch_dbos(
    transactions: Transactions, runner: Runner, executor_id: str, reviews_at_once: int, rhythm: Rhythm
) -> None:
    """Makes DBOS's tables where they are missing, and begins to take jobs. Raises whatever DBOS raises."""
    connections = own_connections(transactions, _BACKGROUND_CONNECTIONS + reviews_at_once)
    if transactions.is_sqlite:
        RIGHT_OF_WAY.given_by(connections)
    DBOS(
        config=DBOSConfig(
            name=APPLICATION,
            system_database_engine=connections,
            dbos_system_schema=SCHEMA,
            serializer=JsonSerializer(),
            executor_id=executor_id,
            application_version=APPLICATION_VERSION,
            use_listen_notify=False,
            enable_otlp=False,
            log_level="WARNING",
        )
    )
    _register_workflows(runner)
    DBOS.launch()
    _register_queues(reviews_at_once, rhythm)


def destroy_dbos() -> None:
    """Takes no more jobs and forgets everything, so that it can be launched again in the same process."""
    DBOS.destroy(destroy_registry=True)


def _register_workflows(runner: Runner) -> None:
    """The names and the order of the arguments stand in the database, with jobs of the version before."""

    @DBOS.workflow(name="delivery", max_recovery_attempts=_MOST_RECOVERIES)
    def delivery(delivery_id: int, attempt: int) -> str:
        return runner.delivery(delivery_id, attempt)

    @DBOS.workflow(name="pull", max_recovery_attempts=_MOST_RECOVERIES)
    def pull(repo_id: int, number: int, wanted: int, installation_id: int, attempt: int) -> str:
        return runner.pull(repo_id, number, wanted, installation_id, attempt)

    @DBOS.workflow(name="comment", max_recovery_attempts=_MOST_RECOVERIES)
    def comment(delivery_id: int, installation_id: int, attempt: int) -> str:
        return runner.comment(delivery_id, installation_id, attempt)


def _register_queues(reviews_at_once: int, rhythm: Rhythm) -> None:
    """One installation never takes all places of a process, unless there is only one."""
    DBOS.register_queue(
        DELIVERIES,
        worker_concurrency=_DELIVERIES_TAKEN,
        polling_interval_sec=rhythm.deliveries_polled,
        on_conflict="always_update",
    )
    for name, at_once in ((REVIEWS, reviews_at_once), (COMMENTS, _COMMENTS_AT_ONCE)):
        DBOS.register_queue(
            name,
            worker_concurrency=at_once,
            partition_worker_concurrency=max(1, at_once - 1),
            polling_interval_sec=rhythm.reviews_polled,
            on_conflict="always_update",
        )
