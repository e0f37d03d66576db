"""What keeps a review from being begun: the day's budget, and a pull request that asks too often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

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


def review_budget(live: Live, policy: Policy) -> Decimal | None:
    """The most that one review may cost in US dollars: the operator's limit, or the repository's if that is lower."""
    limits = (live.limits.budget_per_review_usd, policy.budget_per_review_usd)
    return min((limit for limit in limits if limit is not None), default=None)


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
    limits = (live.limits.budget_per_day_usd, policy.budget_per_day_usd)
    limit = min((limit for limit in limits if limit is not None), default=None)
    if limit is None:
        return None
    now = live.clock.now()
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC)
    if live.rounds.spent_usd(pull.ref.repo_id, (now - midnight).total_seconds()) < limit:
        return None
    until = midnight + timedelta(days=1)
    return PutOff(
        (until - now).total_seconds() + 1.0,
        f"the day's budget of ${limit} for this repository is spent; it goes on at 00:00 UTC",
    )
