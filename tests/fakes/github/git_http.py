"""Git over smart HTTP, by git's own backend, for those who bring a token."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes.github.faults import Fault, Kind
from tests.fakes.github.ledger import Call
from tests.fakes.github.tokens import sees, token_of
from tests.fakes.github.transport import Connection, HungUp
from tests.fakes.github.web import ApiError, Request, Response, not_found

if TYPE_CHECKING:
    from tests.fakes.github.world import World

_STATUS = {Kind.UNAUTHORIZED: 401, Kind.FORBIDDEN: 403, Kind.NOT_FOUND: 404, Kind.SECONDARY_429: 429}


def serve_git(world: World, connection: Connection, request: Request) -> None:
    """Answers `/git/OWNER/NAME.git/...`. Faults strike here too, as far as git can tell them apart."""
    call = world.calls.begin(request.method, request.path, request.query, world.clock.now())
    fault = world.faults.next(request.method, request.path)
    if fault is not None:
        call.fault = str(fault.kind)
        _strike(world, connection, request, call, fault)
        return
    response = _answer(world, request, call)
    connection.send(response)


def _strike(world: World, connection: Connection, request: Request, call: Call, fault: Fault) -> None:
    if fault.before is not None:
        fault.before()
    match fault.kind:
        case Kind.RESET_BEFORE | Kind.RESET_AFTER:
            connection.reset()
        case Kind.TIMEOUT_BEFORE | Kind.TIMEOUT_AFTER:
            connection.wait(fault.seconds)
            raise HungUp
        case Kind.DELAY:
            connection.wait(fault.seconds)
            connection.send(_answer(world, request, call))
        case Kind.SLOW_DRIP:
            connection.drip(_answer(world, request, call), fault.seconds)
        case Kind.TRUNCATED | Kind.CUT:
            response = _answer(world, request, call)
            half = response.body[: len(response.body) // 2]
            connection.send_raw(response.status, {"content-type": response.kind}, half, len(response.body))
            raise HungUp
        case Kind.HTML:
            call.status = 200
            connection.send(Response(200, raw=b"<html>We are down.</html>", kind="text/html"))
        case _:
            call.status = _STATUS.get(fault.kind, fault.status)
            connection.send(Response(call.status, raw=b"Server Error", kind="text/plain"))


def _answer(world: World, request: Request, call: Call) -> Response:
    try:
        response = _backend(request, _entered(world, request, call))
    except ApiError as error:
        challenge = {"www-authenticate": 'Basic realm="GitHub"'} if error.status == 401 else {}
        response = Response(error.status, raw=str(error).encode(), kind="text/plain", headers=challenge)
    call.status = response.status
    return response


def _entered(world: World, request: Request, call: Call) -> Path:
    """The bare repository that the request may read."""
    token = token_of(world, request)
    call.installation_id = token.installation.id
    _check_arguments(world, token.value)
    owner, name, *_ = request.path.removeprefix("/git/").split("/")
    full_name = f"{owner}/{name.removesuffix('.git')}"
    found = world.find_repository(full_name) or world.formerly_named(full_name)
    if found is None or not sees(world, token, found):
        raise not_found()
    if not token.may("contents", "read"):
        raise ApiError(403, "Resource not accessible by integration")
    if not request.path.endswith(("/info/refs", "/git-upload-pack")) or "receive-pack" in request.target:
        world.violate(f"git {request.method} {request.path}: only fetching is allowed")
        raise ApiError(403, "Write access to repository not granted.")
    return found.store.path


def _check_arguments(world: World, token: str) -> None:
    """A token that can be read in the list of processes is a violation."""
    wanted = token.encode()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if wanted in path.read_bytes():
                world.violate("a token in the arguments of a process")
        except OSError:
            continue


def _backend(request: Request, path: Path) -> Response:
    service = request.path.rpartition(".git")[2]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_PROJECT_ROOT": str(path.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{path.name}{service}",
        "QUERY_STRING": request.target.partition("?")[2],
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "REMOTE_ADDR": "127.0.0.1",
    }
    command = ["git", "http-backend"]
    answer = subprocess.run(command, env=environment, input=request.body, capture_output=True, timeout=60)
    head, _, body = answer.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line)
    status = int(headers.pop("Status", "200 OK").split()[0])
    return Response(status, raw=body, kind=headers.pop("Content-Type", "text/plain"), headers=headers)
