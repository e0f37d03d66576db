"""A loopback web server in front of real repositories, through git's own CGI program."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit


@dataclass
class GitWebServer:
    """Serves what stands below `root`. With a `token` nobody else is let in; `refuse_with` is answered to everybody.

    With `goes_on` a request is answered when that is set."""

    root: Path
    token: str | None = None
    refuse_with: int | None = None
    redirect_to: str | None = None
    is_cut: bool = False
    goes_on: threading.Event | None = None
    port: int = 0
    requests: list[str] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    command_lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def admits(self, authorization: str | None) -> bool:
        if self.token is None:
            return True
        return authorization == "Basic " + base64.b64encode(f"x-access-token:{self.token}".encode()).decode()

    def look_at_processes(self) -> None:
        """Notes the arguments of every git that runs while a request is served."""
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = place.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if "git" in line:
                self.command_lines.append(line)


@contextmanager
def serving(server: GitWebServer) -> Iterator[GitWebServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # git may have been ended for its slowness
            with suppress(ConnectionError):
                answer(self, server)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        server.port = web.server_address[1]
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        web.shutdown()
        thread.join()


def answer(handler: BaseHTTPRequestHandler, server: GitWebServer) -> None:
    authorization = handler.headers.get("Authorization")
    server.requests.append(handler.path)
    server.authorizations.append(authorization)
    server.look_at_processes()
    if server.goes_on is not None:
        server.goes_on.wait(20)
    if server.refuse_with is not None:
        handler.send_error(server.refuse_with)
    elif server.redirect_to is not None:
        handler.send_response(301)
        handler.send_header("Location", server.redirect_to + handler.path)
        handler.end_headers()
    elif not server.admits(authorization):
        handler.send_response(401)
        handler.send_header("WWW-Authenticate", 'Basic realm="GitHub"')
        handler.end_headers()
    else:
        status, headers, content = backend(handler, server.root)
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.end_headers()
        is_pack = handler.command == "POST" and len(content) > 400
        handler.wfile.write(content[:300] if server.is_cut and is_pack else content)


def backend(handler: BaseHTTPRequestHandler, root: Path) -> tuple[int, list[tuple[str, str]], bytes]:
    """What `git http-backend` answers: status, headers and body."""
    parts = urlsplit(handler.path)
    body = handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROJECT_ROOT": str(root),
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "REQUEST_METHOD": handler.command,
        "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
    }
    done = subprocess.run(["git", "http-backend"], env=environment, input=body, capture_output=True, timeout=30)
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    pairs = [line.partition(": ") for line in head.decode().split("\r\n") if line]
    headers = [(name, value) for name, _, value in pairs if name != "Status"]
    status = next((int(value.split()[0]) for name, _, value in pairs if name == "Status"), 200)
    return status, headers, content
