from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from reviewbot.jobs.engine import Engine
from reviewbot.store.transactions import Transactions, open_transactions
from tests.jobs.small_service import QUICK
from tests.store.conftest import address

__all__ = ["address"]


@pytest.fixture
def transactions(address: str) -> Iterator[Transactions]:
    opened = open_transactions(address)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def make_engine(transactions: Transactions) -> Iterator[Callable[..., Engine]]:
    """Makes engines that are stopped at the end of the test, whatever their handlers do."""
    made: list[Engine] = []

    def make(**options: object) -> Engine:
        engine = Engine(transactions, **{"rhythm": QUICK, **options})
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine.stop(0.5)
