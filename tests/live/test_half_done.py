"""What is half done when something else happens: a death, a refusal that was none, an event that never came."""

from __future__ import annotations

from collections.abc import Callable

from reviewbot.domain.pull import PullRef
from reviewbot.domain.round import Fate
from reviewbot.store.outbox import SendState
from tests.fakes.github import Expected, Repository, World, violations
from tests.live.service import Service
from tests.live.test_reviews import CLEAN, FLAWED, TWICE, only_check
from tests.live.watched import opened, text_of

POLICY = ".reviewbot.yml"


def settled(service: Service, *events) -> None:
    service.receive(*events)
    service.settle()


def dying_at(service: Service, name: str, deed: Callable[[], object]) -> None:
    """Does it, and the process dies where it first crosses a point whose name begins so."""
    crossings, was = [], service._cross

    def cross(crossed: str) -> None:
        crossings.append(crossed)
        if crossed.startswith(name) and not service.die_at:
            service.die_at = {len(service.crossed)}
        was(crossed)

    before = service.deaths
    service._cross = cross  # type: ignore[method-assign]
    service.start()
    deed()
    service._cross, service.die_at = was, set()  # type: ignore[method-assign]
    service.start()
    assert service.deaths == before + 1, crossings


def test_f19_a_draft_that_was_made_ready_without_an_event_is_found(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": FLAWED}, draft=True)
    settled(service, pull.opened)
    service.reconcile()
    assert only_check(pull).conclusion == "skipped"
    world.clock.advance(60.0)
    pull.ready()

    assert service.reconcile().swept == 1
    service.settle()

    assert len(pull.reviews) == 1
    assert service.reconcile().swept == 0
    assert violations(world) == []


def test_a_thread_resolved_after_the_policy_changed_shows_on_a_head_that_is_not_reviewed_again(
    service: Service, shop: Repository, world: World
):
    shop.allow("ada", "write")
    pull = shop.pull(files={"app.py": FLAWED}, draft=True)
    settled(service, pull.opened, pull.comment("ada", "@reviewbot review"))
    (comment,) = pull.inline_comments
    shop.commit({POLICY: "version: 1\nmax_findings: 7\n"})

    settled(service, pull.resolve(comment.id))

    assert only_check(pull).conclusion == "success"
    assert len(service.factory.reviewers[0].reads) == 1
    assert violations(world, Expected(asked_again={pull.head: 1})) == []


def test_f20_a_resolution_whose_look_failed_for_good_shows_after_the_sweep(
    service: Service, shop: Repository, world: World
):
    pull = opened(service, shop, {"app.py": FLAWED})
    (comment,) = pull.inline_comments
    world.fault("GET", "/repos/*/*/pulls/1", "410", times=1)
    settled(service, pull.resolve(comment.id))
    assert only_check(pull).conclusion == "neutral"

    service.reconcile()
    service.settle()

    assert only_check(pull).conclusion == "success"
    assert violations(world) == []


def test_f42_a_notice_of_unknown_fate_is_looked_for_although_its_pull_request_was_closed(
    service: Service, shop: Repository, world: World
):
    shop.commit({POLICY: "version: 1\nseverty: high\n"})
    pull = shop.pull(files={"app.py": FLAWED})

    def closed_meanwhile() -> None:
        service.receive(pull.opened)
        while service.deaths == 0:
            service.step()
        settled(service, pull.close())

    dying_at(service, "answered policy", closed_meanwhile)

    (row,) = service.live.outbox.starting("notice:")
    assert row.state is SendState.SENT
    assert len([one for one in pull.answers if "policy file could not be used" in one.body]) == 1
    assert violations(world) == []


def test_f42_a_check_run_that_began_in_spite_of_a_refusal_is_ended_when_its_head_is_pushed_over(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    world.fault("POST", "/repos/*/*/check-runs", "422 after effect", times=1)
    service.receive(pull.opened)
    service.work()

    settled(service, pull.push({"app.py": TWICE}))

    assert [check.status for check in pull.repository.checks] == ["completed", "completed"]
    assert violations(world) == []


def test_f42_the_same_on_a_pull_request_that_is_closed(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": FLAWED})
    world.fault("POST", "/repos/*/*/check-runs", "422 after effect", times=1)
    service.receive(pull.opened)
    service.work()

    settled(service, pull.close())

    assert only_check(pull).conclusion == "skipped"
    assert violations(world) == []


def test_f54_a_check_run_shown_anew_by_a_process_that_died_is_ended_when_its_head_is_pushed_over(
    service: Service, shop: Repository, world: World
):
    shop.allow("ada", "write")
    pull = opened(service, shop, {"app.py": CLEAN})
    asked = pull.comment("ada", "@reviewbot full review")

    def pushed_meanwhile() -> None:
        service.receive(asked)
        while service.deaths == 0:
            service.step()
        settled(service, pull.push({"app.py": FLAWED}))

    dying_at(service, "answered restart", pushed_meanwhile)

    assert [check.status for check in pull.repository.checks] == ["completed", "completed"]
    assert violations(world) == []


def test_f36_what_another_head_has_said_is_not_said_when_a_look_at_the_head_before_dies(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    first = pull.head
    service.factory.reviewers[0].during = lambda _: (
        pull.state.heads[1:] or pull.force_push({"app.py": FLAWED, "b": "1"})
    )
    settled(service, pull.opened)
    assert len(pull.inline_comments) == 1

    dying_at(service, "completed check", lambda: settled(service, pull.move_to(first)))

    assert len(pull.inline_comments) == 1
    known = service.live.rounds.known(PullRef(shop.id, pull.number))
    assert {one.comment_id for one in known} == {comment.id for comment in pull.inline_comments}
    assert violations(world) == []


def test_f54_a_check_run_that_could_not_be_ended_for_a_legal_block_is_ended_although_its_pull_request_is_closed(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    world.fault("PATCH", "/repos/*/*/check-runs/*", "451", times=5)
    service.receive(pull.opened)
    service.settle(seconds=60.0)
    assert only_check(pull).status == "in_progress"

    pull.close()
    service.settle()

    assert only_check(pull).status == "completed"
    assert violations(world) == []


def test_f50_what_a_lock_kept_unsaid_until_it_was_closed_stands_on_the_check_run_of_the_reopened_one(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    pull.lock()

    def closed_meanwhile() -> None:
        service.receive(pull.opened)
        while service.deaths == 0:
            service.step()
        settled(service, pull.close())

    dying_at(service, "published", closed_meanwhile)
    assert only_check(pull).conclusion == "skipped"

    settled(service, pull.reopen())

    assert only_check(pull).conclusion == "neutral"
    assert "second fails" in text_of(pull)
    assert violations(world) == []


def test_f36_what_another_head_said_counts_as_open_on_the_head_before_until_it_is_read_again(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": CLEAN})
    first = pull.head
    service.factory.reviewers[0].during = lambda _: pull.state.heads[1:] or pull.force_push({"app.py": FLAWED})
    settled(service, pull.opened)
    assert len(pull.inline_comments) == 1

    settled(service, pull.move_to(first))

    assert {check.conclusion for check in pull.checks} == {"neutral"}
    assert "1 still open" in text_of(pull)
    assert violations(world) == []


def test_f36_what_another_head_said_and_somebody_resolved_stays_settled_on_the_head_before(
    service: Service, shop: Repository, world: World
):
    shop.allow("ada", "write")
    pull = shop.pull(files={"app.py": FLAWED})
    first = pull.head
    service.factory.reviewers[0].during = lambda _: (
        pull.state.heads[1:] or pull.force_push({"app.py": FLAWED, "b": "1"})
    )
    settled(service, pull.opened)
    (comment,) = pull.inline_comments
    settled(service, pull.resolve(comment.id))

    settled(service, pull.move_to(first))

    assert [one.fate for one in service.live.rounds.known(PullRef(shop.id, pull.number))] == [Fate.RESOLVED]
    assert [check.conclusion for check in pull.checks if check.head == first][-1:] == ["success"]
    assert violations(world) == []


def test_f42_a_write_that_failed_while_another_process_looked_for_it_is_looked_for_and_made_once(
    service: Service, shop: Repository, world: World
):
    shop.allow("ada", "write")
    pull = opened(service, shop, {"app.py": CLEAN})

    def looked_for() -> None:
        (row,) = (one for one in service.live.outbox.starting("comment:") if one.part == "answer")
        service.live.outbox.clean_read(None, row.id)

    world.fault("POST", "/repos/*/*/issues/*/comments", "5xx before effect", times=1, before=looked_for)

    settled(service, pull.comment("ada", "@reviewbot help"))

    assert len(pull.answers) == 1
    assert violations(world) == []
