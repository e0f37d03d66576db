"""Writes that fail, get lost or are refused: each is done once, or said not to have been possible."""

from __future__ import annotations

import re

import pytest

from reviewbot.domain.policy import Policy
from reviewbot.domain.pull import PullRef
from tests.fakes.github import Expected, Pull, Repository, World, violations
from tests.live.service import Service
from tests.live.test_reviews import FLAWED, TWICE, only_check

REVIEWS, CHECKS = "/repos/*/*/pulls/*/reviews", "/repos/*/*/check-runs"
CHECK = f"{CHECKS}/*"
WRITES = [("POST", REVIEWS), ("POST", CHECKS), ("PATCH", CHECK)]
BEFORE = ("5xx before effect", "timeout before effect", "reset before effect")
AFTER = ("5xx after effect", "timeout after effect", "reset after effect")


def opened(service: Service, shop: Repository, content: str = FLAWED) -> Pull:
    pull = shop.pull(files={"app.py": content})
    service.receive(pull.opened)
    service.settle()
    return pull


def is_well_said(pull: Pull) -> bool:
    """Whether a pull request with one finding has got its one review and its check."""
    return (len(pull.reviews), len(pull.inline_comments), only_check(pull).conclusion) == (1, 1, "neutral")


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("kind", BEFORE)
def test_f41_a_write_that_failed_before_its_effect_is_made_once_more(
    service: Service, shop: Repository, world: World, method: str, path: str, kind: str
):
    world.fault(method, path, kind, seconds=0.0)

    pull = opened(service, shop)

    assert len(world.calls.of(method, path)) == 2
    assert is_well_said(pull)
    assert violations(world) == []


def test_f41_a_check_run_that_github_refuses_at_first_is_tried_again(service: Service, shop: Repository, world: World):
    # A server that has not heard yet of the commit, and then one that has not heard yet of the check run.
    world.fault("POST", CHECKS, "422", message="No commit found for SHA", times=2)
    world.fault("PATCH", CHECK, "404", times=2)

    pull = opened(service, shop)

    assert len(world.calls.of("POST", CHECKS)) == 3
    assert len(world.calls.of("PATCH", CHECK)) == 3
    assert len(service.factory.reviewers[0].reads) == 1
    assert is_well_said(pull)
    assert violations(world) == []


def test_f41_a_check_run_that_github_refuses_for_good_is_not_asked_for_for_ever_and_is_on_record(
    service: Service, shop: Repository, world: World
):
    world.fault("POST", CHECKS, "422", times=None)

    pull = opened(service, shop)
    service.reconcile()
    service.settle()

    assert len(world.calls.of("POST", CHECKS)) == 6
    assert len(pull.inline_comments) == 1
    work = service.live.pulls.work(PullRef(shop.id, pull.number))
    assert work is not None
    assert "the check run could not be written" in work.reason
    assert violations(world, Expected(silent_heads={pull.head})) == []


@pytest.mark.parametrize("path", [REVIEWS, CHECKS])
@pytest.mark.parametrize("kind", AFTER)
def test_f42_what_arrived_although_its_answer_was_lost_is_found_by_its_mark_and_not_sent_again(
    service: Service, shop: Repository, world: World, path: str, kind: str
):
    world.fault("POST", path, kind, seconds=0.0)

    pull = opened(service, shop)

    assert len(world.calls.of("POST", path)) == 1
    assert is_well_said(pull)
    (known,) = service.live.rounds.known(PullRef(shop.id, pull.number))
    assert known.comment_id == pull.inline_comments[0].id
    assert violations(world) == []


def test_f42_a_write_is_sent_again_only_after_two_looks_half_a_minute_apart(
    service: Service, shop: Repository, world: World
):
    world.fault("POST", REVIEWS, "5xx before effect")

    opened(service, shop)

    first, second = world.calls.of("POST", REVIEWS)
    looks = [call.at for call in world.calls.of("GET", REVIEWS) if first.number < call.number < second.number]
    assert len(looks) >= 2
    assert looks[-1] - looks[0] >= 30.0
    assert violations(world) == []


def test_f42_a_mark_is_believed_only_on_what_our_app_has_written(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": FLAWED})

    def pretend() -> None:
        (call,) = world.calls.of("POST", REVIEWS)
        pull.review("eve", str(call.body["body"]))

    world.fault("POST", REVIEWS, "5xx before effect", before=pretend)
    service.receive(pull.opened)
    service.settle()

    assert len(world.calls.of("POST", REVIEWS)) == 2
    assert is_well_said(pull)
    assert violations(world) == []


@pytest.mark.parametrize("path", [REVIEWS, CHECKS])
@pytest.mark.parametrize("stale_seconds", [10.0, 28.0])
def test_f43_a_list_that_does_not_show_yet_what_was_written_is_not_believed_at_once(
    service: Service, shop: Repository, world: World, path: str, stale_seconds: float
):
    world.fault("POST", path, "5xx after effect", stale_seconds=stale_seconds)

    pull = opened(service, shop)

    assert len(world.calls.of("POST", path)) == 1
    assert is_well_said(pull)
    assert violations(world) == []


def test_f43_where_all_reads_are_late_everything_is_still_said_once(service: Service, shop: Repository, world: World):
    world.stale_reads_seconds = 25.0

    pull = opened(service, shop, TWICE)
    service.receive(pull.push(files={"app.py": FLAWED}))
    service.settle()

    assert len(pull.reviews) == 1
    known = service.live.rounds.known(PullRef(shop.id, pull.number))
    roots = {comment.id for comment in pull.inline_comments if comment.in_reply_to is None}
    assert {one.comment_id for one in known} == roots
    (reply,) = [comment for comment in pull.inline_comments if comment.in_reply_to is not None]
    assert pull.head in reply.body
    assert violations(world) == []


@pytest.mark.parametrize("kind", ["422 line", "422"])
def test_f44_after_a_422_all_comments_stand_in_the_body_and_nothing_is_lost(
    service: Service, shop: Repository, world: World, kind: str
):
    world.fault("POST", REVIEWS, kind)

    pull = opened(service, shop, TWICE)
    service.receive(pull.push(files={"app.py": TWICE + "fourth = 4\n"}))
    service.settle()

    (review,) = pull.reviews
    assert pull.inline_comments == []
    assert review.body.count("first fails") == review.body.count("second fails") == 1
    assert len(world.calls.of("POST", REVIEWS)) == 2
    assert only_check(pull).conclusion == "neutral"
    assert violations(world) == []


def test_f44_a_review_that_is_refused_in_the_body_too_is_told_on_the_check_run_and_given_up(
    service: Service, shop: Repository, world: World
):
    world.fault("POST", REVIEWS, "422", times=None)

    pull = opened(service, shop)

    assert len(world.calls.of("POST", REVIEWS)) == 2
    check = only_check(pull)
    assert check.conclusion == "neutral"
    assert "second fails" in (check.summary or "")
    assert "could not be written" in (check.summary or "")
    assert violations(world) == []


def test_f45_a_commit_that_is_no_longer_part_of_the_pull_request_is_superseded_and_the_next_head_looked_at(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    old = pull.head
    world.fault("POST", REVIEWS, "delay", seconds=0.0, before=lambda: pull.force_push(files={"app.py": TWICE}))

    service.receive(pull.opened)
    service.settle()

    (superseded,) = [check for check in shop.checks if check.head == old]
    assert superseded.conclusion == "neutral"
    assert "Superseded" in (superseded.title or "")
    assert [review.commit_id for review in pull.reviews] == [pull.head]
    assert len(pull.inline_comments) == 2
    assert violations(world) == []


def flaws(count: int) -> dict[str, str]:
    """Files with so many flaws in all, one on each."""
    return {f"part{number}.py": f"value{number} = {number}  # BUG-high-flaw{number}x\n" for number in range(count)}


def generous(service: Service, findings: int) -> None:
    """An operator who lets everything be said."""
    service.defaults = Policy(max_findings=findings)
    service.start()


def test_f46_more_than_fifty_annotations_are_added_in_portions(service: Service, shop: Repository, world: World):
    generous(service, 120)
    pull = shop.pull(files=flaws(120))

    service.receive(pull.opened)
    service.settle()

    check = only_check(pull)
    assert (check.status, check.conclusion, len(check.annotations)) == ("completed", "neutral", 120)
    sent = [len(call.body["output"].get("annotations", ())) for call in world.calls.of("PATCH", CHECK)]
    assert sent == [50, 50, 20]
    assert violations(world) == []


def test_f46_findings_beyond_the_length_of_a_body_are_counted_on_it_and_none_is_lost(
    service: Service, shop: Repository, world: World
):
    generous(service, 400)
    world.fault("POST", REVIEWS, "422 line")
    pull = shop.pull(files=flaws(250))

    service.receive(pull.opened)
    service.settle()

    (review,) = pull.reviews
    check = only_check(pull)
    assert len(review.body) <= 65_536
    shown = set(re.findall(r"flaw\d+x fails", review.body))
    assert 50 < len(shown) < 250
    annotated = {one["path"] for one in check.annotations}
    assert len(annotated) == 250
    assert violations(world) == []


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("kind", ["5xx after effect", "reset after effect", "5xx before effect", "429 secondary"])
def test_f47_a_batch_of_annotations_whose_answer_was_lost_is_appended_once(
    service: Service, shop: Repository, world: World, kind: str, nth: int
):
    generous(service, 120)
    pull = shop.pull(files=flaws(120))
    world.fault("PATCH", CHECK, kind, nth=nth, seconds=0.0)

    service.receive(pull.opened)
    service.settle()

    paths = [one["path"] for one in only_check(pull).annotations]
    assert len(paths) == len(set(paths)) == 120
    assert only_check(pull).conclusion == "neutral"
    assert violations(world) == []


def test_f47_a_check_run_that_is_completed_anew_gets_no_annotation_twice(
    service: Service, shop: Repository, world: World
):
    pull = opened(service, shop, TWICE)

    service.receive(pull.comment("ada", "@reviewbot full review"))
    service.settle()
    service.receive(pull.resolve(pull.inline_comments[0].id, "ada"))
    service.settle()

    places = [(one["path"], one["start_line"]) for one in only_check(pull).annotations]
    assert sorted(places) == [("app.py", 1), ("app.py", 2)]
    assert violations(world) == []
