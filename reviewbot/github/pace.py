"""Asking for leave before each request: GitHub bans apps that go on inside a penalty window."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from reviewbot.github.failures import RateLimited

THE_APP = 0
"""Stands for the App itself where a request belongs to no installation."""
LONGEST_PARKING_SECONDS = 3600.0


class Pace(Protocol):
    """Who may send when. Safe to call from several threads."""

    def before(self, installation_id: int, is_write: bool) -> None:
        """Waits for its turn; raises RateLimited, and nothing is sent, where the installation is parked."""
        ...

    def parked(self, installation_id: int, until_seconds_from_now: float, is_secondary: bool) -> None:
        """GitHub has asked for silence."""
        ...

    def went_well(self, installation_id: int) -> None:
        """A request was answered: earlier penalties may be over."""
        ...


@dataclass(slots=True)
class _Turn:
    next_write_at: float = 0.0
    parked_until: float = 0.0
    calm_from: float = 0.0
    strikes: int = 0


class MemoryPace:
    """A Pace for one process: writes one after the other per installation, each secondary limit in a row twice as long.

    A limit on new content lets reads pass, so that an answer ends the row only when there was no limit for as long
    again as the last one took. `monotonic` and `sleep` take seconds.
    """

    def __init__(
        self,
        seconds_between_writes: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds_between_writes = seconds_between_writes
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._turns: dict[int, _Turn] = {}

    def before(self, installation_id: int, is_write: bool) -> None:
        with self._lock:
            now = self._monotonic()
            turn = self._turns.setdefault(installation_id, _Turn())
            if turn.parked_until > now:
                left = turn.parked_until - now
                said = f"installation {installation_id} is parked by GitHub for {left:.0f} more seconds"
                raise RateLimited(said, left, turn.strikes > 0)
            if not is_write:
                return
            wait = max(turn.next_write_at - now, 0.0)
            turn.next_write_at = now + wait + self._seconds_between_writes
        if wait:
            self._sleep(wait)

    def parked(self, installation_id: int, until_seconds_from_now: float, is_secondary: bool) -> None:
        with self._lock:
            turn = self._turns.setdefault(installation_id, _Turn())
            seconds = until_seconds_from_now
            if is_secondary:
                seconds = min(seconds * 2**turn.strikes, max(seconds, LONGEST_PARKING_SECONDS))
                turn.strikes = min(turn.strikes + 1, 10)
            turn.parked_until = max(turn.parked_until, self._monotonic() + seconds)
            turn.calm_from = turn.parked_until + seconds

    def went_well(self, installation_id: int) -> None:
        with self._lock:
            turn = self._turns.get(installation_id)
            if turn is not None and self._monotonic() >= turn.calm_from:
                turn.strikes = 0
