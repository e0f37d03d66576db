"""Sending one request to GitHub: where it goes, where it may be sent on to, and what its answer means."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import SplitResult, urljoin, urlsplit

from github.Auth import Auth

from reviewbot import __version__
from reviewbot.errors import InputError
from reviewbot.github.call import DIFF, Call, parsed
from reviewbot.github.classification import failure_of, failure_of_graphql
from reviewbot.github.connection import MOST_BYTES, Answer, Exchange, QuietRequester, open_pool
from reviewbot.github.failures import TooLarge, Unreachable
from reviewbot.ports import Clock
from reviewbot.telemetry import span

API_VERSION = "2022-11-28"
_REDIRECTS = (301, 302, 307, 308)
_MOST_READ_HOPS, _MOST_WRITE_HOPS = 3, 1
_POOL_SIZE = 32

_log = logging.getLogger(__name__)


class Wire:
    """The way to one GitHub; safe to use from several threads. Redirects are followed on the same host only."""

    def __init__(self, api_url: str, clock: Clock, timeout_seconds: float, most_bytes: int = MOST_BYTES) -> None:
        self._api_url = _checked(api_url)
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._most_bytes = most_bytes
        self._pool = open_pool(self._api_url, timeout_seconds, _POOL_SIZE)

    @property
    def api_url(self) -> str:
        return self._api_url

    @property
    def graphql_url(self) -> str:
        return self._requester(None).graphql_url

    def send(self, call: Call, auth: Auth | None, before: Callable[[], None]) -> Answer:
        """A good answer (2xx, or 304 where an etag was given); raises a GitHubFailure for any other.

        `before` is called ahead of every request, those that follow a redirect included.
        """
        hops = _MOST_WRITE_HOPS if call.is_write else _MOST_READ_HOPS
        at = call
        while True:
            before()
            with span(f"github {at.method}", **{"http.request.method": at.method, "url.path": at.path}) as put:
                answer = self._exchange(at, auth)
                put("http.response.status_code", answer.status)
            if answer.status not in _REDIRECTS:
                break
            if hops == 0:
                raise Unreachable(f"{call.what}: GitHub sends it from one place to another without end")
            hops -= 1
            at = replace(at, path=self._new_place(at, answer), query={})
        return _good(call, answer, self._clock.now().timestamp())

    def _exchange(self, call: Call, auth: Auth | None) -> Answer:
        exchange = Exchange(self._pool, self._timeout_seconds, self._most_bytes)
        headers = {"Accept": call.accept} | ({"If-None-Match": call.etag} if call.etag else {})
        try:
            self._requester(auth).requestJson(
                call.method,
                call.path,
                parameters=dict(call.query),
                headers=headers,
                input=call.body,
                cnx=exchange,  # type: ignore[arg-type]  # PyGithub asks for its own class and uses these two methods
            )
        except Unreachable as failure:
            host = urlsplit(self._api_url).hostname
            said = f"{call.what}: no answer from {host} ({failure}): check the network and {host}'s status"
            raise Unreachable(said, maybe_applied=call.is_write and failure.maybe_applied) from failure
        if exchange.answer is None:  # pragma: no cover (the requester sends once or raises)
            raise Unreachable(f"{call.what}: nothing was sent")
        _log.debug("github", extra={"request": call.what, "status": exchange.answer.status})
        return exchange.answer

    def _requester(self, auth: Auth | None) -> QuietRequester:
        # One for each request, since a requester keeps notes on the last one that threads would trip over.
        return QuietRequester(
            auth=auth,
            base_url=self._api_url,
            timeout=int(self._timeout_seconds),
            user_agent=f"reviewbot/{__version__}",
            per_page=100,
            verify=True,
            retry=0,
            pool_size=None,
            api_version=API_VERSION,
        )

    def _new_place(self, call: Call, answer: Answer) -> str:
        """Where a redirect leads, with the query of the request where it names none; raises Unreachable."""
        location = answer.headers.get("location", "")
        try:
            here = urlsplit(urljoin(self._api_url, call.path))
            there = urlsplit(urljoin(here.geturl(), location))
            is_same_host = bool(location) and _origin(there) == _origin(here)
        except ValueError:
            is_same_host = False
        if not is_same_host:
            remedy = "it is not followed; check the address that is set for GitHub's API"
            raise Unreachable(f"{call.what}: GitHub redirects to another host or to none: {remedy}")
        query = there.query or "&".join(f"{name}={value}" for name, value in call.query.items())
        return there._replace(query=query, fragment="").geturl()


def _good(call: Call, answer: Answer, now: float) -> Answer:
    failure = failure_of(
        call.method, answer.status, answer.headers, answer.body, is_write=call.is_write, now=now, what=call.what
    )
    if failure:
        raise failure
    if answer.is_oversized and call.accept == DIFF:
        raise TooLarge(f"{call.what}: a diff of {answer.broken}")
    if answer.broken:
        said = f"{call.what}: GitHub's answer broke off ({answer.broken})"
        raise Unreachable(said, maybe_applied=call.is_write)
    if answer.status == 304 and not call.etag:
        raise Unreachable(f"{call.what}: GitHub answered 304 to a request that named no version")
    if call.is_graphql:
        _raise_graphql_errors(call, answer, now)
    return answer


def _raise_graphql_errors(call: Call, answer: Answer, now: float) -> None:
    content = parsed(call, answer)
    errors = content.get("errors") if isinstance(content, dict) else None
    if errors:
        entries = errors if isinstance(errors, list) else [errors]
        raise failure_of_graphql(entries, answer.headers, is_write=call.is_write, now=now, what=call.what)


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _checked(api_url: str) -> str:
    parts = urlsplit(api_url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.query:
        raise InputError(f"{parts.scheme}://{parts.hostname}: no address of GitHub's API; give https://HOST/api/v3")
    return api_url.rstrip("/")
