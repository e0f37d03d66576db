"""One HTTP exchange under PyGithub's requester, bounded in size and time.

PyGithub by itself reads answers of any size, as text, follows redirects (a write's too, losing the query), repeats a
202 for ever and keeps a request's state on a connection that threads share. So each request gets an exchange of its
own over a shared pool, and PyGithub is told of nothing but success: what came back is in `answer`.
"""

from __future__ import annotations

import logging
import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
import urllib3
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, Requester

from reviewbot.config import way_out
from reviewbot.github.failures import Unreachable

MOST_BYTES = 50_000_000
_SLICE_BYTES = 65_536
_NEVER_SENT = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
_NO_CONNECTION = (
    requests.ConnectTimeout,
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidURL,
    urllib3.exceptions.LocationValueError,
    UnicodeError,
)
_FAILED_HANDSHAKES = ("CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "UNSUPPORTED_PROTOCOL")

Pool = HTTPRequestsConnectionClass | HTTPSRequestsConnectionClass


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are lower-case. `broken` says why the body is not whole, "" where it is."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    broken: str = ""
    is_oversized: bool = False


class Exchange:
    """What PyGithub takes for its connection: sends one request and keeps the answer."""

    def __init__(self, pool: Pool, timeout_seconds: float, most_bytes: int = MOST_BYTES) -> None:
        self.answer: Answer | None = None
        self._pool = pool
        self._timeout_seconds = timeout_seconds
        self._most_bytes = most_bytes

    def request(self, verb: str, url: str, content: str | None, headers: dict[str, str], _stream: bool = False) -> None:
        """Sends; raises Unreachable, with `maybe_applied` where the request may have arrived."""
        address = f"{self._pool.protocol}://{self._pool.host}:{self._pool.port}{url}"
        session = self._pool.session
        try:
            prepared = session.prepare_request(requests.Request(verb, address, headers=headers, data=content))
            settings = session.merge_environment_settings(address, {}, True, self._pool.verify, None)
            # The adapter is asked, not the session: that one reads a redirect's body without a bound.
            response = session.get_adapter(address).send(prepared, timeout=self._timeout_seconds, **settings)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as failure:
            raise Unreachable(_reason(failure), maybe_applied=not _was_never_sent(failure)) from failure
        with response:
            self.answer = self._read(response)

    def getresponse(self) -> _Silence:
        return _Silence()

    def _read(self, response: requests.Response) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        body = bytearray()
        broken = ""
        # GitHub gives up on a request after ten seconds; four times the limit is for long answers on slow lines.
        ends_at = time.monotonic() + 4 * self._timeout_seconds
        try:
            while part := response.raw.read1(_SLICE_BYTES, decode_content=True):
                body += part
                if len(body) > self._most_bytes:
                    broken = f"more than {self._most_bytes} bytes"
                elif time.monotonic() > ends_at:
                    broken = f"not whole after {4 * self._timeout_seconds:.0f} seconds"
                if broken:
                    break
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as failure:
            broken = _reason(failure)
        is_oversized = len(body) > self._most_bytes
        return Answer(response.status_code, headers, b"" if broken else bytes(body), broken, is_oversized)


class _Silence:
    """The answer that PyGithub gets to see: it neither follows, repeats, parses nor logs anything of it."""

    status = 200

    def read(self) -> str:
        return ""

    def getheaders(self) -> list[tuple[str, str]]:
        return []


class QuietRequester(Requester):
    """PyGithub's requester without its debug log, which writes what is posted: text of reviews."""

    _logger = logging.getLogger("reviewbot.github.silent")


QuietRequester._logger.setLevel(logging.CRITICAL)


def open_pool(api_url: str, timeout_seconds: float, size: int) -> Pool:
    """Connections to the host of `api_url`, kept open between requests and safe to share between threads."""
    parts = urlsplit(api_url)
    kind = HTTPSRequestsConnectionClass if parts.scheme == "https" else HTTPRequestsConnectionClass
    # PyGithub declares whole seconds and passes what it is given on.
    trusted = way_out().certificates or True
    return kind(parts.hostname or "", parts.port, retry=0, pool_size=size, timeout=int(timeout_seconds), verify=trusted)


def _was_never_sent(failure: BaseException) -> bool:
    """Whether nothing of the request can have arrived: no address, no connection, no trusted one."""
    if isinstance(failure, _NO_CONNECTION):
        return True
    return any(
        isinstance(cause, _NEVER_SENT) or (isinstance(cause, ssl.SSLError) and _is_failed_handshake(cause))
        for cause in _causes(failure)
    )


def _is_failed_handshake(failure: ssl.SSLError) -> bool:
    return any(name in str(failure) for name in _FAILED_HANDSHAKES)


def _reason(failure: BaseException) -> str:
    """The innermost cause in a few words; never the failure's whole text, which names proxies with their passwords."""
    cause = list(_causes(failure))[-1]
    if isinstance(cause, OSError) and cause.strerror:
        return f"{type(cause).__name__}: {cause.strerror}"
    if isinstance(cause, ssl.SSLError):
        return f"TLS: {cause.reason or cause}"
    return type(cause).__name__


def _causes(failure: BaseException) -> list[BaseException]:
    """The failure and what it wraps, in urllib3's several ways, outermost first."""
    found: list[BaseException] = []
    waiting: list[object] = [failure]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or one in found:
            continue
        found.append(one)
        # Not its context: that could be another request's failure, whose handling this request was part of.
        waiting += [getattr(one, "reason", None), *one.args, one.__cause__]
    return found
