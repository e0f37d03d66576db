"""Pull requests of the fake GitHub, read over its API and fetched over its git, as the service does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from reviewbot.domain.repository import RepoName, Sha
from reviewbot.git.live import CommitGone, FetchFailed, LiveCache, LiveChange, git_address
from reviewbot.git.remote import Cause
from reviewbot.github.app import GitHubApp
from reviewbot.github.pace import MemoryPace
from reviewbot.github.repository import RepositoryClient
from tests.fakes.github import GitHub, Pull, Repository, World, serve


@pytest.fixture(scope="module")
def github() -> Iterator[GitHub]:
    with serve() as server:
        yield server


@pytest.fixture
def world(github: GitHub) -> Iterator[World]:
    made = github.world()
    yield made
    assert made.violations == []
    made.close()


@pytest.fixture
def shop(world: World) -> Repository:
    return world.repository("octo/shop", files={"a.py": "x = 1\n", ".reviewbot.yml": "version: 1\n"})


@pytest.fixture
def cache(tmp_path: Path) -> LiveCache:
    return LiveCache(tmp_path / "cache", timeout_seconds=30)


def client(world: World, shop: Repository) -> RepositoryClient:
    app = GitHubApp(world.app_id, world.private_key, world.api_url, MemoryPace(0))
    installation = next(iter(world.installations.values()))
    return app.repository(installation.id, shop.id, RepoName.parse(shop.full_name))


def opened(
    cache: LiveCache, world: World, shop: Repository, pull: Pull, token: str | None = None
) -> AbstractContextManager[LiveChange]:
    github = client(world, shop)
    read = github.pull(pull.number)
    return cache.change(read, git_address(world.git_url, read.repo), token or github.token())


def test_a_pull_request_is_fetched_with_an_installations_token(
    cache: LiveCache, world: World, shop: Repository
) -> None:
    pull = shop.pull(files={"a.py": "x = 2\n"}, author="ada")

    with opened(cache, world, shop, pull) as change:
        assert change.head == pull.head
        assert b"+x = 2" in change.diff.content


def test_f36_a_force_push_between_two_reviews_is_followed(cache: LiveCache, world: World, shop: Repository) -> None:
    pull = shop.pull(files={"a.py": "x = 2\n"}, author="ada")
    with opened(cache, world, shop, pull) as change:
        assert b"+x = 2" in change.diff.content

    pull.force_push({"a.py": "x = 3\n"})

    with opened(cache, world, shop, pull) as change:
        assert b"+x = 3" in change.diff.content
        assert b"x = 2" not in change.diff.content


def test_a_token_that_ran_out_is_denied_and_worth_another_try(cache: LiveCache, world: World, shop: Repository) -> None:
    pull = shop.pull(files={"a.py": "x = 2\n"}, author="ada")
    token = client(world, shop).token()
    world.expire_tokens()

    with pytest.raises(FetchFailed) as caught, opened(cache, world, shop, pull, token):
        pass
    assert (caught.value.cause, caught.value.is_transient) == (Cause.DENIED, True)
    assert token not in str(caught.value)


def test_a_server_error_is_worth_another_try(cache: LiveCache, world: World, shop: Repository) -> None:
    pull = shop.pull(files={"a.py": "x = 2\n"}, author="ada")
    world.fault("GET", "/git/**", "5xx before effect", status=502)

    with pytest.raises(FetchFailed) as caught, opened(cache, world, shop, pull):
        pass
    assert (caught.value.cause, caught.value.is_transient) == (Cause.UNREACHABLE, True)
    with opened(cache, world, shop, pull) as change:
        assert change.head == pull.head


def test_f39_a_commit_that_github_has_not_is_gone(cache: LiveCache, world: World, shop: Repository) -> None:
    github = client(world, shop)
    read = github.pull(shop.pull(files={"a.py": "x = 2\n"}, author="ada").number)

    with (
        pytest.raises(CommitGone),
        cache.change(replace(read, head=Sha("1" * 40)), git_address(world.git_url, read.repo), github.token()),
    ):
        pass
