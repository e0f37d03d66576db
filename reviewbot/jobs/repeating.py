"""Something that happens again and again in a thread of its own, and goes on when it fails once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)


class Repeating:
    """Calls `act` at once and then `every_seconds` after it has ended, from `start` to `stop`."""

    def __init__(self, name: str, every_seconds: float, act: Callable[[], object]) -> None:
        self._name = name
        self._every_seconds = every_seconds
        self._act = act
        self._stopped = threading.Event()
        self._succeeded_at = time.monotonic()
        self._thread = threading.Thread(target=self._go_on, name=f"reviewbot-{name}", daemon=True)

    def start(self) -> None:
        self._succeeded_at = time.monotonic()
        self._thread.start()

    def stop(self, patience_seconds: float = 1.0) -> None:
        """Returns when the thread has ended, or after so long; what it does then is its last."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(patience_seconds)

    @property
    def seconds_since_success(self) -> float:
        """How long ago it last went well; from the start where it never did."""
        return time.monotonic() - self._succeeded_at

    def _go_on(self) -> None:
        while not self._stopped.is_set():
            try:
                self._act()
                self._succeeded_at = time.monotonic()
            except Exception as error:  # noqa: BLE001
                log.warning(
                    "%s failed and is tried again",
                    self._name,
                    extra={"kind": type(error).__name__, "why": str(error)[:300]},
                )
            self._stopped.wait(self._every_seconds)
