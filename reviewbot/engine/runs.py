"""Letting reviewers loose on a task, whatever they do: crash, hang, or return rubbish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event
from time import monotonic
from typing import Protocol, runtime_checkable

from reviewbot.domain.finding import Finding
from reviewbot.domain.review import ReviewerRun, SkipReason
from reviewbot.domain.text import shortened
from reviewbot.errors import BudgetExhausted, ReviewCancelled, StoreError
from reviewbot.ports import Reviewer, ReviewTask
from reviewbot.telemetry import carried, span

REVIEWER_SECONDS = 3_600.0
"""Longer than any model call or program is given, retries included: whoever needs more hangs."""

_POLL_SECONDS = 0.5


@runtime_checkable
class Stoppable(Protocol):
    """A reviewer that can be told, while it runs, to begin nothing more that costs time or money."""

    def stopping(self, is_stopped: Callable[[], bool]) -> Reviewer:
        """The same reviewer, which asks this before each such step and raises ReviewCancelled where it is true."""
        ...


def runs_of(
    task: ReviewTask,
    reviewers: Sequence[Reviewer],
    timeout_seconds: float,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[ReviewerRun, ...]:
    """All reviewers at once, each on its own; the order of the runs is the order of the reviewers.

    A thread cannot be ended: one that hangs is left behind, and the process has to end without waiting for it.
    `cancelled` is asked by this thread alone, at least every half second; once it is true, ReviewCancelled is raised.
    """
    if cancelled is None:
        return _runs(task, reviewers, timeout_seconds, _never)
    stopped = Event()
    stoppable = [one.stopping(stopped.is_set) if isinstance(one, Stoppable) else one for one in reviewers]
    try:
        return _runs(task, stoppable, timeout_seconds, cancelled)
    finally:
        stopped.set()


def _never() -> bool:
    return False


def _runs(
    task: ReviewTask, reviewers: Sequence[Reviewer], timeout_seconds: float, cancelled: Callable[[], bool]
) -> tuple[ReviewerRun, ...]:
    _raise_if(cancelled)
    pool = ThreadPoolExecutor(max_workers=max(1, len(reviewers)), thread_name_prefix="reviewer")
    try:
        futures = [pool.submit(carried(_reviewed), reviewer, task) for reviewer in reviewers]
        ends = monotonic() + timeout_seconds
        while wait(futures, max(0.0, min(_POLL_SECONDS, ends - monotonic()))).not_done:
            _raise_if(cancelled)
            if monotonic() >= ends:
                break
        return tuple(
            _run(reviewer.name, future, task, timeout_seconds)
            for reviewer, future in zip(reviewers, futures, strict=True)
        )
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _reviewed(reviewer: Reviewer, task: ReviewTask) -> ReviewerRun:
    with span("reviewer", **{"reviewbot.reviewer": reviewer.name}):
        return reviewer.review(task)


def _raise_if(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise ReviewCancelled("the review was given up: its change is no longer the one that is wanted")


def _run(name: str, future: Future[ReviewerRun], task: ReviewTask, timeout_seconds: float) -> ReviewerRun:
    if not future.done():
        return _failed(name, task, f"did not end within {timeout_seconds:g} seconds; leave it out, or ask its author")
    error = future.exception()
    if isinstance(error, BudgetExhausted | StoreError):
        raise error
    if error is not None:
        said = shortened(f"{type(error).__name__}: {error}", 300).removesuffix(": ")
        return _failed(name, task, f"crashed with {said}; leave it out, or show this to its author")
    run: object = future.result()
    if not isinstance(run, ReviewerRun):
        return _failed(name, task, f"returned {type(run).__name__} and not a ReviewerRun; show this to its author")
    if not all(isinstance(finding, Finding) for finding in run.findings):
        return _failed(name, task, "returned findings that are no Finding; show this to its author")
    return run


def _failed(name: str, task: ReviewTask, failure: str) -> ReviewerRun:
    unread = tuple((path, SkipReason.REVIEWER_FAILED) for path in task.paths)
    return ReviewerRun(name, paths_unread=unread, failure=failure)
