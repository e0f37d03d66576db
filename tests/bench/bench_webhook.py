"""How soon deliveries are acknowledged while workers compute: `python -m tests.bench.bench_webhook [--url URL]`.

The generator is open-loop: it sends on schedule whatever the answers do, and counts from the moment a delivery was due.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from reviewbot.store.deliveries import Deliveries, DeliveryState
from reviewbot.store.transactions import open_transactions
from tests.jobs.small_service import SECRET

BODY_BYTES = 28_000
PULLS = 800


@dataclass(frozen=True)
class Load:
    """How much is sent, and what the workers do meanwhile: each look at a pull request computes so many seconds."""

    per_second: int = 100
    seconds: int = 60
    busy_seconds: float = 1.0
    reviews: int = 4


def main(url: str | None = None, load: Load | None = None) -> None:
    load = load or Load()
    with tempfile.TemporaryDirectory() as folder:
        url = url or f"sqlite:///{folder}/reviewbot.db"
        port = _free_port()
        with (Path(folder) / "log").open("wb") as log:
            service = subprocess.Popen(_command(url, Path(folder) / "diary", port, load), stdout=log, stderr=log)
        try:
            _wait_until_ready(port)
            before = _cpu_seconds(service.pid)
            answers = asyncio.run(_sent(port, load))
            cpu = (_cpu_seconds(service.pid) - before) / load.seconds
            metrics = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
            _report(url, load, answers, metrics, cpu)
        finally:
            service.send_signal(signal.SIGTERM)
            started = time.perf_counter()
            service.wait(15)
            print(f"  stopped in {time.perf_counter() - started:.1f} s")


def _command(url: str, diary: Path, port: int, load: Load) -> list[str]:
    program = [sys.executable, "-m", "tests.jobs.small_service", "serve", url, str(diary)]
    return [*program, "--port", str(port), "--busy", str(load.busy_seconds), "--reviews", str(load.reviews)]


async def _sent(port: int, load: Load) -> list[tuple[int, float]]:
    """Status and seconds of each delivery; status 0 where no answer came."""
    begin = asyncio.get_running_loop().time() + 0.1
    tasks = []
    for number in range(load.per_second * load.seconds):
        due = begin + number / load.per_second
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        tasks.append(asyncio.create_task(_deliver(port, number, due)))
    return list(await asyncio.gather(*tasks))


async def _deliver(port: int, number: int, due: float) -> tuple[int, float]:
    request = _request(number)
    try:
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            line = await reader.readline()
            seconds = asyncio.get_running_loop().time() - due
            writer.close()
            return int(line.split()[1]), seconds
    except (OSError, TimeoutError, IndexError):
        return 0, asyncio.get_running_loop().time() - due


def _request(number: int) -> bytes:
    body = json.dumps({"pull": number % PULLS, "number": number, "text": "x" * BODY_BYTES}).encode()
    signature = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    head = (
        "POST /github/webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
        f"X-GitHub-Event: fork\r\nX-GitHub-Delivery: {number:08x}\r\nX-Hub-Signature-256: sha256={signature}\r\n"
        "X-GitHub-Hook-Installation-Target-Type: integration\r\nX-GitHub-Hook-Installation-Target-ID: 1\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _report(url: str, load: Load, answers: list[tuple[int, float]], metrics: str, cpu: float) -> None:
    seconds = sorted(taken for _, taken in answers)
    acknowledged = sum(status == 202 for status, _ in answers)
    counts = Deliveries(open_transactions(url)).counts()
    kind = url.partition(":")[0]
    ended = re.search(r'reviewbot_jobs_total\{job="pull",result="done"\} (\d+)', metrics)
    print(
        f"webhook on {kind}, {load.per_second}/s of {BODY_BYTES} bytes for {load.seconds} s, "
        f"{load.reviews} workers computing {load.busy_seconds} s each:"
    )
    print(
        f"  acknowledged p50 {_at(seconds, 0.5):.0f} ms, p99 {_at(seconds, 0.99):.0f} ms (target 250), "
        f"longest {seconds[-1] * 1000:.0f} ms"
    )
    blocked = re.search(r"reviewbot_event_loop_lag_seconds_max (\d\S*)", metrics)
    print(f"  event loop blocked at most {float(blocked[1]) * 1000 if blocked else -1:.0f} ms (target 100)")
    lost = max(0, acknowledged - sum(counts[state.value] for state in DeliveryState))
    print(f"  {acknowledged} of {len(answers)} acknowledged, {lost} of them lost (0)")
    print(f"  {counts} at the end; {ended[1] if ended else 0} looks ended; {cpu * 100:.0f} % of a core")


def _at(ordered: list[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_until_ready(port: int) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2)
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def _cpu_seconds(process: int) -> float:
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a database of your own; an SQLite file in a temporary folder without")
    parser.add_argument("--per-second", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--busy", type=float, default=1.0, help="seconds that each look computes")
    parser.add_argument("--reviews", type=int, default=4)
    given = parser.parse_args()
    main(given.url, Load(given.per_second, given.seconds, given.busy, given.reviews))
