"""What the App asks about itself, its installations and its deliveries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from reviewbot.domain.repository import RepoName
from reviewbot.github.failures import KeyRefused, NotThere, Unreachable
from tests.github.wire_server import APP_ID, INSTALLATION, NO_ANSWER, START, Reply, World, serving


@pytest.fixture
def world() -> Iterator[World]:
    with serving() as script:
        yield World(script)


GRANTED = {"contents": "read", "metadata": "read", "pull_requests": "write", "checks": "write", "issues": "write"}
APP_JSON = {"id": APP_ID, "slug": "reviewbot", "name": "Reviewbot", "permissions": GRANTED}


def test_the_app_is_asked_who_it_is_once(world: World):
    world.script.then(Reply(content=APP_JSON))
    app = world.app()

    assert app.me() == app.me()
    assert (app.me().id, app.me().slug, len(world.script.seen)) == (APP_ID, "reviewbot", 1)


def test_a_good_app_is_said_to_be_one(world: World):
    world.script.then(Reply(content=APP_JSON))

    said = world.app().check()

    assert re.fullmatch(rf"http://\S+ knows App {APP_ID} as Reviewbot \(@reviewbot\)", said)


def test_a_check_names_the_permissions_that_are_lacking(world: World):
    world.script.then(Reply(content=APP_JSON | {"permissions": {"contents": "write", "metadata": "read"}}))

    assert "pull_requests: write, checks: write, issues: write" in world.app().check()


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(401, {"message": "A JSON web token could not be decoded"}), KeyRefused, "REVIEWBOT_GITHUB_PRIVATE_KEY"),
        (Reply(content=APP_JSON | {"id": 5}), KeyRefused, "REVIEWBOT_GITHUB_APP_ID"),
        (Reply(404, {"message": "Not Found"}), NotThere, "/app"),
        (NO_ANSWER, Unreachable, "check the network"),
        (Reply(raw=b"<html>"), Unreachable, "proxy"),
    ],
)
def test_f31_a_check_names_what_is_wrong_and_the_remedy(world: World, reply: Reply, kind: type[Exception], words: str):
    world.script.then(*[reply] * 4)

    with pytest.raises(kind, match=words):
        world.app().check()


def test_installations_are_listed_on_all_pages(world: World):
    more = {"Link": f'<{world.script.url}/app/installations?page=2>; rel="next"'}
    world.script.then(Reply(content=[{"id": 1}, {"id": 2}], headers=more), Reply(content=[{"id": 3}]))

    assert world.app().installations() == (1, 2, 3)


def test_repositories_of_an_installation_are_read_with_a_token_that_may_only_name_them(world: World):
    repositories = [
        {"id": 7, "full_name": "acme/shop", "default_branch": "trunk", "archived": True},
        {"id": 8, "full_name": "acme/docs", "default_branch": None},
    ]
    world.script.then(Reply(content={"total_count": 2, "repositories": repositories}))

    found = world.app().installation_repositories(INSTALLATION)

    assert found == (
        (7, RepoName("acme", "shop"), "trunk", True),
        (8, RepoName("acme", "docs"), "main", False),
    )
    assert found[0].is_archived
    assert world.script.seen[0].json == {"permissions": {"metadata": "read"}}


def delivery_json(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "guid": f"guid-{number}",
        "delivered_at": "2026-11-01T12:00:00Z",
        "redelivery": False,
        "duration": 0.1,
        "status": "OK",
        "status_code": 202,
        "event": "pull_request",
        "action": "opened",
        "installation_id": INSTALLATION,
        "repository_id": 4242,
    } | changes


def test_f18_deliveries_come_page_by_page_as_they_are_wanted(world: World):
    more = {"Link": f'<{world.script.url}/app/hook/deliveries?per_page=100&cursor=v1_2>; rel="next"'}
    world.script.then(Reply(content=[delivery_json(9), delivery_json(8)], headers=more))
    world.script.then(Reply(content=[delivery_json(7, status="timed out", status_code=0, action=None)]))
    app = world.app()

    first = list(islice(app.deliveries(), 2))
    asked_so_far = len(world.script.seen)
    world.script.replies.insert(0, Reply(content=[delivery_json(9), delivery_json(8)], headers=more))
    everything = list(app.deliveries("v1_9"))

    assert ([one.id for one in first], asked_so_far) == ([9, 8], 1)
    assert [one.id for one in everything] == [9, 8, 7]
    assert world.script.lines[1:] == [
        "GET /app/hook/deliveries?cursor=v1_9&per_page=100",
        "GET /app/hook/deliveries?cursor=v1_2&per_page=100",
    ]
    assert (everything[2].status, everything[2].status_code, everything[2].action) == ("timed out", 0, None)
    assert everything[0].delivered_at == START.timestamp()


def test_f18_a_redelivery_is_asked_for_once(world: World):
    world.script.then(Reply(202, {}), Reply(500))
    app = world.app()

    app.redeliver(9)
    with pytest.raises(Unreachable):
        app.redeliver(8)

    assert world.script.lines == ["POST /app/hook/deliveries/9/attempts", "POST /app/hook/deliveries/8/attempts"]
    assert world.pace.asked == [(0, True)] * 2
