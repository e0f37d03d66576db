"""What a pull request gets to see: one honest outcome for each head, and nothing said twice."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from reviewbot.domain.pull import PullRef
from reviewbot.domain.round import Fate
from tests.fakes.github import Expected, Pull, Repository, World, violations
from tests.live.service import Service

FLAWED = "first = 1\nsecond = 2  # BUG-high-second\nthird = 3\n"
TWICE = "first = 1  # BUG-high-first\nsecond = 2  # BUG-high-second\nthird = 3\n"
CLEAN = "first = 1\nsecond = 22\nthird = 3\n"


def only_check(pull: Pull):
    (check,) = pull.checks
    return check


def test_a_flawed_pull_request_gets_one_review_and_one_check(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": FLAWED})

    service.receive(pull.opened)
    service.settle()

    check = only_check(pull)
    assert (check.status, check.conclusion) == ("completed", "neutral")
    (review,) = pull.reviews
    (comment,) = pull.inline_comments
    assert review.state == "COMMENTED"
    assert (comment.path, comment.line, comment.side) == ("app.py", 2, "RIGHT")
    assert "second fails" in comment.body
    assert violations(world) == []


def test_a_clean_pull_request_gets_a_green_check_and_no_words(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": CLEAN})

    service.receive(pull.opened)
    service.settle()

    assert only_check(pull).conclusion == "success"
    assert (pull.reviews, pull.inline_comments, pull.answers) == ([], [], [])
    assert violations(world) == []


def test_an_ordinary_review_takes_at_most_twelve_calls(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": TWICE})

    service.receive(pull.opened)
    service.settle()

    assert len(world.calls) <= 12, [f"{call.method} {call.path}" for call in world.calls]


def test_f07_one_head_is_reviewed_once_whatever_asks_for_it(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(pull.opened, times=2)
    service.settle()

    again = replace(pull.opened, guid="another-hook-with-another-guid")
    service.receive(again, pull.close(), pull.reopen())
    service.settle()

    assert len(pull.reviews) == 1
    assert len(service.factory.reviewers[0].reads) == 1
    assert only_check(pull).conclusion == "neutral"
    assert violations(world) == []


def test_a_later_push_keeps_what_is_open_and_settles_what_is_fixed(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": TWICE})
    service.receive(pull.opened)
    service.settle()
    first, second = pull.inline_comments

    service.receive(pull.push(files={"app.py": FLAWED, "new.py": "x = 1  # BUG-high-new\ny = 2  # BUG-low-minor\n"}))
    service.settle()

    roots = [comment for comment in pull.inline_comments if comment.in_reply_to is None]
    replies = [comment for comment in pull.inline_comments if comment.in_reply_to is not None]
    assert [root.path for root in roots[2:]] == ["new.py"]
    assert "new" in roots[2].body
    fixed = first if "first" in first.body else second
    (reply,) = replies
    assert reply.in_reply_to == fixed.id
    assert pull.head in reply.body
    threads = {thread.root_id: thread.is_resolved for thread in pull.state.threads.values()}
    assert threads[fixed.id]
    assert violations(world) == []


def test_a_draft_is_skipped_in_sight_and_reviewed_when_it_is_ready(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": FLAWED}, draft=True)
    service.receive(pull.opened)
    service.settle()
    assert only_check(pull).conclusion == "skipped"
    assert pull.reviews == []

    service.receive(pull.ready())
    service.settle()

    assert only_check(pull).conclusion == "neutral"
    assert len(pull.reviews) == 1
    assert violations(world) == []


def test_f36_a_push_during_a_review_supersedes_it(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": FLAWED})
    old = pull.head
    pushed = []

    def push(_task: object) -> None:
        if not pushed:
            pushed.append(pull.push(files={"app.py": TWICE}))

    service.factory.reviewers[0].during = push
    service.receive(pull.opened)
    service.settle()

    old_checks = [check for check in shop.checks if check.head == old]
    assert [check.conclusion for check in old_checks] == ["neutral"]
    assert "uperseded" in (old_checks[0].title or "")
    assert [review.commit_id for review in pull.reviews] == [pull.head]
    assert violations(world) == []


def test_f38_a_pull_request_closed_during_its_review_hears_nothing(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": FLAWED})

    def close(_task: object) -> None:
        if pull.state.is_open:
            service.receive(pull.close())

    service.factory.reviewers[0].during = close
    service.receive(pull.opened)
    service.settle()

    assert pull.reviews == []
    assert only_check(pull).conclusion == "skipped"
    assert violations(world) == []


def test_a_reviewed_pull_request_that_becomes_a_draft_keeps_its_result(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(pull.opened)
    service.settle()

    service.receive(pull.to_draft())
    service.settle()
    service.receive(pull.ready())
    service.settle()

    assert only_check(pull).conclusion == "neutral"
    assert len(pull.reviews) == 1
    assert violations(world) == []


def test_a_head_that_comes_back_is_not_told_twice(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": FLAWED})
    first = pull.head
    service.receive(pull.opened)
    service.settle()

    service.receive(pull.push(files={"app.py": TWICE}))
    service.settle()
    service.receive(pull.move_to(first))
    service.settle()

    assert sum(comment.in_reply_to is None for comment in pull.inline_comments) == 2
    assert violations(world) == []


def test_a_finding_that_was_fixed_and_comes_back_is_said_again(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": TWICE})
    service.receive(pull.opened)
    service.settle()

    for content in (FLAWED, TWICE):
        service.receive(pull.push(files={"app.py": content}))
        service.settle()

    roots = [comment.body for comment in pull.inline_comments if comment.in_reply_to is None]
    assert sum("first fails" in body for body in roots) == 2
    assert only_check(pull).title == "1 new high finding, 1 still open. The one file was read."
    (name,) = {match[1] for body in roots if (match := re.search(r"first fails.*Finding `(\w+)`", body, re.DOTALL))}
    assert violations(world, Expected(said_again={name: 1})) == []


def test_a_head_that_comes_back_has_its_findings_on_its_check_whatever_was_fixed_meanwhile(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    first = pull.head
    service.receive(pull.opened)
    service.settle()

    service.receive(pull.push(files={"app.py": CLEAN}))
    service.settle()
    service.receive(pull.move_to(first), pull.rerun_check(shop.checks[0]))
    service.settle()

    assert only_check(pull).conclusion == "neutral"
    assert (only_check(pull).title or "").startswith("1 high finding.")
    assert violations(world) == []


def test_a_finding_that_was_fixed_and_is_back_but_not_grave_is_open_again_and_not_said_again(
    service: Service, shop: Repository, world: World
):
    slight = "first = 1\nsecond = 2  # BUG-low-second\nthird = 3\n"
    pull = shop.pull(files={"app.py": slight})
    service.receive(pull.opened)
    service.settle()

    for content in (CLEAN, slight):
        service.receive(pull.push(files={"app.py": content}))
        service.settle()

    assert sum("second fails" in comment.body for comment in pull.inline_comments) == 1
    assert [one.fate for one in service.live.rounds.known(PullRef(shop.id, pull.number))] == [Fate.OPEN]
    assert only_check(pull).conclusion == "neutral"
    assert violations(world) == []


@pytest.mark.parametrize("kind", ["410", "451", "403 permission"])
def test_a_review_whose_comments_github_does_not_list_stands_and_its_findings_are_known(
    service: Service, shop: Repository, world: World, kind: str
):
    world.fault("GET", "/repos/**/reviews/*/comments", kind, times=None)
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(pull.opened)
    service.settle()

    service.receive(pull.push(files={"other.py": "x = 1\n"}))
    service.settle()

    assert sum("second fails" in comment.body for comment in pull.inline_comments) == 1
    assert [one.fate for one in service.live.rounds.known(PullRef(shop.id, pull.number))] == [Fate.OPEN]
    assert (only_check(pull).conclusion, len(pull.reviews)) == ("neutral", 1)


def test_thumbs_and_resolutions_are_kept_as_feedback(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": TWICE})
    service.receive(pull.opened)
    service.settle()
    liked, settled = pull.inline_comments
    pull.react("eve", liked.id, "+1")
    pull.react("ada", liked.id, "-1")
    pull.react("ada", liked.id, "heart")

    service.receive(pull.resolve(settled.id, "ada"), pull.close())
    service.settle()

    ref = PullRef(shop.id, pull.number)
    given = {(one.kind, one.by_id) for one in service.live.feedback.of(ref)}
    assert given == {
        ("+1", world.user("eve").id),
        ("-1", world.user("ada").id),
        ("resolved", world.user("ada").id),
    }
    fates = {known.comment_id: known.fate for known in service.live.rounds.known(ref)}
    assert (fates[liked.id], fates[settled.id]) == (Fate.OPEN, Fate.RESOLVED)


def test_a_thread_that_github_does_not_let_us_resolve_is_answered_all_the_same(
    service: Service, shop: Repository, world: World
):
    world.graphql_wants_contents_write = True
    pull = shop.pull(files={"app.py": TWICE})
    service.receive(pull.opened)
    service.settle()

    service.receive(pull.push(files={"app.py": FLAWED}))
    service.settle()

    (reply,) = [comment for comment in pull.inline_comments if comment.in_reply_to is not None]
    assert pull.head in reply.body
    assert "could not be resolved" not in (only_check(pull).summary or "")
    assert violations(world) == []
