from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewbot.store.transactions import Transactions, open_transactions
from tests.server.running import Door, NotedJobs, open_door
from tests.store.conftest import address

__all__ = ["address"]


@pytest.fixture
def transactions(address: str) -> Iterator[Transactions]:
    opened = open_transactions(address)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Transactions]:
    opened = open_transactions(f"sqlite:///{tmp_path / 'reviewbot.db'}")
    yield opened
    opened.engine.dispose()


@pytest.fixture
def jobs() -> NotedJobs:
    return NotedJobs()


@pytest.fixture
def door(sqlite: Transactions, jobs: NotedJobs) -> Iterator[Door]:
    with open_door(sqlite, jobs) as opened:
        yield opened
