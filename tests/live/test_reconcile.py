"""What was missed is found: deliveries that failed, events that never came, databases that have forgotten."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reviewbot.domain.pull import PullRef
from tests.fakes.github import Pull, Repository, World, violations
from tests.live.hook import Hook
from tests.live.service import Service
from tests.live.test_reviews import CLEAN, FLAWED, TWICE, only_check

DAY = 24 * 3600.0
OPEN_PULLS = "/repos/*/*/pulls"


@pytest.fixture
def hook(world: World, service: Service) -> Hook:
    return Hook(world, service)


def reads(service: Service) -> int:
    return len(service.factory.reviewers[0].reads)


def redelivered(world: World) -> list[str]:
    asked = [int(call.path.split("/")[4]) for call in world.calls.of("POST", "/app/hook/deliveries/*/attempts")]
    return [next(one.guid for one in world.deliveries if one.id == number) for number in asked]


def test_f18_deliveries_that_failed_while_we_were_away_are_asked_for_again(
    service: Service, shop: Repository, world: World, hook: Hook
):
    pull = shop.pull(files={"app.py": CLEAN})
    hook.is_down = True
    hook.send(pull.opened, pull.push({"app.py": FLAWED}))
    world.clock.advance(2 * DAY)
    hook.is_down = False

    report = service.reconcile()
    service.settle()

    assert (report.redelivered, report.notes) == (2, ())
    assert [review.commit_id for review in pull.reviews] == [pull.head]
    assert service.reconcile().redelivered == 0
    assert violations(world) == []


def test_f18_only_what_never_arrived_and_can_matter_is_asked_for_again(
    service: Service, shop: Repository, world: World, hook: Hook
):
    hook.send(shop.pull(files={"arrived.py": "x = 1\n"}).opened)
    failed_first = shop.pull(files={"second.py": "x = 1\n"}).opened
    here_all_the_same = shop.pull(files={"here.py": "x = 1\n"}).opened
    hook.is_down = True
    hook.send(failed_first, here_all_the_same)
    believed_once = shop.pull(files={"believed.py": "x = 1\n"}).opened
    hook.lose(believed_once)
    hook.send(believed_once)
    other = shop.pull(files={"other.py": "x = 1\n"})
    hook.send(other.request_review(), other.lock(), shop.unarchive())
    hook.is_down = False
    hook.send(failed_first)
    service.receive(here_all_the_same)
    hook.is_down = True
    hook.send(other.opened)
    hook.is_down = False

    report = service.reconcile()

    assert redelivered(world) == [other.opened.guid]
    assert report.redelivered == 1


def test_f18_of_seven_hundred_failed_deliveries_the_few_that_matter_are_found_on_all_pages(
    service: Service, shop: Repository, world: World, hook: Hook
):
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(pull.opened)
    service.settle()
    noise = next(event for event in world.events if event.name == "check_run")
    wanted = []
    hook.is_down = True
    for number in range(700):
        if number % 100 == 50:
            wanted.append(pull.push({"count.py": f"n = {number}\n"}))
            hook.send(wanted[-1])
        hook.send(noise)
    hook.is_down = False

    service.reconcile()

    assert redelivered(world) == [event.guid for event in wanted]


def test_f18_what_is_too_old_to_be_sent_again_is_not_asked_for_and_found_by_the_sweep(
    service: Service, shop: Repository, world: World, hook: Hook
):
    pull = shop.pull(files={"app.py": FLAWED})
    hook.is_down = True
    hook.send(pull.opened)
    world.clock.advance(3 * DAY + 60)
    hook.is_down = False

    report = service.reconcile()
    service.settle()

    assert (report.redelivered, report.swept) == (0, 1)
    assert len(pull.reviews) == 1
    assert violations(world) == []


@pytest.mark.parametrize(
    ("method", "pattern"),
    [("GET", "/app/hook/deliveries"), ("POST", "/app/hook/deliveries/*/attempts")],
    ids=["a page", "an attempt"],
)
@pytest.mark.parametrize("kind", ["5xx before effect", "404", "reset before effect", "200 html", "422"])
@pytest.mark.parametrize("nth", [1, 2])
def test_f18_a_failure_in_the_middle_loses_no_delivery(
    service: Service, shop: Repository, world: World, hook: Hook, method: str, pattern: str, kind: str, nth: int
):
    pulls = [shop.pull(files={f"file{number}.py": "x = 1\n"}) for number in range(3)]
    hook.is_down = True
    hook.send(pulls[0].opened)
    for _ in range(100):
        hook.send(pulls[0].opened)
    hook.send(pulls[1].opened, pulls[2].opened)
    hook.is_down = False
    world.fault(method, pattern, kind, nth=nth, times=4)

    reports = [service.reconcile() for _ in range(6)]

    assert set(hook.arrived) == {pull.opened.guid for pull in pulls}
    assert reports[-1].notes == ()


def test_f18_what_is_sent_again_and_fails_again_is_asked_for_the_next_time(
    service: Service, shop: Repository, world: World, hook: Hook
):
    pull = shop.pull(files={"app.py": FLAWED})
    hook.is_down = True
    hook.send(pull.opened)

    assert service.reconcile().redelivered == 1
    assert hook.arrived == []
    hook.is_down = False
    assert service.reconcile().redelivered == 1
    assert hook.arrived == [pull.opened.guid]
    assert service.reconcile().redelivered == 0


def test_f19_open_pull_requests_whose_events_never_came_are_found(service: Service, shop: Repository, world: World):
    flawed = shop.pull(files={"app.py": FLAWED})
    clean = shop.pull(files={"app.py": CLEAN})
    draft = shop.pull(files={"draft.py": "x = 1\n"}, draft=True)
    closed = shop.pull(files={"closed.py": "x = 1\n"})
    closed.close()

    report = service.reconcile()
    service.settle()

    assert report.swept == 3
    assert len(flawed.reviews) == 1
    assert [only_check(pull).conclusion for pull in (flawed, clean, draft)] == ["neutral", "success", "skipped"]
    assert closed.checks == []
    assert service.reconcile().swept == 0
    assert violations(world) == []


def test_f19_a_push_of_which_nobody_told_us_is_found(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": CLEAN})
    service.receive(pull.opened)
    service.settle()
    service.reconcile()
    world.clock.advance(60.0)
    pull.push({"app.py": FLAWED})

    assert service.reconcile().swept == 1
    service.settle()

    assert [review.commit_id for review in pull.reviews] == [pull.head]
    assert violations(world) == []


def test_f19_many_open_pull_requests_are_found_on_all_pages(service: Service, shop: Repository, world: World):
    head = shop.pull(files={"app.py": CLEAN}).head
    for _ in range(109):
        shop.pull(head=head)

    assert service.reconcile().swept == 110


def test_f19_a_list_that_is_unchanged_costs_one_call_for_each_repository(
    service: Service, shop: Repository, world: World
):
    other = world.repository("octo/other", files={"app.py": "x = 1\n"})
    for repository in (shop, other):
        repository.pull(files={"app.py": FLAWED})
    service.reconcile()
    service.settle()
    service.reconcile()
    before = len(world.calls)

    report = service.reconcile()

    paths = [call.path for call in list(world.calls)[before:] if call.path.startswith("/repos/")]
    assert paths == ["/repos/octo/shop/pulls", "/repos/octo/other/pulls"]
    assert [call.status for call in world.calls.of("GET", OPEN_PULLS)[-2:]] == [304, 304]
    assert report.swept == 0


def test_f19_a_list_is_not_called_unchanged_before_everything_in_it_is_done(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    service.reconcile()
    service.live.pulls.forget_repositories(world.installation().id, [shop.id])

    assert service.reconcile().swept == 1
    service.settle()

    assert len(pull.reviews) == 1
    assert violations(world) == []


def test_f19_a_pull_request_that_was_closed_between_the_sweep_and_the_look_hears_nothing(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    service.reconcile()
    pull.close()

    service.settle()

    assert (pull.reviews, pull.checks) == ([], [])
    assert violations(world) == []


def test_f20_a_delivery_that_github_believes_to_have_arrived_is_made_good_by_the_sweep(
    service: Service, shop: Repository, world: World, hook: Hook
):
    pull = shop.pull(files={"app.py": CLEAN})
    hook.lose(pull.opened)

    report = service.reconcile()
    service.settle()

    assert (report.redelivered, report.swept) == (0, 1)
    assert only_check(pull).conclusion == "success"
    assert violations(world) == []


BROKEN: dict[str, Callable[[World], object]] = {
    "suspended": lambda world: world.suspend(),
    "no token": lambda world: world.fault("POST", mint_of(world), "5xx before effect", times=None),
    "not found": lambda world: world.fault("POST", mint_of(world), "404", times=None),
    "nothing granted": lambda world: world.installation().permissions.clear(),
    "limited": lambda world: world.fault("GET", "/repos/octo/**", "403 secondary", times=None),
    "garbage": lambda world: world.fault("GET", "/repos/octo/*/pulls", "200 html", times=None),
    "blocked": lambda world: world.fault("GET", "/repos/octo/*/pulls", "451", times=None),
    "wrong json": lambda world: world.fault("GET", "/repos/octo/*/pulls", "200 wrong json", times=None),
}


def mint_of(world: World) -> str:
    return f"/app/installations/{world.installation().id}/access_tokens"


@pytest.mark.parametrize("breaks", BROKEN.values(), ids=BROKEN.keys())
def test_f19_a_broken_installation_does_not_keep_the_others_from_their_sweep(
    service: Service, shop: Repository, world: World, breaks: Callable[[World], object]
):
    shop.pull(files={"app.py": FLAWED})
    sound = world.repository("sound/shop", files={"app.py": "x = 1\n"})
    pull: Pull = sound.pull(files={"app.py": CLEAN})
    breaks(world)

    service.reconcile()
    service.settle(60.0)

    assert only_check(pull).conclusion == "success"
    assert world.violations == []


@pytest.mark.parametrize("path", ["/app/installations", "/app/hook/deliveries", "/installation/repositories"])
def test_f19_a_reconciliation_that_github_does_not_answer_says_so_and_does_not_raise(
    service: Service, shop: Repository, world: World, path: str
):
    shop.pull(files={"app.py": TWICE})
    world.fault("GET", path, "5xx before effect", times=None)

    report = service.reconcile()

    assert len(report.notes) == 1
    assert service.live.pulls.work(PullRef(shop.id, 1)) is None or path == "/app/hook/deliveries"
