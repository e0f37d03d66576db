"""The local page that sends the browser to GitHub with the manifest, and gets it back with a code."""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import Final
from urllib.parse import parse_qs, urlsplit

from reviewbot.errors import InputError, ReviewbotError

_ADDRESS: Final = "127.0.0.1"
_STYLE: Final = "body{font:16px/1.5 system-ui,sans-serif;max-width:42em;margin:4em auto;padding:0 1em}"


@dataclass(frozen=True, slots=True)
class _Answer:
    """A page; with `is_last` the flow is over, well or with an error."""

    status: int
    content: str
    is_last: bool = False
    error: ReviewbotError | None = None


@dataclass
class ManifestPage:
    """`register` is called once, with the code, and returns the link that is shown at the end.

    `state` is what tells GitHub's answer to this page from one that somebody else made up.
    """

    action: str
    state: str
    manifest: Callable[[str], Mapping[str, object]]
    register: Callable[[str], str]
    port: int = 0
    _ends: SimpleQueue[ReviewbotError | None] = field(default_factory=SimpleQueue)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_used: bool = False

    @property
    def url(self) -> str:
        return f"http://{_ADDRESS}:{self.port}/"

    @contextmanager
    def serving(self) -> Iterator[None]:
        """While this lasts the page is there; an InputError where the port is taken."""
        page = self

        class Handler(_PageHandler):
            def do_GET(self) -> None:
                answer = page.answer(self.path, self.headers.get("Host", ""))
                try:
                    self.show(answer, page.action)
                finally:
                    # not before the browser has its page: the process ends with this
                    if answer.is_last:
                        page._ends.put(answer.error)

        try:
            server = ThreadingHTTPServer((_ADDRESS, self.port), Handler)
        except OSError as error:
            raise InputError(f"port {self.port} of {_ADDRESS}: {error.strerror}; give another --port") from error
        server.daemon_threads = True
        self.port = int(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()

    def wait(self, timeout_seconds: float) -> None:
        """Returns when the App is registered; raises what went wrong, or an InputError when nobody came in time."""
        try:
            end = self._ends.get(timeout=timeout_seconds)
        except Empty:
            raise InputError("nobody came back from GitHub within an hour; run `reviewbot app create` again") from None
        if end is not None:
            raise end

    def answer(self, path: str, host: str) -> _Answer:
        """The page for a request's path and its Host header."""
        # Another site could have its name lead here; what it then asks for is not this page.
        if host not in (f"{_ADDRESS}:{self.port}", f"localhost:{self.port}"):
            return _Answer(421, "<p>This page has another address.</p>")
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        match parts.path:
            case "/":
                return _Answer(200, self._form())
            case "/callback":
                return self._callback(query.get("code", ""), query.get("state", ""))
            case _:
                return _Answer(404, f'<p>There is nothing here. <a href="{self.url}">Go to the start</a>.</p>')

    def _form(self) -> str:
        manifest = json.dumps(self.manifest(f"{self.url}callback"))
        where = urlsplit(self.action).netloc
        return (
            "<p>reviewbot becomes a GitHub App of your own. The next page, at GitHub, shows its name, which you may "
            "change; what it may read and write is set already.</p>"
            f'<form action="{escape(self.action)}" method="post">'
            f'<input type="hidden" name="manifest" value="{escape(manifest)}">'
            f"<button>Go on to {escape(where)}</button></form>"
        )

    def _callback(self, code: str, state: str) -> _Answer:
        if not hmac.compare_digest(state.encode(), self.state.encode()):
            start = f'<a href="{self.url}">Start again</a>'
            said = f"This answer belongs to another start of <code>reviewbot app create</code>. {start}."
            return _Answer(400, f"<p>{said}</p>")
        with self._lock:
            if self._is_used:
                return _Answer(409, "<p>This is done already; see the terminal.</p>")
            self._is_used = True
        try:
            link = self.register(code)
        except ReviewbotError as error:
            return _Answer(502, f"<p>It did not work: {escape(str(error))}</p>", is_last=True, error=error)
        done = f'<p>Done. Now <a href="{escape(link)}">install it on repositories</a>; see the terminal, too.</p>'
        return _Answer(200, done, is_last=True)


class _PageHandler(BaseHTTPRequestHandler):
    server_version = "reviewbot"
    sys_version = ""
    timeout = 30

    def show(self, answer: _Answer, action: str) -> None:
        parts = urlsplit(action)
        body = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>reviewbot</title>'
            f"<style>{_STYLE}</style><h1>reviewbot</h1>{answer.content}</html>"
        ).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        policy = f"default-src 'none'; style-src 'unsafe-inline'; form-action {parts.scheme}://{parts.netloc}"
        self.send_header("Content-Security-Policy", f"{policy}; frame-ancestors 'none'")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the requests hold the code."""
