"""GitHub's rate limits: the hourly one, the secondary ones, and the windows in which nothing may be sent."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field


@dataclass
class Limits:
    """The documented figures; a test may lower them."""

    per_hour: int = 5_000
    points_per_minute: int = 900
    content_per_minute: int = 80
    content_per_hour: int = 500
    concurrent: int = 100
    retry_after_seconds: int | None = 60
    grace_seconds: float = 0.05
    """How long a request on another connection may still come in after the answer that opened a window."""


@dataclass
class Account:
    """What one installation used up, and until when it must be silent."""

    used: int = 0
    reset_at: float = 0.0
    points: deque[tuple[float, int]] = field(default_factory=deque)
    content: deque[float] = field(default_factory=deque)
    running: int = 0
    silent_until: float = 0.0
    silent_since_real: float = 0.0
    told_connection: int = 0
    is_primary: bool = False


@dataclass(frozen=True)
class Exceeded:
    """A limit that a request ran into."""

    is_primary: bool
    reason: str


class Rates:
    """The accounts of all installations; `None` is the App itself."""

    def __init__(self) -> None:
        self.limits = Limits()
        self._accounts: dict[int | None, Account] = {}
        self._lock = threading.Lock()

    def account(self, installation_id: int | None) -> Account:
        return self._accounts.setdefault(installation_id, Account())

    def enter(self, installation_id: int | None, now: float, is_write: bool, creates: bool) -> Exceeded | None:
        """Counts a request in; what it exceeds, if anything."""
        with self._lock:
            account = self.account(installation_id)
            if now >= account.reset_at:
                account.used, account.reset_at = 0, now + 3600
            account.used += 1
            account.points.append((now, 5 if is_write else 1))
            while account.points and account.points[0][0] <= now - 60:
                account.points.popleft()
            while account.content and account.content[0] <= now - 3600:
                account.content.popleft()
            exceeded = self._exceeded(account, now, creates)
            if creates and exceeded is None:
                account.content.append(now)
            return exceeded

    def forgive(self, installation_id: int | None) -> None:
        """Takes back the last request: a 304 costs nothing."""
        with self._lock:
            self.account(installation_id).used -= 1

    def start(self, installation_id: int | None) -> int:
        with self._lock:
            account = self.account(installation_id)
            account.running += 1
            return account.running

    def end(self, installation_id: int | None) -> None:
        with self._lock:
            self.account(installation_id).running -= 1

    def silence(
        self, installation_id: int | None, until: float, is_primary: bool, real: float, connection: int
    ) -> None:
        """Opens a window in which nothing may be sent."""
        with self._lock:
            account = self.account(installation_id)
            account.silent_until, account.is_primary = until, is_primary
            account.silent_since_real, account.told_connection = real, connection
            if is_primary:
                account.reset_at, account.used = until, self.limits.per_hour

    def is_told(self, account: Account, real: float, connection: int) -> bool:
        """Whether the sender of a request must have known of the window."""
        return connection == account.told_connection or real > account.silent_since_real + self.limits.grace_seconds

    def headers(self, installation_id: int | None, now: float) -> dict[str, str]:
        account, limit = self.account(installation_id), self.limits.per_hour
        reset_at = account.reset_at if account.reset_at > now else now + 3600
        return {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(0, limit - account.used)),
            "x-ratelimit-used": str(min(limit, account.used)),
            "x-ratelimit-reset": str(int(reset_at)),
            "x-ratelimit-resource": "core",
        }

    def _exceeded(self, account: Account, now: float, creates: bool) -> Exceeded | None:
        limits = self.limits
        if account.used > limits.per_hour:
            return Exceeded(True, "requests in an hour")
        if account.running > limits.concurrent:
            return Exceeded(False, "requests at once")
        if sum(points for _, points in account.points) > limits.points_per_minute:
            return Exceeded(False, "points in a minute")
        if creates and len(account.content) >= limits.content_per_hour:
            return Exceeded(False, "creations in an hour")
        if creates and sum(at > now - 60 for at in account.content) >= limits.content_per_minute:
            return Exceeded(False, "creations in a minute")
        return None
