"""Cost is a contract: kept during a review and over a day, by whichever of operator and policy allows less.

There is no cap per author: what one person spends is bounded by what a repository may spend in a day.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from threading import Event
from typing import Any

import pytest

from tests.fakes.github import Expected, Repository, World, violations
from tests.fakes.llm import FakeService, Puppet
from tests.fakes.llm import serve as serve_model
from tests.live.models import answer, finding, with_model
from tests.live.service import Service
from tests.live.test_reviews import CLEAN, FLAWED, TWICE, only_check
from tests.live.watched import opened, text_of

DAY = 24 * 3600.0
COST_OF_A_CALL = Decimal("0.000433")
"""What the fake's figures come to at the model's prices; before a call is made, it counts with what it may cost."""


@pytest.fixture
def model() -> Iterator[FakeService]:
    with serve_model() as made:
        made.answer = answer(finding())
        yield made


def budgets(service: Service, review: str | None = None, day: str | None = None) -> None:
    """What the operator allows."""
    amounts = [None if amount is None else Decimal(amount) for amount in (review, day)]
    service.limits = replace(service.limits, budget_per_review_usd=amounts[0], budget_per_day_usd=amounts[1])


def policy(shop: Repository, budget: str) -> None:
    shop.commit({".reviewbot.yml": f"version: 1\nbudget: {{{budget}}}\n"})


def spent(service: Service, shop: Repository) -> Decimal:
    return service.live.spending.of_repository(shop.id, DAY)


def spend(service: Service, shop: Repository, amount: str) -> None:
    """Earlier reviews of the day have cost so much."""
    service.live.spending.note(shop.id, 1, Decimal(amount))


def hour_of_day(world: World) -> float:
    return world.clock.now() % DAY / 3600.0


def at_noon(world: World) -> None:
    world.clock.advance((36 - hour_of_day(world)) % 24 * 3600.0)


def receive(service: Service, *events: Any, seconds: float = 3600.0) -> None:
    service.receive(*events)
    service.settle(seconds)


@pytest.mark.parametrize(
    ("operator", "repository"),
    [("0.01", None), (None, "per_review_usd: 0.01"), ("0.01", "per_review_usd: 5"), ("5", "per_review_usd: 0.01")],
)
def test_f58_no_call_is_made_that_could_cost_more_than_the_lower_budget_of_a_review(
    service: Service, shop: Repository, world: World, model: FakeService, operator: str | None, repository: str | None
):
    if repository is not None:
        policy(shop, repository)
    budgets(service, review=operator)
    with_model(service, model)

    pull = opened(service, shop, {"app.py": FLAWED})

    assert model.requests == []
    assert only_check(pull).conclusion == "neutral"
    assert "the budget of $0.01 is used up" in text_of(pull)
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


def test_f58_what_the_budget_paid_for_is_said_and_the_rest_is_named_as_unread(
    service: Service, shop: Repository, world: World, model: FakeService
):
    budgets(service, review="0.15")
    service.defaults = replace(service.defaults, prompt_tokens=2_000)
    model.answer = answer(finding(path="f0.py"), finding(path="f1.py"))
    with_model(service, model, REVIEWBOT_REVIEWERS="llm")

    pull = opened(service, shop, {f"f{number}.py": "value = 1\n" * 150 for number in range(3)})

    assert len(model.requests) == 1
    assert pull.inline_comments
    assert "2 of 3 files were not read in full" in str(only_check(pull).title)
    assert "the budget of $0.15 is used up" in text_of(pull)
    assert spent(service, shop) == COST_OF_A_CALL
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


def test_f58_beside_a_model_without_budget_the_others_are_heard(
    service: Service, shop: Repository, world: World, model: FakeService
):
    budgets(service, review="0.01")
    with_model(service, model, REVIEWBOT_REVIEWERS="llm,static")

    pull = opened(service, shop, {"app.py": "def run(order):\n    return undefined\n"})

    assert len(pull.inline_comments) == 1
    assert "Partial" in str(only_check(pull).title)
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


def test_f58_a_model_without_a_known_price_is_not_asked_where_a_budget_is_to_be_kept(
    service: Service, shop: Repository, world: World, model: FakeService
):
    for review, day in (("1", None), (None, "1")):
        budgets(service, review=review, day=day)
        with_model(service, model, REVIEWBOT_MODEL=f"compatible:open-model@{model.url}/v1")
        pull = opened(service, shop, {"app.py": FLAWED})

        assert model.requests == []
        assert "no price is known for" in text_of(pull)
        assert only_check(pull).conclusion == "neutral"
        assert violations(world, Expected(incomplete_heads={pull.head})) == []


@pytest.mark.parametrize(
    ("operator", "repository"),
    [("0.0008", None), (None, "per_day_usd: 0.0008"), ("0.0008", "per_day_usd: 5"), ("5", "per_day_usd: 0.0008")],
)
def test_f58_when_the_day_is_spent_a_review_waits_in_sight_until_midnight_and_is_made_then(
    service: Service, shop: Repository, world: World, model: FakeService, operator: str | None, repository: str | None
):
    if repository is not None:
        policy(shop, repository)
    at_noon(world)
    budgets(service, day=operator)
    with_model(service, model)
    spend(service, shop, "0.0009")

    pull = shop.pull(files={"app.py": FLAWED})
    receive(service, pull.opened)

    assert model.requests == []
    assert str(only_check(pull).title).startswith("Deferred: the day's budget of $0.0008 for this repository is spent")
    assert only_check(pull).conclusion == "neutral"
    assert "It is reviewed later, without anybody having to ask." in text_of(pull)
    service.settle(11 * 3600.0)
    assert model.requests == []
    budgets(service)
    service.settle(DAY)
    assert datetime.fromtimestamp(world.clock.now(), UTC).hour == 0
    assert violations(world) == []


def test_f58_on_the_next_day_a_review_that_waited_is_made_by_itself(
    service: Service, shop: Repository, world: World, model: FakeService
):
    at_noon(world)
    budgets(service, day="0.20")
    with_model(service, model)
    spend(service, shop, "0.20")
    pull = shop.pull(files={"app.py": FLAWED})
    receive(service, pull.opened)
    assert "Deferred" in str(only_check(pull).title)

    service.settle(DAY)

    assert len(pull.inline_comments) == 1
    assert str(only_check(pull).title) == "1 high finding. The one file was read."
    assert violations(world) == []


def test_f58_one_repositorys_spending_is_not_anothers(
    service: Service, shop: Repository, world: World, model: FakeService
):
    other = world.repository("octo/other", files={"app.py": CLEAN})
    budgets(service, day="0.20")
    with_model(service, model)
    spend(service, shop, "0.20")

    pull = opened(service, other, {"app.py": FLAWED})

    assert len(pull.inline_comments) == 1


def test_f58_a_review_may_not_cost_more_than_what_is_left_of_the_day(
    service: Service, shop: Repository, world: World, model: FakeService
):
    at_noon(world)
    budgets(service, review="5", day="5")
    with_model(service, model)
    spend(service, shop, "4.99")

    pull = shop.pull(files={"app.py": FLAWED})
    receive(service, pull.opened)

    assert model.requests == []
    assert "Deferred" in str(only_check(pull).title)
    service.settle(DAY)
    assert len(pull.inline_comments) == 1
    assert violations(world) == []


def test_f58_a_push_while_a_review_waits_is_what_is_reviewed_after_midnight(
    service: Service, shop: Repository, world: World, model: FakeService
):
    at_noon(world)
    budgets(service, day="0.20")
    with_model(service, model)
    spend(service, shop, "0.20")
    pull = shop.pull(files={"app.py": FLAWED})
    receive(service, pull.opened)
    first = pull.head

    receive(service, pull.push(files={"app.py": TWICE}))
    service.settle(DAY)

    assert [review.commit_id for review in pull.reviews] == [pull.head]
    assert all(check.status == "completed" for check in shop.checks if check.head == first)
    assert len(model.requests) == 1
    assert violations(world) == []


def test_f58_a_pull_request_closed_while_it_waits_costs_nothing(
    service: Service, shop: Repository, world: World, model: FakeService
):
    at_noon(world)
    budgets(service, day="0.20")
    with_model(service, model)
    spend(service, shop, "0.20")
    pull = shop.pull(files={"app.py": FLAWED})
    receive(service, pull.opened)

    receive(service, pull.close())
    service.settle(DAY)

    assert model.requests == []
    assert pull.reviews == []
    assert violations(world) == []


@pytest.mark.parametrize("puppet", [Puppet.EMPTY, Puppet.REFUSAL])
def test_f58_what_failed_is_paid_for_too(
    service: Service, shop: Repository, world: World, model: FakeService, puppet: Puppet
):
    model.puppets = [puppet] * 9
    with_model(service, model)

    opened(service, shop, {"app.py": FLAWED})

    assert spent(service, shop) == len(model.requests) * COST_OF_A_CALL


def test_f58_what_a_review_cost_that_was_given_up_counts_for_the_day(
    service: Service, shop: Repository, world: World, model: FakeService
):
    with_model(service, model, 20.0)
    pull = shop.pull(files={"app.py": FLAWED})
    newer_is_asked = Event()

    def answered_too_late(_request: dict[str, Any]) -> str:
        if len(model.requests) > 1:
            newer_is_asked.set()
        else:
            service.receive(pull.push(files={"app.py": TWICE}))
            service.step()
            newer_is_asked.wait(20)
        return answer(finding())

    model.answerer = answered_too_late
    receive(service, pull.opened)

    assert newer_is_asked.is_set()
    assert len(model.requests) == 2
    until = time.monotonic() + 10
    while spent(service, shop) < 2 * COST_OF_A_CALL and time.monotonic() < until:
        time.sleep(0.01)
    assert spent(service, shop) == 2 * COST_OF_A_CALL
    assert violations(world) == []


def test_f58_answers_to_people_are_paid_out_of_the_same_day(
    service: Service, shop: Repository, world: World, model: FakeService
):
    at_noon(world)
    budgets(service, day="0.30")
    with_model(service, model)
    pull = shop.pull(files={"app.py": FLAWED})
    receive(service, pull.opened)
    (comment,) = pull.inline_comments
    model.answer = json.dumps({"stands": "yes", "answer": "It is run twice."})

    receive(service, pull.reply("ada", comment.id, "How?"))
    assert spent(service, shop) == 2 * COST_OF_A_CALL
    assert "It is run twice" in pull.inline_comments[-1].body
    spend(service, shop, "0.30")
    receive(service, pull.reply("ada", comment.id, "And then?"))

    assert len(model.requests) == 2
    assert len(pull.inline_comments) == 3
    assert violations(world) == []
