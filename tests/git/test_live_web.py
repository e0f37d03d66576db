"""Fetching over HTTP: the token goes to the one server it is for, and is to be seen nowhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewbot.git.live import FetchFailed, LiveCache, git_address
from reviewbot.git.remote import Cause, Remote
from tests.git.pulls import SHOP, PullServer
from tests.git.web_server import GitWebServer, serving

TOKEN = "ghs_" + "q7" * 18


@pytest.fixture
def origin(tmp_path: Path) -> PullServer:
    return PullServer(tmp_path / "server")


@pytest.fixture
def web(origin: PullServer) -> Iterator[GitWebServer]:
    with serving(GitWebServer(origin.root, token=TOKEN)) as server:
        yield server


@pytest.fixture
def cache(tmp_path: Path) -> LiveCache:
    return LiveCache(tmp_path / "cache", timeout_seconds=30)


def failure(cache: LiveCache, origin: PullServer, web: GitWebServer, token: str | None) -> FetchFailed:
    with (
        pytest.raises(FetchFailed) as caught,
        cache.change(origin.open_pull(), git_address(web.url, SHOP), token),
    ):
        pass
    return caught.value


def test_a_private_repository_is_fetched_with_the_token_of_the_installation(
    origin: PullServer, web: GitWebServer, cache: LiveCache
) -> None:
    pull = origin.open_pull()

    with cache.change(pull, git_address(web.url, SHOP), TOKEN) as change:
        assert change.base == origin.fork_point
        assert b"+x = 0" in change.diff.content
    assert all(web.admits(value) for value in web.authorizations)


def test_s21_the_token_stands_in_no_argument_no_address_and_no_file(
    origin: PullServer, web: GitWebServer, cache: LiveCache
) -> None:
    with cache.change(origin.open_pull(), git_address(web.url, SHOP), TOKEN):
        pass

    header = Remote(web.url, TOKEN)._authorization()[0][1].split()[-1]
    assert any("fetch" in line for line in web.command_lines), "the look at the processes has to see git"
    written = [file.read_bytes() for file in cache.directory.rglob("*") if file.is_file()]
    for secret in (TOKEN, header):
        assert not any(secret in line for line in web.command_lines)
        assert not any(secret in path for path in web.requests)
        assert not any(secret.encode() in content for content in written)
    assert TOKEN not in repr(Remote(web.url, TOKEN))


@pytest.mark.parametrize("token", [None, "ghs_" + "wrong" * 7])
def test_a_refused_token_is_a_failure_of_its_own_that_never_shows_the_token(
    origin: PullServer, web: GitWebServer, cache: LiveCache, token: str | None
) -> None:
    error = failure(cache, origin, web, token)

    assert (error.cause, error.is_transient) == (Cause.DENIED, True)
    assert "wrong" not in str(error)
    assert "wrong" not in str(error.__cause__) + str(error.__context__)


@pytest.mark.parametrize(
    ("status", "cause"),
    [(403, Cause.DENIED), (404, Cause.ABSENT), (451, Cause.ABSENT), (500, Cause.UNREACHABLE), (503, Cause.UNREACHABLE)],
)
def test_an_answer_that_is_no_repository_is_told_by_its_cause(
    origin: PullServer, web: GitWebServer, cache: LiveCache, status: int, cause: Cause
) -> None:
    web.refuse_with = status

    assert failure(cache, origin, web, TOKEN).cause is cause


def test_f29_a_redirect_is_not_followed_and_the_other_server_never_sees_the_token(
    origin: PullServer, web: GitWebServer, cache: LiveCache
) -> None:
    with serving(GitWebServer(origin.root)) as elsewhere:
        web.redirect_to = elsewhere.url

        error = failure(cache, origin, web, TOKEN)

        assert elsewhere.requests == []
    assert error.is_transient
    assert TOKEN not in str(error)


def test_f52_an_answer_that_breaks_off_is_worth_another_try(
    origin: PullServer, web: GitWebServer, cache: LiveCache
) -> None:
    web.is_cut = True
    error = failure(cache, origin, web, TOKEN)
    assert error.is_transient

    web.is_cut = False
    with cache.change(origin.pull(7, origin.open_pull(8).head), git_address(web.url, SHOP), TOKEN) as change:
        assert change.base == origin.fork_point


def test_a_server_that_falls_silent_is_left_after_the_time_that_was_set(
    origin: PullServer, web: GitWebServer, tmp_path: Path
) -> None:
    web.goes_on = threading.Event()

    error = failure(LiveCache(tmp_path / "cache", timeout_seconds=0.5), origin, web, TOKEN)

    web.goes_on.set()
    assert (error.cause, error.is_transient) == (Cause.SLOW, True)
