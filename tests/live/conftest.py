"""One fake GitHub for all live tests, and a service on each kind of database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewbot.store.database import open_database
from tests.fakes.github import Repository, World
from tests.fakes.github.fixtures import github, world
from tests.live.service import Service, WorldTransactions

__all__ = ["github", "world"]


@pytest.fixture
def shop(world: World) -> Repository:
    """A repository in which ada may write and eve may not."""
    made = world.repository("octo/shop", files={"app.py": "first = 1\nsecond = 2\nthird = 3\n"})
    made.allow("ada", "write")
    made.allow("eve", "read")
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'reviewbot.db'}"
    server = str(request.getfixturevalue("postgres_address"))
    import psycopg

    name = f"test_{os.urandom(6).hex()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.replace("/postgres?", f"/{name}?", 1)


@pytest.fixture
def service(world: World, address: str, tmp_path: Path) -> Iterator[Service]:
    transactions = WorldTransactions(open_database(address))
    transactions.world = world
    yield Service(world, transactions, tmp_path / "cache")
    transactions.close()
