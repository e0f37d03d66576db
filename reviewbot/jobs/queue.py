"""Work that is to be done later, as values: what there is to do, what comes after it, and who does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, assert_never

from sqlmodel import Session

from reviewbot.domain.pull import PullRef


@dataclass(frozen=True, slots=True)
class DeliveryJob:
    """Read a stored delivery and do what it asks for. `attempt` counts from 0."""

    delivery_id: int
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class PullJob:
    """Look at a pull request; `wanted` is the value of its counter that made somebody ask."""

    ref: PullRef
    wanted: int
    installation_id: int
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class CommentJob:
    """Answer the comment that a delivery brought."""

    delivery_id: int
    installation_id: int
    attempt: int = 0


Job = DeliveryJob | PullJob | CommentJob


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Again:
    """The same has to be looked at again after so many seconds."""

    delay_seconds: float


Next = Done | Again


@dataclass(frozen=True, slots=True)
class Handlers:
    """The plain functions that do the work. Each may be called again for what it has done already, also at once.

    An exception ends a job. `let_go` is then called for a pull request, so that it is not left in the hands of a
    process that is alive but does nothing with it.
    """

    delivery: Callable[[int], None]
    pull: Callable[[PullRef], Next]
    comment: Callable[[int], Next]
    let_go: Callable[[PullRef], None]


class Jobs(Protocol):
    """Where jobs are put; any process may take them out again."""

    def enqueue(self, job: Job, session: Session | None = None, delay_seconds: float = 0.0) -> None:
        """Puts a job in, once: the same value a second time changes nothing.

        With a session the job exists exactly if the session's transaction is committed. Raises StoreError.
        """
        ...


def job_id(job: Job) -> str:
    """The name of a job: equal jobs have equal names, in every process and after every restart."""
    return f"{work_id(job)}:{job.attempt}"


def work_id(job: Job) -> str:
    """The name of what is to be done, the same for every attempt at it."""
    match job:
        case DeliveryJob(delivery_id):
            return f"delivery:{delivery_id}"
        case PullJob(ref, wanted):
            return ref.look(wanted)
        case CommentJob(delivery_id):
            return f"comment:{delivery_id}"
        case _:
            assert_never(job)


def next_attempt(job: Job) -> Job:
    """The job that follows this one when its work has to be done again."""
    return replace(job, attempt=job.attempt + 1)
