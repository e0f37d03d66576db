"""The live service on SQLite before a fake GitHub and a fake model, both over real HTTP."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewbot.store.database import open_database
from tests.fakes.github import Repository, World
from tests.fakes.github.fixtures import github, world
from tests.fakes.llm import FakeService
from tests.fakes.llm import serve as serve_model
from tests.live.service import Service, WorldTransactions

__all__ = ["github", "world"]

FUZZ_INPUTS = int(os.environ.get("REVIEWBOT_FUZZ_INPUTS", "5000"))
"""How many inputs all fuzz tests together try; `make harden` sets more."""


@pytest.fixture
def shop(world: World) -> Repository:
    """A repository in which ada may write and eve may not."""
    made = world.repository("acme/shop", files={"app.py": "first = 1\nsecond = 2\nthird = 3\n"})
    made.allow("ada", "write")
    made.allow("eve", "read")
    return made


@pytest.fixture
def service(world: World, tmp_path: Path) -> Iterator[Service]:
    transactions = WorldTransactions(open_database(f"sqlite:///{tmp_path / 'reviewbot.db'}"))
    transactions.world = world
    yield Service(world, transactions, tmp_path / "cache")
    transactions.close()


@pytest.fixture
def model() -> Iterator[FakeService]:
    with serve_model() as made:
        yield made
