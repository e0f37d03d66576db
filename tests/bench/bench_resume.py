"""A run that is killed at random moments and taken up again: `python -m tests.bench.bench_resume [--kills 20]`.

Prints whether the scorecard is that of an undisturbed run, to the byte, and whether any request was paid twice.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.llm import serve
from tests.flows.test_retro_judges import perform
from tests.flows.world import MODEL, Command, World, build_world, incidents_yaml, timeless

_ARMS = ["--reviewer", "llm", "--model", MODEL, "--trials", "3", "--judges", "2", "--out", "out"]
_ANSWER_SECONDS = 0.8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--batch", action="store_true", help="ask through batches, each of which takes three seconds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        world = build_world(root / "world")
        calm = _run(root / "undisturbed", world, [], options.batch)
        moments = random.Random(options.seed)
        disturbed = _run(
            root / "disturbed", world, [moments.uniform(0.8, 4.0) for _ in range(options.kills)], options.batch
        )
    kept = Counter(disturbed.kept)
    print(f"undisturbed: {calm.seconds:.1f} s, {len(calm.kept)} requests; then killed {options.kills} times")
    print(f"scorecard as undisturbed, to the byte: {'yes' if disturbed.scorecard == calm.scorecard else 'NO'}")
    print(f"requests of which the answer was on disk and that were sent again: {sum(n - 1 for n in kept.values())}")
    print(f"requests that were answered and whose answer a kill cut off: {disturbed.sent - len(disturbed.kept)}")


@dataclass(frozen=True)
class Outcome:
    """What a run came to: `kept` are the keys of its ledger, `sent` the requests that the service answered."""

    scorecard: str
    kept: list[str]
    sent: int
    seconds: float


def _run(home: Path, world: World, kills: list[float], batch: bool) -> Outcome:
    home.mkdir()
    (home / "incidents.yaml").write_text(incidents_yaml(world))
    with serve() as service:
        service.answerer = perform if batch else _slowly
        service.batches.looks_needed = 2
        command = Command(home, service)
        arguments = ["retro", "--incidents", "incidents.yaml", "--repos", str(world.mirrors), *_ARMS, "--resume"]
        arguments += ["--batch"] if batch else ["--concurrency", "2"]
        for seconds in kills:
            process = command.start(*arguments)
            time.sleep(seconds)
            process.kill()
            process.communicate()
        started = time.perf_counter()
        ran = command.child(*arguments)
        assert ran.code == 0, ran.said
        ledger = (home / "out" / "ledger.jsonl").read_text().splitlines()
        keys = [str(json.loads(line)["key"]) for line in ledger]
        sent = len(service.requests) + len(service.batches.paid)
        return Outcome(timeless(home / "out"), keys, sent, time.perf_counter() - started)


def _slowly(request: dict[str, object]) -> str:
    time.sleep(_ANSWER_SECONDS)
    return perform(request)


if __name__ == "__main__":
    main()
