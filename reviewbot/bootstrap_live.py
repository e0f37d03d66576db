"""Puts the live service together: from settings to everything that webhooks, jobs and the reconciler work with."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from time import monotonic

from reviewbot.bootstrap import Patience, Workshop, chosen_reviewers, is_llm
from reviewbot.config import Settings
from reviewbot.dialogue import prompts_digest
from reviewbot.domain.policy import Policy
from reviewbot.domain.pull import PullRef
from reviewbot.git.live import LiveCache, git_address
from reviewbot.github.app import GitHubApp
from reviewbot.github.failures import GitHubFailure, RateLimited
from reviewbot.github.pace import MemoryPace
from reviewbot.github.webhook import OwnIdentity
from reviewbot.jobs.durable import DurableQueue
from reviewbot.jobs.queue import CommentJob, Jobs, PullJob
from reviewbot.pipelines.live import Limits, Live, Panel
from reviewbot.ports import Model
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
from reviewbot.store.transactions import Transactions, open_transactions
from reviewbot.store.workers import Workers

log = logging.getLogger(__name__)


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return monotonic()


@dataclass(frozen=True)
class QueuedJobs:
    """The pipelines' queue, on the durable jobs."""

    jobs: Jobs

    def pull(self, ref: PullRef, installation_id: int, wanted: int, delay_seconds: float) -> None:
        self.jobs.enqueue(PullJob(ref, wanted, installation_id), delay_seconds=delay_seconds)

    def comment(self, delivery_id: int, installation_id: int) -> None:
        self.jobs.enqueue(CommentJob(delivery_id, installation_id))


@dataclass(frozen=True)
class Reviewers:
    """The reviewers of live reviews. Each review gets models with a budget of its own."""

    settings: Settings
    patience: Patience = field(default_factory=Patience)

    def panel(self, policy: Policy, budget_usd: Decimal | None, tell_cost: Callable[[Decimal], None]) -> Panel:
        wanted, notices = self._allowed(policy)
        choice = chosen_reviewers(self.settings, wanted, ())
        workshop = self._workshop(budget_usd, tell_cost)
        reviewers = workshop.reviewers(choice.names, choice.models, policy.effort)
        if not any(map(is_llm, choice.names)):
            return Panel(reviewers, None, choice.names, notices, lambda: workshop.ran_out)
        effort = policy.effort or self.settings.effort
        facts = (*choice.names, str(choice.models), effort, prompts_digest())
        second_look = workshop.second_look(choice.names, choice.models, policy.effort)
        return Panel(reviewers, choice.model, facts, notices, lambda: workshop.ran_out, second_look)

    def _allowed(self, policy: Policy) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The reviewers of a policy that the operator lets it have, and a sentence on the others.

        An operator who has named reviewers has named all that there are; else a policy may pick any that is installed.
        """
        offered = self.settings.reviewers
        allowed = {name: _offered(name, offered) for name in policy.reviewers}
        kept = tuple(dict.fromkeys(name for names in allowed.values() for name in names))
        refused = [name for name, names in allowed.items() if not names]
        if not refused:
            return kept, ()
        return kept, (f"the policy asks for {', '.join(refused)}, which this server does not offer",)

    def model(self, tell_cost: Callable[[Decimal], None]) -> Model | None:
        choice = chosen_reviewers(self.settings, (), ())
        if not choice.models.find or not any(map(is_llm, choice.names)):
            return None
        return self._workshop(self.settings.budget_per_review_usd, tell_cost).model(choice.models.find[0])

    def judges(self, tell_cost: Callable[[Decimal], None]) -> tuple[Model, ...]:
        choice = chosen_reviewers(self.settings, (), ())
        name = self.settings.judge or next(iter(choice.models.find), None)
        if not name:
            return ()
        return (self._workshop(self.settings.budget_per_review_usd, tell_cost).model(name),)

    def _workshop(self, budget_usd: Decimal | None, tell_cost: Callable[[Decimal], None]) -> Workshop:
        return Workshop(
            self.settings,
            budget_usd=budget_usd,
            is_of_one_review=True,
            tell_cost=tell_cost,
            patience=self.patience,
        )


def _offered(wanted: str, offered: Sequence[str]) -> tuple[str, ...]:
    """What a server gives where a policy asks for a reviewer; `llm` means the operator's, at whatever effort it is."""
    if not offered:
        return (wanted,)
    return tuple(name for name in offered if name == wanted or (wanted == "llm" and is_llm(name)))


@dataclass(frozen=True)
class SharedPace:
    """The pace of this process, and the penalties that any process has met: none of them calls before they are over."""

    installations: Installations
    own: MemoryPace

    def before(self, installation_id: int, is_write: bool) -> None:
        seconds = self.installations.parked_seconds(installation_id)
        if seconds > 0:
            raise RateLimited(f"GitHub wants no calls for {seconds:.0f} more seconds", seconds, is_secondary=True)
        self.own.before(installation_id, is_write)

    def parked(self, installation_id: int, until_seconds_from_now: float, is_secondary: bool) -> None:
        self.own.parked(installation_id, until_seconds_from_now, is_secondary)
        why = "a secondary rate limit" if is_secondary else "the hourly rate limit"
        self.installations.park_for(installation_id, until_seconds_from_now, why)

    def went_well(self, installation_id: int) -> None:
        self.own.went_well(installation_id)


@dataclass(frozen=True)
class OpenService:
    """The parts of a process of the live service, not yet at work."""

    live: Live
    transactions: Transactions
    jobs: DurableQueue


def open_github(settings: Settings, transactions: Transactions) -> GitHubApp:
    """GitHub as the App; the settings have to name it and its key."""
    assert settings.github_app_id is not None
    assert settings.github_private_key is not None
    private_key = settings.github_private_key.get_secret_value()
    pace = SharedPace(Installations(transactions), MemoryPace())
    return GitHubApp(settings.github_app_id, private_key, settings.github_api_url, pace)


def open_service(settings: Settings, worker: str) -> OpenService:
    """Everything that the settings describe; they have to name the App, its key and a webhook secret.

    Raises InputError or StoreError with the remedy. GitHub is asked for the App's name, and need not answer.
    """
    assert settings.github_app_id is not None
    assert settings.github_private_key is not None
    private_key = settings.github_private_key.get_secret_value()
    transactions = open_transactions(settings.database_url)
    jobs = DurableQueue(transactions)
    installations = Installations(transactions)
    github = open_github(settings, transactions)
    live = Live(
        own=OwnIdentity(settings.github_app_id, settings.bot_name or _slug(github)),
        github=github,
        cache=LiveCache(settings.cache_directory),
        histories=LiveCache(settings.cache_directory / "histories"),
        git_address=partial(git_address, settings.github_git_url),
        deliveries=Deliveries(transactions),
        pulls=Pulls(transactions),
        outbox=Outbox(transactions),
        rounds=Rounds(transactions),
        spending=Spending(transactions),
        installations=installations,
        policies=Policies(transactions),
        feedback=Feedback(transactions),
        outcomes=Outcomes(transactions),
        pull_facts=PullFacts(transactions),
        incidents=Incidents(transactions),
        backtests=Backtests(transactions),
        workers=Workers(transactions),
        reviewers=Reviewers(settings),
        queue=QueuedJobs(jobs),
        clock=SystemClock(),
        worker=worker,
        marker_secret=_marker_secret(private_key),
        server_url=settings.github_web_url,
        limits=Limits(
            quiet_seconds=settings.quiet_seconds,
            reviews_per_hour=settings.reviews_per_hour,
            budget_per_review_usd=settings.budget_per_review_usd,
            budget_per_day_usd=settings.budget_per_day_usd,
            budget_per_backtest_usd=settings.budget_per_backtest_usd,
            incident_label=settings.incident_label,
        ),
    )
    return OpenService(live, transactions, jobs)


def _slug(github: GitHubApp) -> str:
    try:
        return github.me().slug
    except GitHubFailure as error:
        log.warning("GitHub did not say how the App is called", extra={"why": str(error)[:300]})
        return "reviewbot"


def _marker_secret(private_key: str) -> bytes:
    """Signs the marks in what we write. Derived, so that marks are known again by an empty or a restored database."""
    text = "".join(private_key.split())
    return hmac.digest(text.encode(), b"reviewbot marks", "sha256")
