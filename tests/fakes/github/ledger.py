"""Every request that the fake saw, for counting and for the invariants."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Call:
    """One request. `effects` name what it created or changed, such as `review:17`; `fault` what was done to it."""

    number: int
    method: str
    path: str
    query: dict[str, str]
    at: float
    body: Any = None
    installation_id: int | None = None
    status: int = 0
    effects: list[str] = field(default_factory=list)
    fault: str = ""
    mutation: str = ""

    @property
    def is_write(self) -> bool:
        if self.path.endswith("/graphql"):
            return bool(self.mutation)
        return self.method not in ("GET", "HEAD") and not self.path.endswith("/access_tokens")


class Ledger:
    """Calls in the order in which they came."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = threading.Lock()
        self.sequence = 0
        """Counts calls and the steps of tests, so that both can be put in one order."""

    def step(self) -> int:
        with self._lock:
            self.sequence += 1
            return self.sequence

    def begin(self, method: str, path: str, query: dict[str, str], at: float) -> Call:
        with self._lock:
            self.sequence += 1
            call = Call(self.sequence, method, path, query, at)
            self._calls.append(call)
            return call

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    def of(self, method: str = "", pattern: str = "", status: int = 0) -> list[Call]:
        """Calls of a method whose path matches a pattern (see `matcher`)."""
        fits = matcher(pattern).fullmatch
        return [
            call
            for call in self
            if method in ("", call.method) and (not pattern or fits(call.path)) and status in (0, call.status)
        ]

    @property
    def writes(self) -> list[Call]:
        return [call for call in self if call.is_write]


def matcher(pattern: str) -> re.Pattern[str]:
    """A path pattern: `*` for one part of a path, `**` for any number, also as `/repos/**/reviews`."""
    pieces = re.split(r"(\*\*|\*)", pattern)
    return re.compile("".join({"**": ".*", "*": "[^/]*"}.get(piece, re.escape(piece)) for piece in pieces))
