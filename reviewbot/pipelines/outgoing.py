"""Writing to GitHub exactly once, although answers get lost and processes die.

Every write is a row of the outbox before it is sent. Where it is not known whether a write has arrived, GitHub is read
and our mark looked for; it is sent again only after two looks, far enough apart, that did not show it (FAULTS.md F42).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from reviewbot.github.failures import (
    Forbidden,
    GitHubFailure,
    Locked,
    NotThere,
    RateLimited,
    Refused,
    TooLarge,
    Unreachable,
)
from reviewbot.pipelines.live import Live
from reviewbot.store.outbox import Outgoing, SendState, TooFewLooks
from reviewbot.store.pulls import Fenced, Hold

log = logging.getLogger(__name__)

Request = Mapping[str, Any]
_SOON_SECONDS = 5.0


@dataclass(frozen=True)
class Write:
    """One write: how it is sent, which gives the id that GitHub knows it by, and how it is found there.

    What makes something new is looked for before it is sent the first time (`looks_first`): a database that was
    restored from a backup has forgotten what was sent. A change to a known object need not be. What is `repeatable`
    has the same effect once and twice, so that it is simply sent again. A refusal is believed at the last of so many
    `tries`: GitHub's servers do not all know at once of what was pushed or created a moment ago. What was planned and
    never sent gives way to what `is_latest`; else the first request stands.
    """

    key: str
    part: str
    request: Request
    send: Callable[[Request], str]
    find: Callable[[Request], str | None]
    looks_first: bool = True
    repeatable: bool = False
    tries: int = 1
    is_latest: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """It stands at GitHub under this id."""

    remote_id: str


@dataclass(frozen=True, slots=True)
class TurnedDown:
    """GitHub does not want it, and would not want it a second time. `failure` is None where this was known before."""

    note: str
    failure: GitHubFailure | None = None


@dataclass(frozen=True, slots=True)
class NotYet:
    """Whether it has arrived, or would be taken, is not known; look again after so many seconds."""

    seconds: float


Result = Delivered | TurnedDown | NotYet


def deliver(live: Live, hold: Hold | None, write: Write) -> Result:
    """Sends a write unless it has been sent, by this process or another, now or before a crash.

    Raises a GitHubFailure that is worth trying again later (the write is then known not to have arrived), and Fenced
    where the pull request has passed to another worker.
    """
    row = live.outbox.plan(hold, write.key, write.part, write.request)
    if write.is_latest and row.state is SendState.PLANNED:
        row = live.outbox.plan(hold, write.key, write.part, write.request, replace=True)
    live.crashpoint(f"planned {write.part}")
    match row.state:
        case SendState.SENT:
            return Delivered(row.remote_id or "")
        case SendState.REFUSED:
            return TurnedDown(row.note)
        case SendState.UNKNOWN | SendState.SENDING:
            result = _looked_for(live, hold, write, row)
            return _sent(live, hold, write, row) if result is None else result
        case SendState.PLANNED:
            found = write.find(row.request) if write.looks_first else None
            return _adopted(live, hold, row, found) if found is not None else _sent(live, hold, write, row)


def settle(live: Live, hold: Hold | None, write: Write, row: Outgoing) -> NotYet | None:
    """Finds out what became of a write of unknown fate, without sending it: it stands there, or is planned again."""
    result = _looked_for(live, hold, write, row)
    return result if isinstance(result, NotYet) else None


def _looked_for(live: Live, hold: Hold | None, write: Write, row: Outgoing) -> Result | None:
    """What became of a write whose answer is unknown; None where it may be sent again."""
    if write.repeatable:
        live.outbox.planned_again(hold, row.id, repeatable=True)
        return None
    found = write.find(row.request)
    if found is not None:
        return _adopted(live, hold, row, found)
    waited = live.outbox.clean_read(hold, row.id)
    if waited < live.limits.clean_reads_seconds:
        return NotYet(live.limits.clean_reads_seconds - waited + 0.5)
    try:
        live.outbox.planned_again(hold, row.id)
    except TooFewLooks:
        # Between the look and this another process has sent it: there is one more to look for.
        return NotYet(live.limits.clean_reads_seconds)
    return None


def _adopted(live: Live, hold: Hold | None, row: Outgoing, remote_id: str) -> Delivered:
    live.outbox.sent(hold, row.id, remote_id)
    log.info("found a write at GitHub", extra={"part": row.part, "key": row.key, "remote_id": remote_id})
    live.crashpoint(f"adopted {row.part}")
    return Delivered(remote_id)


def _sent(live: Live, hold: Hold | None, write: Write, row: Outgoing) -> Result:
    sending = live.outbox.sending(hold, row.id)
    if sending is None:
        return NotYet(1.0)
    live.crashpoint(f"sending {write.part}")
    if hold is not None and not live.pulls.is_mine(hold):
        # A process that has slept since must not undo what another has finished in the meantime.
        raise Fenced(f"{write.part} of {write.key} is left to the worker that has the pull request now")
    try:
        remote_id = write.send(row.request)
    except Unreachable as error:
        if write.repeatable or not error.maybe_applied:
            _take_back(live, hold, row)
            raise
        live.outbox.unknown(hold, row.id, str(error))
        return _looked_for(live, hold, write, row) or NotYet(0.0)
    except (Refused, Locked, Forbidden, NotThere, TooLarge) as error:
        if sending.attempts < write.tries and _may_change(write, error):
            _take_back(live, hold, row)
            log.info("refused, and tried again", extra={"part": row.part, "key": row.key, "why": str(error)[:300]})
            return NotYet(_SOON_SECONDS * 2**sending.attempts)
        live.outbox.refused(hold, row.id, str(error))
        return TurnedDown(str(error), error)
    except (RateLimited, GitHubFailure):
        _take_back(live, hold, row)
        raise
    live.crashpoint(f"answered {write.part}")
    live.outbox.sent(hold, row.id, remote_id)
    live.crashpoint(f"sent {write.part}")
    return Delivered(remote_id)


def _take_back(live: Live, hold: Hold | None, row: Outgoing) -> None:
    """What has not arrived is planned again; where another process looks for it by now, that one finds out the same."""
    with suppress(TooFewLooks):
        live.outbox.planned_again(hold, row.id)


def _may_change(write: Write, error: GitHubFailure) -> bool:
    """Whether another try may go better. A permission is not granted by asking again; who made a thing has had it."""
    return isinstance(error, Refused | NotThere) or (isinstance(error, Forbidden) and not write.looks_first)
