"""The invariants notice what must never be, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.github import Expected, Repository, World, violations
from tests.fakes.github.plain_client import PlainClient

SHOP = "/repos/octo/shop"
REVIEWS = f"{SHOP}/pulls/1/reviews"
MARK = f"<!-- reviewbot:v1 {'a' * 32} review {'b' * 64} -->"


class Bot:
    """An App that writes what it is told to."""

    def __init__(self, client: PlainClient, repository: Repository) -> None:
        self._client, self._token = client, client.token(repository)

    def review(self, body: str = "Look.", **more: Any) -> None:
        assert (
            self._client.request("POST", REVIEWS, {"event": "COMMENT", "body": body} | more, self._token).status == 200
        )

    def check(self, head: str, **more: Any) -> None:
        wish = {"name": "reviewbot", "head_sha": head, "conclusion": "neutral"} | more
        assert self._client.request("POST", f"{SHOP}/check-runs", wish, self._token).status == 201

    def say(self, body: str) -> None:
        assert self._client.request("POST", f"{SHOP}/issues/1/comments", {"body": body}, self._token).status == 201

    def look(self) -> None:
        assert self._client.request("GET", f"{SHOP}/pulls/1", token=self._token).status == 200


@pytest.fixture
def bot(client: PlainClient, shop: Repository) -> Bot:
    return Bot(client, shop)


@pytest.fixture
def pull(shop: Repository):
    return shop.pull(files={"b.py": "b = 2\nc = 3\n"})


def comment(body: str, line: int = 1) -> dict[str, Any]:
    return {"path": "b.py", "line": line, "body": body}


def test_one_review_and_one_check_are_well(world: World, bot: Bot, pull):
    bot.look()
    bot.check(pull.head)
    bot.review(f"Look.\n{MARK}", comments=[comment("@reviewbot ignore 0123abcd because …"), comment("y", 2)])
    bot.say("An answer.")

    assert violations(world) == []


def test_a_head_without_a_completed_check_is_noticed(world: World, bot: Bot, pull):
    assert violations(world) == [f"octo/shop#1: the final head {pull.head[:8]} has no completed check"]
    assert violations(world, Expected(silent_heads={pull.head})) == []

    pull.to_draft()
    assert violations(world) == []


def test_a_check_of_another_app_or_name_does_not_count(world: World, bot: Bot, pull):
    bot.check(pull.head, name="other")

    assert len(violations(world)) == 1


def test_a_check_left_in_progress_is_noticed_on_any_head(world: World, bot: Bot, pull):
    bot.check(pull.head, conclusion=None, status="in_progress")
    old = pull.head
    pull.push()
    bot.check(pull.head)

    assert violations(world) == [f"octo/shop: a check on {old[:8]} was left in_progress"]


def test_two_checks_or_reviews_of_one_head_are_noticed(world: World, bot: Bot, pull):
    for _ in range(2):
        bot.check(pull.head)
        bot.review()

    assert len(violations(world)) == 2
    assert violations(world, Expected(asked_again={pull.head: 1})) == []


def test_a_pending_review_is_noticed(world: World, bot: Bot, pull):
    bot.check(pull.head)
    bot.review(event=None)

    assert [line.endswith("which nobody sees") for line in violations(world)] == [True]


def test_a_false_green_is_noticed(world: World, bot: Bot, pull):
    bot.check(pull.head, conclusion="success")

    assert violations(world) == []
    assert len(violations(world, Expected(incomplete_heads={pull.head}))) == 1


@pytest.mark.parametrize(
    ("comments", "body"),
    [
        ([comment("same"), comment("same")], "x"),
        ([comment("one: @reviewbot ignore 0123abcd"), comment("two: @reviewbot ignore 0123abcd", 2)], "x"),
        ([comment("one: @reviewbot ignore 0123abcd")], "again: @reviewbot ignore 0123abcd"),
        ([comment(f"one\n{MARK}"), comment(f"two\n{MARK}", 2)], "x"),
        ([comment(f"one\n{MARK}")], f"x\n{MARK}"),
    ],
)
def test_what_was_said_twice_is_noticed(world: World, bot: Bot, pull, comments: list, body: str):
    bot.check(pull.head)
    bot.review(body, comments=comments)

    assert len(violations(world)) == 1


def test_a_quoted_mark_is_not_the_mark_of_its_body(world: World, bot: Bot, pull):
    bot.check(pull.head)
    bot.review(f"x\n{MARK}")
    bot.say(f"You wrote\n{MARK}\n{MARK.replace('review ', 'answer ')}")

    assert violations(world) == []


def test_an_annotation_that_stands_twice_is_noticed(world: World, bot: Bot, pull):
    note = {"path": "b.py", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}
    bot.check(pull.head, output={"title": "t", "summary": "s", "annotations": [note, note]})

    assert len(violations(world)) == 1


def test_f38_words_on_a_pull_request_seen_closed_are_noticed(world: World, bot: Bot, pull):
    bot.look()
    pull.close()
    bot.check(pull.head)
    bot.review()
    assert violations(world) == []

    bot.look()
    bot.say("Too late.")
    assert len(violations(world)) == 1
    assert violations(world, Expected(answers_on_closed=True)) == []


def test_f36_a_review_of_a_head_seen_gone_is_noticed(world: World, bot: Bot, pull):
    old = pull.head
    pull.push()
    bot.check(pull.head)
    bot.review(commit_id=old)
    assert violations(world) == []

    pull.push()
    bot.check(pull.head)
    bot.look()
    bot.review(commit_id=pull.state.heads[1][1])
    assert len(violations(world)) == 1


def test_a_head_that_came_back_may_be_reviewed(world: World, bot: Bot, pull):
    first = pull.head
    pull.push()
    pull.move_to(first)
    bot.look()
    bot.check(first)
    bot.review(commit_id=first)

    assert violations(world) == []


def test_a_repository_out_of_reach_needs_nothing(world: World, shop: Repository, pull):
    world.suspend()
    assert violations(world) == []

    world.unsuspend()
    assert len(violations(world)) == 1
    shop.archive()
    assert violations(world) == []


def test_what_the_world_noted_is_among_them(world: World):
    world.violate("something")

    assert violations(world) == ["something"]
