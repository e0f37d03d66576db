"""What the live pipelines work with: GitHub, the store, the cache of repositories, the reviewers, a few limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from reviewbot.domain.policy import Policy
from reviewbot.domain.pull import PullRef, ReviewKey
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.engine.review import SecondLook
from reviewbot.git.live import LiveCache
from reviewbot.github.app import GitHubApp
from reviewbot.github.facts import Facts
from reviewbot.github.webhook import OwnIdentity
from reviewbot.ports import Clock, Model, Reviewer
from reviewbot.store.backtests import Backtests
from reviewbot.store.deliveries import Deliveries
from reviewbot.store.feedback import Feedback
from reviewbot.store.incidents import Incidents
from reviewbot.store.installations import Installations
from reviewbot.store.outbox import Outbox
from reviewbot.store.outcomes import Outcomes
from reviewbot.store.policies import Policies
from reviewbot.store.pull_facts import PullFacts
from reviewbot.store.pulls import Pulls
from reviewbot.store.rounds import Rounds
from reviewbot.store.spending import Spending
from reviewbot.store.workers import Workers

CHECK_NAME = "reviewbot"


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds the live service. Seconds and US dollars.

    `clean_reads_seconds` lie between the two looks at GitHub that prove that a write has not arrived.
    """

    quiet_seconds: float = 5.0
    reviews_per_hour: int = 12
    replies_per_thread: int = 5
    clean_reads_seconds: float = 30.0
    attempts: int = 5
    budget_per_backtest_usd: Decimal = Decimal(5)
    incident_label: str = "incident"
    budget_per_review_usd: Decimal | None = None
    budget_per_day_usd: Decimal | None = None


class Queue(Protocol):
    """Where work is put that is to be done later, by whatever process comes to it first."""

    def pull(self, ref: PullRef, installation_id: int, wanted: int, delay_seconds: float) -> None:
        """Asks for a look at a pull request; asking twice for the same `wanted` is asking once."""
        ...

    def comment(self, delivery_id: int, installation_id: int) -> None:
        """Asks for an answer to the comment that a delivery brought."""
        ...


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Panel:
    """The reviewers of one review, and what decides what they say: names, model, prompt versions.

    `notices` tell people what the policy asked for and did not get; `ran_out` whether a call to a model was not made
    because there was too little budget left for it.
    """

    reviewers: tuple[Reviewer, ...]
    model: str | None
    facts: tuple[str, ...]
    notices: tuple[str, ...] = ()
    ran_out: Callable[[], bool] = _never
    second_look: SecondLook | None = None


class ReviewerFactory(Protocol):
    """Makes the reviewers that a policy and the operator have chosen."""

    def panel(self, policy: Policy, budget_usd: Decimal | None, tell_cost: Callable[[Decimal], None]) -> Panel:
        """With a budget of their own; raises InputError for a name that nothing answers to.

        `tell_cost` hears what each call to a model has cost, in US dollars, also when the review was given up.
        """
        ...

    def model(self, tell_cost: Callable[[Decimal], None]) -> Model | None:
        """The model that answers people; None where there is none."""
        ...

    def judges(self, tell_cost: Callable[[Decimal], None]) -> tuple[Model, ...]:
        """The models that compare what was said with the cause of an incident; () where there is none."""
        ...


def _pass(_name: str) -> None:
    """In production nothing happens between two steps."""


@dataclass(frozen=True)
class Live:
    """Everything that is alive while the service runs; shared by all threads of a process."""

    own: OwnIdentity
    github: GitHubApp
    cache: LiveCache
    histories: LiveCache
    git_address: Callable[[RepoName], str]
    deliveries: Deliveries
    pulls: Pulls
    outbox: Outbox
    rounds: Rounds
    spending: Spending
    installations: Installations
    policies: Policies
    feedback: Feedback
    outcomes: Outcomes
    pull_facts: PullFacts
    incidents: Incidents
    backtests: Backtests
    workers: Workers
    reviewers: ReviewerFactory
    queue: Queue
    clock: Clock
    worker: str
    marker_secret: bytes
    server_url: str
    defaults: Policy = field(default_factory=Policy)
    limits: Limits = field(default_factory=Limits)
    crashpoint: Callable[[str], None] = _pass
    """Called with a name between any two steps, so that a test can let the process die there."""

    @property
    def names(self) -> Sequence[str]:
        """What people call us at the start of a command."""
        return tuple(dict.fromkeys((self.own.slug, "reviewbot")))

    def facts(self) -> Facts:
        """What a check run says of us before any policy was read."""
        return Facts(self.own.slug, "not read", "", (), self.server_url)

    def head_key(self, ref: PullRef, head: Sha) -> str:
        """The key of what exists once per head, whatever the policy says: its check run."""
        return f"{self.own.app_id}:{ref.repo_id}:{ref.number}:{head}"

    def review_key(self, ref: PullRef, head: Sha, policy_hash: str, request: int) -> ReviewKey:
        return ReviewKey(self.own.app_id, ref, head, policy_hash, request)
