"""The installations of the App: which may be called, and from when on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlmodel import Session

from reviewbot.store.live_rows import InstallationRow
from reviewbot.store.sound_text import sound
from reviewbot.store.transactions import Transactions
from reviewbot.store.upsert import insert_unless_there

_Result = TypeVar("_Result")


class Installations:
    """Keeps penalty windows, suspensions and removals; safe to use from several threads; raises StoreError.

    `until` is in unix seconds by the database's clock.
    """

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def parked_until(self, installation_id: int) -> float | None:
        """When it may be called again; None where it may be now."""
        with self._transactions.reading() as session:
            row = session.get(InstallationRow, installation_id)
            if row is None or row.parked_until is None or row.parked_until <= self._transactions.now(session):
                return None
            return row.parked_until

    def parked_seconds(self, installation_id: int) -> float:
        """In how many seconds it may be called again, 0.0 for now; right whatever this machine's clock says."""
        with self._transactions.reading() as session:
            row = session.get(InstallationRow, installation_id)
            if row is None or row.parked_until is None:
                return 0.0
            return max(0.0, row.parked_until - self._transactions.now(session))

    def park(self, installation_id: int, until: float, why: str) -> int:
        """Lets nobody call before then; never earlier than an earlier word said. Returns the strikes in a row."""

        def change(row: InstallationRow, _now: float) -> int:
            row.parked_until = max(until, row.parked_until or until)
            row.parked_why = sound(why)
            row.strikes += 1
            return row.strikes

        return self._changed(installation_id, change)

    def park_for(self, installation_id: int, seconds: float, why: str) -> int:
        """The same for so many seconds from now."""
        with self._transactions.reading() as session:
            now = self._transactions.now(session)
        return self.park(installation_id, now + seconds, why)

    def strikes(self, installation_id: int) -> int:
        """How often it was parked since the last success."""
        row = self._row(installation_id)
        return 0 if row is None else row.strikes

    def clear_strikes(self, installation_id: int) -> None:
        """Notes a success. Nothing is written where there is nothing to clear."""
        if self.strikes(installation_id):
            self._changed(installation_id, lambda row, _now: setattr(row, "strikes", 0))

    def note(self, installation_id: int) -> None:
        """Notes that it is there; one that was removed is back."""
        self._changed(installation_id, lambda row, _now: setattr(row, "removed_at", None))

    def suspend(self, installation_id: int, suspended: bool) -> None:
        self._changed(installation_id, lambda row, _now: setattr(row, "is_suspended", suspended))

    def is_suspended(self, installation_id: int) -> bool:
        row = self._row(installation_id)
        return row is not None and row.is_suspended

    def remove(self, installation_id: int) -> None:
        self._changed(installation_id, lambda row, now: setattr(row, "removed_at", now))

    def is_removed(self, installation_id: int) -> bool:
        row = self._row(installation_id)
        return row is not None and row.removed_at is not None

    def _row(self, installation_id: int) -> InstallationRow | None:
        with self._transactions.reading() as session:
            return session.get(InstallationRow, installation_id)

    def _changed(self, installation_id: int, change: Callable[[InstallationRow, float], _Result]) -> _Result:
        def work(session: Session) -> _Result:
            now = self._transactions.now(session)
            insert_unless_there(
                session,
                InstallationRow,
                installation_id=installation_id,
                parked_why="",
                strikes=0,
                is_suspended=False,
                seen_at=now,
            )
            row = session.get(InstallationRow, installation_id, with_for_update=True)
            assert row is not None, "it was put in"
            row.seen_at = now
            session.add(row)
            return change(row, now)

        return self._transactions.run(work)
