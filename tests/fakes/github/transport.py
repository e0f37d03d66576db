"""HTTP by hand: one thread for each connection, requests read and answered in a fraction of a millisecond."""

from __future__ import annotations

import http
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.fakes.github.web import Request, Response

_REASONS = {status.value: status.phrase for status in http.HTTPStatus}


class HungUp(Exception):
    """The connection is to be closed without an answer."""


class Connection(socketserver.StreamRequestHandler):
    """One client's connection; `answer` of the server is asked for every request."""

    disable_nagle_algorithm = True
    rbufsize = 65_536
    server: Server

    def setup(self) -> None:
        super().setup()
        self.number = self.server.count()

    def handle(self) -> None:
        while not self.server.stopping.is_set():
            try:
                request = self._read()
                if request is None:
                    return
                self.server.answer(self, request)
            except (HungUp, ConnectionError, TimeoutError):
                return
            if request.headers.get("connection", "").lower() == "close":
                return

    def send(self, response: Response, extra: dict[str, str] | None = None) -> None:
        body = b"" if response.status in (204, 304) else response.body
        headers = {"content-type": response.kind} | response.headers | (extra or {})
        if response.status != 304:
            headers["content-length"] = str(len(body))
        self.wfile.write(_head(response.status, headers) + body)

    def send_raw(self, status: int, headers: dict[str, str], body: bytes, says_length: int | None = None) -> None:
        """An answer whose length may be a lie."""
        length = len(body) if says_length is None else says_length
        self.wfile.write(_head(status, headers | {"content-length": str(length)}) + body)

    def drip(self, response: Response, seconds: float) -> None:
        """The answer in small pieces, spread over so many seconds."""
        body = response.body
        self.wfile.write(_head(response.status, response.headers | {"content-length": str(len(body))}))
        size = max(1, len(body) // 50)
        for start in range(0, len(body), size):
            if self.server.stopping.wait(seconds / 50):
                raise HungUp
            self.wfile.write(body[start : start + size])

    def reset(self) -> None:
        """Cuts the connection with an RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise HungUp

    def wait(self, seconds: float) -> None:
        if self.server.stopping.wait(seconds):
            raise HungUp

    def _read(self) -> Request | None:
        line = self.rfile.readline(65_537)
        if not line.strip():
            return None
        method, target, _ = line.decode("latin-1").split(" ", 2)
        headers: dict[str, str] = {}
        while True:
            line = self.rfile.readline(65_537)
            if line in (b"\r\n", b"\n", b""):
                break
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return Request(method, unquote(parts.path), query, headers, self._body(headers), self.number, target)

    def _body(self, headers: dict[str, str]) -> bytes:
        if "chunked" not in headers.get("transfer-encoding", ""):
            return self.rfile.read(int(headers.get("content-length") or 0))
        pieces = []
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
            if size == 0:
                return b"".join(pieces)


class Server(socketserver.ThreadingTCPServer):
    """Listens on a free port of the loopback."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, answer: Callable[[Connection, Request], None]) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.answer = answer
        self.stopping = threading.Event()
        self._count = 0
        self._lock = threading.Lock()

    def count(self) -> int:
        with self._lock:
            self._count += 1
            return self._count

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up early is part of the tests."""


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}", *(f"{name}: {headers[name]}" for name in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
