"""What reviews may cost, and what keeps one from being begun: the day's budget, a pull request that asks too often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

from reviewbot.domain.policy import Policy
from reviewbot.domain.pull import PullRequest
from reviewbot.pipelines.live import Live
from reviewbot.store.pulls import PullWork

_HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class PutOff:
    """A review that has to wait, for so many seconds, and why."""

    seconds: float
    reason: str


def deferral(live: Live, work: PullWork, pull: PullRequest, policy: Policy) -> PutOff | None:
    """Why the review has to wait; None where nothing is against it."""
    return _too_often(live, work, pull) or _day_is_spent(live, pull, policy)


def review_budget(live: Live, pull: PullRequest, policy: Policy) -> Decimal | None:
    """The most that one review may cost in US dollars: the lower limit of the two, and no more than the day leaves."""
    return _lower(_review_limit(live, policy), day_left(live, pull.ref.repo_id, policy))


def day_left(live: Live, repo_id: int, policy: Policy) -> Decimal | None:
    """What a repository may still spend today, in US dollars and UTC; None where there is no limit."""
    limit = _day_limit(live, policy)
    return None if limit is None else max(Decimal(0), limit - _spent_today(live, repo_id))


def meter(live: Live, repo_id: int, installation_id: int) -> Callable[[Decimal], None]:
    """Where the cost of each call to a model is told."""
    return partial(live.spending.note, repo_id, installation_id)


def day_leaves_too_little(live: Live, policy: Policy, budget_usd: Decimal | None) -> PutOff | None:
    """The wait for another day of a review that had too little budget; None where another day brings no more."""
    limit, of_one = _day_limit(live, policy), _review_limit(live, policy)
    if limit is None or budget_usd is None or budget_usd >= (limit if of_one is None else min(limit, of_one)):
        return None
    return _until_midnight(
        live, f"what is left of the day's budget of ${limit} for this repository is too little for this change"
    )


def _too_often(live: Live, work: PullWork, pull: PullRequest) -> PutOff | None:
    """The loop breaker: whatever keeps pushing, or two bots that talk to each other, get a rest (F22)."""
    if live.pulls.reviews_since(pull.ref, _HOUR) < live.limits.reviews_per_hour:
        return None
    until = live.clock.now() + timedelta(seconds=_HOUR / 4)
    return PutOff(
        _HOUR / 4,
        f"there were {live.limits.reviews_per_hour} reviews of {work.repo}#{pull.ref.number} within an hour; "
        f"the next one is not before {until:%H:%M} UTC",
    )


def _day_is_spent(live: Live, pull: PullRequest, policy: Policy) -> PutOff | None:
    if day_left(live, pull.ref.repo_id, policy) != 0:
        return None
    return _until_midnight(live, f"the day's budget of ${_day_limit(live, policy)} for this repository is spent")


def _until_midnight(live: Live, why: str) -> PutOff:
    until = _midnight(live) + timedelta(days=1)
    return PutOff((until - live.clock.now()).total_seconds() + 1.0, f"{why}; it goes on at 00:00 UTC")


def _midnight(live: Live) -> datetime:
    now = live.clock.now()
    return datetime(now.year, now.month, now.day, tzinfo=UTC)


def _spent_today(live: Live, repo_id: int) -> Decimal:
    return live.spending.of_repository(repo_id, (live.clock.now() - _midnight(live)).total_seconds())


def _review_limit(live: Live, policy: Policy) -> Decimal | None:
    return _lower(live.limits.budget_per_review_usd, policy.budget_per_review_usd)


def _day_limit(live: Live, policy: Policy) -> Decimal | None:
    return _lower(live.limits.budget_per_day_usd, policy.budget_per_day_usd)


def _lower(*limits: Decimal | None) -> Decimal | None:
    return min((limit for limit in limits if limit is not None), default=None)
