"""A request that a fault has struck: what happens to it, and what its sender gets to see."""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from tests.fakes.github.dispatch import ABUSE, SECONDARY, answer, check_silence, primary_limit, secondary_limit
from tests.fakes.github.faults import BEFORE_EFFECT, LIMITS, Fault, Kind
from tests.fakes.github.ledger import Call
from tests.fakes.github.tokens import token_of
from tests.fakes.github.transport import Connection, HungUp
from tests.fakes.github.web import ApiError, Request, Response

if TYPE_CHECKING:
    from tests.fakes.github.world import World

_request_numbers = itertools.count(0xA000_0000)
_OFF_THE_DIFF = (
    "Pull request review thread line must be part of the diff and Pull request review thread diff hunk can't be blank"
)
_REFUSALS: dict[Kind, tuple[int, str, list[object] | None]] = {
    Kind.UNAUTHORIZED: (401, "Bad credentials", None),
    Kind.FORBIDDEN: (403, "Resource not accessible by integration", None),
    Kind.NOT_FOUND: (404, "Not Found", None),
    Kind.GONE: (410, "Gone", None),
    Kind.BLOCKED: (451, "Repository access blocked", None),
    Kind.TOO_LARGE: (
        406,
        "Sorry, the diff exceeded the maximum number of lines (20000)",
        [{"resource": "PullRequest", "field": "diff", "code": "too_large"}],
    ),
    Kind.UNPROCESSABLE: (422, "Validation Failed", []),
    Kind.UNPROCESSABLE_AFTER: (422, "Validation Failed", []),
    Kind.UNPROCESSABLE_LINE: (422, "Unprocessable Entity", [_OFF_THE_DIFF]),
    Kind.UNPROCESSABLE_COMMIT: (422, "Unprocessable Entity", ["End commit oid is not part of the pull request"]),
    Kind.UNPROCESSABLE_DIFF: (422, "Server Error: Sorry, there was a problem generating this diff.", None),
    Kind.DIFF_UNAVAILABLE: (503, "Server Error: Sorry, this diff is taking too long to generate.", None),
}


def answer_headers(world: World, call: Call) -> dict[str, str]:
    """What every answer carries."""
    return {
        "date": world.clock.http_date(),
        "server": "github.com",
        "x-github-request-id": f"{next(_request_numbers):X}:1F",
        "x-github-media-type": "github.v3; format=json",
        "x-github-api-version-selected": "2022-11-28",
        "vary": "Accept, Authorization",
        **world.rates.headers(call.installation_id, world.clock.now()),
    }


class Struck:
    """One request and its fault."""

    def __init__(self, world: World, connection: Connection, request: Request, call: Call, fault: Fault) -> None:
        self._world, self._connection, self._request = world, connection, request
        self._call, self._fault = call, fault

    def run(self) -> None:
        fault = self._fault
        if fault.before is not None:
            fault.before()
        if fault.kind in BEFORE_EFFECT:
            self._refuse()
            return
        if fault.kind is Kind.DELAY:
            self._connection.wait(fault.seconds)
        stale = fault.stale_seconds or (fault.seconds if fault.kind is Kind.STALE else 0.0)
        response = answer(self._world, self._request, self._call, stale)
        if fault.after is not None:
            fault.after()
        self._deliver(response)

    def _refuse(self) -> None:
        fault = self._fault
        if fault.kind is Kind.RESET_BEFORE:
            self._connection.reset()
        if fault.kind is Kind.TIMEOUT_BEFORE:
            self._time_out()
        with suppress(ApiError):
            self._call.installation_id = token_of(self._world, self._request).installation.id
        with suppress(ApiError):
            check_silence(self._world, self._request, self._call.installation_id)
        self._send(self._refusal().response)

    def _refusal(self) -> ApiError:
        fault = self._fault
        if fault.kind in LIMITS:
            return self._limit()
        if fault.kind in (Kind.REDIRECT_SAME_HOST, Kind.REDIRECT_OTHER_HOST):
            return self._redirect()
        status, message, errors = _REFUSALS.get(fault.kind, (fault.status, "Server Error", None))
        return ApiError(status, fault.message or message, errors)

    def _limit(self) -> ApiError:
        fault, world, number = self._fault, self._world, self._call.installation_id
        status = 429 if fault.kind in (Kind.PRIMARY_429, Kind.SECONDARY_429) else 403
        if fault.kind in (Kind.PRIMARY_403, Kind.PRIMARY_429):
            until = int(world.clock.now()) + fault.reset_seconds
            return primary_limit(world, self._request, number, status, until)
        message = fault.message or (ABUSE if fault.kind is Kind.ABUSE else SECONDARY)
        return secondary_limit(world, self._request, number, status, message, fault.retry_after)

    def _redirect(self) -> ApiError:
        """To the same address, on the same host or on what is another host to a careful client."""
        fault, host = self._fault, self._world.web_url.rpartition("/")[0]
        if fault.kind is Kind.REDIRECT_OTHER_HOST:
            host = host.replace("127.0.0.1", "localhost")
        url = fault.location or f"{host}{self._request.target}"
        status = fault.status if 300 <= fault.status < 400 else 307
        error = ApiError(status, "Temporary Redirect", headers={"location": url})
        error.content |= {"url": url}
        return error

    def _deliver(self, response: Response) -> None:
        """The answer after the effect, or what is left of it."""
        fault, body = self._fault, response.body
        kind = {"content-type": response.kind}
        self._call.status = response.status
        match fault.kind:
            case Kind.RESET_AFTER:
                self._connection.reset()
            case Kind.TIMEOUT_AFTER:
                self._time_out()
            case Kind.ERROR_AFTER | Kind.UNPROCESSABLE_AFTER:
                self._send(self._refusal().response)
            case Kind.SLOW_DRIP:
                self._connection.drip(response, fault.seconds)
            case Kind.HTML:
                page = b"<!DOCTYPE html><html><body>We're having a really bad day.</body></html>"
                self._garble(page, {"content-type": "text/html"}, status=200)
            case Kind.TRUNCATED:
                self._garble(body[: len(body) // 2], kind)
            case Kind.CUT:
                self._garble(body[: len(body) // 2], kind, says_length=len(body))
                raise HungUp
            case Kind.BROKEN_GZIP:
                self._garble(b"\x1f\x8b\x08\x00" + body[:40], kind | {"content-encoding": "gzip"})
            case Kind.EMPTY:
                self._garble(b"", kind)
            case Kind.WRONG_JSON:
                self._garble(b'{"unexpected": [1, 2, null]}', kind)
            case _:
                self._connection.send(response, answer_headers(self._world, self._call))

    def _send(self, response: Response) -> None:
        self._call.status = response.status
        if self._fault.body is not None:
            response = Response(response.status, raw=self._fault.body, kind="text/html", headers=response.headers)
        self._connection.send(response, answer_headers(self._world, self._call))

    def _garble(self, content: bytes, headers: dict[str, str], status: int = 0, says_length: int | None = None) -> None:
        content = content if self._fault.body is None else self._fault.body
        more = answer_headers(self._world, self._call) | headers
        self._connection.send_raw(status or self._call.status, more, content, says_length)

    def _time_out(self) -> NoReturn:
        self._connection.wait(self._fault.seconds)
        raise HungUp
