"""The steps of the Action, run for real: a repository, a change, and the variables that GitHub would give."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUGGY = "import subprocess\n\n\ndef run(name):\n    assert name\n    return subprocess.call(name, shell=True)\n"


def git(folder: Path, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    settings = ["-c", "user.name=ada", "-c", "user.email=ada@example.com"]
    command = ["git", *settings, *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> tuple[Path, str]:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "app.py").write_text("x = 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "First")
    base = git(folder, "rev-parse", "HEAD")
    (folder / "app.py").write_text(BUGGY)
    git(folder, "commit", "-q", "-a", "-m", "Run things")
    return folder, base


def run(tmp_path: Path, folder: Path, base: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The review step; the virtual environment of the tests stands in for the one that the step before makes."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "ACTION": str(ROOT),
        "TARGET": str(Path(sys.executable).parents[1]),
        "OUT": str(tmp_path / "out"),
        "EVENT": "pull_request",
        "BASE": base,
        "MODEL": "",
        "API_KEY": "",
        "FAIL_ON": "",
        "BUDGET": "",
        "REVIEWBOT_EFFORT": "quick",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        **variables,
    }
    command = ["bash", str(ROOT / "deploy" / "action.sh")]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_pull_request_gets_a_summary_and_sarif(tmp_path: Path, checkout: tuple[Path, str]):
    done = run(tmp_path, *checkout)

    assert done.returncode == 0, done.stdout + done.stderr
    sarif = json.loads((tmp_path / "out" / "review.sarif").read_text())
    assert sarif["version"] == "2.1.0"
    assert "app.py" in (tmp_path / "summary.md").read_text()
    output = dict(line.split("=", 1) for line in (tmp_path / "output").read_text().splitlines())
    assert int(output["findings"]) == len(sarif["runs"][0]["results"]) > 0


def test_a_run_of_a_fork_has_no_key_and_says_so(tmp_path: Path, checkout: tuple[Path, str]):
    done = run(tmp_path, *checkout, MODEL="anthropic:some-model")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "::notice::No key for anthropic:some-model" in done.stdout
    assert json.loads((tmp_path / "out" / "review.json").read_text())["runs"][0]["reviewer"] == "static"


def test_a_grave_finding_fails_the_job_where_somebody_asks_for_that(tmp_path: Path, checkout: tuple[Path, str]):
    done = run(tmp_path, *checkout, FAIL_ON="low")

    assert done.returncode == 1
    assert (tmp_path / "out" / "review.sarif").exists()


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"EVENT": "pull_request_target"}, "does not run on pull_request_target"),
        ({"BASE": ""}, "is of no pull request"),
        ({"MODEL": "compatible:x@http://evil.example", "API_KEY": "k"}, "expected anthropic:NAME or openai:NAME"),
    ],
)
def test_what_cannot_be_done_safely_is_refused_in_words(
    tmp_path: Path, checkout: tuple[Path, str], variables: dict[str, str], words: str
):
    done = run(tmp_path, *checkout, **variables)

    assert done.returncode == 2
    assert words in done.stdout
    assert "::error::" in done.stdout


def test_s37_no_word_of_an_input_is_run(tmp_path: Path, checkout: tuple[Path, str]):
    canary = tmp_path / "canary"
    words = f"$(touch {canary}); touch {canary} #"

    for name in ("MODEL", "FAIL_ON", "BUDGET", "BASE", "REVIEWBOT_EFFORT"):
        run(tmp_path, *checkout, **{name: words} if name != "BASE" else {})
    run(tmp_path, checkout[0], words)

    assert not canary.exists()
