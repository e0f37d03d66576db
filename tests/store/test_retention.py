"""Retention deletes what it says and nothing else; a trial deletes nothing at all."""

from __future__ import annotations

from random import Random

import pytest

from reviewbot.domain.pull import PullRef
from reviewbot.domain.repository import RepoName
from reviewbot.store.pulls import Pulls
from reviewbot.store.retention import prune
from reviewbot.store.transactions import Transactions
from tests.bench.seed_record import seed
from tests.store.conftest import run_sql

KEPT = ("known_finding", "finding_outcome", "incident", "pull", "ignored_finding", "outgoing", "installation")
DAY = 86_400.0


def count(transactions: Transactions, table: str) -> int:
    return int(run_sql(transactions, f"SELECT count(*) FROM {table}")[0][0])


@pytest.fixture
def year(transactions: Transactions) -> Transactions:
    """A year of reviews of merged pull requests."""
    seed(transactions, 60, 240, 10, Random(5))
    return transactions


def test_what_is_older_goes_and_what_is_younger_stays(year: Transactions):
    with year.reading() as session:
        before = year.now(session) - 90 * DAY
    young = run_sql(year, "SELECT count(*) FROM round WHERE created_at >= :one", one=before)[0][0]

    found = prune(year, 90)

    assert count(year, "round") == count(year, "review") == young
    assert found.reviews == 60 - young > 0
    assert count(year, "finding") == 4 * young
    assert count(year, "spending") == young
    assert run_sql(year, "SELECT count(*) FROM pull_fact WHERE title = ''")[0][0] == found.pull_titles > 0


def test_the_record_stays(year: Transactions):
    before = {table: count(year, table) for table in KEPT}

    prune(year, 1)

    assert {table: count(year, table) for table in KEPT} == before


def test_a_trial_counts_the_same_and_deletes_nothing(year: Transactions):
    before = {table: count(year, table) for table in (*KEPT, "round", "review", "finding", "spending", "delivery")}

    trial = prune(year, 90, is_trial=True)

    assert {table: count(year, table) for table in before} == before
    assert trial == prune(year, 90)
    assert prune(year, 90).total == 0


def test_an_open_pull_request_and_one_that_is_worked_on_keep_their_reviews(year: Transactions):
    run_sql(year, "UPDATE pull_fact SET state = 'open' WHERE number = 1")
    Pulls(year).want(PullRef(1_000 + 2, 2), 71, RepoName("acme", "billing"))

    prune(year, 1)

    assert run_sql(year, "SELECT number FROM round WHERE number <= 3 ORDER BY number") == [(1,), (2,)]


def test_f23_the_names_of_deliveries_stay_for_a_year(year: Transactions):
    run_sql(
        year,
        "UPDATE delivery SET received_at = received_at - :one WHERE id = (SELECT min(id) FROM delivery)",
        one=400 * DAY,
    )
    names = count(year, "delivery")

    found = prune(year, 30)

    assert found.deliveries == 1
    assert count(year, "delivery") == names - 1


def test_reviews_of_retro_runs_stay(year: Transactions):
    run_sql(year, "INSERT INTO retro_run (folder, started_at, incidents_file) VALUES ('a', 'b', 'c')")
    run_sql(
        year,
        "INSERT INTO replay (run_id, review_id, case_name, kind, arm, trial, notes, seconds) "
        "SELECT max(id), 1, 'x', 'incident', 'a', 1, '[]', 1 FROM retro_run",
    )

    prune(year, 30)

    assert run_sql(year, "SELECT count(*) FROM review WHERE id = 1") == [(1,)]
