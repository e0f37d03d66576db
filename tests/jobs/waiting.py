"""Waiting for what other threads and processes do, with an end."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(is_so: Callable[[], object], seconds: float = 10.0, told: Callable[[], str] = str) -> None:
    """Fails the test where it is not so after that time, with what is to be told of it."""
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, f"did not come to pass in {seconds} s\n{told()[-6000:]}"
        time.sleep(0.02)
