"""How much room the product takes: `python -m tests.bench.bench_footprint [--rival PYTHON]`.

`--rival` is the Python of an environment with PR-Agent alone in it, for the same figures beside ours.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from reviewbot.store.transactions import open_transactions
from tests.bench.bench_dashboard import _environment, _wait
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
_ROUNDS = 9


def rows(rival: str | None = None) -> Iterator[tuple[str, str, str, str]]:
    """What was measured, ours, the rival's, and the aim."""
    ours, theirs = _import_seconds(sys.executable, "reviewbot.cli.main"), None
    if rival:
        theirs = _import_seconds(rival, "pr_agent.cli")
    yield "import of the command line", f"{ours:.2f} s", f"{theirs:.2f} s" if theirs else "–", "0.2 s"
    yield "wheel", f"{_wheel_bytes() / 1e6:.2f} MB", "–", "2 MB"
    size = _size_of(rival, None) if rival else None
    locked = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements" / "run.txt").read_text(), re.M)
    installed = f"{_size_of(sys.executable, locked) / 1e6:.0f} MB, {len(locked)} packages, all extras"
    yield "installed", installed, f"{size / 1e6:.0f} MB" if size else "–", "300 MB"
    yield "memory of server and worker, idle", f"{_idle_megabytes():.0f} MB", "–", "160 MB"


def _import_seconds(python: str, module: str) -> float:
    def once(code: str) -> float:
        began = time.perf_counter()
        subprocess.run([python, "-c", code], cwd=ROOT, check=True, capture_output=True)
        return time.perf_counter() - began

    empty = median(once("pass") for _ in range(_ROUNDS))
    return median(once(f"import {module}") for _ in range(_ROUNDS)) - empty


def _wheel_bytes() -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
        subprocess.run([*command, "--wheel-dir", folder, str(ROOT)], check=True, capture_output=True)
        (wheel,) = Path(folder).glob("*.whl")
        return wheel.stat().st_size


def _size_of(python: str, names: list[str] | None) -> int:
    if names is None:
        code = "import sysconfig; print(sysconfig.get_path('purelib'))"
        place = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
        return sum(one.stat().st_size for one in Path(place).rglob("*") if one.is_file())
    total = 0
    for name in names:
        try:
            files = importlib.metadata.files(name) or ()
        except importlib.metadata.PackageNotFoundError:
            continue  # for another machine or Python
        total += sum(path.stat().st_size for file in files if (path := Path(str(file.locate()))).is_file())
    return total


def _idle_megabytes() -> float:
    """The proportional share of memory of all processes of a server that has nothing to do and its tables already."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        address = f"sqlite:///{folder}/record.db"
        open_transactions(address).close()
        environment = _environment(Path(folder), address, port)
        command = [sys.executable, "-m", "reviewbot", "serve"]
        process = subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.DEVNULL)
        try:
            _wait(f"http://127.0.0.1:{port}/healthz")
            time.sleep(15)
            return megabytes_of(process.pid)
        finally:
            process.terminate()
            process.wait(20)


def megabytes_of(leader: int) -> float:
    """The proportional share of memory of a process and all that it started, in megabytes; 0 when it has ended."""
    return sum(_megabytes(number) for number in family_of(leader))


def family_of(leader: int) -> list[int]:
    """The process and those it started, and those that they started; without those that ended meanwhile."""
    parents = {}
    for one in Path("/proc").iterdir():
        try:
            if one.name.isdecimal():
                parents[int(one.name)] = int((one / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found = [leader] if leader in parents else []
    for number in found:
        found += [child for child, parent in parents.items() if parent == number]
    return found


def _megabytes(number: int) -> float:
    try:
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{number}/smaps_rollup").read_text(), re.M)
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return int(found[1]) / 1000 if found else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rival", help="the Python of an environment with PR-Agent alone")
    for row in rows(parser.parse_args().rival):
        print(f"{row[0]:<36}{row[1]:<36}{row[2]:<12}aim {row[3]}")


if __name__ == "__main__":
    main()
