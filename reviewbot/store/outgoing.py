"""One write to GitHub as a value, and the states that it goes through."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reviewbot.store.live_rows import OutgoingRow
from reviewbot.store.sound_text import sound


class SendState(StrEnum):
    """Where a write stands."""

    PLANNED = "planned"
    SENDING = "sending"
    UNKNOWN = "unknown"
    """It was sent, or may have been, and no answer came."""
    SENT = "sent"
    REFUSED = "refused"


OPEN_STATES = (SendState.PLANNED, SendState.SENDING, SendState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One write. `remote_id` is what GitHub knows it by; `clean_read_at` the first look that did not show it.

    `token` is that of the hold under which it was sent last, None where it was found at GitHub or needs no hold.
    """

    id: int
    key: str
    part: str
    request: Mapping[str, Any]
    state: SendState
    remote_id: str | None
    attempts: int
    clean_read_at: float | None
    note: str
    token: int | None = None


def outgoing_of(row: OutgoingRow) -> Outgoing:
    assert row.id is not None, "a stored row has an id"
    return Outgoing(
        id=row.id,
        key=row.key,
        part=row.part,
        request=json.loads(row.request),
        state=SendState(row.state),
        remote_id=row.remote_id,
        attempts=row.attempts,
        clean_read_at=row.clean_read_at,
        note=row.note,
        token=row.token,
    )


def lose(row: OutgoingRow, note: str, now: float) -> None:
    """Looks that came before the answer was lost prove nothing."""
    row.state, row.note, row.changed_at = SendState.UNKNOWN.value, sound(note), now
    row.clean_reads, row.clean_read_at = 0, None
