"""A fake GitHub for the tests of the fake itself: one server, a world for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.github import Repository, World
from tests.fakes.github.fixtures import github, world
from tests.fakes.github.plain_client import PlainClient

__all__ = ["github", "world"]


@pytest.fixture
def shop(world: World) -> Repository:
    lines = "".join(f"x{number} = 1\n" for number in range(1, 31))
    made = world.repository("octo/shop", files={"a.py": lines, "b.py": "b = 1\n"})
    made.allow("ada", "write")
    return made


@pytest.fixture
def client(world: World) -> Iterator[PlainClient]:
    made = PlainClient(world)
    yield made
    made.close()


@pytest.fixture
def token(client: PlainClient, shop: Repository) -> str:
    return client.token(shop)
