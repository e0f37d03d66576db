"""The fake GitHub's rate limits, and the windows in which it wants to hear nothing."""

from __future__ import annotations

import threading
import time

import pytest

from tests.fakes.github import Kind, Repository, World
from tests.fakes.github.plain_client import PlainClient

SHOP = "/repos/octo/shop"


@pytest.fixture(autouse=True)
def pull(shop: Repository):
    return shop.pull(files={"b.py": "b = 2\n"})


def test_the_hourly_limit_ends_with_its_hour(client: PlainClient, world: World, token: str):
    world.limits.per_hour = 3
    for left in (2, 1, 0):
        answer = client.request("GET", SHOP, token=token)
        assert (answer.status, answer.headers["x-ratelimit-remaining"]) == (200, str(left))

    refused = client.request("GET", SHOP, token=token)
    assert refused.status == 403
    assert "API rate limit exceeded" in refused.json["message"]
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert 3500 < int(refused.headers["x-ratelimit-reset"]) - time.time() <= 3600
    assert "retry-after" not in refused.headers

    world.token_seconds = 2 * 3600
    world.clock.advance(3601)
    world.tokens[token].expires_at += 3600
    assert client.request("GET", SHOP, token=token).status == 200
    assert world.violations == []


def test_too_many_creations_in_a_minute_are_refused(client: PlainClient, world: World, token: str, pull):
    world.limits.content_per_minute = 3
    statuses = [
        client.request("POST", f"{SHOP}/issues/1/comments", {"body": f"{number}"}, token).status for number in range(3)
    ]
    refused = client.request("POST", f"{SHOP}/issues/1/comments", {"body": "x"}, token)

    assert statuses == [201, 201, 201]
    assert refused.status == 403
    assert "secondary rate limit" in refused.json["message"]
    assert refused.headers["retry-after"] == "60"
    assert len(pull.answers) == 3


def test_too_many_creations_in_an_hour_are_refused(client: PlainClient, world: World, token: str):
    world.limits.content_per_hour = 3
    statuses = []
    for number in range(4):
        body = {"body": f"{number}"}
        statuses.append(client.request("POST", f"{SHOP}/issues/1/comments", body, token).status)
        world.clock.advance(70)

    assert statuses == [201, 201, 201, 403]


def test_a_write_costs_five_points(client: PlainClient, world: World, token: str):
    world.limits.points_per_minute = 11
    body = {"name": "x", "head_sha": world.repositories[next(iter(world.repositories))].pulls[1].head}

    statuses = [client.request("POST", f"{SHOP}/check-runs", body, token).status for _ in range(2)]
    statuses += [client.request("GET", SHOP, token=token).status for _ in range(2)]

    assert statuses == [201, 201, 200, 403]


def test_too_many_requests_at_once_are_refused(world: World, token: str):
    world.limits.concurrent = 0

    first = PlainClient(world)
    world.rates.start(world.installation().id)
    refused = first.request("GET", SHOP, token=token)
    world.rates.end(world.installation().id)
    first.close()

    assert refused.status == 403


@pytest.mark.parametrize(
    ("kind", "retry_after", "seconds"),
    [
        (Kind.SECONDARY_403, 30, 30),
        (Kind.SECONDARY_429, None, 60),
        (Kind.ABUSE, None, 60),
        (Kind.PRIMARY_403, None, 60),
        (Kind.PRIMARY_429, None, 60),
    ],
)
def test_f48_f49_a_call_while_told_to_wait_is_a_violation(
    client: PlainClient, world: World, token: str, kind: Kind, retry_after: int | None, seconds: int
):
    world.fault("GET", SHOP, kind, retry_after=retry_after)
    told = client.request("GET", SHOP, token=token)
    assert told.headers.get("retry-after") == (str(retry_after) if retry_after else None)

    world.clock.advance(seconds - 5)
    assert client.request("GET", f"{SHOP}/pulls", token=token).status == 403
    assert len(world.violations) == 1

    world.clock.advance(6)
    assert client.request("GET", f"{SHOP}/pulls", token=token).status == 200
    assert len(world.violations) == 1


def test_a_primary_limit_says_when_it_ends(client: PlainClient, world: World, token: str):
    world.fault("GET", SHOP, Kind.PRIMARY_403, reset_seconds=120)

    told = client.request("GET", SHOP, token=token)

    assert told.headers["x-ratelimit-remaining"] == "0"
    assert 118 <= int(told.headers["x-ratelimit-reset"]) - world.clock.now() <= 120


def test_f68_one_installation_waits_for_itself_only(client: PlainClient, world: World, token: str):
    other = client.token(world.repository("acme/safe"))
    world.fault("GET", SHOP, Kind.SECONDARY_403)
    client.request("GET", SHOP, token=token)

    assert client.request("GET", "/repos/acme/safe", token=other).status == 200
    assert world.violations == []


def test_a_request_that_was_already_on_its_way_is_no_violation(client: PlainClient, world: World, token: str):
    world.limits.grace_seconds = 5
    neighbour = PlainClient(world)
    assert neighbour.request("GET", SHOP, token=token).status == 200
    world.fault("GET", SHOP, Kind.SECONDARY_403)
    client.request("GET", SHOP, token=token)

    assert neighbour.request("GET", SHOP, token=token).status == 403
    assert world.violations == []
    client.request("GET", SHOP, token=token)
    assert len(world.violations) == 1
    neighbour.close()


def test_requests_are_answered_at_the_same_time(client: PlainClient, world: World, token: str):
    world.fault("GET", f"{SHOP}/pulls", Kind.DELAY, seconds=0.5)
    slow = PlainClient(world)
    thread = threading.Thread(target=slow.request, args=("GET", f"{SHOP}/pulls", None, token))
    thread.start()

    while not world.calls.of("GET", f"{SHOP}/pulls"):
        time.sleep(0.001)
    assert client.request("GET", SHOP, token=token).status == 200
    assert thread.is_alive()

    thread.join()
    slow.close()
