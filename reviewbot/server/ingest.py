"""What happens to a delivery before it is acknowledged: is it GitHub's, can it be read, is it on the disk.

All of it is plain and blocking; the server calls it in a thread.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final, TypeVar

from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from reviewbot.domain.events import Event, Ignored
from reviewbot.errors import StoreError
from reviewbot.github.webhook import OwnIdentity, UnreadablePayload, decode_body, parse_event, verify_signature
from reviewbot.jobs.queue import DeliveryJob, Jobs
from reviewbot.store.deliveries import Deliveries, Delivery, Remembered
from reviewbot.store.transactions import Transactions, open_transactions

_GUID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
_EVENT: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_HOOK: Final = re.compile(r"[0-9A-Za-z_-]{1,40}")
# A larger body is parsed by the job alone: parsing one here would hold up all other deliveries.
_MOST_BYTES_PARSED: Final = 1_048_576
# Less than the deadline of the answer, so that a thread is not left behind with it.
_MOST_SECONDS_LOCKED: Final = 2.8
# In this time SQLite looks three times, at most two milliseconds apart.
_SQLITE_LOOKS_SECONDS: Final = 0.003

_Written = TypeVar("_Written")


@dataclass(frozen=True, slots=True)
class Post:
    """A request to the webhook, as it came. Header values are the raw bytes, names lower-case."""

    headers: Sequence[tuple[bytes, bytes]]
    body: bytes

    def values(self, name: bytes) -> tuple[bytes, ...]:
        return tuple(value for key, value in self.headers if key == name)

    def text(self, name: bytes) -> str:
        """The only value of a header; "" where there is none or more than one."""
        values = self.values(name)
        return values[0].decode("latin-1") if len(values) == 1 else ""


class Reception(StrEnum):
    """What became of a request; the words are those of the answer and of the metrics."""

    ACCEPTED = "accepted"
    IGNORED = "ignored"
    KNOWN = "known"
    CONFLICT = "conflict"
    UNSIGNED = "unsigned"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a request: what became of it, of which delivery, and why."""

    reception: Reception
    guid: str = ""
    why: str = ""


class Ingest:
    """Takes deliveries in. `secrets` are those that GitHub may sign with; an empty list accepts nothing.

    It has connections of its own to the database behind `transactions`, so that it waits for nobody else's.
    """

    def __init__(self, secrets: Sequence[bytes], own: OwnIdentity, transactions: Transactions, jobs: Jobs) -> None:
        self._secrets = tuple(secrets)
        self._own = own
        self._deliveries = Deliveries(_impatient(transactions))
        self._jobs = jobs

    def is_signed(self, post: Post) -> bool:
        """Whether GitHub has sent it."""
        return verify_signature(self._secrets, post.body, post.values(b"x-hub-signature-256"))

    def receive(self, post: Post) -> Receipt:
        """Remembers a delivery together with the job that handles it. Raises StoreError: then nothing is remembered.

        Nothing is parsed, kept or said about a request whose signature is not good.
        """
        if not self.is_signed(post):
            return Receipt(Reception.UNSIGNED, why="the signature is missing or wrong; compare the webhook's secret")
        guid, event = post.text(b"x-github-delivery"), post.text(b"x-github-event")
        if not _GUID.fullmatch(guid) or not _EVENT.fullmatch(event):
            return Receipt(Reception.MALFORMED, why="X-GitHub-Delivery or X-GitHub-Event is missing or malformed")
        hook = _hook_target(post)
        try:
            body = decode_body(post.text(b"content-type"), post.body)
            read = parse_event(event, body, self._own) if len(body) <= _MOST_BYTES_PARSED else None
        except UnreadablePayload as error:
            self._in_time(partial(self._deliveries.dead_letter, hook, guid, event, post.body, str(error)))
            return Receipt(Reception.MALFORMED, guid, str(error))
        return self._remembered(Delivery(hook, guid, event, body), read)

    def _remembered(self, delivery: Delivery, read: Event | None) -> Receipt:
        remembered, _ = self._in_time(lambda: self._deliveries.remember(delivery, also=self._enqueue))
        match remembered:
            case Remembered.KNOWN:
                return Receipt(Reception.KNOWN, delivery.guid)
            case Remembered.CONFLICT:
                return Receipt(Reception.CONFLICT, delivery.guid, "this delivery was here before with another body")
            case Remembered.NEW if isinstance(read, Ignored):
                return Receipt(Reception.IGNORED, delivery.guid, read.reason)
            case _:
                return Receipt(Reception.ACCEPTED, delivery.guid)

    def _in_time(self, write: Callable[[], _Written]) -> _Written:
        """Writes as soon as nobody else does. Safe to repeat: nothing was written where the lock was not to be had."""
        until = time.monotonic() + _MOST_SECONDS_LOCKED
        while True:
            try:
                return write()
            except StoreError as error:
                if not _is_locked(error) or time.monotonic() > until:
                    raise

    def _enqueue(self, session: Session, delivery_id: int) -> None:
        self._jobs.enqueue(DeliveryJob(delivery_id), session)


def _impatient(transactions: Transactions) -> Transactions:
    """SQLite itself looks less and less often whether the write lock is free, while jobs of the other process take it.

    So it is told to give up soon, and is asked again at once: deliveries go first.
    """
    url = transactions.engine.url
    if transactions.is_sqlite:
        url = url.update_query_dict({"timeout": str(_SQLITE_LOOKS_SECONDS)})
    own = open_transactions(url.render_as_string(hide_password=False))
    # Whoever serves forks before it does, and an open connection must not be shared.
    own.engine.dispose()
    return own


def _is_locked(error: StoreError) -> bool:
    cause = error.__cause__
    return isinstance(cause, OperationalError) and "database is locked" in str(cause.orig)


def _hook_target(post: Post) -> str:
    """Which hook sent it: two hooks on one event send the same GUID with different bodies."""
    kind = post.text(b"x-github-hook-installation-target-type")
    number = post.text(b"x-github-hook-installation-target-id")
    return f"{kind}:{number}" if _HOOK.fullmatch(kind) and _HOOK.fullmatch(number) else "unknown"
