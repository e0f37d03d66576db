"""What the engine adds to a replay, with a model that answers at once: `python -m tests.bench --repos DIR`."""

from __future__ import annotations

import json
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

from reviewbot.bootstrap import repository_finder
from reviewbot.domain.replay import Replay
from reviewbot.engine.reviewers.llm import LlmReviewer
from reviewbot.llm.scripted import ScriptedModel
from reviewbot.pipelines.replay import Arm, ReplayPlan, replay
from reviewbot.retro.exposures import load_exposures
from tests.bench.bench_startup import INSTANT


def main(incidents: Path, repos: Path) -> None:
    exposure_file = load_exposures(incidents)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "instant.json"
        script.write_text(json.dumps(INSTANT))
        arm = Arm("llm", "llm", (LlmReviewer(ScriptedModel(script)),), None, 1)
        by_repository: dict[str, list[float]] = defaultdict(list)
        for exposure in exposure_file.exposures:
            finder = repository_finder(repos, exposure_file.repositories)
            alone = ReplayPlan([exposure], dict(exposure_file.kinds), [arm], finder, concurrency=1)
            started = time.perf_counter()
            replay(alone, lambda _: None)
            by_repository[str(exposure.repo)].append(time.perf_counter() - started)
        for name, seconds in sorted(by_repository.items()):
            print(f"replay of {name}: median {median(seconds):.2f} s, longest {max(seconds):.2f} s, n={len(seconds)}")
        everything = [one for seconds in by_repository.values() for one in seconds]
        print(f"replay, one at a time: median {median(everything):.2f} s (target 0.25), n={len(everything)}")
        _together(exposure_file.exposures, dict(exposure_file.kinds), arm, repos)


def _together(exposures, kinds, arm: Arm, repos: Path) -> None:
    done: list[Replay] = []
    started = time.perf_counter()
    replay(ReplayPlan(exposures, kinds, [arm], repository_finder(repos, {}), concurrency=2), done.append)
    failed = sum(not one.head for one in done)
    print(f"{len(done)} replays together: {time.perf_counter() - started:.1f} s (target 60), {failed} failed")
