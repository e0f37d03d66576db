"""The running fake: many worlds behind one port, each under a path of its own."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.github.dispatch import answer
from tests.fakes.github.git_http import serve_git
from tests.fakes.github.struck import Struck, answer_headers
from tests.fakes.github.transport import Connection, HungUp, Server
from tests.fakes.github.web import ApiError, Request
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
        world = World(self._root / name, f"{self.url}/{name}", enterprise, app_id, slug)
        world.forget = lambda: self._worlds.pop(name, None)
        self._worlds[name] = world
        return world

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
        with _failures_noted(world, request):
            if request.path.startswith("/git/"):
                serve_git(world, connection, request)
            else:
                _serve(world, connection, _without_prefix(request))


@contextmanager
def serve() -> Iterator[GitHub]:
    """A fake GitHub on a free port, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(dir=_memory(), ignore_cleanup_errors=True) as directory:
        github = GitHub(Path(directory))
        try:
            yield github
        finally:
            github.stop()


def _memory() -> Path | None:
    """Where repositories cost no disk: making and removing them there takes a fifth of the time."""
    path = Path("/dev/shm")
    is_roomy = path.is_dir() and os.access(path, os.W_OK) and shutil.disk_usage(path).free > 1_000_000_000
    return path if is_roomy else None


@contextmanager
def _failures_noted(world: World, request: Request) -> Iterator[None]:
    """A mistake of the fake itself fails the test too; the connection is cut."""
    is_well = False
    try:
        yield
        is_well = True
    except (HungUp, ConnectionError, TimeoutError):
        is_well = True
        raise
    finally:
        if not is_well:
            world.violate(f"the fake failed at {request.method} {request.path}:\n{traceback.format_exc()}")


def _without_prefix(request: Request) -> Request:
    path = request.path.removeprefix("/api/v3")
    request.path = "/graphql" if path == "/api/graphql" else path.rstrip("/") or "/"
    return request


def _serve(world: World, connection: Connection, request: Request) -> None:
    call = world.calls.begin(request.method, request.path, request.query, world.clock.now())
    call.body = request.json_or_none
    fault = world.faults.next(request.method, request.path)
    if fault is not None:
        call.fault = str(fault.kind)
        Struck(world, connection, request, call, fault).run()
        return
    response = answer(world, request, call)
    call.status = response.status
    connection.send(response, answer_headers(world, call))
