"""One fake GitHub for all live tests, and a service on each kind of database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.github import GitHub, World, serve
from tests.live.service import Service, WorldTransactions


@pytest.fixture(scope="session")
def github() -> Iterator[GitHub]:
    with serve() as server:
        yield server


@pytest.fixture
def world(github: GitHub) -> Iterator[World]:
    made = github.world()
    yield made
    made.close()
