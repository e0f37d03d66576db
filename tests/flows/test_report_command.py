"""`reviewbot report` as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

from reviewbot.store.transactions import open_transactions
from tests.bench.seed_record import seed

ROOT = Path(__file__).parents[2]


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "REVIEWBOT_DATABASE_URL": f"sqlite:///{tmp_path / 'record.db'}",
    }
    command = [sys.executable, "-m", "reviewbot", "report", *arguments]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)


def test_the_record_is_printed_and_written(tmp_path: Path):
    transactions = open_transactions(f"sqlite:///{tmp_path / 'record.db'}")
    seed(transactions, 30, 90, 12, Random(5))
    transactions.close()

    done = run(tmp_path, "--since", "1y", "--out", "meeting", "--repo", "ACME/shop")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("The record, ")
    assert "acme/till" not in (tmp_path / "meeting" / "record.md").read_text()
    assert (tmp_path / "meeting" / "record.html").read_text().startswith("<!doctype html>")


def test_an_empty_database_is_a_record_too(tmp_path: Path):
    done = run(tmp_path)

    assert done.returncode == 0, done.stderr
    assert "No incident on record" in done.stdout


def test_an_unknown_repository_and_a_span_that_is_none_are_named(tmp_path: Path):
    unknown, span = run(tmp_path, "--repo", "acme/none"), run(tmp_path, "--since", "soon")

    assert (unknown.returncode, span.returncode) == (2, 2)
    assert "nothing is on record of acme/none" in unknown.stderr
    assert "--since soon" in span.stderr
