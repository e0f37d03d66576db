"""The fixtures of every test that needs a GitHub: one server for all of them, and a world of its own for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.github import GitHub, World, serve


@pytest.fixture(scope="session")
def github() -> Iterator[GitHub]:
    with serve() as server:
        yield server


@pytest.fixture
def world(github: GitHub) -> Iterator[World]:
    made = github.world()
    yield made
    made.close()
