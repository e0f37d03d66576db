"""The requests of one installation: each asks its pace first, is counted, and reports a limit that it met."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from github.Auth import Auth

from reviewbot.github.call import Call
from reviewbot.github.connection import Answer
from reviewbot.github.failures import RateLimited, TokenRefused, Unreachable
from reviewbot.github.pace import THE_APP, Pace
from reviewbot.github.wire import Wire

READ_DELAYS_SECONDS = (0.5, 1.0, 2.0)

T = TypeVar("T")


class Channel:
    """The wire as one installation may use it; `calls` counts HTTP requests, those of redirects included."""

    def __init__(self, wire: Wire, pace: Pace, installation_id: int, sleep: Callable[[float], None]) -> None:
        self.installation_id = installation_id
        self.calls = 0
        self._wire = wire
        self._pace = pace
        self._sleep = sleep
        self._lock = threading.Lock()

    def send(self, call: Call, auth: Auth, as_app: bool = False) -> Answer:
        """One request and what GitHub answered; raises a GitHubFailure.

        What the App sends as itself for an installation, such as the wish for a token, counts against the App: its
        limit is met by all installations.
        """
        was_asked = False
        payer = THE_APP if as_app else self.installation_id

        def before() -> None:
            nonlocal was_asked
            was_asked = False
            for each in dict.fromkeys((self.installation_id, payer)):
                self._pace.before(each, call.is_write)
            was_asked = True
            with self._lock:
                self.calls += 1

        try:
            answer = self._wire.send(call, auth, before)
        except RateLimited as limit:
            # The pace itself raises RateLimited too: a window that it knows must not be reported to it again.
            if was_asked:
                self._pace.parked(payer, limit.until_seconds_from_now, limit.is_secondary)
            raise
        self._pace.went_well(payer)
        return answer

    def repeated(self, is_write: bool, once: Callable[[], T]) -> T:
        """What `once` gives; a read that met a failure which may pass is tried three times more, a write never."""
        delays = () if is_write else READ_DELAYS_SECONDS
        for delay in delays:
            try:
                return once()
            except TokenRefused:
                raise
            except Unreachable:
                self._sleep(delay)
        return once()
