"""A thousand replays with a model that answers at once: `python -m tests.bench.bench_retro [--trials 10]`.

Prints what ledger, log, database and scoring add to reading the changes and reviewing them, how memory grows, and what
a report on 200 incidents weighs and takes to open.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from reviewbot.bootstrap import repository_finder
from reviewbot.domain.replay import Replay
from reviewbot.engine.reviewers.llm import LlmReviewer
from reviewbot.llm.ledger import LedgerModel
from reviewbot.llm.scripted import ScriptedModel
from reviewbot.pipelines.judge.evidence import RunRecord, report_of
from reviewbot.pipelines.judge.verdicts import JudgePlan, judge
from reviewbot.pipelines.replay import Arm, ReplayPlan, replay
from reviewbot.report.retro_html import html_report
from reviewbot.report.scorecard import scorecard_json
from reviewbot.retro.exposures import load_exposures
from reviewbot.retro.log import RunLog, RunSettings
from reviewbot.store.store import open_store
from tests.bench.bench_startup import INSTANT
from tests.fakes.repositories import RepositoryBuilder
from tests.report.samples import report

_CHANGES = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _replays(Path(folder), options.trials)
        _page(Path(folder))


def _replays(root: Path, trials: int) -> None:
    incidents = _story(root)
    exposure_file = load_exposures(incidents)
    script = root / "instant.json"
    script.write_text(json.dumps(INSTANT))
    find = repository_finder(root / "mirrors", {})

    def run(model: LedgerModel | ScriptedModel, record: object) -> float:
        arm = Arm("llm", "llm", (LlmReviewer(model),), None, trials)
        plan = ReplayPlan(exposure_file.exposures, dict(exposure_file.kinds), [arm], find, concurrency=2)
        started = time.perf_counter()
        replay(plan, record)  # type: ignore[arg-type]
        return time.perf_counter() - started

    bare = run(ScriptedModel(script), lambda _: None)
    log, store = RunLog(root / "run"), open_store(f"sqlite:///{root / 'bench.db'}")
    now = datetime.now(UTC)
    settings = RunSettings(
        str(incidents), None, "x", ("llm",), ("llm",), (None,), (trials,), None, "0", now.isoformat()
    )
    log.start(settings, resume=False)
    number, unsaved = store.start_run(settings.started_at, "run", "incidents.yaml"), list[Replay]()
    memory, done, alone_with = list[float](), 0, Lock()

    def record(one: Replay) -> None:
        nonlocal done
        log.append(one)
        with alone_with:
            done += 1
            unsaved.append(one)
            if done % 50 == 0:
                store.save_replays(number, unsaved)
                unsaved.clear()
            if done % 100 == 0:
                memory.append(_megabytes())

    ledger = run(LedgerModel(ScriptedModel(script), root / "alone.jsonl"), lambda _: None)
    kept = run(LedgerModel(ScriptedModel(script), log.ledger), record)
    started = time.perf_counter()
    replays = log.replays()
    verdicts, _ = judge(JudgePlan(incidents, replays, find, None), lambda _: None)
    judged = time.perf_counter()
    made = report_of(RunRecord(settings, replays, verdicts, lambda _: None, find, now))
    scorecard_json(made.scorecard)
    scored = time.perf_counter() - judged
    whole = kept + judged - started + scored
    print(f"{len(replays)} replays of {_CHANGES} changes, two at a time: {1000 * bare / len(replays):.1f} ms each")
    print(f"{bare:.1f} s bare, {ledger:.1f} s with the ledger, {kept:.1f} s with ledger, log and database")
    print(f"comparing places {judged - started:.1f} s, scoring and evidence {scored:.1f} s")
    print(f"ledger and scoring: {100 * (ledger - bare + scored) / whole:.0f} % of the run (target 10)")
    print(f"log and database: {100 * (kept - ledger) / whole:.0f} % of the run")
    print(f"memory after each hundred, in MB: {', '.join(f'{one:.0f}' for one in memory)}")


def _story(root: Path) -> Path:
    """A repository of a hundred changes, each of twenty lines, and a file that calls every one an incident."""
    builder = RepositoryBuilder(root / "checkout")
    builder.write("core.py", "\n".join(f"def f{number}(x):\n    return x + {number}\n" for number in range(300)))
    builder.commit("Begin")
    shas = []
    for number in range(_CHANGES):
        lines = [f"def f{one}(x):\n    return x * {number} + {one}\n" for one in range(number, number + 10)]
        builder.write(f"part_{number % 7}.py", "\n".join(lines))
        shas.append(builder.commit(f"Change {number}"))
    builder.bare_copy(root / "mirrors" / "acme" / "bench.git")
    rows = [
        f'  - {{id: INC-{number}, repo: acme/bench, root_cause: it broke, introduced: [{{commit: "{sha}"}}], '
        f"locations: [{{path: part_{number % 7}.py, start_line: 1, end_line: 2}}]}}"
        for number, sha in enumerate(shas)
    ]
    path = root / "incidents.yaml"
    path.write_text('schema_version: "1.0"\nincidents:\n' + "\n".join(rows) + "\n")
    return path


def _page(root: Path) -> None:
    page = root / "report.html"
    page.write_text(html_report(report(incidents=200)))
    print(f"report.html for 200 incidents: {page.stat().st_size / 1e6:.2f} MB (target 3)")
    browser = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    if browser is None:
        print("opening it: not measured, no Chromium here")
        return
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={root / 'profile'}"]
    seconds = []
    for target in ("about:blank", page.as_uri(), page.as_uri()):
        started = time.perf_counter()
        subprocess.run([browser, *quiet, "--dump-dom", target], capture_output=True, check=False, timeout=120)
        seconds.append(time.perf_counter() - started)
    print(f"opening it in Chromium: {seconds[2] - seconds[0]:.2f} s more than an empty page (target 1)")


def _megabytes() -> float:
    """Resident memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    main()
