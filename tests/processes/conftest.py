"""A product of its own for each test, on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.github import Repository, World
from tests.fakes.github.fixtures import github, world
from tests.live.conftest import address
from tests.processes.product import Product

__all__ = ["address", "github", "world"]


@pytest.fixture
def shop(world: World) -> Repository:
    made = world.repository("octo/shop", files={"app.py": "first = 1\nsecond = 2\n"})
    made.allow("ada", "write")
    return made


@pytest.fixture
def product(world: World, tmp_path: Path, address: str) -> Iterator[Product]:
    made = Product(world, tmp_path / "product", address)
    yield made
    made.stop()
