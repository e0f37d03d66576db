"""The fake's own time: real time, moved by tests."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import formatdate


class MovableClock:
    """Real time plus what a test added; `hold` stops it."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._held: float | None = None

    def now(self) -> float:
        """Unix seconds."""
        return (time.time() if self._held is None else self._held) + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds

    def hold(self) -> None:
        self._held = time.time()

    def stamp(self, at: float | None = None) -> str:
        """A time as the API writes it."""
        moment = datetime.fromtimestamp(self.now() if at is None else at, UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def http_date(self) -> str:
        return formatdate(self.now(), usegmt=True)
