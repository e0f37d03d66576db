"""Conversations in which nobody may write, and words of ours that people took away: the check run says it all."""

from __future__ import annotations

import pytest

from reviewbot.domain.pull import PullRef
from reviewbot.domain.round import Fate
from tests.fakes.github import Repository, World, violations
from tests.live.service import Service
from tests.live.test_reviews import FLAWED, TWICE, only_check
from tests.live.watched import opened, text_of

LIMITED = (
    "Interactions on this repository have been limited to collaborators.",
    "Unable to create comment because issue is locked.",
    "User is blocked from this repository.",
)


def test_f50_in_a_locked_conversation_the_check_run_alone_names_the_findings(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": TWICE})
    pull.lock()
    service.receive(pull.opened)
    service.settle()
    service.receive(pull.push(files={"new.py": "x = 1  # BUG-high-new\n"}))
    service.settle()

    assert (pull.reviews, pull.inline_comments, pull.answers) == ([], [], [])
    assert only_check(pull).conclusion == "neutral"
    assert "1 new high finding, 2 still open" in str(only_check(pull).title)
    assert "new fails" in text_of(pull)
    assert "The comments could not be written, so that the findings stand here alone" in text_of(pull)
    assert "issue is locked" in text_of(pull)
    assert len(world.calls.of("POST", "/repos/*/*/pulls/1/reviews")) == 2, "one try for each head"
    assert violations(world) == []


@pytest.mark.parametrize("words", LIMITED)
def test_f50_where_interactions_are_limited_the_check_run_says_why(
    service: Service, shop: Repository, world: World, words: str
):
    fault = world.fault("POST", "/repos/*/*/pulls/1/reviews", "403 permission", times=None, message=words)

    pull = opened(service, shop, {"app.py": FLAWED})

    assert only_check(pull).conclusion == "neutral"
    assert words.rstrip(".") in text_of(pull)
    assert [one["path"] for one in only_check(pull).annotations] == ["app.py"]
    assert fault.struck == 1
    assert violations(world) == []


def test_f50_findings_of_a_locked_conversation_are_settled_without_a_word(
    service: Service, shop: Repository, world: World
):
    pull = opened(service, shop, {"app.py": FLAWED})
    pull.lock()

    service.receive(pull.push(files={"app.py": "first = 1\nsecond = 22\nthird = 3\n"}))
    service.settle()

    (known,) = service.live.rounds.known(PullRef(shop.id, pull.number))
    assert known.fate is Fate.FIXED
    assert only_check(pull).conclusion == "success"
    assert len(pull.inline_comments) == 1
    assert violations(world) == []


def test_f50_a_command_in_a_locked_conversation_is_done_and_not_answered_for_ever(
    service: Service, shop: Repository, world: World
):
    pull = opened(service, shop, {"app.py": FLAWED})
    asked = pull.comment("ada", "@reviewbot pause")
    pull.lock()

    service.receive(asked)
    service.settle()

    work = service.live.pulls.work(PullRef(shop.id, pull.number))
    assert work is not None and work.is_paused
    assert len(world.calls.of("POST", "/repos/*/*/issues/1/comments")) == 1
    assert violations(world) == []


def test_f50_an_archived_repository_is_left_alone_and_reviewed_when_it_comes_back(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    shop.archive()
    service.receive(pull.opened)
    service.settle()
    assert (pull.checks, pull.reviews) == ([], [])
    assert world.calls.writes == []

    service.receive(shop.unarchive())
    service.reconcile()
    service.settle()

    assert len(pull.reviews) == 1
    assert violations(world) == []


def test_f50_a_repository_archived_during_the_review_ends_without_an_error(
    service: Service, shop: Repository, world: World
):
    service.factory.reviewers[0].during = lambda _: shop.archive()
    pull = opened(service, shop, {"app.py": FLAWED})
    assert pull.reviews == []
    service.factory.reviewers[0].during = None

    service.receive(shop.unarchive())
    service.reconcile()
    service.settle()

    assert only_check(pull).status == "completed"
    assert violations(world) == []


def test_f51_a_comment_that_somebody_deleted_is_not_written_again_for_that_head(
    service: Service, shop: Repository, world: World
):
    pull = opened(service, shop, {"app.py": FLAWED})
    (comment,) = pull.inline_comments
    pull.delete_comment(comment.id)

    service.receive(pull.comment("ada", "@reviewbot review"), pull.comment("ada", "@reviewbot full review"))
    service.settle()
    service.receive(pull.rerun_check(only_check(pull)), pull.close(), pull.reopen())
    service.settle()

    assert pull.inline_comments == []
    assert len(pull.reviews) == 1
    assert only_check(pull).conclusion == "neutral"
    assert "1 still open" in text_of(pull) or "1 high finding" in text_of(pull)
    assert violations(world) == []


def test_f51_a_deleted_comment_is_no_obstacle_when_its_finding_is_fixed(
    service: Service, shop: Repository, world: World
):
    pull = opened(service, shop, {"app.py": TWICE})
    pull.delete_comment(pull.inline_comments[0].id)

    service.receive(pull.push(files={"app.py": "first = 1\nsecond = 2\nthird = 3\nfourth = 4\n"}))
    service.settle()

    assert {one.fate for one in service.live.rounds.known(PullRef(shop.id, pull.number))} == {Fate.FIXED}
    assert only_check(pull).conclusion == "success"
    assert violations(world) == []


def test_f51_a_deleted_notice_and_a_deleted_answer_stay_away(service: Service, shop: Repository, world: World):
    shop.commit({".reviewbot.yml": "version: 1\nnonsense: true\n"})
    pull = opened(service, shop, {"app.py": FLAWED})
    asked = pull.comment("ada", "@reviewbot help")
    service.receive(asked)
    service.settle()
    assert len(pull.answers) == 2
    for answer in pull.answers:
        pull.delete_comment(answer.id)

    service.receive(asked, pull.push(files={"other.py": "x = 1\n"}))
    service.settle()

    assert pull.answers == []
    assert violations(world) == []
