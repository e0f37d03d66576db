"""Who looks at the dashboard, and what they may see and do (FAULTS.md S28)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from starlette.requests import Request

from reviewbot.github.oauth import ADMIN, WRITE, GitHubLogin
from reviewbot.store.sessions import Sessions

COOKIE, SECURE_COOKIE = "reviewbot_session", "__Host-reviewbot_session"
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who may look. `access` is the role by repository, None for everything there is.

    `csrf` has to come with every change; "" for a token, which no browser sends by itself.
    """

    name: str
    access: Mapping[int, str] | None
    is_operator: bool
    csrf: str = ""

    @property
    def repositories(self) -> tuple[int, ...] | None:
        return None if self.access is None else tuple(self.access)

    def may_see(self, repo_id: int) -> bool:
        return self.access is None or repo_id in self.access

    def may_change(self, repo_id: int) -> bool:
        return self.access is None or self.access.get(repo_id) in (WRITE, ADMIN)


@dataclass(frozen=True)
class Doorkeeper:
    """Tells who is asking. Without a login and tokens, only somebody at this very machine is let in.

    `operators` are GitHub's numbers of accounts.
    """

    sessions: Sessions
    login: GitHubLogin | None = None
    tokens: Sequence[str] = ()
    operators: Sequence[int] = ()
    local_csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def viewer(self, request: Request) -> Viewer | None:
        """Who asks; None for nobody we know. May read the database; raises StoreError."""
        if self.is_known_token(request):
            return Viewer("a token", None, True)
        if self.login is None:
            return Viewer("local", None, True, self.local_csrf) if is_local(request) else None
        secret = request.cookies.get(cookie_name(request), "")
        found = self.sessions.find(secret) if secret else None
        if found is None:
            return None
        is_operator = found.user_id in self.operators
        return Viewer(found.login, None if is_operator else found.access, is_operator, found.csrf)

    def is_known_token(self, request: Request) -> bool:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return False
        # All are compared, so that the time tells nothing of which one is near.
        same = [hmac.compare_digest(given.encode(), token.encode()) for token in self.tokens]
        return any(same)


def is_local(request: Request) -> bool:
    """Whether a person at this machine asks, and no proxy for somebody else.

    The name is looked at too: a page elsewhere may have its own name lead to this machine (DNS rebinding). A proxy of
    the simplest kind names nobody and speaks HTTP/1.0, which no browser does.
    """
    client = request.client.host if request.client is not None else ""
    named = host_name(request)
    is_plain = not any(name in request.headers for name in _FORWARDED) and request.scope.get("http_version") != "1.0"
    return is_plain and named in _LOCAL_NAMES and _is_loopback(client)


def host_name(request: Request) -> str:
    """The name that the browser has asked for, without the port."""
    host = request.headers.get("host", "").strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def cookie_name(request: Request) -> str:
    """The name of the cookie; anything but this machine is reached through TLS, which a `__Host-` cookie insists on."""
    return COOKIE if host_name(request) in _LOCAL_NAMES else SECURE_COOKIE


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
