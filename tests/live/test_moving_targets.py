"""A pull request that changes under the review, at any step: another head, another base, closed, or a draft."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewbot.domain.pull import PullRef
from reviewbot.domain.round import Fate
from reviewbot.store.database import open_database
from tests.fakes.github import Expected, Repository, World, violations
from tests.live.service import Service, WorldTransactions
from tests.live.test_reviews import FLAWED, TWICE, only_check
from tests.live.watched import WatchedService, at_every_step, opened


@pytest.fixture
def service(world: World, address: str, tmp_path: Path) -> Iterator[WatchedService]:
    transactions = WorldTransactions(open_database(address))
    transactions.world = world
    yield WatchedService(world, transactions, tmp_path / "cache")
    transactions.close()


def test_f36_a_force_push_at_any_step_leaves_one_review_of_the_last_head(
    service: WatchedService, shop: Repository, world: World
):
    for pull, step in at_every_step(service, shop, lambda pull: pull.force_push(files={"app.py": TWICE})):
        check = only_check(pull)
        assert (check.status, check.conclusion) == ("completed", "neutral"), step
        said = sum(comment.in_reply_to is None for comment in pull.inline_comments)
        assert said == 2, step
    assert violations(world) == []


def test_f36_a_push_whose_event_is_lost_is_reviewed_as_soon_as_it_is_noticed(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    service.factory.reviewers[0].during = lambda _: pull.state.heads[1:] or pull.push(files={"app.py": TWICE})
    service.receive(pull.opened)
    service.settle()

    assert [review.commit_id for review in pull.reviews] == [pull.head]
    assert violations(world) == []


def test_f36_a_push_between_the_last_look_and_the_review_ends_in_a_review_of_the_new_head(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    world.fault(
        "POST", "/repos/*/*/pulls/1/reviews", "delay", seconds=0, before=lambda: pull.force_push({"app.py": TWICE})
    )
    service.receive(pull.opened)
    service.settle()
    service.reconcile()
    service.settle()

    assert pull.head in {review.commit_id for review in pull.reviews}
    assert sum(comment.in_reply_to is None for comment in pull.inline_comments) == 2
    assert violations(world) == []


def test_f37_a_pull_request_with_another_base_is_reviewed_anew_and_says_nothing_twice(
    service: Service, shop: Repository, world: World
):
    shop.commit({"below.py": "x = 1  # BUG-high-below\n"}, branch="release")
    pull = opened(service, shop, {"app.py": FLAWED}, base="release")
    assert len(pull.inline_comments) == 1

    service.receive(pull.retarget("main"))
    service.settle()

    assert service.factory.reviewers[0].reads == [("app.py",), ("below.py",)]
    assert [comment.path for comment in pull.inline_comments] == ["app.py", "below.py"]
    assert violations(world, Expected(asked_again={pull.head: 1})) == []


def test_f37_another_base_during_the_review_is_what_the_one_review_is_of(
    service: Service, shop: Repository, world: World
):
    shop.commit({"below.py": "x = 1  # BUG-high-below\n"}, branch="release")
    pull = shop.pull(files={"app.py": FLAWED}, base="release")

    def retarget(_task: object) -> None:
        if pull.state.base_branch == "release":
            service.receive(pull.retarget("main"))

    service.factory.reviewers[0].during = retarget
    service.receive(pull.opened)
    service.settle()

    assert len(pull.reviews) == 1
    assert [comment.path for comment in pull.inline_comments] == ["app.py", "below.py"]
    assert only_check(pull).conclusion == "neutral"
    assert violations(world) == []


def test_f37_another_base_at_any_step_ends_in_one_result_against_it(
    service: WatchedService, shop: Repository, world: World
):
    shop.commit({"below.py": "x = 1  # BUG-high-below\n"}, branch="release")
    again = {}
    steps = at_every_step(service, shop, lambda pull: service.receive(pull.retarget("main")), base="release")
    for pull, step in steps:
        again[pull.head] = 1
        assert {comment.path for comment in pull.inline_comments} == {"app.py", "below.py"}, step
        known = service.live.rounds.known(PullRef(shop.id, pull.number))
        assert [one.fate for one in known] == [Fate.OPEN, Fate.OPEN], step
        assert only_check(pull).conclusion == "neutral", step
    assert violations(world, Expected(asked_again=again)) == []


def test_f37_a_base_that_is_not_to_be_reviewed_again_leaves_the_result_as_it_is(
    service: Service, shop: Repository, world: World
):
    shop.commit({".reviewbot.yml": "version: 1\ntriggers: [opened]\n"})
    shop.commit({"below.py": "x = 1\n"}, branch="release")
    pull = opened(service, shop, {"app.py": FLAWED}, base="release")
    title = only_check(pull).title

    service.receive(pull.retarget("main"))
    service.settle()

    assert only_check(pull).title == title
    assert only_check(pull).conclusion == "neutral"


def test_f37_after_a_rebase_on_a_base_that_moved_only_what_is_new_is_read(
    service: Service, shop: Repository, world: World
):
    pull = opened(service, shop, {"app.py": FLAWED, "more.py": "x = 1\n"})
    shop.commit({"elsewhere.py": "y = 1  # BUG-high-theirs\n"})

    service.receive(pull.rebase())
    service.settle()
    service.receive(pull.push(files={"more.py": "x = 2  # BUG-high-new\n"}))
    service.settle()

    assert service.factory.reviewers[0].reads[1:] == [("more.py",)]
    assert [comment.path for comment in pull.inline_comments] == ["app.py", "more.py"]
    assert violations(world) == []


@pytest.mark.parametrize("end", ["close", "merge"])
def test_f38_a_pull_request_that_ends_at_any_step_hears_nothing_after_it_was_seen_ended(
    service: WatchedService, shop: Repository, world: World, end: str
):
    for pull, step in at_every_step(service, shop, lambda pull: getattr(pull, end)()):
        for check in pull.checks:
            assert check.status == "completed", step
            assert check.conclusion in ("skipped", "neutral"), step
    assert violations(world) == []


def test_f38_a_draft_made_at_any_step_is_skipped_in_sight_and_reviewed_when_it_is_ready(
    service: WatchedService, shop: Repository, world: World
):
    for pull, step in at_every_step(service, shop, lambda pull: service.receive(pull.to_draft())):
        assert only_check(pull).conclusion in ("skipped", "neutral"), step
        service.receive(pull.ready())
        service.settle()
        assert only_check(pull).conclusion == "neutral", step
        assert len(pull.reviews) == 1, step
    assert violations(world) == []


def test_f38_a_pull_request_closed_during_its_review_is_reviewed_when_it_is_opened_again(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    service.factory.reviewers[0].during = lambda _: service.receive(pull.close())
    service.receive(pull.opened)
    service.settle()
    assert "closed" in str(only_check(pull).title)
    service.factory.reviewers[0].during = None

    service.receive(pull.reopen())
    service.settle()

    assert len(pull.reviews) == 1
    assert only_check(pull).conclusion == "neutral"
    assert violations(world) == []
