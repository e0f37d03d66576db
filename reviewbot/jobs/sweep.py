"""Finds work that nobody does, whatever the reason, and has it done: the net under everything else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from reviewbot.jobs.durable import DurableQueue
from reviewbot.jobs.pacing import Pacing
from reviewbot.jobs.queue import DeliveryJob, Job, PullJob
from reviewbot.jobs.recovery import claims, give_back, recover
from reviewbot.jobs.rhythm import Rhythm
from reviewbot.jobs.runner import Runner
from reviewbot.store.deliveries import Deliveries
from reviewbot.store.pulls import Pulls
from reviewbot.store.workers import Workers

log = logging.getLogger(__name__)

_AT_ONCE: Final = 200


class Sweep:
    """One look at everything that could have been left lying; called every few seconds in every process."""

    def __init__(
        self,
        worker_id: str,
        queue: DurableQueue,
        runner: Runner,
        deliveries: Deliveries,
        pulls: Pulls,
        workers: Workers,
        rhythm: Rhythm,
    ) -> None:
        self._worker_id = worker_id
        self._queue = queue
        self._runner = runner
        self._deliveries = deliveries
        self._pulls = pulls
        self._workers = workers
        self._rhythm = rhythm
        self._delivery_pacing = Pacing(rhythm)
        self._pull_pacing = Pacing(rhythm)
        self._not_running: frozenset[str] = frozenset()

    def __call__(self) -> None:
        """Does all of it, also where a part fails."""
        for part in (self.take_over, self.restart_lost_claims, self.enqueue_unsettled, self.enqueue_due):
            self._do(part)

    def take_over(self) -> None:
        """Gives the jobs of processes that are not heard of any more to the living, then forgets those processes."""
        dead = self._workers.dead(self._rhythm.dead_after)
        heard = {executor for _, executor in self._workers.alive(self._rhythm.dead_after)}
        lost = self._queue.executors() - heard - {self._worker_id}
        count = recover(self._queue.client, lost)
        if count:
            log.warning("jobs taken over from dead processes", extra={"jobs": count, "executors": sorted(lost)})
        for worker, _ in dead:
            if worker != self._worker_id:
                self._workers.bury(worker)

    def restart_lost_claims(self) -> None:
        """Puts jobs back that this process has taken but does not run: the database went away in between.

        Only what was not running at the last look either: taking a job and beginning with it are two moments.
        """
        claimed = frozenset(claims(self._queue.client, self._worker_id))
        not_running = claimed - self._runner.names()
        for name in not_running & self._not_running:
            log.warning("job was taken and not begun", extra={"job": name})
            give_back(self._queue.client, self._worker_id, name)
        self._not_running = not_running

    def enqueue_unsettled(self) -> None:
        """Has deliveries handled that came in a while ago and are not settled."""
        found = self._deliveries.unsettled(self._rhythm.unsettled_after, _AT_ONCE)
        jobs: dict[str, Job] = {str(number): DeliveryJob(number) for number in found}
        self._renew(jobs, self._delivery_pacing)

    def enqueue_due(self) -> None:
        """Has pull requests looked at of which something is wanted, that are due, and that nobody has in hand."""
        jobs: dict[str, Job] = {}
        for ref, work in self._pulls.works(self._pulls.due(_AT_ONCE)).items():
            jobs[str(ref)] = PullJob(ref, work.wanted, work.installation_id, work.attempts)
        self._renew(jobs, self._pull_pacing)

    def _renew(self, jobs: dict[str, Job], pacing: Pacing) -> None:
        pacing.keep_only(jobs)
        may = {key: job for key, job in jobs.items() if pacing.may(key)}
        lost = self._queue.not_on_their_way(may.values())
        for key, job in may.items():
            if job in lost and self._queue.renew(job):
                pacing.tried(key)

    def _do(self, part: Callable[[], None]) -> None:
        try:
            part()
        except Exception as error:  # noqa: BLE001
            log.warning(
                "part of the sweep failed",
                extra={"part": part.__name__, "kind": type(error).__name__, "why": str(error)[:300]},
            )
