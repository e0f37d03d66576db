"""The right to work on a pull request, and the check of it that every change made under it begins with."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from reviewbot.domain.pull import PullRef
from reviewbot.errors import StoreError
from reviewbot.store.live_rows import PullRow, WorkerRow

DEAD_AFTER_SECONDS = 10.0
"""A worker that was not heard for so long may be pushed aside."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A worker's right to work on a pull request, until somebody takes it with a higher token.

    `wanted` is how much was wanted when it was taken; letting go settles that much and no more.
    """

    ref: PullRef
    token: int
    wanted: int
    worker: str


class Fenced(StoreError):
    """The hold was lost to another worker: nothing more may be done under it, and nothing was."""


def locked_pull(session: Session, ref: PullRef) -> PullRow | None:
    """The row of a pull request, which nobody else changes until this transaction ends."""
    query = select(PullRow).where(PullRow.repo_id == ref.repo_id, PullRow.number == ref.number)
    return session.exec(query.with_for_update().execution_options(populate_existing=True)).first()


def guarded(session: Session, hold: Hold) -> PullRow:
    """The locked row of what is held; raises Fenced where it is held no more."""
    row = locked_pull(session, hold.ref)
    if row is None or not holds(row, hold):
        raise Fenced(f"pull request {hold.ref} was taken from worker {hold.worker}; its work goes on elsewhere")
    return row


def holds(row: PullRow, hold: Hold) -> bool:
    return row.token == hold.token and row.worker == hold.worker


def is_free(session: Session, row: PullRow, now: float) -> bool:
    """Whether nobody alive holds it. A worker that has not been heard at all yet is given the time to be."""
    if row.worker is None:
        return True
    beat_at = session.exec(select(WorkerRow.beat_at).where(WorkerRow.worker_id == row.worker)).first()
    heard_at = row.taken_at if beat_at is None else beat_at
    return heard_at is None or heard_at < now - DEAD_AFTER_SECONDS


def let_go_of_all(session: Session, worker_id: str, now: float) -> None:
    """Frees what a worker holds that works no more; what was wanted of it is due at once."""
    held = session.exec(select(PullRow).where(col(PullRow.worker) == worker_id).with_for_update()).all()
    for row in held:
        free(row, now)
        session.add(row)


def free(row: PullRow, due_at: float) -> None:
    """Takes a pull request out of its holder's hands, whose token is worth nothing from now on."""
    row.token += 1
    row.worker = row.taken_at = None
    if row.wanted > row.handled:
        row.due_at = due_at
