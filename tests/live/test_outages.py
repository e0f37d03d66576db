"""GitHub's limits, garbage and outages, and what crashes leave behind: nothing too early, and nothing left undone."""

from __future__ import annotations

import itertools

import pytest

from reviewbot.domain.pull import PullRef
from reviewbot.pipelines.review_pull import review_pull
from reviewbot.store.outbox import SendState
from tests.fakes.github import Repository, World, violations
from tests.fakes.github.ledger import Call
from tests.live.service import Service
from tests.live.test_reviews import CLEAN, FLAWED, TWICE, only_check
from tests.live.test_writing_faults import CHECKS, REVIEWS, WRITES, is_well_said, opened

HOUR = 3600.0
GARBAGE = (
    "200 html",
    "200 truncated json",
    "connection cut in the body",
    "200 broken gzip",
    "200 empty",
    "200 wrong json",
)


def between(calls: list[Call]) -> list[float]:
    """The seconds between calls."""
    return [later.at - earlier.at for earlier, later in itertools.pairwise(calls)]


@pytest.mark.parametrize("path", [REVIEWS, CHECKS, "/app/installations/*/access_tokens"])
@pytest.mark.parametrize("kind", ["403 primary", "429 primary"])
def test_f48_after_the_hourly_limit_nothing_is_sent_before_it_is_reset(
    service: Service, shop: Repository, world: World, kind: str, path: str
):
    fault = world.fault("POST", path, kind, reset_seconds=1700)
    pull = shop.pull(files={"app.py": FLAWED})
    other = shop.pull(files={"app.py": CLEAN})

    service.receive(pull.opened, other.opened)
    service.settle()

    assert fault.struck == 1
    gaps = between(list(world.calls))
    assert sum(gap >= 1699 for gap in gaps) == 1
    assert is_well_said(pull)
    assert only_check(other).conclusion == "success"
    assert violations(world) == []


LIMITS = {
    "with retry-after": ("403 secondary", {"retry_after": 240}, 240.0),
    "without retry-after": ("429 secondary", {}, 60.0),
    "called abuse": ("403 abuse", {}, 60.0),
    "with a retry-after of a second": ("403 secondary", {"retry_after": 1}, 60.0),
}


@pytest.mark.parametrize(("kind", "options", "seconds"), LIMITS.values(), ids=LIMITS.keys())
def test_f49_after_a_secondary_limit_the_installation_is_silent_for_as_long_as_asked_and_a_minute_at_least(
    service: Service, shop: Repository, world: World, kind: str, options: dict[str, int], seconds: float
):
    world.fault("POST", REVIEWS, kind, **options)
    pull = shop.pull(files={"app.py": FLAWED})
    other = shop.pull(files={"app.py": CLEAN})

    service.receive(pull.opened, other.opened)
    service.settle()

    (struck,) = [call for call in world.calls if call.fault]
    after = min(call.at for call in world.calls if call.number > struck.number)
    assert after - struck.at >= seconds - 0.01
    assert len(world.calls.of("POST", REVIEWS)) == 2
    assert is_well_said(pull)
    assert violations(world) == []


def test_f49_limits_in_a_row_are_waited_out_twice_as_long_each_time(service: Service, shop: Repository, world: World):
    world.fault("POST", REVIEWS, "429 secondary", times=3)

    pull = opened(service, shop)

    waits = between(world.calls.of("POST", REVIEWS))
    assert len(waits) == 3
    assert all(wait >= least for wait, least in zip(waits, (60, 120, 240), strict=True)), waits
    assert is_well_said(pull)
    assert violations(world) == []


def test_f49_neither_a_limit_of_one_installation_nor_an_error_of_one_pull_request_stops_another(
    service: Service, shop: Repository, world: World
):
    elsewhere = world.repository("acme/till", files={"app.py": "first = 1\nsecond = 2\nthird = 3\n"})
    slow = shop.pull(files={"app.py": FLAWED})
    same = shop.pull(files={"app.py": CLEAN})
    free = elsewhere.pull(files={"app.py": FLAWED})
    world.fault("POST", f"/repos/octo/shop/pulls/{slow.number}/reviews", "5xx before effect", times=20)

    service.receive(slow.opened, same.opened, free.opened)
    service.settle(5.0)
    assert only_check(same).conclusion == "success"
    world.faults.clear()
    world.fault("GET", "/repos/octo/shop/**", "403 secondary", retry_after=900)
    service.receive(same.push(files={"app.py": FLAWED}), free.push(files={"app.py": TWICE}))
    service.settle(120.0)

    assert only_check(free).conclusion == "neutral"
    assert same.checks == []
    service.settle()
    assert only_check(same).conclusion == "neutral"
    assert violations(world) == []


@pytest.mark.parametrize(("method", "path"), [*WRITES, ("GET", "/repos/*/*/pulls/*"), ("GET", f"{REVIEWS}/*/comments")])
@pytest.mark.parametrize("kind", GARBAGE)
@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
def test_f52_an_answer_that_is_garbage_is_neither_believed_nor_the_end(
    service: Service, shop: Repository, world: World, method: str, path: str, kind: str
):
    fault = world.fault(method, path, kind)

    pull = opened(service, shop)

    assert fault.struck == 1
    assert is_well_said(pull)
    assert violations(world) == []


def test_f52_a_server_that_cannot_be_reached_at_all_is_tried_again(service: Service, shop: Repository, world: World):
    address, world.api_url = world.api_url, "http://127.0.0.1:9"
    service.start()
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(pull.opened)
    service.settle(HOUR)
    assert pull.checks == []

    world.api_url = address
    service.start()
    service.settle()

    assert is_well_said(pull)
    assert violations(world) == []


def test_f53_while_github_is_down_work_is_kept_and_asked_for_seldom_and_done_when_it_is_back(
    service: Service, shop: Repository, world: World
):
    fault = world.fault("*", "**", "5xx before effect", times=None, status=503)
    pulls = [shop.pull(files={"app.py": FLAWED}) for _ in range(3)]
    for pull in pulls:
        service.receive(pull.opened)
        service.settle(2 * HOUR)
    late = shop.pull(files={"app.py": CLEAN})
    service.receive(late.opened)
    assert shop.checks == []
    assert fault.struck < 1200, (
        "no storm: a look makes four tries at one request, and looks come a quarter of an hour apart"
    )

    world.faults.clear()
    world.clock.advance(1000.0)
    service.settle(1000.0)

    assert all(is_well_said(pull) for pull in pulls)
    assert only_check(late).conclusion == "success"
    assert violations(world) == []


def test_f53_what_waited_for_github_does_not_come_back_all_at_once(service: Service, shop: Repository, world: World):
    world.fault("*", "**", "5xx before effect", times=None, status=503)
    pulls = [shop.pull(files={"app.py": CLEAN}) for _ in range(8)]
    world.clock.hold()

    service.receive(*(pull.opened for pull in pulls))
    service.settle(HOUR)

    due = sorted(work.due_at or 0.0 for work in service.live.pulls.open_work())
    assert len(due) == 8
    assert due[-1] - due[0] > 5.0


def test_f54_a_review_that_was_left_pending_is_taken_away_and_sent_again(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})

    def leave_pending() -> None:
        (review,) = pull.reviews
        review.state = "PENDING"

    world.fault("POST", REVIEWS, "5xx after effect", after=leave_pending)
    service.receive(pull.opened)
    service.settle()

    assert len(world.calls.of("DELETE", f"{REVIEWS}/*")) == 1
    assert [review.state for review in pull.reviews] == ["COMMENTED"]
    assert is_well_said(pull)
    assert violations(world) == []


@pytest.mark.parametrize("death", ["sending check", "answered check", "sent check", "made round", "sent review"])
def test_f54_a_check_run_that_a_crash_left_in_progress_is_ended_though_its_head_is_gone(
    service: Service, shop: Repository, world: World, death: str
):
    other = shop.pull(files={"app.py": FLAWED})
    old = other.head
    service.receive(other.opened)
    names = ["parsed delivery", "wanted", "acted on delivery", "taken", "read pull", "opened change"]
    names += ["planned check", "sending check", "answered check", "sent check", "made round", "saved round"]
    names += ["planned review", "sending review", "answered review", "sent review"]
    with service.dying(names.index(death)):
        while not service.deaths:
            service.step()
    assert service.crossed[-1] == death

    service.receive(other.force_push(files={"app.py": TWICE}))
    service.settle()

    left = [check for check in shop.checks if check.head == old]
    assert all((check.status, check.conclusion) == ("completed", "neutral") for check in left)
    assert only_check(other).conclusion == "neutral"
    assert violations(world) == []


def test_f54_f60_a_death_between_the_review_and_its_check_leaves_neither_undone(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    service.receive(pull.opened)
    with service.dying(*range(15, 40, 2)):
        service.settle()

    assert service.deaths > 3
    assert is_well_said(pull)
    rows = service.live.outbox.starting("")
    assert {row.state for row in rows} == {SendState.SENT}
    assert violations(world) == []


def test_f61_a_worker_that_slept_through_its_lease_writes_nothing_more(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    ref = PullRef(shop.id, pull.number)
    other = Service(world, service.transactions, service.folder, _processes=itertools.count(100))

    def sleep(_task: object) -> None:
        world.clock.advance(60.0)
        other.live.workers.beat(other.worker, other.worker)
        review_pull(other.live, ref)

    service.factory.reviewers[0].during = sleep
    service.receive(pull.opened)
    service.settle()

    assert is_well_said(pull)
    assert len(other.factory.reviewers[0].reads) == len(service.factory.reviewers[0].reads) == 1
    writes = [(call.method, call.path.rsplit("/", 1)[-1]) for call in world.calls.writes]
    assert [method for method, _ in writes] == ["POST", "POST", "PATCH"]
    assert violations(world) == []
