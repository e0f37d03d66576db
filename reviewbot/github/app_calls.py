"""Requests that the App makes as itself, signed with its key."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from reviewbot.github.auth import AppIdentity
from reviewbot.github.call import Call
from reviewbot.github.channel import Channel
from reviewbot.github.connection import Answer
from reviewbot.github.failures import KeyRefused, TokenRefused
from reviewbot.github.lacks import Lacks
from reviewbot.github.pace import THE_APP, Pace
from reviewbot.github.wire import Wire
from reviewbot.ports import Clock

SILENCE_AFTER_REFUSAL_SECONDS = 60.0
_WORTH_CORRECTING_SECONDS = 15.0

_log = logging.getLogger(__name__)

T = TypeVar("T")


class AppCalls:
    """Sends what the App asks as itself. Safe to use from several threads.

    A clock that differs from GitHub's is corrected by the date of its answer, once; a key that is refused all the same
    is not shown to GitHub again for a minute, since that would look like an attack.
    """

    def __init__(
        self, identity: AppIdentity, wire: Wire, pace: Pace, clock: Clock, sleep: Callable[[float], None]
    ) -> None:
        self.identity = identity
        self.wire = wire
        self.pace = pace
        self.clock = clock
        self.sleep = sleep
        self.lacks = Lacks()
        self._skew_seconds = 0.0
        self._refusal: tuple[float, KeyRefused] | None = None
        self._lock = threading.Lock()

    def channel(self, installation_id: int = THE_APP) -> Channel:
        return Channel(self.wire, self.pace, installation_id, self.sleep)

    def exchange(self, call: Call, use: Callable[[Answer], T], channel: Channel | None = None) -> T:
        """What `use` makes of the answer; raises KeyRefused where GitHub does not know the App."""
        own = channel or self.channel()
        self._raise_known_refusal()
        return own.repeated(call.is_write, lambda: use(self._once(call, own)))

    @property
    def skew_seconds(self) -> float:
        """By how much GitHub's clock was found to be ahead of ours; 0 as long as nothing was refused for it."""
        return self._skew_seconds

    def _once(self, call: Call, channel: Channel) -> Answer:
        try:
            return channel.send(call, self.identity.jwt(self._now()), as_app=True)
        except TokenRefused as refusal:
            if not self._learn_skew(refusal):
                raise self._refused(refusal) from refusal
        try:
            return channel.send(call, self.identity.jwt(self._now()), as_app=True)
        except TokenRefused as refusal:
            raise self._refused(refusal) from refusal

    def _now(self) -> float:
        return self.clock.now().timestamp() + self._skew_seconds

    def _learn_skew(self, refusal: TokenRefused) -> bool:
        """Whether our clock turned out to differ from GitHub's by enough to explain the refusal."""
        if refusal.answered_at is None:
            return False
        change = refusal.answered_at - self._now()
        if abs(change) < _WORTH_CORRECTING_SECONDS:
            return False
        self._skew_seconds += change
        _log.warning("this machine's clock differs from GitHub's", extra={"seconds": round(self._skew_seconds)})
        return True

    def _refused(self, refusal: TokenRefused) -> KeyRefused:
        failure = KeyRefused(
            f"{refusal}: GitHub does not know App {self.identity.app_id} by its private key;"
            " check REVIEWBOT_GITHUB_APP_ID and REVIEWBOT_GITHUB_PRIVATE_KEY, and this machine's clock"
        )
        with self._lock:
            self._refusal = (self.clock.monotonic() + SILENCE_AFTER_REFUSAL_SECONDS, failure)
        return failure

    def _raise_known_refusal(self) -> None:
        with self._lock:
            if self._refusal is None:
                return
            until, failure = self._refusal
            if self.clock.monotonic() < until:
                raise KeyRefused(str(failure))
            self._refusal = None
