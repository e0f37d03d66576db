"""`reviewbot doctor` and `reviewbot config show` as a user meets them: real processes, real files."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SECRET = "sk-ant-" + "q7" * 30
PROGRAM = """
import typer
from reviewbot.cli import config, doctor
app = typer.Typer(pretty_exceptions_enable=False)
app.command("doctor")(doctor.doctor)
app.add_typer(config.app, name="config")
app()
"""


def run(directory: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "PYTHONIOENCODING": "utf-8", **variables}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


def checks(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    assert "Traceback" not in done.stderr
    return {check["name"]: check for check in json.loads(done.stdout)}


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_without_any_setting_nothing_needed_is_broken_and_the_static_reviewer_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor")

    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith("OK       git ") for line in lines)
    assert "MISSING  keys       no key for a model is set" in lines
    assert " " * 20 + "Set ANTHROPIC_API_KEY or OPENAI_API_KEY." in lines
    assert any(line.startswith("OK       reviewers  Reviewer: static") for line in lines)
    assert lines[-1] == "Nothing that is needed is broken."
    assert "\x1b" not in done.stdout, "no colours where no terminal reads"
    assert not list(tmp_path.rglob("*.db")), "looking changes nothing"


def test_with_a_key_the_model_reviewer_follows_and_an_unreachable_service_is_a_problem(
    tmp_path: Path, closed_port: int
) -> None:
    done = run(
        tmp_path, "doctor", "--json", ANTHROPIC_API_KEY=SECRET, ANTHROPIC_BASE_URL=f"http://127.0.0.1:{closed_port}"
    )

    found = checks(done)
    assert done.returncode == 2
    assert found["keys"]["said"] == "ANTHROPIC_API_KEY"
    assert "llm with anthropic:" in found["reviewers"]["said"]
    assert found["model"]["status"] == "PROBLEM"
    assert found["model"]["remedy"]
    assert SECRET not in done.stdout + done.stderr


def test_settings_that_cannot_be_read_are_a_problem_and_not_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "reviewbot.toml").write_text("modle = 'x'\n")

    done = run(tmp_path, "doctor")

    assert done.returncode == 2
    assert "PROBLEM  settings   reviewbot.toml:1:1: unknown key 'modle'; expected model" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 problem."
    assert "Traceback" not in done.stderr


def test_a_missing_git_is_a_problem_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    done = run(tmp_path, "doctor", "--json", PATH=str(tmp_path / "empty"))

    found = checks(done)
    assert done.returncode == 2
    assert found["git"]["status"] == "PROBLEM"
    assert "2.30" in found["git"]["remedy"]


@pytest.mark.parametrize(("version", "status"), [("2.29.9", "PROBLEM"), ("2.30.0", "OK"), ("3.0.1.windows.1", "OK")])
def test_git_is_judged_by_its_version(tmp_path: Path, version: str, status: str) -> None:
    (tmp_path / "git").write_text(f"#!/bin/sh\necho git version {version}\n")
    (tmp_path / "git").chmod(0o755)

    assert checks(run(tmp_path, "doctor", "--json", PATH=str(tmp_path)))["git"]["status"] == status


def test_a_database_that_cannot_be_written_or_reached_is_a_problem(tmp_path: Path, closed_port: int) -> None:
    directory = run(tmp_path, "doctor", "--json", REVIEWBOT_DATABASE_URL=f"sqlite:///{tmp_path}")
    server = run(
        tmp_path, "doctor", "--json", REVIEWBOT_DATABASE_URL=f"postgresql://bot:hunter2@127.0.0.1:{closed_port}/reviews"
    )

    assert (directory.returncode, server.returncode) == (2, 2)
    assert checks(directory)["database"]["said"] == f"{tmp_path} is a directory"
    assert "postgresql://bot:…@127.0.0.1" in checks(server)["database"]["said"]
    assert "hunter2" not in server.stdout + server.stderr


def test_config_show_tells_every_value_its_source_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "reviewbot.toml").write_text("# ours\nconcurrency = 2\n")

    table = run(tmp_path, "config", "show", ANTHROPIC_API_KEY=SECRET)
    listed = run(tmp_path, "config", "show", "--json", ANTHROPIC_API_KEY=SECRET)

    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in table.stdout.splitlines()}
    assert rows["SETTING"] == ["VALUE", "FROM"]
    assert rows["REVIEWBOT_CONCURRENCY"] == ["2", "reviewbot.toml:2"]
    assert "sk-a…(67 characters)  " in table.stdout
    by_name = {row["name"]: row for row in json.loads(listed.stdout)}
    assert by_name["ANTHROPIC_API_KEY"]["source"] == "environment"
    assert by_name["REVIEWBOT_MODEL"] == {
        "name": "REVIEWBOT_MODEL",
        "shown_value": "",
        "source": "default",
        "description": by_name["REVIEWBOT_MODEL"]["description"],
    }
    assert SECRET[:8] not in table.stdout + listed.stdout
