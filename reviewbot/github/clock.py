"""The machine's clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class MachineClock:
    """The real time, for everything but tests."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()
