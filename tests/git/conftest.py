"""A fresh repository for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.repositories import RepositoryBuilder


@pytest.fixture
def builder(tmp_path: Path) -> RepositoryBuilder:
    return RepositoryBuilder(tmp_path / "checkout")
