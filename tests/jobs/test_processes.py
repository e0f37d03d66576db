"""Real processes that are killed and stopped: nothing that was asked for is lost."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psycopg
import pytest

from reviewbot.domain.pull import PullRef
from reviewbot.jobs.durable import DurableQueue
from reviewbot.jobs.queue import PullJob
from reviewbot.store.pulls import Pulls
from reviewbot.store.transactions import open_transactions
from tests.jobs.processes import SmallService, is_running, small_service
from tests.jobs.small_service import NEVER_RETURNS, REPO
from tests.jobs.waiting import wait_until
from tests.server.deliveries import post

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def want(address: str, *numbers: int) -> None:
    """Asks for looks at pull requests, as a delivery does."""
    transactions = open_transactions(address)
    queue, pulls = DurableQueue(transactions), Pulls(transactions)
    for number in numbers:
        wanted = pulls.want(PullRef(1, number), number % 5, REPO)
        queue.enqueue(PullJob(PullRef(1, number), wanted, number % 5))
    queue.close()
    transactions.engine.dispose()


def noted(service: SmallService, what: str) -> set[int]:
    return {which for kind, which, _ in service.diary.lines() if kind == what}


def begun_by(service: SmallService, number: int) -> list[int]:
    return [process for kind, which, process in service.diary.lines() if (kind, which) == ("begun", number)]


def test_f60_jobs_of_a_worker_that_is_killed_and_never_returns_are_taken_over_by_another(database: str, tmp_path: Path):
    with (
        small_service("work", database, tmp_path, "--busy", "0.2") as first,
        small_service("work", database, tmp_path, "--busy", "0.2") as second,
    ):
        wait_until(lambda: are_launched(database, 2), 30)
        want(database, NEVER_RETURNS, *range(20))
        wait_until(lambda: begun_by(first, NEVER_RETURNS), 20)
        [holder] = begun_by(first, NEVER_RETURNS)
        dead, alive = (first, second) if first.process.pid == holder else (second, first)

        dead.kill()

        wait_until(lambda: noted(alive, "ended") >= set(range(20)), 60, alive.log.read_text)
        wait_until(lambda: alive.process.pid in begun_by(alive, NEVER_RETURNS), 60, alive.log.read_text)


def are_launched(address: str, count: int) -> bool:
    """Whether so many processes work, and all of the engine's tables are there."""
    transactions = open_transactions(address)
    try:
        with transactions.reading() as session:
            connection = session.connection()
            if connection.exec_driver_sql("SELECT to_regclass('dbos.queues')").scalar() is None:
                return False
            queues = connection.exec_driver_sql("SELECT count(*) FROM dbos.queues").scalar()
            workers = connection.exec_driver_sql("SELECT count(*) FROM worker").scalar()
            return (queues, workers) == (3, count)
    finally:
        transactions.engine.dispose()


@pytest.fixture
def database(postgres_address: str) -> str:
    """An empty database of its own."""
    name = f"test_{os.urandom(6).hex()}"
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgres_address.replace("/postgres?", f"/{name}?", 1)


def test_f60_a_killed_server_takes_its_worker_with_it_and_the_next_start_goes_on(tmp_path: Path):
    address = f"sqlite:///{tmp_path / 'reviewbot.db'}"
    with small_service("serve", address, tmp_path, "--busy", "0.3") as service:
        service.wait_until_ready()
        statuses = [post(service.port, {"pull": number}, guid=f"guid-{number}").status for number in range(12)]
        wait_until(lambda: noted(service, "begun"))
        below = service.children()
        service.kill()
        wait_until(lambda: not any(is_running(child) for child in below), 5)

    with small_service("serve", address, tmp_path) as following:
        following.wait_until_ready()
        wait_until(lambda: noted(following, "ended") == set(range(12)), 60, following.log.read_text)

    assert statuses == [202] * 12
    assert len(below) == 2


def test_f60_a_worker_that_dies_is_replaced_while_deliveries_are_acknowledged(tmp_path: Path):
    address = f"sqlite:///{tmp_path / 'reviewbot.db'}"
    with small_service("serve", address, tmp_path) as service:
        service.wait_until_ready()
        _, worker = service.children()
        os.kill(worker, signal.SIGKILL)
        answers = [post(service.port, {"pull": number}, guid=f"guid-{number}").status for number in range(5)]

        wait_until(lambda: noted(service, "ended") == set(range(5)), 20)

    assert answers == [202] * 5


@pytest.mark.parametrize("how", ["serve", "work"])
def test_f60_a_process_told_to_stop_is_gone_within_ten_seconds_though_a_handler_hangs(how: str, tmp_path: Path):
    address = f"sqlite:///{tmp_path / 'reviewbot.db'}"
    with small_service("serve", address, tmp_path) as first:
        first.wait_until_ready()
        post(first.port, {"pull": NEVER_RETURNS}, guid="hangs")
        wait_until(lambda: noted(first, "delivered"))
        wait_until(lambda: begun_by(first, NEVER_RETURNS))
        first.kill()
    with small_service(how, address, tmp_path) as service:
        wait_until(lambda: len(begun_by(service, NEVER_RETURNS)) == 2, 30)

        started = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        status = service.process.wait(15)
        took = time.monotonic() - started

    assert status == 0
    assert took < 10


def test_an_idle_process_told_to_stop_is_gone_at_once(tmp_path: Path):
    with small_service("serve", f"sqlite:///{tmp_path / 'reviewbot.db'}", tmp_path) as service:
        service.wait_until_ready()

        started = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        status = service.process.wait(15)

        assert status == 0
        assert time.monotonic() - started < 4


def test_a_second_process_on_the_same_sqlite_file_is_refused_with_the_remedy(tmp_path: Path):
    address = f"sqlite:///{tmp_path / 'reviewbot.db'}"
    with small_service("serve", address, tmp_path) as first:
        first.wait_until_ready()
        with small_service("serve", address, tmp_path) as second:
            status = second.process.wait(20)

            assert status != 0
            assert "postgresql://" in second.log.read_text()
        assert first.is_ready()


def test_what_the_worker_has_done_is_counted_where_metrics_are_asked_for(tmp_path: Path):
    with small_service("serve", f"sqlite:///{tmp_path / 'reviewbot.db'}", tmp_path) as service:
        service.wait_until_ready()
        post(service.port, {"pull": 1}, guid="guid-1")
        wait_until(lambda: noted(service, "ended"))

        wait_until(lambda: 'reviewbot_jobs_total{job="pull",result="done"} 1.0' in metrics(service))


def metrics(service: SmallService) -> str:
    import urllib.request

    with urllib.request.urlopen(f"http://127.0.0.1:{service.port}/metrics", timeout=5) as answer:
        return answer.read().decode()
