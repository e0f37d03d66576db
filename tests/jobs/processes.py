"""Starts, watches and ends real processes of the small service."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.jobs.small_service import Diary
from tests.jobs.waiting import wait_until
from tests.ports import free_port


class SmallService:
    """One process, or two where it serves; ended at the end of the test whatever happens."""

    def __init__(self, how: str, address: str, folder: Path, *options: str) -> None:
        self.port = free_port()
        self.diary = Diary(folder / "diary")
        self.log = folder / f"log-{self.port}"
        program = [sys.executable, "-m", "tests.jobs.small_service", how, address, str(folder / "diary"), "--quick"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*program, "--port", str(self.port), *options], stdout=log, stderr=log, cwd=Path(__file__).parents[2]
            )

    def wait_until_ready(self) -> None:
        wait_until(self.is_ready, 60, self.log.read_text)

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def children(self) -> list[int]:
        """All processes below this one, by number."""
        found, parents = [], {self.process.pid}
        for status in sorted(Path("/proc").glob("[0-9]*/stat"), key=lambda path: int(path.parent.name)):
            try:
                parent = int(status.read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent in parents:
                found.append(int(status.parent.name))
                parents.add(found[-1])
        return found


@contextmanager
def small_service(how: str, address: str, folder: Path, *options: str) -> Iterator[SmallService]:
    service = SmallService(how, address, folder, *options)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.kill()


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
