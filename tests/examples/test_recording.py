"""The recorded answers of the example belong to the prompts as they are now."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from examples.build_shop import build
from reviewbot.retro.log import RunLog

ROOT = Path(__file__).parents[2]
ANSWERS = ROOT / "examples" / "answers.json"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the run that `make retro` does."""
    folder = tmp_path_factory.mktemp("example")
    build(folder / "repos")
    command = [sys.executable, "-m", "reviewbot", "retro", "--incidents", str(ROOT / "examples" / "incidents.yaml")]
    command += ["--repos", str(folder / "repos"), "--out", str(folder / "run"), "--trials", "1"]
    command += ["--reviewer", "static", "--reviewer", "llm", "--model", f"scripted:{ANSWERS}"]
    command += ["--judge", f"scripted:{ANSWERS}"]
    environment = {"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8", "REVIEWBOT_EFFORT": "quick"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "recorded answers of" in done.stdout
    return folder / "run"


def test_every_prompt_of_the_example_has_its_recorded_answer(run: Path):
    unanswered = {
        f"{replay.case}: {call.failure}"
        for replay in RunLog(run).replays()
        for call in replay.calls
        if call.failure and "holds no answer" in call.failure
    }

    assert not unanswered, "record the answers again: python examples/record_answers.py --model SPEC"


def test_every_finding_on_an_incident_has_its_recorded_judgement(run: Path):
    unjudged = {
        f"{verdict.case} {verdict.arm}: {judgement.failure}"
        for verdict in RunLog(run).verdicts()
        for judgement in verdict.judgements
        if "holds no answer" in judgement.failure
    }

    assert not unjudged, "record the answers again: python examples/record_answers.py --model SPEC"


def test_no_recorded_answer_is_left_over(run: Path):
    recorded = json.loads(ANSWERS.read_text())["answers"]
    replays, verdicts = RunLog(run).replays(), RunLog(run).verdicts()
    asked = sum(len(replay.calls) for replay in replays) + sum(len(verdict.calls) for verdict in verdicts)

    assert len(recorded) <= asked


def test_the_example_tells_the_arms_apart_and_misses_something(run: Path):
    arms = {arm["name"]: arm for arm in json.loads((run / "scorecard.json").read_text())["arms"]}

    assert arms["llm"]["caught"] > arms["static"]["caught"]
    assert arms["llm"]["missed"] + arms["llm"]["partial"] > 0, "an example without a miss would be advertising"
    assert arms["llm"]["failed"] == arms["llm"]["unjudged"] == 0
