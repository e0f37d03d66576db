"""How long pages take over a large record, and whether looking at them delays deliveries.

`python -m tests.bench.bench_dashboard`; 100,000 findings, 10,000 reviews, 1,000 incidents on SQLite, by default.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from pathlib import Path
from random import Random
from statistics import quantiles

from reviewbot.store.transactions import open_transactions
from tests.bench.seed_record import seed
from tests.fakes.github.world import app_key
from tests.ports import free_port
from tests.server.deliveries import headers_for, signed

PAGES = (
    *("/", "/?since=all", "/repositories", "/pulls", "/pulls/1000/8000", "/findings", "/findings?text=retry+charges"),
    *("/findings?fate=proven", "/findings?severity=high&before=50000", "/incidents", "/incidents?answer=missed"),
    *("/incidents/500", "/spend", "/deliveries", "/api/figures", "/api/incidents"),
)
SECRET = "a secret of the benchmark"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reviews", type=int, default=10_000)
    parser.add_argument("--findings", type=int, default=100_000)
    parser.add_argument("--incidents", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=40)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite:///{folder}/record.db"
        transactions = open_transactions(address)
        seed(transactions, asked.reviews, asked.findings, asked.incidents, Random(7))
        transactions.close()
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "reviewbot", "serve"], env=_environment(Path(folder), address, port)
        )
        try:
            _measure(port, asked.rounds)
        finally:
            process.terminate()
            process.wait(20)


def _environment(folder: Path, address: str, port: int) -> dict[str, str]:
    key = folder / "key.pem"
    key.write_text(app_key()[1])
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path.cwd()),
        "HOME": str(folder),
        "REVIEWBOT_DATABASE_URL": address,
        "REVIEWBOT_GITHUB_APP_ID": "4711",
        "REVIEWBOT_GITHUB_PRIVATE_KEY_FILE": str(key),
        "REVIEWBOT_WEBHOOK_SECRET": SECRET,
        "REVIEWBOT_GITHUB_API_URL": "http://127.0.0.1:9/api/v3",
        "REVIEWBOT_BOT_NAME": "reviewbot",
        "REVIEWBOT_RECONCILE_MINUTES": "0",
        "REVIEWBOT_PORT": str(port),
    }


def _measure(port: int, rounds: int) -> None:
    root = f"http://127.0.0.1:{port}"
    _wait(f"{root}/healthz")
    print(f"{'page':<42}{'p50 ms':>9}{'p95 ms':>9}")
    for path in PAGES:
        _get(root + path)
        times = sorted(_get(root + path) for _ in range(rounds))
        print(f"{path:<42}{1000 * times[len(times) // 2]:>9.0f}{1000 * quantiles(times, n=20)[18]:>9.0f}")
    alone = _acknowledgements(root, 200)
    stop = threading.Event()
    lookers = [threading.Thread(target=_look, args=(root, stop)) for _ in range(4)]
    for one in lookers:
        one.start()
    beside = _acknowledgements(root, 200)
    stop.set()
    for one in lookers:
        one.join()
    for name, times in (("deliveries alone", alone), ("beside four people who reload pages", beside)):
        print(f"{name:<42}{1000 * times[100]:>9.1f}{1000 * times[189]:>9.1f}  p99 {1000 * times[197]:.1f}")


def _look(root: str, stop: threading.Event) -> None:
    chance = Random()
    while not stop.is_set():
        _get(root + chance.choice(PAGES))


def _get(address: str) -> float:
    began = time.perf_counter()
    with urllib.request.urlopen(address) as answer:
        answer.read()
    return time.perf_counter() - began


def _acknowledgements(root: str, count: int) -> list[float]:
    """Seconds from sending a delivery to its answer, sorted."""
    found = []
    body = b'{"zen": "Keep it logically awesome."}'
    for _ in range(count):
        headers = headers_for(body, str(uuid.uuid4())) | {"X-Hub-Signature-256": signed(body, SECRET.encode())}
        request = urllib.request.Request(f"{root}/github/webhook", body, headers)
        began = time.perf_counter()
        with urllib.request.urlopen(request) as answer:
            answer.read()
        found.append(time.perf_counter() - began)
    return sorted(found)


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            _get(address)
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
