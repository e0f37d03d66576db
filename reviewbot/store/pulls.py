"""Who works on which pull request: one at a time, and never in vain for one that died.

`wanted` counts what was asked for, `handled` how much of that was looked at. A worker takes a pull request, looks at
it, and lets go; what was asked for meanwhile makes it due again.
"""

from __future__ import annotations

import json
import logging

from sqlalchemy import and_
from sqlmodel import Session, col, select

from reviewbot.domain.pull import PullRef
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.store.holds import DEAD_AFTER_SECONDS, Fenced, Hold, free, guarded, holds, is_free, locked_pull
from reviewbot.store.live_rows import PullRow, WorkerRow
from reviewbot.store.pull_records import PullRecords, PullWork
from reviewbot.store.seats import Seats
from reviewbot.store.sound_text import sound
from reviewbot.store.transactions import Transactions
from reviewbot.store.upsert import insert_unless_there

__all__ = ["Fenced", "Hold", "PullWork", "Pulls"]

log = logging.getLogger(__name__)


class Pulls(PullRecords):
    """Hands out the pull requests that something is wanted of; safe to use from several threads and processes."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions)
        self._seats = Seats()

    def want(
        self,
        ref: PullRef,
        installation_id: int,
        repo: RepoName,
        *,
        delay_seconds: float = 0.0,
        another: bool = False,
        trigger: str = "",
        session: Session | None = None,
    ) -> int:
        """Asks for a look, due after the delay, and returns how many were asked for so far.

        `another` also asks for a further review of a head that has one. `trigger` is remembered until the look is
        done. With a session it is part of that transaction.
        """

        def work(session: Session) -> int:
            row = _made(session, ref, installation_id, repo)
            row.installation_id, row.owner, row.name = installation_id, repo.owner, repo.name
            row.wanted += 1
            row.request += int(another)
            row.attempts = row.deaths = 0
            row.due_at = self._transactions.now(session) + delay_seconds
            if trigger:
                row.triggers = json.dumps({**json.loads(row.triggers), trigger: row.wanted})
            session.add(row)
            session.flush()
            return row.wanted

        return work(session) if session is not None else self._transactions.run(work)

    def take(self, ref: PullRef, worker: str) -> Hold | None:
        """The right to work on it. None where nothing is wanted, or a worker that lives has it.

        A holder that is dead is pushed aside, and one of the same worker too, unless another thread of this very
        process is at it. The attempt is counted before it is made, so that one that kills the process counts too.
        """

        def work(session: Session) -> Hold | None:
            row = locked_pull(session, ref)
            if row is None or row.wanted <= row.handled:
                return None
            now = self._transactions.now(session)
            if row.worker == worker:
                if self._seats.is_taken(worker, ref, row.token):
                    return None
            elif not is_free(session, row, now):
                return None
            if row.worker is not None:
                log.warning("holder pushed aside", extra={"pull": str(ref), "holder": row.worker, "worker": worker})
            row.token += 1
            row.worker, row.taken_at = worker, now
            row.attempts += 1
            row.deaths += 1
            session.add(row)
            hold = Hold(ref, row.token, row.wanted, worker)
            # Before anybody else can see the token; a seat by a token that is never written is nobody's.
            self._seats.sit(hold)
            return hold

        return self._transactions.run(work)

    def is_mine(self, hold: Hold) -> bool:
        return self.latest_wanted(hold) is not None

    def newer_wanted(self, hold: Hold) -> bool:
        """Whether something was asked for since it was taken."""
        latest = self.latest_wanted(hold)
        return latest is not None and latest > hold.wanted

    def latest_wanted(self, hold: Hold) -> int | None:
        """How much is wanted now; None where the hold was lost."""
        with self._transactions.reading() as session:
            row = session.get(PullRow, (hold.ref.repo_id, hold.ref.number))
            return row.wanted if row is not None and holds(row, hold) else None

    def conclude(self, hold: Hold, head: Sha | None, outcome: str, reason: str) -> None:
        """Notes what a head came to. Raises Fenced."""

        def work(session: Session) -> None:
            row = guarded(session, hold)
            row.head, row.outcome, row.reason = head, str(outcome), sound(reason)
            session.add(row)

        self._transactions.run(work)

    def release(self, hold: Hold, *, due_at: float | None = None, due_in: float | None = None) -> bool:
        """Lets go; True when more is wanted now. Raises Fenced.

        What was wanted at the take is handled then, unless it is to be tried again: at a time, or in so many seconds.
        """

        def work(session: Session) -> bool:
            now = self._transactions.now(session)
            row = locked_pull(session, hold.ref)
            if row is not None and row.token == hold.token and row.worker is None:
                # Done already, by a commit whose answer got lost.
                return _is_wanted(row, hold, now)
            row = guarded(session, hold)
            again_at = now + due_in if due_in is not None else due_at
            _let_go(row, hold, again_at)
            session.add(row)
            return _is_wanted(row, hold, now)

        more = self._transactions.run(work)
        self._seats.leave(hold.worker, hold.ref)
        return more

    def drop(self, ref: PullRef, worker: str, *, due_in: float) -> None:
        """Lets go of what a look that crashed has left in this worker's hands; it is due in so many seconds.

        The crash stays counted in `deaths`. Nothing happens where another thread of this process is at it.
        """

        def work(session: Session) -> None:
            row = locked_pull(session, ref)
            if row is None or row.worker != worker or self._seats.is_taken(worker, ref, row.token):
                return
            free(row, self._transactions.now(session) + due_in)
            session.add(row)

        # Before the database is told: where it cannot be, `due` finds a hold that nobody sits on.
        self._seats.leave(worker, ref)
        self._transactions.run(work)

    def due(self, limit: int) -> tuple[PullRef, ...]:
        """Those that are wanted, whose time has come, and that nobody alive has; the longest due first."""
        with self._transactions.reading() as session:
            now = self._transactions.now(session)
            is_held = and_(
                col(PullRow.worker).is_not(None),
                (col(WorkerRow.beat_at) >= now - DEAD_AFTER_SECONDS)
                | (col(WorkerRow.beat_at).is_(None) & (col(PullRow.taken_at) >= now - DEAD_AFTER_SECONDS)),
            )
            wanted = (
                select(PullRow)
                .join(WorkerRow, col(WorkerRow.worker_id) == col(PullRow.worker), isouter=True)
                .where(col(PullRow.due_at) <= now)
                .order_by(col(PullRow.due_at))
            )
            # Those in hand are few, however many wait; of those that wait no more are read than are asked for.
            found = [row for row in session.exec(wanted.where(is_held.is_(True))) if self._is_lost(row)]
            found += session.exec(wanted.where(is_held.is_not(True)).limit(limit))
            found.sort(key=lambda row: row.due_at or 0.0)
            return tuple(PullRef(row.repo_id, row.number) for row in found[:limit])

    def _is_lost(self, row: PullRow) -> bool:
        """Whether it is held in the name of a thread of this process that is not at it any more."""
        ref = PullRef(row.repo_id, row.number)
        return row.worker is not None and self._seats.is_empty(row.worker, ref, row.token)


def _made(session: Session, ref: PullRef, installation_id: int, repo: RepoName) -> PullRow:
    """The locked row, new or not."""
    row = locked_pull(session, ref)
    if row is None:
        insert_unless_there(
            session,
            PullRow,
            repo_id=ref.repo_id,
            number=ref.number,
            installation_id=installation_id,
            owner=repo.owner,
            name=repo.name,
            wanted=0,
            handled=0,
            request=0,
            triggers="{}",
            attempts=0,
            deaths=0,
            is_paused=False,
            token=0,
            reason="",
            policy_notice="",
        )
        row = locked_pull(session, ref)
    assert row is not None, "it was put in"
    return row


def _let_go(row: PullRow, hold: Hold, again_at: float | None) -> None:
    row.worker = row.taken_at = None
    row.deaths = 0
    is_newer = row.wanted > hold.wanted
    if again_at is None:
        row.handled = max(row.handled, hold.wanted)
        row.attempts = 0
        row.triggers = json.dumps({name: by for name, by in json.loads(row.triggers).items() if by > hold.wanted})
        row.due_at = row.due_at if row.wanted > row.handled else None
    elif row.wanted > row.handled:
        # What was asked for meanwhile has set its own time, which may come sooner.
        row.due_at = min(again_at, row.due_at) if is_newer and row.due_at is not None else again_at


def _is_wanted(row: PullRow, hold: Hold, now: float) -> bool:
    return row.wanted > max(row.handled, hold.wanted) and row.due_at is not None and row.due_at <= now
