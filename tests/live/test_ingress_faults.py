"""Events that overtake each other, come late, in heaps, twice or from ourselves: each head is reviewed once."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from reviewbot.domain.pull import PullRef
from tests.fakes.github import Event, Pull, Repository, World, violations
from tests.live.service import Service
from tests.live.test_reviews import CLEAN, FLAWED, TWICE, only_check

SEEDS = range(6)
HOUR = 3600.0


def reads(service: Service) -> int:
    return len(service.factory.reviewers[0].reads)


def eventful(shop: Repository) -> tuple[Pull, list[Event]]:
    """A pull request after a life of pushes, and the events of it in the order of happening."""
    pull = shop.pull(files={"app.py": CLEAN}, draft=True)
    events = [
        pull.opened,
        pull.ready(),
        pull.push(files={"app.py": TWICE}),
        pull.close(),
        pull.reopen(),
        pull.force_push(files={"app.py": FLAWED}),
    ]
    return pull, events


@pytest.mark.parametrize("seed", SEEDS)
def test_f16_whatever_the_order_of_the_events_the_last_head_is_reviewed_once(
    service: Service, shop: Repository, world: World, seed: int
):
    pull, events = eventful(shop)
    chance = random.Random(seed)
    chance.shuffle(events)

    for event in events:
        service.receive(event, times=chance.choice((1, 2)))
        if chance.random() < 0.5:
            service.settle(chance.choice((0.0, 60.0)))
    service.settle()

    assert [review.commit_id for review in pull.reviews] == [pull.head]
    assert only_check(pull).conclusion == "neutral"
    assert reads(service) == 1
    assert violations(world) == []


def test_f16_a_push_that_arrives_before_its_pull_request_was_opened_is_reviewed(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": CLEAN})
    pushed = pull.push(files={"app.py": FLAWED})

    service.receive(pushed)
    service.settle()
    service.receive(pull.opened)
    service.settle()

    assert [review.commit_id for review in pull.reviews] == [pull.head]
    assert [check.head for check in shop.checks] == [pull.head]
    assert violations(world) == []


def test_f16_a_close_that_arrives_first_does_not_keep_an_open_pull_request_from_its_review(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    closed, reopened = pull.close(), pull.reopen()

    for event in (closed, reopened, pull.opened):
        service.receive(event)
        service.settle()

    assert len(pull.reviews) == 1
    assert violations(world) == []


def test_f16_an_old_push_that_arrives_last_changes_nothing(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": CLEAN})
    old = pull.push(files={"app.py": TWICE})
    new = pull.push(files={"app.py": FLAWED})
    service.receive(pull.opened, new)
    service.settle()
    said = len(world.calls.writes)

    service.receive(old)
    service.settle()

    assert len(world.calls.writes) == said
    assert {check.head for check in shop.checks} == {pull.head}
    assert violations(world) == []


def test_f16_an_event_of_an_open_pull_request_that_arrives_after_its_end_says_nothing(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})

    service.receive(pull.close())
    service.settle()
    service.receive(pull.opened)
    service.settle()

    assert world.calls.writes == []
    assert violations(world) == []


def test_f17_a_delivery_that_comes_hours_late_finds_its_head_done(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": FLAWED})
    service.reconcile()
    service.settle()
    said = len(world.calls.writes)

    world.clock.advance(9 * HOUR)
    service.receive(pull.opened)
    service.settle()

    assert len(world.calls.writes) == said
    assert reads(service) == 1
    assert violations(world) == []


def test_f17_a_delivery_that_comes_hours_late_and_is_the_first_word_is_acted_on(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})

    world.clock.advance(9 * HOUR)
    service.receive(pull.opened)
    service.settle()

    assert only_check(pull).conclusion == "neutral"
    assert violations(world) == []


def test_f21_a_burst_of_events_costs_each_pull_request_one_review(service: Service, shop: Repository, world: World):
    shop.commit({"other.py": "x = 1\n"}, branch="release")
    pulls = [shop.pull(files={f"file{number}.py": f"n = {number}\n"}) for number in range(40)]
    events = [event for pull in pulls for event in (pull.opened, pull.retarget("release"), pull.retarget("main"))]
    random.Random(21).shuffle(events)

    service.receive(*events)
    service.settle()

    assert reads(service) == 40
    assert [only_check(pull).conclusion for pull in pulls] == ["success"] * 40
    assert violations(world) == []


def test_f21_a_reviewed_pull_request_that_is_retargeted_again_and_again_is_reviewed_once_more(
    service: Service, shop: Repository, world: World
):
    shop.commit({"other.py": "x = 1\n"}, branch="release")
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(pull.opened)
    service.settle()

    service.receive(*(pull.retarget(branch) for branch in ("release", "main") * 5))
    service.settle()

    assert reads(service) <= 2
    assert len(pull.reviews) == 1
    assert violations(world) == []


def test_f22_what_we_write_comes_back_as_events_and_starts_nothing(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": TWICE})
    service.receive(pull.opened)
    service.settle()
    service.receive(pull.push(files={"app.py": FLAWED}), pull.comment("ada", "@reviewbot help"))
    service.settle()
    before, looks = len(world.calls), reads(service)
    ours = [event for event in world.events if event.payload["sender"]["id"] == world.bot.id]
    assert {event.name for event in ours} >= {"check_run", "pull_request_review", "pull_request_review_comment"}
    assert {event.name for event in ours} >= {"issue_comment"}

    service.receive(*ours)
    service.settle()

    assert (len(world.calls), reads(service)) == (before, looks)
    assert violations(world) == []


OTHER_BOTS = {
    "a command": lambda pull: pull.comment("other[bot]", "@reviewbot full review"),
    "a reply": lambda pull: pull.reply("other[bot]", pull.inline_comments[0].id, "@reviewbot explain this"),
    "a review": lambda pull: pull.review("other[bot]", "@reviewbot review"),
    "a line": lambda pull: pull.line_comment("other[bot]", "app.py", 2, "@reviewbot review"),
    "a resolved thread": lambda pull: pull.resolve(pull.inline_comments[0].id, "other[bot]"),
}


@pytest.mark.parametrize("said", OTHER_BOTS.values(), ids=OTHER_BOTS.keys())
def test_f22_what_other_bots_say_starts_nothing(
    service: Service, shop: Repository, world: World, said: Callable[[Pull], Event]
):
    world.user("other[bot]", kind="Bot")
    shop.allow("other[bot]", "write")
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(pull.opened)
    service.settle()
    before = len(world.calls)

    service.receive(said(pull))
    service.settle()

    assert len(world.calls) == before
    assert violations(world) == []


def test_f22_a_pull_request_that_moves_again_and_again_is_put_off_in_sight_and_reviewed_later(
    service: Service, shop: Repository, world: World
):
    service.limits = replace(service.limits, reviews_per_hour=3)
    service.start()
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(pull.opened)
    for number in range(5):
        service.settle(60.0)
        service.receive(pull.push({"count.py": f"n = {number}\n"}, sender="other[bot]"))
    service.settle(60.0)

    assert reads(service) == 3
    assert only_check(pull).conclusion == "neutral"
    assert (only_check(pull).title or "").startswith("Deferred")
    work = service.live.pulls.work(PullRef(shop.id, pull.number))
    assert work is not None
    assert work.due_at is not None

    service.settle(2 * HOUR)

    assert reads(service) == 4
    assert not (only_check(pull).title or "").startswith("Deferred")
    assert violations(world) == []


def test_f23_an_old_delivery_that_is_sent_again_is_known(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(pull.opened)
    service.settle()
    service.receive(pull.push({"app.py": CLEAN}))
    service.settle()
    before = len(world.calls)

    world.clock.advance(300 * 24 * HOUR)
    service.live.deliveries.forget_bodies(30 * 24 * HOUR)
    service.receive(pull.opened)
    service.settle()

    assert len(world.calls) == before


REPLAYED = {
    "opened": lambda pull: pull.opened,
    "pushed": lambda pull: pull.push({"app.py": CLEAN}),
    "closed and reopened": lambda pull: (pull.close(), pull.reopen())[0],
    "re-run": lambda pull: pull.rerun_check(pull.checks[0]),
    "a command": lambda pull: pull.comment("ada", "@reviewbot full review"),
}


@pytest.mark.parametrize("happens", REPLAYED.values(), ids=REPLAYED.keys())
def test_f23_an_old_delivery_under_another_guid_asks_for_nothing_new(
    service: Service, shop: Repository, world: World, happens: Callable[[Pull], Event]
):
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(pull.opened)
    service.settle()
    captured = happens(pull)
    service.receive(captured)
    service.settle()
    said, looks = len(world.calls.writes), reads(service)

    for number in range(3):
        service.receive(replace(captured, guid=f"another-{number}"))
        service.settle()

    assert reads(service) == looks
    assert len([call for call in world.calls.writes[said:] if call.method == "POST"]) == 0
