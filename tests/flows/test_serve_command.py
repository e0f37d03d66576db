"""`serve`, `worker` and `reconcile` do not start half set up; `doctor` says what is missing before."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.github import World
from tests.fakes.github.deliveries import record
from tests.fakes.github.fixtures import github, world

__all__ = ["github", "world"]

APP_ID, KEY, SECRET = "REVIEWBOT_GITHUB_APP_ID", "REVIEWBOT_GITHUB_PRIVATE_KEY", "REVIEWBOT_WEBHOOK_SECRET"
HOOK_SECRET = "hook-" + "q7" * 12
NO_KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "q7Aa" * 16 + "\n-----END RSA PRIVATE KEY-----"


def run(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **variables}
    done = subprocess.run(
        [sys.executable, "-m", "reviewbot", *arguments],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    return done


def test_f10_serve_names_everything_that_is_missing_and_the_remedy(tmp_path: Path) -> None:
    done = run(tmp_path, "serve")

    assert done.returncode == 2
    assert all(f"  {name}: " in done.stderr for name in (APP_ID, KEY, SECRET))
    assert "reviewbot app create" in done.stderr


def test_f10_serve_does_not_start_without_a_webhook_secret(tmp_path: Path, world: World) -> None:
    done = run(tmp_path, "serve", **{APP_ID: "7", KEY: world.private_key})

    assert done.returncode == 2
    assert f"  {SECRET}: " in done.stderr
    assert f"  {APP_ID}: " not in done.stderr
    assert f"  {KEY}: " not in done.stderr


@pytest.mark.parametrize("command", ["worker", "reconcile"])
def test_what_only_works_needs_no_webhook_secret_but_the_app(tmp_path: Path, command: str) -> None:
    done = run(tmp_path, command)

    assert done.returncode == 2
    assert f"  {APP_ID}: " in done.stderr
    assert f"  {KEY}: " in done.stderr
    assert SECRET not in done.stderr


@pytest.mark.parametrize("command", ["serve", "worker", "reconcile"])
def test_f31_a_private_key_that_cannot_sign_stops_the_start_and_is_not_shown(tmp_path: Path, command: str) -> None:
    done = run(tmp_path, command, **{APP_ID: "7", KEY: NO_KEY, SECRET: HOOK_SECRET})

    assert done.returncode == 2
    assert KEY in done.stderr
    assert "q7Aa" not in done.stderr
    assert HOOK_SECRET not in done.stderr


def test_a_worker_beside_others_needs_a_database_that_can_be_shared(tmp_path: Path, world: World) -> None:
    done = run(tmp_path, "worker", **{APP_ID: "7", KEY: world.private_key})

    assert done.returncode == 2
    assert "REVIEWBOT_DATABASE_URL" in done.stderr
    assert "reviewbot serve" in done.stderr


@pytest.mark.parametrize("option", [("--port", "70000"), ("--port", "http")])
def test_a_port_that_is_none_is_refused(tmp_path: Path, option: tuple[str, str]) -> None:
    assert run(tmp_path, "serve", *option).returncode == 2


def github_lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    return [check for check in json.loads(done.stdout) if check["name"] == "github"]


def test_the_doctor_misses_an_app_without_calling_that_a_problem(tmp_path: Path) -> None:
    (line,) = github_lines(run(tmp_path, "doctor", "--json"))

    assert line["status"] == "MISSING"
    assert "reviewbot app create" in line["remedy"]


def test_the_doctor_names_what_half_an_app_lacks(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", "--json", **{APP_ID: "7"})

    (line,) = github_lines(done)
    assert (done.returncode, line["status"]) == (2, "PROBLEM")
    assert f"{KEY}, {SECRET}" in line["said"]


def test_f31_the_doctor_finds_a_key_that_cannot_sign(tmp_path: Path) -> None:
    (line,) = github_lines(run(tmp_path, "doctor", "--json", **{APP_ID: "7", KEY: NO_KEY, SECRET: HOOK_SECRET}))

    assert line["status"] == "PROBLEM"
    assert "q7Aa" not in line["said"]


def test_the_doctor_asks_github_only_when_it_is_told_to(tmp_path: Path, world: World) -> None:
    variables = {
        APP_ID: str(world.app_id),
        KEY: world.private_key,
        SECRET: f"{HOOK_SECRET},{HOOK_SECRET}2",
        "REVIEWBOT_GITHUB_API_URL": world.api_url,
    }

    (offline,) = github_lines(run(tmp_path, "doctor", "--json", **variables))
    assert offline["status"] == "OK"
    assert "2 webhook secrets" in offline["said"]
    assert len(world.calls) == 0

    _, online = github_lines(run(tmp_path, "doctor", "--json", "--online", **variables))
    assert online["status"] == "OK"
    assert world.slug in online["said"]


def test_the_doctor_says_that_github_does_not_know_the_app(tmp_path: Path, world: World) -> None:
    variables = {APP_ID: "1", KEY: world.private_key, SECRET: HOOK_SECRET, "REVIEWBOT_GITHUB_API_URL": world.api_url}

    done = run(tmp_path, "doctor", "--json", "--online", **variables)

    assert done.returncode == 2
    assert github_lines(done)[-1]["status"] == "PROBLEM"


def test_doctor_names_a_clock_that_is_an_hour_off(tmp_path: Path, world: World) -> None:
    world.clock.advance(3_600)
    given = {APP_ID: str(world.app_id), KEY: world.private_key, SECRET: HOOK_SECRET}

    done = run(tmp_path, "doctor", "--online", REVIEWBOT_GITHUB_API_URL=world.api_url, **given)

    assert done.returncode == 2
    assert re.search(r"^PROBLEM  clock +this machine's clock is 3(600|599|601) s behind GitHub's$", done.stdout, re.M)
    assert "NTP" in done.stdout


def test_doctor_names_the_proxy_that_stands_in_between(tmp_path: Path, world: World) -> None:
    given = {APP_ID: str(world.app_id), KEY: world.private_key, SECRET: HOOK_SECRET}

    done = run(
        tmp_path,
        *("doctor", "--online"),
        REVIEWBOT_GITHUB_API_URL="https://github.example.org/api/v3",
        HTTPS_PROXY="http://user:hunter2-secret@127.0.0.1:9",
        **given,
    )

    assert done.returncode == 2
    assert "HTTPS_PROXY is set: it goes through that proxy." in done.stdout
    assert "hunter2-secret" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        (202, "OK", "GitHub's last delivery arrived; 1 of the last 2 did not"),
        (401, "PROBLEM", "refused for its signature"),
        (502, "PROBLEM", "did not arrive: 502"),
    ],
)
def test_doctor_tells_what_github_says_of_its_deliveries(
    tmp_path: Path, world: World, code: int, status: str, words: str
) -> None:
    pull = world.repository("octo/shop", files={"a.py": "x = 1\n"}).pull(files={"a.py": "x = 2\n"})
    for number, answer in enumerate((500, code)):
        record(world, pull.opened, f"guid-{number}", answer)
    given = {APP_ID: str(world.app_id), KEY: world.private_key, SECRET: HOOK_SECRET}

    done = run(tmp_path, "doctor", "--online", REVIEWBOT_GITHUB_API_URL=world.api_url, **given)

    (line,) = [line for line in done.stdout.splitlines() if line.split()[1:2] == ["webhook"]]
    assert line.startswith(status)
    assert words in line
