"""Deliveries go first: on SQLite, where one process writes at a time, jobs wait while a delivery is to be kept.

A job that holds the write lock among threads that compute holds it long, and the next one takes it as soon as it is
free: deliveries would lose that race again and again.
"""

from __future__ import annotations

import mmap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Engine, event

# Deliveries that never end must not stop all work.
_MOST_SECONDS: Final = 0.25
_LOOK_SECONDS: Final = 0.002


class RightOfWay:
    """A word between a process and the children that it forks later: somebody waits to be let through."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 1)
        self._turn = threading.Lock()
        self._waiting = 0

    @contextmanager
    def asked(self) -> Iterator[None]:
        """As long as this lasts, those who give way do."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def give(self) -> None:
        """Returns when nobody asks for it any more, and at the latest after a quarter of a second."""
        until = time.monotonic() + _MOST_SECONDS
        while self._shared[0] and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)

    def given_by(self, engine: Engine) -> None:
        """Lets everybody who takes one of these connections give way first: before a transaction, and its lock."""

        def before(_connection: object, _record: object, _proxy: object) -> None:
            self.give()

        event.listen(engine, "checkout", before)

    def _count(self, change: int) -> None:
        with self._turn:
            self._waiting += change
            self._shared[0] = min(self._waiting, 255)


RIGHT_OF_WAY: Final = RightOfWay()
"""Of this process and its children: there is no more than one server among them."""
