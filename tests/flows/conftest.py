"""A shop with a past, a model service beside it, and the command that is run on both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.llm import FakeService, serve
from tests.flows.world import Command, World, build_world, incidents_yaml, play


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def service() -> Iterator[FakeService]:
    with serve() as fake:
        fake.answerer = play
        yield fake


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def reviewbot(home: Path) -> Command:
    """The command without any key."""
    return Command(home)


@pytest.fixture
def keyed(home: Path, service: FakeService) -> Command:
    """The command with a key for the model service."""
    return Command(home, service)


@pytest.fixture
def incidents(home: Path, world: World) -> Path:
    path = home / "incidents.yaml"
    path.write_text(incidents_yaml(world))
    return path
