"""The product as its users start it: `reviewbot serve` and `reviewbot worker` as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.github import Sender, World
from tests.ports import free_port

SECRET = "a-secret-of-the-tests"
READY_SECONDS = 40.0


@dataclass
class Product:
    """Processes that share a database and a GitHub. Each "machine" has a folder for what it fetches."""

    world: World
    folder: Path
    database_url: str
    more: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.url_of(self.port)

    def url_of(self, port: int) -> str:
        return f"http://127.0.0.1:{port}"

    @property
    def sender(self) -> Sender:
        return self.sender_to(self.port)

    def sender_to(self, port: int) -> Sender:
        """What delivers to the server at this port, as a balancer before several of them would."""
        return Sender(self.world, f"{self.url_of(port)}/github/webhook", SECRET)

    def serve(self, machine: str = "one", wait: bool = True, port: int | None = None) -> subprocess.Popen[bytes]:
        """Starts a server, and waits until it can be sent to; at the product's own port where none is given."""
        port = port or self.port
        process = self._start(machine, "serve", "--port", str(port))
        if wait:
            wait_for(lambda: self.is_ready(port), READY_SECONDS, lambda: self.log(machine))
        return process

    def worker(self, machine: str) -> subprocess.Popen[bytes]:
        return self._start(machine, "worker")

    def is_ready(self, port: int | None = None) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url_of(port or self.port)}/readyz", timeout=2) as answer:
                return bool(json.load(answer)["ready"])
        except (OSError, urllib.error.HTTPError):
            return False

    def metrics(self) -> str:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def log(self, machine: str = "one") -> str:
        return (self.folder / f"{machine}.log").read_text()

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()

    def _start(self, machine: str, *arguments: str) -> subprocess.Popen[bytes]:
        self.folder.mkdir(parents=True, exist_ok=True)
        key = self.folder / "key.pem"
        key.write_text(self.world.private_key)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "REVIEWBOT_DATABASE_URL": self.database_url,
            "REVIEWBOT_GITHUB_API_URL": self.world.api_url,
            "REVIEWBOT_GITHUB_GIT_URL": self.world.file_url,
            "REVIEWBOT_GITHUB_APP_ID": str(self.world.app_id),
            "REVIEWBOT_GITHUB_PRIVATE_KEY_FILE": str(key),
            "REVIEWBOT_WEBHOOK_SECRET": SECRET,
            "REVIEWBOT_REVIEWERS": f"command:{sys.executable} {Path(__file__).with_name('marks.py')}",
            "REVIEWBOT_QUIET_SECONDS": "0",
            "REVIEWBOT_CACHE_DIRECTORY": str(self.folder / machine),
            **self.more,
        }
        with (self.folder / f"{machine}.log").open("ab") as output:
            process = subprocess.Popen(
                [str(Path(sys.executable).with_name("reviewbot")), *arguments],
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.processes.append(process)
        return process


def wait_for(holds: Callable[[], bool], seconds: float, told: Callable[[], str] = lambda: "") -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"not within {seconds:g} s\n{told()[-6000:]}"
        time.sleep(0.1)
