"""A loopback server that answers with what a test puts down for it, and breaks in every way that a wire can break."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from reviewbot.domain.repository import RepoName
from reviewbot.github.app import GitHubApp
from reviewbot.github.pace import MemoryPace, Pace
from reviewbot.github.repository import RepositoryClient

APP_ID, INSTALLATION, REPO_ID = 77, 5, 4242
REPO = RepoName("acme", "shop")
_PRIVATE = rsa.generate_private_key(65537, 2048)
KEY = _PRIVATE.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
).decode()
PUBLIC = _PRIVATE.public_key()
START = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)


class StillClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.at = START
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.seconds += seconds


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Reply:
    """What is sent back. `raw` replaces the body as it stands, `length` the length that is announced."""

    status: int = 200
    content: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    length: int | None = None
    then: Callable[[socket.socket], None] | None = None
    date: datetime | None = START

    @property
    def body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.content is None else json.dumps(self.content).encode()


Scripted = Reply | Callable[[Seen], Reply]


class Script:
    """What the server answers: token requests by themselves, all others in the order they were put down."""

    def __init__(self) -> None:
        self.replies: list[Scripted] = []
        self.token_replies: list[Scripted] = []
        self.seen: list[Seen] = []
        self.url = ""
        self._lock = threading.Lock()

    def then(self, *replies: Scripted) -> None:
        self.replies += replies

    def reply(self, seen: Seen) -> Reply:
        with self._lock:
            self.seen.append(seen)
            if seen.path.endswith("/access_tokens"):
                scripted = self.token_replies.pop(0) if self.token_replies else token_reply(f"t{self.mints}")
            else:
                scripted = self.replies.pop(0) if self.replies else Reply(599, {"message": "nothing was put down"})
        return scripted if isinstance(scripted, Reply) else scripted(seen)

    @property
    def mints(self) -> int:
        return sum(one.path.endswith("/access_tokens") for one in self.seen)

    @property
    def lines(self) -> list[str]:
        """Requests but those for tokens."""
        return [one.line for one in self.seen if not one.path.endswith("/access_tokens")]

    @property
    def asked(self) -> list[Seen]:
        return [one for one in self.seen if not one.path.endswith("/access_tokens")]


def token_reply(name: str, lasts_seconds: float = 3600, date: datetime = START, **more: Any) -> Reply:
    expires = (date + timedelta(seconds=lasts_seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Reply(201, {"token": f"ghs_{name}", "expires_at": expires, "permissions": {}} | more, date=date)


def reset(connection: socket.socket) -> None:
    """Ends the connection with a reset instead of a close."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hang(seconds: float) -> Callable[[Seen], Reply]:
    def answer(_: Seen) -> Reply:
        time.sleep(seconds)
        return Reply(200, {})

    return answer


NO_ANSWER = Reply(0)
"""The connection is reset before a single byte of an answer."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Clients that go away are what is tested here."""


@contextmanager
def serving() -> Iterator[Script]:
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = script.reply(Seen(self.command, self.path, headers, self.rfile.read(length)))
            try:
                self._send(reply)
            except OSError:
                self.close_connection = True

        def _send(self, reply: Reply) -> None:
            if reply is NO_ANSWER:
                reset(self.connection)
                self.close_connection = True
                return
            self.send_response_only(reply.status)
            if reply.date:
                self.send_header("Date", format_datetime(reply.date, usegmt=True))
            for name, value in ({"Content-Type": "application/json; charset=utf-8"} | reply.headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
            self.end_headers()
            self.wfile.write(reply.body)
            self.wfile.flush()
            if reply.length is not None:
                self.close_connection = True
            if reply.then:
                reply.then(self.connection)
                self.close_connection = True

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _answer

        def log_message(self, *_: Any) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()


class NotedPace:
    """A Pace that lets everything pass and notes what it was told."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, bool]] = []
        self.parkings: list[tuple[int, float, bool]] = []
        self.good = 0

    def before(self, installation_id: int, is_write: bool) -> None:
        self.asked.append((installation_id, is_write))

    def parked(self, installation_id: int, until_seconds_from_now: float, is_secondary: bool) -> None:
        self.parkings.append((installation_id, until_seconds_from_now, is_secondary))

    def went_well(self, installation_id: int) -> None:
        self.good += 1


@dataclass
class World:
    """A client before a scripted server, with time held still."""

    script: Script
    clock: StillClock = field(default_factory=StillClock)
    pace: NotedPace = field(default_factory=NotedPace)
    slept: list[float] = field(default_factory=list)
    path: str = ""

    def app(self, pace: Pace | None = None, **more: Any) -> GitHubApp:
        settings: dict[str, Any] = {"timeout_seconds": 5, "sleep": self.sleep, "clock": self.clock} | more
        return GitHubApp(APP_ID, KEY, self.script.url + self.path, pace or self.pace, **settings)

    def client(self, pace: Pace | None = None, **more: Any) -> RepositoryClient:
        return self.app(pace, **more).repository(INSTALLATION, REPO_ID, REPO)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)

    def memory_pace(self) -> MemoryPace:
        return MemoryPace(1.0, self.clock.monotonic, self.sleep)


SHA = "a" * 40


def pull_json(**changes: Any) -> dict[str, Any]:
    repo = {
        "id": REPO_ID,
        "full_name": str(REPO),
        "default_branch": "main",
        "archived": False,
    }
    pull = {
        "number": 3,
        "state": "open",
        "draft": False,
        "locked": False,
        "merged": False,
        "title": "Sell more",
        "body": None,
        "changed_files": 2,
        "user": {"login": "ada", "id": 9, "type": "User"},
        "head": {"ref": "more", "sha": SHA, "repo": repo},
        "base": {"ref": "main", "sha": "b" * 40, "repo": repo},
    }
    return pull | changes


def comment_json(**changes: Any) -> dict[str, Any]:
    author = {"login": "reviewbot[bot]", "id": 900, "type": "Bot"}
    return {"id": 31, "node_id": "IC_31", "body": "Hello", "user": author} | changes
