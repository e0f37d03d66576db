"""The life of a process that works: it launches DBOS, keeps itself heard of, sweeps, and stops in time."""

from __future__ import annotations

import logging
import os
import socket
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reviewbot.errors import StoreError
from reviewbot.jobs.dbos_process import destroy_dbos, launch_dbos
from reviewbot.jobs.durable import DurableQueue
from reviewbot.jobs.file_lock import FileLock
from reviewbot.jobs.queue import Handlers
from reviewbot.jobs.recovery import recover
from reviewbot.jobs.repeating import Repeating
from reviewbot.jobs.rhythm import Rhythm
from reviewbot.jobs.right_of_way import RIGHT_OF_WAY
from reviewbot.jobs.runner import Runner
from reviewbot.jobs.sweep import Sweep
from reviewbot.store.database import reason
from reviewbot.store.deliveries import Deliveries
from reviewbot.store.pulls import Pulls
from reviewbot.store.transactions import Transactions
from reviewbot.store.workers import Workers

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """Something for the process to do on a schedule, such as reconciling with GitHub."""

    name: str
    every_seconds: float
    act: Callable[[], object]


def new_worker_id() -> str:
    """A name for this process that no other ever has: DBOS would give the work of a namesake to both."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{uuid.uuid4().hex[:12]}"


class Engine:
    """Works from `launch` to `stop`, in threads; there can be one per process.

    `reviews_at_once` is per process, and the last process that was started decides for all that share a database.
    """

    def __init__(
        self,
        transactions: Transactions,
        queue: DurableQueue | None = None,
        worker_id: str | None = None,
        reviews_at_once: int = 4,
        rhythm: Rhythm | None = None,
        observe: Callable[[str, str, float], None] = lambda _kind, _result, _seconds: None,
    ) -> None:
        self.worker_id = worker_id or new_worker_id()
        self.jobs = queue or DurableQueue(transactions)
        self._transactions = transactions
        self._reviews_at_once = reviews_at_once
        self._rhythm = rhythm or Rhythm()
        self.observe = observe
        self._workers = Workers(transactions)
        self._lock = _lock_beside(transactions)
        self._runner: Runner | None = None
        self._heartbeat = Repeating("heartbeat", self._rhythm.heartbeat, self._beat)
        self._repeating: list[Repeating] = []

    def launch(self, handlers: Handlers, chores: Sequence[Chore] = ()) -> None:
        """Begins to work. Raises StoreError: another process works on this SQLite database, or it cannot be used."""
        if self._lock is not None:
            self._lock.take()
            RIGHT_OF_WAY.given_by(self._transactions.engine)
        at_once = 1 if self._transactions.is_sqlite else 4
        runner = Runner(self.jobs, handlers, self._rhythm, at_once, self.observe)
        try:
            self._beat()
            launch_dbos(self._transactions, runner, self.worker_id, self._reviews_at_once, self._rhythm)
            if self._lock is not None:
                self._bury_all_others()
        except Exception as error:
            destroy_dbos()
            self._free()
            raise StoreError(f"the jobs cannot use the database: {type(error).__name__}: {reason(error)}") from error
        self._runner = runner
        sweep = Sweep(
            self.worker_id,
            self.jobs,
            runner,
            Deliveries(self._transactions),
            Pulls(self._transactions),
            self._workers,
            self._rhythm,
        )
        self._repeating = [
            self._heartbeat,
            Repeating("sweep", self._rhythm.sweep, sweep),
            Repeating("purge", self._rhythm.purge, lambda: self.jobs.purge(self._rhythm.kept)),
            *(Repeating(chore.name, chore.every_seconds, chore.act) for chore in chores),
        ]
        for one in self._repeating:
            one.start()

    def drain(self) -> None:
        """Begins no more jobs; those that run go on."""
        if self._runner is not None:
            self._runner.drain()

    def stop(self, patience_seconds: float = 6.0) -> int:
        """Stops working; returns how many handlers were still running after that time.

        Their jobs, and those not begun, are given back, so that another process, or the next start, takes them up at
        once. The caller has to end the process soon where handlers are left: they would go on beside their successor.
        """
        if self._runner is None:
            return 0
        runner, self._runner = self._runner, None
        runner.drain()
        left = runner.wait_until_idle(patience_seconds)
        for one in self._repeating:
            one.stop()
        destroy_dbos()
        try:
            recover(self.jobs.client, [self.worker_id])
            self._workers.leave(self.worker_id)
        except Exception as error:  # noqa: BLE001
            # They are found when this process has not been heard of for a while.
            log.warning("jobs could not be given back", extra={"kind": type(error).__name__})
        runner.end()
        self._free()
        return left

    def is_alive(self) -> bool:
        """Whether it works and the others can know; the database is asked, so any process can. Raises StoreError."""
        return self.worker_id in dict(self._workers.alive(self._rhythm.dead_after))

    def disconnect(self) -> None:
        """Closes all idle connections, before a process forks; they are opened again when needed."""
        self._transactions.engine.dispose()
        self.jobs.disconnect()

    def _bury_all_others(self) -> None:
        """Whoever holds the lock is the only one alive: nobody has to wait until the others were silent for long."""
        recover(self.jobs.client, self.jobs.executors() - {self.worker_id})
        for worker, _ in (*self._workers.alive(), *self._workers.dead()):
            if worker != self.worker_id:
                self._workers.bury(worker)

    def _beat(self) -> None:
        self._workers.beat(self.worker_id, self.worker_id)

    def _free(self) -> None:
        self.jobs.close()
        if self._lock is not None:
            self._lock.free()


def _lock_beside(transactions: Transactions) -> FileLock | None:
    """SQLite has one writer, and a process that is stopped can hold it: so one process works."""
    path = transactions.engine.url.database
    if not transactions.is_sqlite or not path:
        return None
    return FileLock(Path(path).with_name(Path(path).name + ".lock"))
