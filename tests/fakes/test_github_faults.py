"""What goes wrong on request: each fault does what its name says, when it was asked for and not otherwise."""

from __future__ import annotations

import gzip
import http.client
import json
import zlib

import pytest

from tests.fakes.github import Kind, Repository, World
from tests.fakes.github.faults import BEFORE_EFFECT
from tests.fakes.github.plain_client import Answer, PlainClient

COMMENTS = "/repos/octo/shop/issues/1/comments"
BROKEN = (OSError, http.client.HTTPException)


@pytest.fixture
def pull(shop: Repository):
    return shop.pull(files={"b.py": "b = 2\n"})


def written(client: PlainClient, token: str) -> Answer | None:
    """The answer to a comment; None where the connection broke."""
    try:
        return client.request("POST", COMMENTS, {"body": "Said."}, token)
    except BROKEN:
        return None


@pytest.mark.parametrize("kind", sorted(Kind))
def test_a_fault_has_its_effect_or_has_none(client: PlainClient, world: World, pull, token: str, kind: Kind):
    world.fault("POST", COMMENTS, kind, seconds=0.01)

    written(client, token)

    assert len(pull.answers) == (0 if kind in BEFORE_EFFECT else 1)
    assert world.calls.of("POST", COMMENTS)[0].fault == kind


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Kind.ERROR_BEFORE, 500),
        (Kind.ERROR_AFTER, 500),
        (Kind.UNAUTHORIZED, 401),
        (Kind.FORBIDDEN, 403),
        (Kind.PRIMARY_403, 403),
        (Kind.PRIMARY_429, 429),
        (Kind.SECONDARY_403, 403),
        (Kind.SECONDARY_429, 429),
        (Kind.ABUSE, 403),
        (Kind.NOT_FOUND, 404),
        (Kind.GONE, 410),
        (Kind.BLOCKED, 451),
        (Kind.REDIRECT_SAME_HOST, 307),
        (Kind.REDIRECT_OTHER_HOST, 307),
        (Kind.TOO_LARGE, 406),
        (Kind.UNPROCESSABLE, 422),
        (Kind.UNPROCESSABLE_AFTER, 422),
        (Kind.DIFF_UNAVAILABLE, 503),
        (Kind.DELAY, 201),
        (Kind.SLOW_DRIP, 201),
        (Kind.STALE, 201),
        (Kind.HTML, 200),
        (Kind.TRUNCATED, 201),
        (Kind.EMPTY, 201),
        (Kind.WRONG_JSON, 201),
    ],
)
def test_a_fault_has_its_status(client: PlainClient, world: World, pull, token: str, kind: Kind, status: int):
    world.fault("POST", COMMENTS, kind, seconds=0.01)

    answer = written(client, token)

    assert answer is not None
    assert answer.status == status
    assert world.calls.of("POST", COMMENTS)[0].status == (201 if kind is Kind.HTML else status)


@pytest.mark.parametrize(
    "kind", [Kind.RESET_BEFORE, Kind.RESET_AFTER, Kind.TIMEOUT_BEFORE, Kind.TIMEOUT_AFTER, Kind.CUT]
)
def test_a_broken_connection_gives_no_answer(client: PlainClient, world: World, pull, token: str, kind: Kind):
    world.fault("POST", COMMENTS, kind, seconds=0.01)

    assert written(client, token) is None
    answer = written(client, token)
    assert answer is not None
    assert answer.status == 201


@pytest.mark.parametrize("kind", [Kind.HTML, Kind.TRUNCATED, Kind.EMPTY])
def test_f52_garbage_is_no_json(client: PlainClient, world: World, pull, token: str, kind: Kind):
    world.fault("POST", COMMENTS, kind)

    answer = written(client, token)

    assert answer is not None
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.body)


def test_f52_broken_gzip_cannot_be_read(client: PlainClient, world: World, pull, token: str):
    world.fault("POST", COMMENTS, Kind.BROKEN_GZIP)

    answer = written(client, token)

    assert answer is not None
    assert answer.headers["content-encoding"] == "gzip"
    with pytest.raises((OSError, EOFError, zlib.error)):
        gzip.decompress(answer.body)


def test_a_fault_strikes_the_nth_call_so_many_times(client: PlainClient, world: World, pull, token: str):
    fault = world.fault("POST", "/repos/**/comments", Kind.ERROR_BEFORE, nth=2, times=2, status=502)

    statuses = [getattr(written(client, token), "status", 0) for _ in range(5)]

    assert statuses == [201, 502, 502, 201, 201]
    assert fault.struck == 2


def test_a_fault_strikes_its_method_and_path_only(client: PlainClient, world: World, pull, token: str):
    world.fault("GET", "/repos/*/*/pulls/*", Kind.NOT_FOUND, times=None)

    paths = ("/repos/octo/shop", "/repos/octo/shop/pulls/1", "/repos/octo/shop/pulls/1/files")
    assert [client.request("GET", path, token=token).status for path in paths] == [200, 404, 200]


def test_f43_stale_reads_hide_what_was_just_written(client: PlainClient, world: World, pull, token: str):
    world.fault("POST", COMMENTS, Kind.ERROR_AFTER, stale_seconds=30)
    written(client, token)
    number = pull.answers[0].id

    assert client.request("GET", COMMENTS, token=token).json == []
    assert client.request("GET", f"/repos/octo/shop/issues/comments/{number}", token=token).status == 404
    assert client.request("PATCH", f"/repos/octo/shop/issues/comments/{number}", {"body": "x"}, token).status == 200

    world.clock.advance(31)
    assert len(client.request("GET", COMMENTS, token=token).json) == 1


def test_all_reads_can_be_stale(client: PlainClient, world: World, pull, token: str):
    world.stale_reads_seconds = 30
    written(client, token)

    assert client.request("GET", COMMENTS, token=token).json == []


def test_something_can_happen_before_and_after_the_effect(client: PlainClient, world: World, pull, token: str):
    seen: list[int] = []
    world.fault(
        "POST",
        COMMENTS,
        Kind.DELAY,
        seconds=0,
        before=lambda: seen.append(len(pull.answers)),
        after=lambda: seen.append(len(pull.answers)),
    )

    written(client, token)

    assert seen == [0, 1]


def test_a_head_can_move_during_a_request(client: PlainClient, world: World, pull, token: str):
    world.fault("GET", "/repos/*/*/pulls/1", Kind.DELAY, seconds=0, before=lambda: pull.push({"b.py": "b = 3\n"}))
    before = pull.head

    shown = client.request("GET", "/repos/octo/shop/pulls/1", token=token).json["head"]["sha"]

    assert shown == pull.head != before


def test_a_redirect_leads_back_to_the_same_address(client: PlainClient, world: World, pull, token: str):
    world.fault("GET", "/repos/octo/shop", Kind.REDIRECT_SAME_HOST, status=302)

    moved = client.request("GET", "/repos/octo/shop", token=token)

    assert (moved.status, moved.headers["location"]) == (302, f"{world.api_url}/repos/octo/shop")


def test_f29_a_token_at_another_host_is_a_violation(client: PlainClient, world: World, pull, token: str):
    world.fault("GET", "/repos/octo/shop", Kind.REDIRECT_OTHER_HOST)
    moved = client.request("GET", "/repos/octo/shop", token=token).headers["location"]
    host = moved.split("/")[2]
    assert host.startswith("localhost:")

    client.request("GET", "/repos/octo/shop", headers={"Host": host})
    assert world.violations == []

    client.request("GET", "/repos/octo/shop", token=token, headers={"Host": host})
    assert world.violations == ["the token went to another host with GET /repos/octo/shop"]


def test_f33_a_diff_can_be_too_large(client: PlainClient, world: World, pull, token: str):
    world.fault("GET", "/repos/*/*/pulls/1", Kind.TOO_LARGE)

    answer = client.request("GET", "/repos/octo/shop/pulls/1", token=token)

    assert answer.json["errors"] == [{"resource": "PullRequest", "field": "diff", "code": "too_large"}]
