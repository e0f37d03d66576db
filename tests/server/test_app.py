from __future__ import annotations

import re
from pathlib import Path
from random import Random

from reviewbot.domain.pull import PullRef
from reviewbot.domain.repository import RepoName
from reviewbot.errors import StoreError
from reviewbot.server.app import Probes
from reviewbot.server.metrics import METRICS, Metrics
from reviewbot.store.browse.counts import counts
from reviewbot.store.pulls import Pulls
from reviewbot.store.transactions import Transactions, open_transactions
from tests.bench.seed_record import seed
from tests.server.deliveries import post, request
from tests.server.running import Door, NotedJobs, open_door


def failing() -> bool:
    raise StoreError("cannot reach postgresql://user@host/name")


def test_a_process_that_is_alive_says_so(door: Door):
    assert request(door.port, "GET", "/healthz").status == 200


def test_a_service_is_ready_when_all_that_it_needs_is(sqlite: Transactions, jobs: NotedJobs):
    with open_door(sqlite, jobs, probes=Probes({"database": lambda: True, "worker": lambda: True})) as door:
        answer = request(door.port, "GET", "/readyz")

    assert (answer.status, answer.said) == (200, {"ready": True, "checks": {"database": True, "worker": True}})


def test_a_service_is_not_ready_where_something_fails_and_tells_no_address(sqlite: Transactions, jobs: NotedJobs):
    with open_door(sqlite, jobs, probes=Probes({"database": failing, "worker": lambda: False})) as door:
        answer = request(door.port, "GET", "/readyz")

    assert (answer.status, answer.said) == (503, {"ready": False, "checks": {"database": False, "worker": False}})


def test_the_first_page_says_what_this_is_and_runs_nothing(door: Door):
    answer = request(door.port, "GET", "/")

    assert b"reviewbot" in answer.body
    assert answer.headers["content-security-policy"] == "default-src 'none'"


def test_what_became_of_requests_and_how_long_it_took_is_counted(door: Door):
    post(door.port, {})
    post(door.port, {}, X_Hub_Signature_256=None)

    shown = request(door.port, "GET", "/metrics").body.decode()

    assert 'reviewbot_deliveries_total{result="ignored"} 1.0' in shown
    assert 'reviewbot_deliveries_total{result="unsigned"} 1.0' in shown
    assert "reviewbot_acknowledgement_seconds_count 2.0" in shown
    assert "reviewbot_event_loop_lag_seconds_max" in shown


def test_what_cannot_be_counted_leaves_the_others_alone():
    def unreachable() -> dict[str, dict[tuple[str, ...], float]]:
        raise StoreError("the database is away")

    metrics = Metrics()
    metrics.watch(unreachable)
    metrics.received("new", 0.01)

    shown = metrics.render().decode()

    assert 'reviewbot_deliveries_total{result="new"} 1.0' in shown
    assert "reviewbot_queue_jobs" not in shown


def test_what_stands_on_record_is_counted_for_all_processes(tmp_path: Path):
    transactions = open_transactions(f"sqlite:///{tmp_path / 'record.db'}")
    seed(transactions, 40, 120, 6, Random(3))
    pulls = Pulls(transactions)
    pulls.want(PullRef(1, 1), 71, RepoName("acme", "shop"))
    metrics = Metrics()
    metrics.watch(lambda: counts(transactions))

    shown = metrics.render().decode()

    assert 'reviewbot_queue_jobs{state="waiting"} 1.0' in shown
    assert re.search(r"^reviewbot_queue_oldest_seconds \d", shown, re.M)
    assert sum(float(one) for one in re.findall(r"^reviewbot_reviews\{.*\} (\S+)", shown, re.M)) == 40
    assert sum(float(one) for one in re.findall(r"^reviewbot_findings\{.*\} (\S+)", shown, re.M)) == 120
    assert "reviewbot_cost_usd 7.2" in shown


def test_every_metric_is_listed_and_every_listed_one_is_there(tmp_path: Path):
    transactions = open_transactions(f"sqlite:///{tmp_path / 'record.db'}")
    metrics = Metrics()
    metrics.watch(lambda: counts(transactions))
    metrics.received("new", 0.01)
    metrics.job_ended("pull", "done", 1.0)

    shown = metrics.render().decode()

    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)", shown, re.M))
    found = {name.removesuffix("_total"): kind for name, kind in kinds.items() if not name.endswith("_created")}
    assert found == {one.name: one.kind for one in METRICS}
