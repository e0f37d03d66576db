"""How often what happens on its own happens, and how long is too long. All in seconds."""

from __future__ import annotations

from dataclasses import dataclass

_WEEK = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The defaults are for production; tests are quicker.

    A process that has not been heard of for `dead_after` is dead. A delivery that nobody has settled for
    `unsettled_after` is handled again. Runs that ended are kept for `kept`.
    """

    heartbeat: float = 2.0
    dead_after: float = 10.0
    sweep: float = 5.0
    unsettled_after: float = 30.0
    first_retry: float = 15.0
    last_retry: float = 900.0
    purge: float = 3600.0
    kept: float = _WEEK
    deliveries_polled: float = 0.1
    reviews_polled: float = 0.2

    def retry_after(self, failures: int) -> float:
        """How long to wait after the `failures`-th failure in a row: twice as long each time, up to a limit."""
        return min(self.first_retry * 2.0 ** min(max(0, failures - 1), 30), self.last_retry)
