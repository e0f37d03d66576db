"""Writes to GitHub, each noted before it is sent, so that none is sent twice whatever dies in between.

    PLANNED -> SENDING -> SENT | REFUSED | UNKNOWN        UNKNOWN -> SENT (found there) | PLANNED (two clean reads)

A change made under a hold checks in the same transaction that the hold is still held. One without a hold is guarded
by the state of the row alone.
"""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from reviewbot.errors import StoreError
from reviewbot.store.holds import Hold, guarded
from reviewbot.store.live_rows import OutgoingRow
from reviewbot.store.outgoing import OPEN_STATES, Outgoing, SendState, lose, outgoing_of
from reviewbot.store.sound_text import sound
from reviewbot.store.transactions import Transactions
from reviewbot.store.upsert import insert_unless_there

__all__ = ["Outbox", "Outgoing", "SendState", "TooFewLooks"]

log = logging.getLogger(__name__)

_Result = TypeVar("_Result")
_CLEAN_READS = 2
"""So many looks that did not show a write prove that it has not arrived; how far apart is for the caller to see to."""


class TooFewLooks(StoreError):
    """A write may have arrived, and may not be planned again yet; another process has sent it in the meantime."""


class Outbox:
    """Keeps the writes; safe to use from several threads and processes.

    Raises StoreError, and Fenced, which is one, where a given hold was lost: nothing has changed then.
    """

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def plan(
        self, hold: Hold | None, key: str, part: str, request: Mapping[str, Any], *, replace: bool = False
    ) -> Outgoing:
        """The write of this key and part: a new one, or the one that is there with its own request.

        `replace` puts another request in its place, unless the first is on its way or has arrived.
        """
        content = json.dumps(request, ensure_ascii=True, separators=(",", ":"))
        intent_hash = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()

        def work(session: Session) -> Outgoing:
            if hold is not None:
                guarded(session, hold)
            now = self._transactions.now(session)
            insert_unless_there(
                session,
                OutgoingRow,
                key=key,
                part=part,
                request=content,
                intent_hash=intent_hash,
                state=SendState.PLANNED.value,
                attempts=0,
                attempt="",
                clean_reads=0,
                note="",
                changed_at=now,
            )
            query = select(OutgoingRow).where(OutgoingRow.key == key, OutgoingRow.part == part)
            row = session.exec(query.with_for_update()).one()
            if row.intent_hash != intent_hash:
                if replace and row.state in (SendState.PLANNED, SendState.REFUSED):
                    row.request, row.intent_hash, row.note = content, intent_hash, ""
                    row.state = SendState.PLANNED.value
                    session.add(row)
                else:
                    log.debug("the first request stands", extra={"key": key, "part": part, "state": row.state})
            return outgoing_of(row)

        return self._transactions.run(work)

    def find(self, key: str, part: str) -> Outgoing | None:
        with self._transactions.reading() as session:
            query = select(OutgoingRow).where(OutgoingRow.key == key, OutgoingRow.part == part)
            row = session.exec(query).first()
            return None if row is None else outgoing_of(row)

    def attempts(self, key: str, part: str) -> int:
        """How often it was sent; 0 also for what was never planned."""
        found = self.find(key, part)
        return 0 if found is None else found.attempts

    def of(self, key: str) -> tuple[Outgoing, ...]:
        """All parts of a key in the order in which they were planned."""
        with self._transactions.reading() as session:
            query = select(OutgoingRow).where(OutgoingRow.key == key).order_by(col(OutgoingRow.id))
            return tuple(outgoing_of(row) for row in session.exec(query))

    def starting(self, prefix: str) -> tuple[Outgoing, ...]:
        """The same of all keys that begin so."""
        with self._transactions.reading() as session:
            query = select(OutgoingRow).where(*_begins(prefix)).order_by(col(OutgoingRow.id))
            return tuple(outgoing_of(row) for row in session.exec(query))

    def claim(self, hold: Hold, prefix: str) -> tuple[Outgoing, ...]:
        """What earlier holders were sending under keys that begin so: nobody knows what became of it, now UNKNOWN."""

        def work(session: Session) -> tuple[Outgoing, ...]:
            guarded(session, hold)
            of_others = col(OutgoingRow.token).is_(None) | (col(OutgoingRow.token) != hold.token)
            query = select(OutgoingRow).where(*_begins(prefix), OutgoingRow.state == SendState.SENDING.value, of_others)
            rows = session.exec(query.order_by(col(OutgoingRow.id)).with_for_update()).all()
            for row in rows:
                lose(row, "the worker that was sending it died", self._transactions.now(session))
                session.add(row)
            return tuple(outgoing_of(row) for row in rows)

        return self._transactions.run(work)

    def sending(self, hold: Hold | None, outgoing_id: int) -> Outgoing | None:
        """Notes that it is being sent, before it is; None where it is not for the caller to send any more."""
        attempt = uuid.uuid4().hex

        def change(row: OutgoingRow, now: float) -> Outgoing | None:
            if row.attempt == attempt and row.state == SendState.SENDING:
                # Noted already, by a commit whose answer got lost.
                return outgoing_of(row)
            if row.state != SendState.PLANNED:
                return None
            row.state, row.attempt, row.changed_at = SendState.SENDING.value, attempt, now
            row.token = hold.token if hold is not None else None
            row.attempts += 1
            row.clean_reads, row.clean_read_at = 0, None
            return outgoing_of(row)

        return self._changed(hold, outgoing_id, change)

    def sent(self, hold: Hold | None, outgoing_id: int, remote_id: str) -> bool:
        """Notes that it stands at GitHub: it was answered, or found. False where it had its end already."""
        return self._ended(hold, outgoing_id, SendState.SENT, remote_id, "")

    def refused(self, hold: Hold | None, outgoing_id: int, note: str) -> bool:
        """Notes that it will not be sent again. False where it had its end already."""
        return self._ended(hold, outgoing_id, SendState.REFUSED, None, note)

    def unknown(self, hold: Hold | None, outgoing_id: int, note: str) -> bool:
        """Notes that no answer came. False where it is not on its way."""

        def change(row: OutgoingRow, now: float) -> bool:
            if row.state not in (SendState.SENDING, SendState.UNKNOWN):
                return False
            lose(row, note, now)
            return True

        return self._changed(hold, outgoing_id, change)

    def clean_read(self, hold: Hold | None, outgoing_id: int) -> float:
        """Notes a look at GitHub that did not show it; the seconds since the first such look, 0.0 for the first."""

        def change(row: OutgoingRow, now: float) -> float:
            if row.state not in (SendState.SENDING, SendState.UNKNOWN):
                return 0.0
            row.state = SendState.UNKNOWN.value
            row.clean_reads += 1
            row.clean_read_at = now if row.clean_read_at is None else row.clean_read_at
            return now - row.clean_read_at

        return self._changed(hold, outgoing_id, change)

    def planned_again(self, hold: Hold | None, outgoing_id: int, *, repeatable: bool = False) -> bool:
        """Has it sent once more. False where it had its end already.

        Its sender may do so, who knows that it has not arrived; anybody else after two clean reads, or where it is
        `repeatable`: of the same effect once and twice. Raises TooFewLooks otherwise.
        """

        def change(row: OutgoingRow, now: float) -> bool:
            if row.state not in OPEN_STATES:
                return False
            is_sender = row.state == SendState.SENDING and row.token == (hold.token if hold is not None else None)
            is_proven = row.state == SendState.PLANNED or row.clean_reads >= _CLEAN_READS
            if not (is_sender or is_proven or repeatable):
                raise TooFewLooks(
                    f"{row.part} of {row.key} may have arrived; look for it at GitHub {_CLEAN_READS} times first, "
                    f"or say that it is repeatable (looks so far: {row.clean_reads})"
                )
            row.state, row.changed_at = SendState.PLANNED.value, now
            row.clean_reads, row.clean_read_at = 0, None
            return True

        return self._changed(hold, outgoing_id, change)

    def _ended(self, hold: Hold | None, outgoing_id: int, state: SendState, remote_id: str | None, note: str) -> bool:
        def change(row: OutgoingRow, now: float) -> bool:
            if row.state not in OPEN_STATES:
                return bool(row.state == state and row.remote_id == remote_id)
            row.state, row.remote_id, row.note, row.changed_at = state.value, remote_id, sound(note), now
            return True

        return self._changed(hold, outgoing_id, change)

    def _changed(self, hold: Hold | None, outgoing_id: int, change: Callable[[OutgoingRow, float], _Result]) -> _Result:
        def work(session: Session) -> _Result:
            if hold is not None:
                guarded(session, hold)
            row = session.get(OutgoingRow, outgoing_id, with_for_update=True)
            if row is None:
                raise StoreError(f"write {outgoing_id} is not in the database")
            session.add(row)
            return change(row, self._transactions.now(session))

        return self._transactions.run(work)


def _begins(prefix: str) -> tuple[Any, Any]:
    return col(OutgoingRow.key) >= prefix, col(OutgoingRow.key) < prefix + "\U0010ffff"
