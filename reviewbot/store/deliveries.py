"""Webhook deliveries: each is stored once, as it came, before anything is done about it."""

from __future__ import annotations

import hashlib
import logging
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from reviewbot.errors import StoreError
from reviewbot.store.live_rows import DeliveryConflictRow, DeliveryRow
from reviewbot.store.sound_text import sound
from reviewbot.store.transactions import Transactions
from reviewbot.store.upsert import insert_unless_there

log = logging.getLogger(__name__)

_AT_ONCE = 500
"""SQLite takes so many values in a query, and some more."""


class DeliveryState(StrEnum):
    """What became of a delivery."""

    RECEIVED = "received"
    HANDLED = "handled"
    IGNORED = "ignored"
    DEAD = "dead"
    """It cannot be read, or handling it failed again and again; a person may look at it."""


class Remembered(StrEnum):
    """What a delivery was to us when it came."""

    NEW = "new"
    KNOWN = "known"
    CONFLICT = "conflict"
    """Another body under the name of a known one; it is kept beside the first and not acted on."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as it came; `hook_target` names the hook it came by, such as `integration:123`."""

    hook_target: str
    guid: str
    event: str
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A delivery with what became of it. `received_at` is in unix seconds; a forgotten body is empty."""

    id: int
    hook_target: str
    guid: str
    event: str
    body: bytes
    received_at: float
    state: DeliveryState
    note: str
    attempts: int


class Deliveries:
    """Remembers deliveries by hook and GUID; safe to use from several threads; raises StoreError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def remember(
        self, delivery: Delivery, also: Callable[[Session, int], None] | None = None
    ) -> tuple[Remembered, int]:
        """Stores it, or finds it; with the row's id. `also` runs in the same transaction, for a NEW one only."""
        return self._remember(delivery, DeliveryState.RECEIVED, "", also)

    def dead_letter(self, hook_target: str, guid: str, event: str, body: bytes, note: str) -> int:
        """Keeps what was signed well and cannot be read; nobody will try again."""
        return self._remember(Delivery(hook_target, guid, event, body), DeliveryState.DEAD, note, None)[1]

    def read(self, delivery_id: int) -> StoredDelivery:
        with self._transactions.reading() as session:
            return _stored(_row(session, delivery_id))

    def begin(self, delivery_id: int) -> int:
        """Counts an attempt before it is made, so that one that kills the process counts too; returns its number."""

        def work(session: Session) -> int:
            counted = update(DeliveryRow).where(col(DeliveryRow.id) == delivery_id)
            session.execute(counted.values(attempts=col(DeliveryRow.attempts) + 1))
            return _row(session, delivery_id).attempts

        return self._transactions.run(work)

    def settle(self, delivery_id: int, state: DeliveryState, note: str) -> None:
        """Notes what became of it; RECEIVED has it handled once more, with its attempts counted from 0."""
        values: dict[str, object] = {"state": state.value, "note": sound(note)}
        if state is DeliveryState.RECEIVED:
            values["attempts"] = 0
        change = update(DeliveryRow).where(col(DeliveryRow.id) == delivery_id).values(**values)
        self._transactions.run(lambda session: session.execute(change))

    def unsettled(self, older_than_seconds: float, limit: int) -> tuple[int, ...]:
        """The ids of those that came so long ago and have no end yet, the oldest first."""
        with self._transactions.reading() as session:
            query = (
                select(DeliveryRow.id)
                .where(DeliveryRow.state == DeliveryState.RECEIVED.value)
                .where(DeliveryRow.received_at <= self._transactions.now(session) - older_than_seconds)
                .order_by(col(DeliveryRow.received_at))
                .limit(limit)
            )
            return tuple(id_ for id_ in session.exec(query) if id_ is not None)

    def known(self, guids: Collection[str]) -> frozenset[str]:
        """Of these GUIDs the ones that came by any hook."""
        wanted, found = list(guids), set[str]()
        with self._transactions.reading() as session:
            for start in range(0, len(wanted), _AT_ONCE):
                part = wanted[start : start + _AT_ONCE]
                found.update(session.exec(select(DeliveryRow.guid).where(col(DeliveryRow.guid).in_(part))))
        return frozenset(found)

    def counts(self) -> dict[str, int]:
        """How many there are of each state; `conflict` counts the bodies that came under a name taken already."""
        with self._transactions.reading() as session:
            query = select(DeliveryRow.state, func.count()).group_by(DeliveryRow.state)
            counts = dict.fromkeys((state.value for state in DeliveryState), 0) | dict(session.exec(query).all())
            conflicts = session.exec(select(func.sum(DeliveryConflictRow.times))).one()
            return counts | {Remembered.CONFLICT.value: int(conflicts or 0)}

    def forget_bodies(self, older_than_seconds: float) -> int:
        """Empties the bodies of settled ones that came so long ago; their names stay, so that none is taken twice."""

        def work(session: Session) -> int:
            before = self._transactions.now(session) - older_than_seconds
            settled = (DeliveryState.HANDLED.value, DeliveryState.IGNORED.value)
            old = update(DeliveryRow).where(
                col(DeliveryRow.state).in_(settled), col(DeliveryRow.received_at) < before, col(DeliveryRow.body) != b""
            )
            return int(session.connection().execute(old.values(body=b"")).rowcount)

        return self._transactions.run(work)

    def _remember(
        self, delivery: Delivery, state: DeliveryState, note: str, also: Callable[[Session, int], None] | None
    ) -> tuple[Remembered, int]:
        guid, hook_target = sound(delivery.guid), sound(delivery.hook_target)
        body, body_hash = zlib.compress(delivery.body, 1), hashlib.sha256(delivery.body).hexdigest()

        def work(session: Session) -> tuple[Remembered, int]:
            now = self._transactions.now(session)
            content = {"event": sound(delivery.event), "body": body, "body_hash": body_hash, "received_at": now}
            new_id = insert_unless_there(
                session,
                DeliveryRow,
                hook_target=hook_target,
                guid=guid,
                state=state.value,
                note=sound(note),
                attempts=0,
                **content,
            )
            if new_id is not None:
                if also is not None:
                    also(session, new_id)
                return Remembered.NEW, new_id
            same_name = (DeliveryRow.guid == guid, DeliveryRow.hook_target == hook_target)
            known_id, known_hash = session.exec(select(DeliveryRow.id, DeliveryRow.body_hash).where(*same_name)).one()
            assert known_id is not None, "a stored row has an id"
            if known_hash == body_hash:
                return Remembered.KNOWN, known_id
            _keep_beside(session, known_id, content)
            return Remembered.CONFLICT, known_id

        remembered, delivery_id = self._transactions.run(work)
        if remembered is Remembered.CONFLICT:
            log.warning("another body under a known guid", extra={"guid": guid, "delivery": delivery_id})
        return remembered, delivery_id


def _keep_beside(session: Session, delivery_id: int, content: dict[str, object]) -> None:
    insert_unless_there(session, DeliveryConflictRow, delivery_id=delivery_id, times=0, **content)
    same_body = (
        col(DeliveryConflictRow.delivery_id) == delivery_id,
        col(DeliveryConflictRow.body_hash) == content["body_hash"],
    )
    session.execute(update(DeliveryConflictRow).where(*same_body).values(times=col(DeliveryConflictRow.times) + 1))


def _row(session: Session, delivery_id: int) -> DeliveryRow:
    row = session.get(DeliveryRow, delivery_id, populate_existing=True)
    if row is None:
        raise StoreError(f"delivery {delivery_id} is not in the database")
    return row


def _stored(row: DeliveryRow) -> StoredDelivery:
    assert row.id is not None, "a stored row has an id"
    return StoredDelivery(
        id=row.id,
        hook_target=row.hook_target,
        guid=row.guid,
        event=row.event,
        body=zlib.decompress(row.body) if row.body else b"",
        received_at=row.received_at,
        state=DeliveryState(row.state),
        note=row.note,
        attempts=row.attempts,
    )
