"""`reviewbot admin` as an operator runs it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from reviewbot.store.transactions import open_transactions
from tests.bench.seed_record import seed

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    transactions = open_transactions(f"sqlite:///{tmp_path / 'record.db'}")
    seed(transactions, 400, 800, 4, Random(5))
    with transactions.writing() as session:
        session.connection().exec_driver_sql(
            "UPDATE pull SET outcome = 'failed', reason = 'x \x1b[2J' WHERE number = 8"
        )
    transactions.close()
    return tmp_path


def admin(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "REVIEWBOT_DATABASE_URL": f"sqlite:///{folder / 'record.db'}",
        **variables,
    }
    command = [sys.executable, "-m", "reviewbot", "admin", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def test_s36_jobs_that_failed_are_listed_without_power_over_the_terminal(folder: Path):
    done = admin(folder, "jobs", "list", "--failed")

    assert done.returncode == 0, done.stderr
    assert "failed  acme/shop#8" in done.stdout
    assert "dead    delivery" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_job_is_asked_for_again_seen_and_taken_back(folder: Path):
    assert admin(folder, "jobs", "retry", "ACME/shop#8").returncode == 0
    assert "waits   acme/shop#8" in admin(folder, "jobs", "list").stdout
    assert admin(folder, "jobs", "cancel", "acme/shop#8").returncode == 0
    assert "waits" not in admin(folder, "jobs", "list").stdout


def test_a_dead_delivery_is_handled_once_more(folder: Path):
    listed = admin(folder, "jobs", "list", "--failed").stdout
    number = next(line.split()[2] for line in listed.splitlines() if line.startswith("dead"))

    assert admin(folder, "jobs", "retry", f"delivery:{number}").returncode == 0
    with sqlite3.connect(folder / "record.db") as connection:
        assert connection.execute("SELECT state FROM delivery WHERE id = ?", (number,)).fetchone() == ("received",)


@pytest.mark.parametrize("what", ["acme/shop", "acme/none#1", "acme/shop#x", "acme/shop#999999", "delivery:99999"])
def test_what_is_not_there_is_named(folder: Path, what: str):
    done = admin(folder, "jobs", "retry", what)

    assert done.returncode == 2
    assert what.rpartition(":")[2].partition("#")[0] in done.stderr


def test_one_repository_is_written_out_and_no_other(folder: Path):
    done = admin(folder, "export", "--repo", "acme/shop", "--out", "shop.jsonl")

    rows = [json.loads(line) for line in (folder / "shop.jsonl").read_text().splitlines()]
    assert done.returncode == 0, done.stderr
    assert {row["repo_id"] for row in rows if "repo_id" in row} == {1_000}
    assert {"pull", "round", "review", "finding", "known_finding", "finding_outcome"} <= {row["table"] for row in rows}
    assert not {"web_session", "delivery", "outgoing"} & {row["table"] for row in rows}
    assert sum(row["table"] == "round" for row in rows) == 50
    assert admin(folder, "export", "--out", "shop.jsonl").returncode == 2, "a file that is there is not written over"


def test_pruning_asks_how_old_is_old_and_tells_what_went(folder: Path):
    assert "REVIEWBOT_RETENTION_DAYS" in admin(folder, "prune").stderr
    trial = admin(folder, "prune", "--dry-run", REVIEWBOT_RETENTION_DAYS="90")
    done = admin(folder, "prune", "--days", "90")

    assert "Nothing was deleted" in trial.stdout
    assert trial.stdout.splitlines()[:7] == done.stdout.splitlines()[:7]
    assert "Deleted what is older than 90 days" in done.stdout


def test_a_backup_is_a_database(folder: Path):
    done = admin(folder, "backup", "copy.db")

    assert done.returncode == 0, done.stderr
    with sqlite3.connect(folder / "copy.db") as connection:
        assert connection.execute("SELECT count(*) FROM round").fetchone() == (400,)
    assert "is there already" in admin(folder, "backup", "copy.db").stderr
