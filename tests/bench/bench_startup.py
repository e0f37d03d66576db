"""How long the command line takes, whole processes: `python -m tests.bench.bench_startup`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROUNDS = 7
INSTANT = {
    "schema_version": 1,
    "model": "instant",
    "recorded_at": "2026-01-01T00:00:00+00:00",
    "answers": {},
    "default": {"text": '{"findings": []}'},
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "instant.json").write_text(json.dumps(INSTANT))
        _repository(place / "shop")
        seconds, _ = _measured(["--help"], place)
        print(f"reviewbot --help: {seconds:.2f} s (target 0.30)")
        command = ["review", "--reviewer", "llm", "--model", f"scripted:{place / 'instant.json'}"]
        seconds, peak = _measured(command, place / "shop")
        print(
            f"reviewbot review, 500-line diff, instant model: {seconds:.2f} s (target 1.50), peak {peak:.0f} MB (150)"
        )
        seconds, peak = _measured(["review", "--reviewer", "static"], place / "shop")
        print(f"reviewbot review, 500-line diff, static: {seconds:.2f} s, peak {peak:.0f} MB")


def _repository(folder: Path) -> None:
    """A repository with 40 modules, ten of which have 50 changed lines each in the working copy."""
    folder.mkdir()
    for number in range(40):
        functions = [f"def step_{number}_{i}(order):\n    return order.total + {i}\n" for i in range(60)]
        (folder / f"module_{number}.py").write_text("\n\n".join(functions))
    git = ["git", "-c", "user.name=B", "-c", "user.email=b@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "All"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    for number in range(10):
        path = folder / f"module_{number}.py"
        lines = path.read_text().splitlines()
        for index in range(1, 200, 4):
            lines[index] = lines[index].replace("order.total", f"step_{(number + 1) % 40}_0(order)")
        path.write_text("\n".join(lines) + "\n")


def _measured(arguments: list[str], folder: Path) -> tuple[float, float]:
    """Median wall time in seconds and the largest memory in MB of the whole process."""
    environment = {"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8"}
    seconds, peaks = [], []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-m", "reviewbot", *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            said = process.stderr.read().decode() if process.stderr else ""
        if process.returncode:
            raise SystemExit(f"reviewbot {' '.join(arguments)} ended with {process.returncode}: {said}")
        seconds.append(time.perf_counter() - started)
        peaks.append(usage.ru_maxrss / 1024)
    return median(seconds), max(peaks)


if __name__ == "__main__":
    main()
