"""Several processes on one PostgreSQL, as if on several machines: who dies is replaced, who was paused is too late."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.github import Pull, World, violations
from tests.ports import free_port
from tests.processes.product import Product, wait_for

SLOW = "first = 1  # SLOW-6 BUG-first\n"
LEASE_SECONDS = 10.0


@pytest.fixture
def machines(world: World, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Product]:
    made = Product(world, tmp_path / "product", new_database(request), {"REVIEWBOT_CONCURRENCY": "2"})
    yield made
    made.stop()


def new_database(request: pytest.FixtureRequest) -> str:
    import os

    import psycopg

    server = str(request.getfixturevalue("postgres_address"))
    name = f"test_{os.urandom(6).hex()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.replace("/postgres?", f"/{name}?", 1)


def is_done(pull: Pull) -> bool:
    return any(check.status == "completed" for check in pull.checks)


def is_begun(pull: Pull) -> bool:
    return any(check.status == "in_progress" for check in pull.checks)


def test_f61_f68_two_servers_and_three_workers_lose_two_of_them_and_nothing_else(machines: Product, world: World):
    # Every process works, the servers too: whoever has a pull request when it is killed or paused is replaced.
    noisy = world.repository("noisy/shop", files={"app.py": "first = 1\n"})
    quiet = [world.repository(f"quiet{number}/shop", files={"app.py": "first = 1\n"}) for number in range(3)]
    other_port = free_port()
    machines.serve("web", wait=False)
    machines.serve("web2", port=other_port)
    wait_for(machines.is_ready, 40, lambda: machines.log("web"))
    workers = {name: machines.worker(name) for name in ("left", "middle", "right")}
    wait_for(lambda: all("working" in machines.log(name) for name in workers), 40, lambda: machines.log("left"))
    senders = (machines.sender, machines.sender_to(other_port))
    many = [noisy.pull(files={"app.py": SLOW.replace("first", f"n{number}")}) for number in range(20)]
    for number, pull in enumerate(many):
        senders[number % 2].send(pull.opened)
    wait_for(lambda: sum(map(is_begun, many)) >= 5, 60, lambda: machines.log("web"))
    few = [one.pull(files={"app.py": f"first = 1  # BUG-q{number}\n"}) for number, one in enumerate(quiet)]
    for pull in few:
        for sender in senders:
            sender.send(pull.opened)

    workers["left"].kill()
    workers["right"].send_signal(signal.SIGSTOP)
    wait_for(lambda: all(map(is_done, few)), 90, lambda: machines.log("web"))
    done_of_the_noisy = sum(map(is_done, many))
    time.sleep(LEASE_SECONDS + 4)
    wait_for(lambda: all(map(is_done, many)), 150, lambda: machines.log("web"))
    workers["right"].send_signal(signal.SIGCONT)
    time.sleep(8)

    assert done_of_the_noisy < len(many), "those who asked for little waited for all that one asked for"
    assert [len(pull.reviews) for pull in [*many, *few]] == [1] * len([*many, *few])
    assert violations(world) == []


def test_f68_a_noisy_installation_does_not_keep_the_others_waiting(machines: Product, world: World):
    noisy = world.repository("noisy/shop", files={"app.py": "first = 1\n"})
    quiet = world.repository("quiet/shop", files={"app.py": "first = 1\n"})
    machines.serve("web")
    many = [noisy.pull(files={"app.py": f"first = 1  # SLOW-2 BUG-n{number}\n"}) for number in range(12)]
    for pull in many:
        machines.sender.send(pull.opened)
    time.sleep(1.0)
    one = quiet.pull(files={"app.py": "first = 1  # BUG-quiet\n"})

    machines.sender.send(one.opened)
    wait_for(lambda: is_done(one), 40, lambda: machines.log("web"))

    assert sum(map(is_done, many)) < len(many) / 2
