"""How soon the same thing may be tried again that did not help the last time."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from reviewbot.jobs.rhythm import Rhythm


class Pacing:
    """Longer and longer pauses per key. Only in memory: it spares the database, and nothing depends on it.

    `clock` gives seconds that never jump.
    """

    def __init__(self, rhythm: Rhythm, clock: Callable[[], float] = time.monotonic) -> None:
        self._rhythm = rhythm
        self._clock = clock
        self._tries: dict[str, int] = {}
        self._not_before: dict[str, float] = {}

    def may(self, key: str) -> bool:
        """Whether the pause of a key is over; it is from the start."""
        return self._clock() >= self._not_before.get(key, 0.0)

    def tried(self, key: str) -> None:
        """Begins the next pause of a key."""
        tries = self._tries.get(key, 0) + 1
        self._tries[key] = tries
        self._not_before[key] = self._clock() + self._rhythm.retry_after(tries)

    def keep_only(self, keys: Collection[str]) -> None:
        """Forgets what needs no more trying."""
        for key in self._tries.keys() - set(keys):
            del self._tries[key], self._not_before[key]
