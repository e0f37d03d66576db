"""Runs one job: calls the handler it is for, and makes of what happens the next job, or none."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Final, assert_never

from reviewbot.domain.pull import PullRef
from reviewbot.errors import ReviewbotError
from reviewbot.jobs.queue import (
    Again,
    CommentJob,
    DeliveryJob,
    Done,
    Handlers,
    Job,
    Jobs,
    Next,
    PullJob,
    job_id,
    next_attempt,
    work_id,
)
from reviewbot.jobs.rhythm import Rhythm
from reviewbot.telemetry import traced

log = logging.getLogger(__name__)

MOST_COMMENT_ATTEMPTS: Final = 6


class Stopped(ReviewbotError):
    """The process ends; the job is somebody else's now."""


def _unobserved(_kind: str, _result: str, _seconds: float) -> None:
    """Nobody counts."""


class Runner:
    """The bodies of the workflows. None of them raises while the process lives.

    `observe` hears of each job that ended: its kind, "done", "again" or "failed", and how many seconds it took.
    """

    def __init__(
        self,
        jobs: Jobs,
        handlers: Handlers,
        rhythm: Rhythm,
        deliveries_at_once: int,
        observe: Callable[[str, str, float], None] = _unobserved,
    ) -> None:
        self._jobs = jobs
        self._handlers = handlers
        self._rhythm = rhythm
        self._observe = observe
        self._delivery_turn = threading.Semaphore(deliveries_at_once)
        self._changed = threading.Condition()
        self._held: dict[str, bool] = {}
        self._stopping = False
        self._ended = threading.Event()

    def delivery(self, delivery_id: int, attempt: int) -> str:
        """Many are taken at once, but few run at once: more would only wait for each other in the database."""
        job = DeliveryJob(delivery_id, attempt)

        def work() -> Next:
            self._handlers.delivery(delivery_id)
            return Done()

        return self._run(job, work)

    def pull(self, repo_id: int, number: int, wanted: int, installation_id: int, attempt: int) -> str:
        ref = PullRef(repo_id, number)
        return self._run(PullJob(ref, wanted, installation_id, attempt), lambda: self._handlers.pull(ref))

    def comment(self, delivery_id: int, installation_id: int, attempt: int) -> str:
        job = CommentJob(delivery_id, installation_id, attempt)
        return self._run(job, lambda: self._handlers.comment(delivery_id))

    def names(self) -> frozenset[str]:
        """The jobs that this process has in hand, running or not."""
        with self._changed:
            return frozenset(self._held)

    def drain(self) -> None:
        """From now on no handler is called any more."""
        with self._changed:
            self._stopping = True

    def wait_until_idle(self, patience_seconds: float) -> int:
        """Waits for the handlers that were called already; returns how many have not come back."""
        with self._changed:
            self._changed.wait_for(lambda: not any(self._held.values()), patience_seconds)
            return sum(self._held.values())

    def end(self) -> None:
        """Lets the threads go that hold jobs without running them; call it when the jobs have been given back."""
        self._ended.set()

    def _run(self, job: Job, work: Callable[[], Next]) -> str:
        turn = self._delivery_turn if isinstance(job, DeliveryJob) else nullcontext()
        with self._holding(job_id(job)), turn:
            self._begin(job_id(job))
            started = time.monotonic()
            with traced(_kind(job), work_id(job)):
                result = self._worked(job, work)
            self._observe(_kind(job), result, time.monotonic() - started)
            return result

    @contextmanager
    def _holding(self, name: str) -> Iterator[None]:
        with self._changed:
            self._held[name] = False
        try:
            yield
        finally:
            with self._changed:
                self._held.pop(name, None)
                self._changed.notify_all()

    def _begin(self, name: str) -> None:
        with self._changed:
            if not self._stopping:
                self._held[name] = True
                return
        self._ended.wait()
        raise Stopped(f"{name} was given back when the process stopped")

    def _worked(self, job: Job, work: Callable[[], Next]) -> str:
        try:
            match work():
                case Done():
                    return "done"
                case Again(delay_seconds):
                    self._jobs.enqueue(next_attempt(job), delay_seconds=delay_seconds)
                    return "again"
                case other:
                    assert_never(other)
        except Exception as error:  # noqa: BLE001
            log.error("job crashed", extra={"job": job_id(job), **_told(error)})
            self._after_crash(job)
            return "failed"

    def _after_crash(self, job: Job) -> None:
        """Sees to it that the work is done another time. Whatever fails here too is found by the sweep."""
        try:
            match job:
                case DeliveryJob():
                    pass  # it is still unsettled, and the sweep looks for those
                case PullJob(ref):
                    self._handlers.let_go(ref)
                case CommentJob():
                    self._comment_again(job)
                case _:
                    assert_never(job)
        except Exception as error:  # noqa: BLE001
            log.error("job could not be let go", extra={"job": job_id(job), **_told(error)})

    def _comment_again(self, job: CommentJob) -> None:
        failures = job.attempt + 1
        if failures >= MOST_COMMENT_ATTEMPTS:
            log.error("comment given up", extra={"job": job_id(job), "attempts": failures})
            return
        self._jobs.enqueue(next_attempt(job), delay_seconds=self._rhythm.retry_after(failures))


def _kind(job: Job) -> str:
    return job_id(job).partition(":")[0]


def _told(error: Exception) -> dict[str, str]:
    """What may stand in a log: of errors that are not ours, no text, for it can hold anything."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " < ".join(
        f"{frame.name} ({frame.filename.rpartition('/')[2]}:{frame.lineno})" for frame in reversed(frames)
    )
    why = str(error)[:300] if isinstance(error, ReviewbotError) else ""
    return {"kind": type(error).__name__, "where": where, "why": why}
