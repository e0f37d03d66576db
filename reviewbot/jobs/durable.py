"""The queue in the database: DBOS's tables, written in our own transactions."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, assert_never

from dbos import DBOSClient, EnqueueOptions
from dbos import DBOSPortableJSONSerializer as JsonSerializer
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from reviewbot.errors import StoreError
from reviewbot.jobs.queue import CommentJob, DeliveryJob, Job, PullJob, job_id
from reviewbot.store.database import reason
from reviewbot.store.transactions import Transactions

APPLICATION: Final = "reviewbot"
# Set by hand: DBOS's own choice, a hash of the code, would leave the queued work of the version before to nobody.
APPLICATION_VERSION: Final = "1"
SCHEMA: Final = "dbos"
DELIVERIES, REVIEWS, COMMENTS = "deliveries", "reviews", "comments"
ENDED: Final = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_ON_THEIR_WAY: Final = ("ENQUEUED", "PENDING")
_PURGED_AT_ONCE = 500
_BUSY_SECONDS = 30


class DurableQueue:
    """Jobs in the database that also holds our own tables; safe to use from several threads.

    DBOS's tables have to be there: `Engine.launch` makes them.
    """

    def __init__(self, transactions: Transactions) -> None:
        _quieten()
        self._transactions = transactions
        self._connections = own_connections(transactions, 3)
        self.client = DBOSClient(
            system_database_engine=self._connections,
            dbos_system_schema=SCHEMA,
            serializer=JsonSerializer(),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )

    def enqueue(self, job: Job, session: Session | None = None, delay_seconds: float = 0.0) -> None:
        """See `Jobs.enqueue`."""
        if session is None:
            with self._transactions.writing() as own:
                self.enqueue(job, own, delay_seconds)
            return
        options = _options(job)
        if delay_seconds > 0:
            options["delay_seconds"] = delay_seconds
        self.client.enqueue_in_transaction(session, options, *_arguments(job))

    def not_on_their_way(self, jobs: Collection[Job]) -> frozenset[Job]:
        """Those that wait in no queue and that nobody is said to run; asked of the database all at once."""
        statuses = self._statuses(jobs)
        return frozenset(job for job in jobs if statuses.get(job_id(job)) not in _ON_THEIR_WAY)

    def renew(self, job: Job) -> bool:
        """Puts a job in whose work is due now. True if it was not on its way already.

        A run under the same name that has ended, or that waits for another time, is forgotten for it: our own tables
        say that the work is due, and they are right.
        """
        status = self._statuses([job]).get(job_id(job))
        if status in _ON_THEIR_WAY:
            return False
        if status is not None:
            self.client.delete_workflows([job_id(job)])
        self.enqueue(job)
        return True

    def executors(self) -> frozenset[str]:
        """The processes, dead or alive, in whose name a job is said to be running."""
        running = self.client.list_workflows(status="PENDING", load_input=False, load_output=False)
        return frozenset(one.executor_id for one in running if one.executor_id)

    def counts(self) -> dict[tuple[str, str], int]:
        """How many jobs are in each queue, by queue and state; ended ones are not counted. Raises StoreError."""
        waiting = ["ENQUEUED", "DELAYED", "PENDING"]
        try:
            listed = self.client.list_workflows(status=waiting, load_input=False, load_output=False)
        except SQLAlchemyError as error:
            raise StoreError(f"cannot count the jobs: {reason(error)}") from error
        found: dict[tuple[str, str], int] = {}
        for one in listed:
            key = (one.queue_name or "", one.status.lower())
            found[key] = found.get(key, 0) + 1
        return found

    def purge(self, older_than_seconds: float) -> int:
        """Forgets the runs that ended so long ago; returns how many."""
        before = (datetime.now(UTC) - timedelta(seconds=older_than_seconds)).isoformat()
        count = 0
        while True:
            ended = self.client.list_workflows(
                status=list(ENDED), completed_before=before, limit=_PURGED_AT_ONCE, load_input=False, load_output=False
            )
            if not ended:
                return count
            self.client.delete_workflows([one.workflow_id for one in ended])
            count += len(ended)

    def disconnect(self) -> None:
        """Closes idle connections; others are opened when they are needed."""
        self._connections.dispose()

    def close(self) -> None:
        """Ends its use for good."""
        self.client.destroy()
        self._connections.dispose()

    def _statuses(self, jobs: Collection[Job]) -> dict[str, str]:
        if not jobs:
            return {}
        listed = self.client.list_workflows(
            workflow_ids=[job_id(job) for job in jobs], load_input=False, load_output=False
        )
        return {one.workflow_id: one.status for one in listed}


def own_connections(transactions: Transactions, most: int) -> Engine:
    """Connections to the same database for DBOS alone: acknowledging a delivery never waits for one of its own."""
    url = transactions.engine.url
    if not transactions.is_sqlite:
        return create_engine(url, pool_size=most, max_overflow=0, pool_pre_ping=True)
    engine = create_engine(url, pool_size=most, max_overflow=0, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _quieten() -> None:
    """DBOS prints to the console by itself unless somebody handles its messages: here the root logger does."""
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.WARNING)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _prepare_sqlite(connection: object, _entry: object) -> None:
    """A transaction takes the write lock when it begins: one that reads first could never get it later."""
    connection.isolation_level = "IMMEDIATE"  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _options(job: Job) -> EnqueueOptions:
    match job:
        case DeliveryJob():
            return EnqueueOptions(
                workflow_name="delivery",
                queue_name=DELIVERIES,
                workflow_id=job_id(job),
                app_version=APPLICATION_VERSION,
            )
        case PullJob() | CommentJob():
            is_pull = isinstance(job, PullJob)
            return EnqueueOptions(
                workflow_name="pull" if is_pull else "comment",
                queue_name=REVIEWS if is_pull else COMMENTS,
                workflow_id=job_id(job),
                app_version=APPLICATION_VERSION,
                queue_partition_key=str(job.installation_id),
            )
        case _:
            assert_never(job)


def _arguments(job: Job) -> Sequence[int]:
    match job:
        case DeliveryJob(delivery_id, attempt):
            return (delivery_id, attempt)
        case PullJob(ref, wanted, installation_id, attempt):
            return (ref.repo_id, ref.number, wanted, installation_id, attempt)
        case CommentJob(delivery_id, installation_id, attempt):
            return (delivery_id, installation_id, attempt)
        case _:
            assert_never(job)
