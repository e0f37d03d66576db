"""The running fake: many worlds behind one port, each under a path of its own."""

from __future__ import annotations

import itertools
import secrets
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.github.dispatch import (
    ABUSE,
    SECONDARY,
    answer,
    check_silence,
    primary_limit,
    secondary_limit,
)
from tests.fakes.github.faults import BEFORE_EFFECT, LIMITS, Fault, Kind
from tests.fakes.github.git_http import serve_git
from tests.fakes.github.ledger import Call
from tests.fakes.github.tokens import token_of
from tests.fakes.github.transport import Connection, HungUp, Server
from tests.fakes.github.web import DOCS, ApiError, Request, Response
from tests.fakes.github.world import APP_ID, SLUG, World


class GitHub:
    """A server of worlds. A world costs about a millisecond, its disk is given back by `World.close`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._worlds: dict[str, World] = {}
        self._numbers = itertools.count(1)
        self._server = Server(self._answer)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def world(self, enterprise: bool = False, app_id: int = APP_ID, slug: str = SLUG) -> World:
        """A new, empty GitHub; with `enterprise` its API is under `/api/v3`."""
        name = f"w{next(self._numbers)}"
        self._worlds[name] = World(self._root / name, f"{self.url}/{name}", enterprise, app_id, slug)
        return self._worlds[name]

    def stop(self) -> None:
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, connection: Connection, request: Request) -> None:
        name, _, rest = request.path.lstrip("/").partition("/")
        world = self._worlds.get(name)
        if world is None:
            connection.send(ApiError(404, "no such world").response)
            return
        request.path = f"/{rest}"
        if request.path.startswith("/git/"):
            serve_git(world, connection, request)
            return
        request.path = request.path.removeprefix("/api/v3") or "/"
        if request.path == "/api/graphql":
            request.path = "/graphql"
        request.path = request.path.rstrip("/") or "/"
        _serve(world, connection, request)


@contextmanager
def serve() -> Iterator[GitHub]:
    """A fake GitHub on a free port, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        github = GitHub(Path(directory))
        try:
            yield github
        finally:
            github.stop()


def _serve(world: World, connection: Connection, request: Request) -> None:
    call = world.calls.begin(request.method, request.path, request.query, world.clock.now())
    if request.body[:1] == b"{":
        try:
            call.body = request.json
        except ApiError:
            call.body = None
    fault = world.faults.next(request.method, request.path)
    if fault is None:
        response = answer(world, request, call)
        _finish(world, connection, call, response)
        return
    call.fault = str(fault.kind)
    if fault.before is not None:
        fault.before()
    _Struck(world, connection, request, call, fault).run()


def _finish(world: World, connection: Connection, call: Call, response: Response) -> None:
    call.status = response.status
    call.ended = world.calls.sequence
    connection.send(response, _headers(world, call))


def _headers(world: World, call: Call) -> dict[str, str]:
    return {
        "date": world.clock.http_date(),
        "server": "github.com",
        "x-github-request-id": secrets.token_hex(10).upper(),
        "x-github-media-type": "github.v3; format=json",
        "x-github-api-version-selected": "2022-11-28",
        "vary": "Accept, Authorization",
        **world.rates.headers(call.installation_id, world.clock.now()),
    }


class _Struck:
    """A request that a fault has struck."""

    def __init__(self, world: World, connection: Connection, request: Request, call: Call, fault: Fault) -> None:
        self._world, self._connection, self._request = world, connection, request
        self._call, self._fault = call, fault

    def run(self) -> None:
        if self._fault.kind in BEFORE_EFFECT:
            self._before()
            return
        if self._fault.kind is Kind.DELAY:
            self._connection.wait(self._fault.seconds)
        is_stale = self._fault.kind is Kind.STALE
        stale = self._fault.stale_seconds or (self._fault.seconds if is_stale else 0.0)
        response = answer(self._world, self._request, self._call, stale)
        self._after(response)

    def _before(self) -> None:
        fault, world = self._fault, self._world
        if fault.kind is Kind.RESET_BEFORE:
            self._connection.reset()
        if fault.kind is Kind.TIMEOUT_BEFORE:
            self._connection.wait(fault.seconds)
            raise HungUp
        try:
            token = token_of(world, self._request)
            self._call.installation_id = token.installation.id
            check_silence(world, self._request, token.installation.id)
        except ApiError:
            pass
        if fault.kind in LIMITS:
            error = self._limit()
        elif fault.kind in (Kind.REDIRECT_SAME_HOST, Kind.REDIRECT_OTHER_HOST):
            error = self._redirect()
        else:
            error = _refusal(fault)
        if fault.body is not None:
            self._call.status = error.status
            self._connection.send(Response(error.status, raw=fault.body, kind="text/html"), _headers(world, self._call))
            return
        _finish(world, self._connection, self._call, error.response)

    def _limit(self) -> ApiError:
        fault, world, number = self._fault, self._world, self._call.installation_id
        status = 429 if fault.kind in (Kind.PRIMARY_429, Kind.SECONDARY_429) else 403
        if fault.kind in (Kind.PRIMARY_403, Kind.PRIMARY_429):
            until = int(world.clock.now()) + fault.reset_seconds
            return primary_limit(world, self._request, number, status, until)
        message = fault.message or (ABUSE if fault.kind is Kind.ABUSE else SECONDARY)
        return secondary_limit(world, self._request, number, status, message, fault.retry_after)

    def _redirect(self) -> ApiError:
        fault, target = self._fault, self._request.target
        host = self._world.web_url.rpartition("/")[0]
        elsewhere = fault.location or f"{host.replace('127.0.0.1', 'localhost')}{target}"
        url = elsewhere if fault.kind is Kind.REDIRECT_OTHER_HOST else fault.location or f"{host}{target}"
        error = ApiError(
            fault.status if 300 <= fault.status < 400 else 307, "Temporary Redirect", headers={"location": url}
        )
        error.content |= {"url": url, "documentation_url": DOCS}
        return error

    def _after(self, response: Response) -> None:
        fault, connection = self._fault, self._connection
        headers = _headers(self._world, self._call)
        self._call.status = response.status
        match fault.kind:
            case Kind.RESET_AFTER:
                connection.reset()
            case Kind.TIMEOUT_AFTER:
                connection.wait(fault.seconds)
                raise HungUp
            case Kind.ERROR_AFTER | Kind.UNPROCESSABLE_AFTER:
                refusal = _refusal(fault)
                self._call.status = refusal.status
                connection.send(refusal.response, headers)
            case Kind.SLOW_DRIP:
                connection.drip(response, fault.seconds)
            case Kind.HTML:
                page = fault.body or b"<!DOCTYPE html><html><body>We're having a really bad day.</body></html>"
                connection.send_raw(200, headers | {"content-type": "text/html"}, page)
            case Kind.TRUNCATED:
                body = response.body
                connection.send_raw(response.status, headers | {"content-type": response.kind}, body[: len(body) // 2])
            case Kind.BROKEN_GZIP:
                more = {"content-type": response.kind, "content-encoding": "gzip"}
                connection.send_raw(response.status, headers | more, b"\x1f\x8b\x08\x00" + response.body[:40])
            case Kind.EMPTY:
                connection.send_raw(response.status, headers | {"content-type": response.kind}, b"")
            case Kind.WRONG_JSON:
                body = fault.body or b'{"unexpected": [1, 2, null]}'
                connection.send_raw(response.status, headers | {"content-type": response.kind}, body)
            case _:
                connection.send(response, headers)
        self._call.ended = self._world.calls.sequence


def _refusal(fault: Fault) -> ApiError:
    unprocessable = "Unprocessable Entity"
    line = "Pull request review thread line must be part of the diff and Pull request review thread diff hunk can't be blank"
    match fault.kind:
        case Kind.UNAUTHORIZED:
            return ApiError(401, fault.message or "Bad credentials")
        case Kind.FORBIDDEN:
            return ApiError(403, fault.message or "Resource not accessible by integration")
        case Kind.NOT_FOUND:
            return ApiError(404, fault.message or "Not Found")
        case Kind.GONE:
            return ApiError(410, fault.message or "Gone")
        case Kind.BLOCKED:
            return ApiError(451, fault.message or "Repository access blocked")
        case Kind.TOO_LARGE:
            message = "Sorry, the diff exceeded the maximum number of lines (20000)"
            error = {"resource": "PullRequest", "field": "diff", "code": "too_large"}
            return ApiError(406, fault.message or message, [error])
        case Kind.UNPROCESSABLE_LINE:
            return ApiError(422, unprocessable, [fault.message or line])
        case Kind.UNPROCESSABLE_COMMIT:
            return ApiError(422, unprocessable, [fault.message or "End commit oid is not part of the pull request"])
        case Kind.UNPROCESSABLE | Kind.UNPROCESSABLE_AFTER:
            return ApiError(422, fault.message or "Validation Failed", [])
        case Kind.DIFF_UNAVAILABLE:
            return ApiError(503, fault.message or "Server Error: Sorry, this diff is taking too long to generate.")
        case _:
            return ApiError(fault.status, fault.message or "Server Error")
