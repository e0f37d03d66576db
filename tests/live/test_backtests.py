"""A pull request that changes the policy hears what the change would have done to the incidents on record."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reviewbot.pipelines.live import Limits
from tests.fakes.github import Pull, Repository, World, violations
from tests.live.service import Service
from tests.live.test_incidents import FLAWED, REPAIRED, Judge, judge, merged, reported

__all__ = ["judge"]

STRICTER = "severity: critical\n"
LIKE_THE_DEFAULTS = "severity: low\n"


def recorded(service: Service, shop: Repository) -> None:
    """One incident whose cause was flagged, and one quiet change."""
    merged(service, shop, FLAWED)
    fix = merged(service, shop, REPAIRED, "Fix second")
    reported(service, shop, fix)
    merged(service, shop, REPAIRED + "fourth = 4\n", "Add fourth")


def changed(service: Service, shop: Repository, policy: str, author: str = "ada") -> Pull:
    pull = shop.pull(files={".reviewbot.yml": policy}, author=author, title="Another policy")
    service.receive(pull.opened)
    service.settle()
    service.backtest()
    return pull


def backtests(pull: Pull) -> list[str]:
    return [one.body for one in pull.answers if "on record" in one.body or "of the record" in one.body]


def test_a_policy_that_would_have_lost_an_incident_is_told_so(
    service: Service, shop: Repository, judge: Judge, world: World
):
    recorded(service, shop)

    pull = changed(service, shop, STRICTER)

    (body,) = backtests(pull)
    assert body.startswith("**Of the 1 incident on record, this change of the policy catches 1 fewer.**")
    assert "| incidents caught | 1 of 1 | 0 of 1 |" in body
    assert "No longer caught with this change: shop" in body
    assert "1 quiet change" in body
    assert violations(world) == []


def test_the_same_policy_in_other_words_is_not_tried(service: Service, shop: Repository, judge: Judge):
    recorded(service, shop)

    assert backtests(changed(service, shop, LIKE_THE_DEFAULTS)) == []


def test_a_guideline_is_tried_too(service: Service, shop: Repository, judge: Judge):
    recorded(service, shop)
    pull = shop.pull(files={"REVIEW.md": "Mind the second line.\n"})
    service.receive(pull.opened)
    service.settle()
    service.backtest()

    (body,) = backtests(pull)
    assert "catches what the one in force catches" in body


def test_only_people_who_may_write_can_have_money_spent(service: Service, shop: Repository, judge: Judge):
    recorded(service, shop)

    assert backtests(changed(service, shop, STRICTER, author="eve")) == []


def test_without_incidents_or_with_no_budget_nothing_is_tried(service: Service, shop: Repository, judge: Judge):
    assert backtests(changed(service, shop, STRICTER)) == []

    recorded(service, shop)
    service.limits = Limits(quiet_seconds=0.0, budget_per_backtest_usd=Decimal(0))
    service.start()
    assert backtests(changed(service, shop, STRICTER + "# again\n")) == []


def test_a_broken_policy_is_not_tried(service: Service, shop: Repository, judge: Judge):
    recorded(service, shop)

    assert backtests(changed(service, shop, "severity: [")) == []


def test_without_a_judge_it_says_so_and_counts_findings(service: Service, shop: Repository, judge: Judge):
    recorded(service, shop)
    service.factory.judge = None

    (body,) = backtests(changed(service, shop, STRICTER))

    assert "no model is set to judge" in body
    assert "| findings on their changes | 1 | 0 |" in body
    assert "incidents caught" not in body


@pytest.mark.parametrize("crossing", range(5))
def test_a_death_costs_no_second_comment(service: Service, shop: Repository, judge: Judge, world: World, crossing: int):
    recorded(service, shop)
    pull = shop.pull(files={".reviewbot.yml": STRICTER})
    service.receive(pull.opened)
    service.settle()

    with service.dying(crossing):
        service.backtest()
    world.clock.advance(4_000)
    service.backtest()
    world.clock.advance(4_000)
    service.backtest()

    assert len(backtests(pull)) == 1
    assert violations(world) == []
