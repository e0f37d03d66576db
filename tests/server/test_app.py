from __future__ import annotations

from reviewbot.errors import StoreError
from reviewbot.server.app import Probes
from reviewbot.server.metrics import Metrics
from reviewbot.store.transactions import Transactions
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


def test_a_gauge_that_cannot_be_counted_leaves_the_others_alone():
    def unreachable() -> dict[tuple[str, ...], int]:
        raise StoreError("the database is away")

    metrics = Metrics()
    metrics.watch("reviewbot_away", "Never there.", ("state",), unreachable)
    metrics.watch("reviewbot_there", "Always there.", ("state",), lambda: {("new",): 3})

    shown = metrics.render().decode()

    assert 'reviewbot_there{state="new"} 3.0' in shown
