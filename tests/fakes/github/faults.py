"""What can go wrong on the way to GitHub and back, asked for per method, path and call."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from tests.fakes.github.ledger import matcher


class Kind(StrEnum):
    """What happens to a request. AFTER means that what was asked for is done, and the answer lost."""

    DELAY = "delay"
    SLOW_DRIP = "slow drip"
    RESET_BEFORE = "reset before effect"
    RESET_AFTER = "reset after effect"
    ERROR_BEFORE = "5xx before effect"
    ERROR_AFTER = "5xx after effect"
    TIMEOUT_BEFORE = "timeout before effect"
    TIMEOUT_AFTER = "timeout after effect"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403 permission"
    PRIMARY_403 = "403 primary"
    PRIMARY_429 = "429 primary"
    SECONDARY_403 = "403 secondary"
    SECONDARY_429 = "429 secondary"
    ABUSE = "403 abuse"
    NOT_FOUND = "404"
    GONE = "410"
    BLOCKED = "451"
    STALE = "stale reads"
    HTML = "200 html"
    TRUNCATED = "200 truncated json"
    CUT = "connection cut in the body"
    BROKEN_GZIP = "200 broken gzip"
    EMPTY = "200 empty"
    WRONG_JSON = "200 wrong json"
    REDIRECT_SAME_HOST = "redirect same host"
    REDIRECT_OTHER_HOST = "redirect other host"
    TOO_LARGE = "406 too large"
    UNPROCESSABLE = "422"
    UNPROCESSABLE_LINE = "422 line"
    UNPROCESSABLE_COMMIT = "422 commit"
    UNPROCESSABLE_AFTER = "422 after effect"
    UNPROCESSABLE_DIFF = "422 problem generating diff"
    DIFF_UNAVAILABLE = "503 diff is taking too long"


BEFORE_EFFECT = frozenset(
    {
        Kind.RESET_BEFORE,
        Kind.ERROR_BEFORE,
        Kind.TIMEOUT_BEFORE,
        Kind.UNAUTHORIZED,
        Kind.FORBIDDEN,
        Kind.PRIMARY_403,
        Kind.PRIMARY_429,
        Kind.SECONDARY_403,
        Kind.SECONDARY_429,
        Kind.ABUSE,
        Kind.NOT_FOUND,
        Kind.GONE,
        Kind.BLOCKED,
        Kind.REDIRECT_SAME_HOST,
        Kind.REDIRECT_OTHER_HOST,
        Kind.TOO_LARGE,
        Kind.UNPROCESSABLE,
        Kind.UNPROCESSABLE_LINE,
        Kind.UNPROCESSABLE_COMMIT,
        Kind.UNPROCESSABLE_DIFF,
        Kind.DIFF_UNAVAILABLE,
    }
)
LIMITS = frozenset({Kind.PRIMARY_403, Kind.PRIMARY_429, Kind.SECONDARY_403, Kind.SECONDARY_429, Kind.ABUSE})


@dataclass
class Fault:
    """One fault. It strikes from the `nth` request that fits on, `times` requests long (None: for ever).

    `seconds` is how long a delay, a drip, a timeout or a stale read lasts, `status` that of the 5xx kinds,
    `retry_after` what a limit's answer says (None: nothing), `stale_seconds` hides what the request creates from
    reads for so long, `body` replaces the answer's text.
    """

    method: str
    pattern: str
    kind: Kind
    nth: int = 1
    times: int | None = 1
    status: int = 500
    seconds: float = 0.05
    retry_after: int | None = None
    reset_seconds: int = 60
    stale_seconds: float = 0.0
    location: str = ""
    message: str = ""
    body: bytes | None = None
    before: Callable[[], object] | None = None
    after: Callable[[], object] | None = None
    """Called with no argument when the fault strikes, before anything else happens, or between effect and answer:
    a push, a close, a crash. A fault with `seconds=0` of kind "delay" does nothing else."""
    seen: int = 0
    struck: int = 0
    wants: re.Pattern[str] = field(default=re.compile(""), repr=False)

    def strikes(self, method: str, path: str) -> bool:
        if self.method not in ("*", method) or not self.wants.fullmatch(path):
            return False
        self.seen += 1
        if self.seen < self.nth or (self.times is not None and self.seen >= self.nth + self.times):
            return False
        self.struck += 1
        return True


class Faults:
    """The faults of a world, in the order in which they were asked for; the first that fits strikes."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        fault.wants = matcher(fault.pattern)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def next(self, method: str, path: str) -> Fault | None:
        with self._lock:
            striking = [fault for fault in self._faults if fault.strikes(method, path)]
        return striking[0] if striking else None
