"""The HTTP client below the SDKs: an answer has a largest size and a latest moment, a redirect is not followed.

The SDKs read an answer whole, follow redirects with the key in hand, and know a time limit for each read only.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from functools import cache

import httpx2

MAX_ANSWER_BYTES = 20_000_000
_CONNECT_SECONDS = 10.0


class WireRefusal(Exception):
    """An answer that was not read any further; its text says why."""


class AnswerOversized(WireRefusal):
    """More bytes than any model's answer has."""


class AnswerEncoded(WireRefusal):
    """A compressed answer: its true size cannot be bounded, and none was asked for."""


class RedirectRefused(WireRefusal):
    """The service sent the request elsewhere."""


class AnswerLate(WireRefusal):
    """The deadline passed while the answer still trickled in."""


def open_client(timeout_seconds: float, withheld_headers: tuple[str, ...] = ()) -> httpx2.Client:
    """A client that raises a WireRefusal for an answer that it will not read to its end.

    `withheld_headers` are those that the SDK would send and the service is not to see.
    """

    def withhold(request: httpx2.Request) -> None:
        for name in withheld_headers:
            request.headers.pop(name, None)

    def check(response: httpx2.Response) -> None:
        _check_head(response)
        stream = response.stream
        if not isinstance(stream, httpx2.SyncByteStream):
            raise AnswerEncoded("the answer cannot be read piece by piece")
        response.stream = _BoundedStream(stream, MAX_ANSWER_BYTES, time.monotonic() + timeout_seconds)

    return httpx2.Client(
        timeout=httpx2.Timeout(timeout_seconds, connect=min(_CONNECT_SECONDS, timeout_seconds)),
        follow_redirects=False,
        verify=_tls_context(),
        headers={"Accept-Encoding": "identity"},
        event_hooks={"request": [withhold], "response": [check]},
    )


@cache
def _tls_context() -> ssl.SSLContext:
    # Reading the certificates takes longer than all else here, and every model may share them.
    return httpx2.create_ssl_context()


def _check_head(response: httpx2.Response) -> None:
    if 300 <= response.status_code < 400:
        raise RedirectRefused(f"HTTP {response.status_code} to {_host_of(response.headers.get('location', ''))}")
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise AnswerEncoded(f"an answer encoded as {encoding[:40]!r}")


def _host_of(location: str) -> str:
    try:
        return httpx2.URL(location).host[:100] or "another path"
    except httpx2.InvalidURL:
        return "an address that is none"


class _BoundedStream(httpx2.SyncByteStream):
    def __init__(self, inner: httpx2.SyncByteStream, max_bytes: int, deadline: float) -> None:
        self._inner = inner
        self._bytes_left = max_bytes
        self._max_bytes = max_bytes
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._inner:
            self._bytes_left -= len(chunk)
            if self._bytes_left < 0:
                raise AnswerOversized(f"an answer of more than {self._max_bytes} bytes")
            if time.monotonic() > self._deadline:
                raise AnswerLate("the answer was not complete in time")
            yield chunk

    def close(self) -> None:
        self._inner.close()
