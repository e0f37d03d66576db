"""Clocks, tokens, keys, suspensions and lost rights: work waits or ends, quietly, and goes on when it can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from reviewbot.domain.pull import PullRef
from reviewbot.github.app import GitHubApp
from reviewbot.github.pace import MemoryPace
from reviewbot.ports import ReviewTask
from tests.fakes.github import Pull, Repository, World, violations
from tests.fakes.github.state import FULL_PERMISSIONS
from tests.live.service import Service
from tests.live.test_reviews import CLEAN, FLAWED, TWICE, only_check

HOUR = 3600.0
DAY = 24 * HOUR
MINT = "/app/installations/*/access_tokens"


@dataclass
class SkewedClock:
    """The clock of a machine that is wrong by so many seconds."""

    world: World
    seconds: float

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.world.clock.now() + self.seconds, UTC)

    def monotonic(self) -> float:
        return self.world.clock.now()


def work_of(service: Service, pull: Pull):
    work = service.live.pulls.work(PullRef(pull.repository.id, pull.number))
    assert work is not None
    return work


def calls_during(world: World, act: Callable[[], object]) -> list[str]:
    before = len(world.calls)
    act()
    return [f"{call.method} {call.path} {call.status}" for call in list(world.calls)[before:]]


@pytest.mark.parametrize("seconds", [-2 * DAY, -HOUR, -300.0, -30.0, 30.0, 300.0, HOUR, 2 * DAY])
def test_f24_a_machine_whose_clock_is_wrong_reviews_like_any_other(
    service: Service, shop: Repository, world: World, seconds: float
):
    clock = SkewedClock(world, seconds)
    pace = MemoryPace(0.0, monotonic=world.clock.now, sleep=world.clock.advance)
    github = GitHubApp(
        world.app_id, world.private_key, world.api_url, pace, 2.0, sleep=world.clock.advance, clock=clock
    )
    service.live = replace(service.live, github=github, clock=clock)
    pull = shop.pull(files={"app.py": FLAWED})

    service.receive(pull.opened)
    service.settle()

    refused = [call for call in world.calls if call.status == 401]
    assert len(refused) <= 1
    assert len(pull.reviews) == 1
    assert violations(world) == []


def test_f24_clocks_that_drift_apart_while_the_service_runs_are_brought_together_again(
    service: Service, shop: Repository, world: World
):
    clock = SkewedClock(world, 0.0)
    pace = MemoryPace(0.0, monotonic=world.clock.now, sleep=world.clock.advance)
    github = GitHubApp(
        world.app_id, world.private_key, world.api_url, pace, 2.0, sleep=world.clock.advance, clock=clock
    )
    service.live = replace(service.live, github=github, clock=clock)
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(pull.opened)
    service.settle()

    for seconds in (HOUR, -HOUR, 0.0):
        clock.seconds = seconds
        service.receive(pull.push({"drift.py": f"seconds = {seconds}\n"}))
        service.settle()

    assert only_check(pull).status == "completed"
    assert len([call for call in world.calls if call.status == 401]) <= 3
    assert violations(world) == []


def test_f25_a_token_that_ends_during_the_review_is_replaced_once(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": FLAWED})

    def expire(_task: ReviewTask) -> None:
        world.clock.advance(600.0)
        world.expire_tokens()

    service.factory.reviewers[0].during = expire
    service.receive(pull.opened)
    service.settle()

    assert len([call for call in world.calls if call.status == 401]) == 1
    assert len(world.mints) == 2
    assert len(pull.reviews) == 1
    assert violations(world) == []


@pytest.mark.parametrize("path", ["/repos/**/reviews", "/repos/**/check-runs", "/repos/**/check-runs/*"])
def test_f25_a_token_that_ends_just_before_a_write_does_not_make_it_two(
    service: Service, shop: Repository, world: World, path: str
):
    pull = shop.pull(files={"app.py": FLAWED})
    world.fault("*", path, "delay", seconds=0.0, before=world.expire_tokens)

    service.receive(pull.opened)
    service.settle()

    assert len(pull.reviews) == 1
    assert only_check(pull).conclusion == "neutral"
    assert violations(world) == []


def test_f25_a_review_of_two_hours_writes_with_a_token_of_its_own_time(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})

    def take_long(_task: ReviewTask) -> None:
        world.clock.advance(2 * HOUR)

    service.factory.reviewers[0].during = take_long
    service.receive(pull.opened)
    service.settle()

    assert [call for call in world.calls if call.status == 401] == []
    assert len(pull.reviews) == 1
    assert violations(world) == []


def test_f26_a_fresh_token_that_is_not_known_everywhere_is_shown_again(
    service: Service, shop: Repository, world: World
):
    world.fresh_token_seconds = 3.0
    pull = shop.pull(files={"app.py": FLAWED})

    service.receive(pull.opened)
    service.settle()

    assert len(world.mints) == 1
    assert len(pull.reviews) == 1
    assert violations(world) == []


def test_f26_a_token_that_is_never_known_is_given_up_and_tried_another_time(
    service: Service, shop: Repository, world: World
):
    world.fresh_token_refusals = 1000
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(pull.opened)
    service.settle(HOUR)
    assert pull.reviews == []
    assert len(world.calls) < 200

    world.fresh_token_refusals = 0
    service.settle()

    assert len(pull.reviews) == 1
    assert violations(world) == []


def test_f27_a_suspended_installation_is_asked_once_an_hour_and_reviewed_when_it_is_back(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(world.suspend(), pull.opened)

    asked = calls_during(world, lambda: service.settle(5 * HOUR + 60))
    assert len(asked) == 6
    assert {line.split()[2] for line in asked} == {"403"}
    assert service.live.installations.is_suspended(world.installation().id)

    world.unsuspend()
    service.settle(HOUR + 60)

    assert len(pull.reviews) == 1
    assert not service.live.installations.is_suspended(world.installation().id)
    assert violations(world) == []


def test_f27_unsuspending_resumes_at_once(service: Service, shop: Repository, world: World):
    pulls = [shop.pull(files={f"file{number}.py": f"n = {number}\n"}) for number in range(3)]
    service.receive(world.suspend(), *(pull.opened for pull in pulls))
    service.settle(60.0)

    service.receive(world.unsuspend())
    service.settle(60.0)

    assert [only_check(pull).conclusion for pull in pulls] == ["success"] * 3
    assert violations(world) == []


def test_f27_the_first_probe_that_is_answered_wakes_all_that_waited(service: Service, shop: Repository, world: World):
    pulls = [shop.pull(files={f"file{number}.py": f"n = {number}\n"}) for number in range(3)]
    world.suspend()
    for pull in pulls:
        service.receive(pull.opened)
        service.settle(60.0)
        world.clock.advance(900.0)

    world.unsuspend()
    service.settle(1000.0)

    assert [only_check(pull).conclusion for pull in pulls] == ["success"] * 3
    assert violations(world) == []


def test_f27_the_sweep_notices_both_ends_of_a_suspension_of_which_nobody_told_us(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    world.suspend()
    service.reconcile()
    assert service.live.installations.is_suspended(world.installation().id)

    world.unsuspend()
    service.reconcile()
    service.settle(60.0)

    assert not service.live.installations.is_suspended(world.installation().id)
    assert len(pull.reviews) == 1


def test_f27_a_suspension_in_the_middle_of_a_review_only_puts_its_end_off(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})

    def suspend(_task: ReviewTask) -> None:
        world.suspend()

    service.factory.reviewers[0].during = suspend
    service.receive(pull.opened)
    service.settle(2 * HOUR)
    assert pull.reviews == []

    service.receive(world.unsuspend())
    service.settle(60.0)

    assert len(pull.reviews) == 1
    assert len(service.factory.reviewers[0].reads) == 1
    assert violations(world) == []


TAKEN_AWAY: dict[str, Callable[[World, Repository], object]] = {
    "uninstalled": lambda world, _shop: world.uninstall(),
    "withdrawn": lambda world, shop: world.withdraw(shop),
    "deleted": lambda _world, shop: shop.delete(),
}


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "untold"])
@pytest.mark.parametrize("takes", TAKEN_AWAY.values(), ids=TAKEN_AWAY.keys())
def test_f28_what_was_taken_away_is_let_go_without_a_storm(
    service: Service, shop: Repository, world: World, takes: Callable[[World, Repository], object], is_told: bool
):
    pulls = [shop.pull(files={f"file{number}.py": f"n = {number}\n"}) for number in range(3)]
    service.receive(*(pull.opened for pull in pulls))
    event = takes(world, shop)
    if is_told:
        service.receive(event)

    asked = calls_during(world, lambda: service.settle(DAY))

    assert len(asked) <= 2 * len(pulls)
    assert all(work_of(service, pull).due_at is None for pull in pulls)
    assert calls_during(world, lambda: service.settle(DAY)) == []
    assert world.violations == []


@pytest.mark.parametrize("takes", TAKEN_AWAY.values(), ids=TAKEN_AWAY.keys())
def test_f28_what_is_taken_away_in_the_middle_of_a_review_ends_it(
    service: Service, shop: Repository, world: World, takes: Callable[[World, Repository], object]
):
    pull = shop.pull(files={"app.py": FLAWED})

    def take(_task: ReviewTask) -> None:
        service.receive(takes(world, shop))

    service.factory.reviewers[0].during = take
    service.receive(pull.opened)
    asked = calls_during(world, lambda: service.settle(DAY))

    assert len(asked) < 20
    assert pull.reviews == []
    assert work_of(service, pull).due_at is None
    assert calls_during(world, lambda: service.settle(DAY)) == []
    assert world.violations == []


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "untold"])
def test_f28_a_repository_that_is_given_back_is_reviewed(
    service: Service, shop: Repository, world: World, is_told: bool
):
    pull = shop.pull(files={"app.py": FLAWED})
    service.reconcile()
    withdrawn = world.withdraw(shop)
    if is_told:
        service.receive(withdrawn)
    service.settle()

    world.admit(shop)
    service.reconcile()
    service.settle()

    assert len(pull.reviews) == 1
    assert violations(world) == []


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "untold"])
@pytest.mark.parametrize("full_name", ["octo/store", "elsewhere/shop"])
def test_f29_a_repository_with_another_name_is_the_same_repository(
    service: Service, shop: Repository, world: World, full_name: str, is_told: bool
):
    pull = shop.pull(files={"app.py": TWICE})
    service.receive(pull.opened)
    service.settle()
    pushed = pull.push({"app.py": FLAWED})

    moved = shop.rename(full_name)
    service.receive(*([moved] if is_told else []), pushed)
    service.settle()

    assert len(pull.reviews) == 1
    assert only_check(pull).conclusion == "neutral"
    assert str(work_of(service, pull).repo) == full_name
    assert violations(world) == []


def test_f29_a_repository_that_is_renamed_in_the_middle_of_a_review_gets_it(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})

    def rename(_task: ReviewTask) -> None:
        shop.rename("octo/store")

    service.factory.reviewers[0].during = rename
    service.receive(pull.opened)
    service.settle()

    assert len(pull.reviews) == 1
    assert violations(world) == []


def test_f29_a_repository_that_moved_to_another_installation_is_reviewed_there(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(pull.opened)
    moved = shop.rename("elsewhere/shop")
    world.admit(shop, "elsewhere")
    service.receive(moved)

    service.settle()
    service.reconcile()
    service.settle()

    assert len(pull.reviews) == 1
    assert violations(world) == []


def test_f29_an_archived_repository_hears_nothing_and_is_reviewed_when_it_is_one_no_more(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(shop.archive(), pull.opened)
    service.settle()
    service.reconcile()
    assert world.calls.writes == []
    assert world.calls.of("GET", "/repos/*/*/pulls") == []
    assert calls_during(world, lambda: service.settle(DAY)) == []

    shop.unarchive()
    service.reconcile()
    service.settle()

    assert len(pull.reviews) == 1
    assert violations(world) == []


def test_f29_a_repository_that_is_archived_in_the_middle_of_a_review_ends_it_quietly(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})

    def archive(_task: ReviewTask) -> None:
        shop.archive()

    service.factory.reviewers[0].during = archive
    service.receive(pull.opened)
    service.settle()
    assert pull.reviews == []
    assert calls_during(world, lambda: service.settle(DAY)) == []

    shop.unarchive()
    service.reconcile()
    service.settle()

    assert len(pull.reviews) == 1
    assert len(service.factory.reviewers[0].reads) == 1
    assert violations(world) == []


def test_f29_a_repository_that_is_blocked_ends_at_once(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": FLAWED})
    shop.state.is_blocked = True
    service.receive(pull.opened)

    asked = calls_during(world, lambda: service.settle(DAY))

    assert [line.split()[2] for line in asked] == ["201", "451"]
    assert world.violations == []


def test_f30_without_the_permission_for_checks_there_is_the_review_alone(
    service: Service, shop: Repository, world: World
):
    del world.installation().permissions["checks"]
    pull = shop.pull(files={"app.py": FLAWED})

    service.receive(pull.opened)
    service.settle()

    assert len(pull.reviews) == 1
    assert pull.checks == []
    assert calls_during(world, lambda: service.settle(DAY)) == []
    assert world.violations == []


def test_f30_without_the_permission_to_write_on_pull_requests_there_is_the_check_alone(
    service: Service, shop: Repository, world: World
):
    world.installation().permissions["pull_requests"] = "read"
    pull = shop.pull(files={"app.py": FLAWED})

    service.receive(pull.opened)
    service.settle()

    assert pull.reviews == []
    check = only_check(pull)
    assert check.conclusion == "neutral"
    assert "second fails" in f"{check.summary}{check.text}"
    assert "could not be written" in f"{check.summary}{check.text}"
    assert calls_during(world, lambda: service.settle(DAY)) == []
    assert violations(world) == []


@pytest.mark.parametrize("lost", ["contents", "pull_requests", "metadata"])
def test_f30_without_what_a_review_needs_nothing_is_tried_again_until_it_is_granted(
    service: Service, shop: Repository, world: World, lost: str
):
    permissions = world.installation().permissions
    del permissions[lost]
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(pull.opened)
    asked = calls_during(world, lambda: service.settle(DAY))
    assert len(asked) < 15
    service.reconcile()
    assert calls_during(world, lambda: service.settle(DAY)) == []

    permissions[lost] = FULL_PERMISSIONS[lost]
    service.reconcile()
    service.settle()

    assert len(pull.reviews) == 1
    assert violations(world) == []


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [("POST", "/repos/**/reviews", 1), ("POST", "/repos/**/check-runs", 1), ("PATCH", "/repos/**/check-runs/*", 6)],
    ids=["a review", "a check", "the end of a check"],
)
def test_f30_a_write_that_is_not_allowed_is_not_sent_again_and_again(
    service: Service, shop: Repository, world: World, method: str, path: str, most: int
):
    world.fault(method, path, "403 permission", times=None)
    pull = shop.pull(files={"app.py": FLAWED})

    service.receive(pull.opened)
    service.settle(DAY)

    assert len(world.calls.of(method, path)) == most
    assert work_of(service, pull).due_at is None
    assert world.violations == []


def test_f31_a_key_that_was_replaced_is_hardly_shown_and_deliveries_are_kept_until_it_is_right_again(
    service: Service, shop: Repository, world: World
):
    pulls = [shop.pull(files={f"file{number}.py": f"n = {number}\n"}) for number in range(10)]
    world.rotate_key()
    service_key_is_old = service.live.github
    service.receive(*(pull.opened for pull in pulls))

    asked = calls_during(world, lambda: service.settle(HOUR))
    assert len(asked) <= 61
    assert {line.split()[2] for line in asked} == {"401"}
    assert service.live.deliveries.counts()["handled"] == 10
    report = service.reconcile()
    assert all("REVIEWBOT_GITHUB_PRIVATE_KEY" in note for note in report.notes)
    assert report.notes

    service.start()
    assert service.live.github is not service_key_is_old
    service.settle(900.0)

    assert [only_check(pull).conclusion for pull in pulls] == ["success"] * 10
    assert violations(world) == []


def test_f31_a_key_that_is_refused_for_a_while_needs_no_restart(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": CLEAN})
    good = world.signing_key
    world.rotate_key()
    service.receive(pull.opened)
    service.settle(HOUR)

    world.signing_key = good
    service.settle(900.0)

    assert only_check(pull).conclusion == "success"
    assert violations(world) == []
