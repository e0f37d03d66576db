"""The result of one review: what was found, what was held back, what was read, what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from reviewbot.domain.finding import Finding
from reviewbot.domain.repository import RepoName, Sha


class Outcome(StrEnum):
    """How a review ended; "found nothing", "did not look", "looked at half" and "failed" are different values."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    SKIPPED = "skipped"
    SUPERSEDED = "superseded"
    DEFERRED = "deferred"
    FAILED = "failed"


class Stage(StrEnum):
    """The stages of the engine that can hold a finding back, in their order."""

    ANCHOR = "anchor"
    MERGE = "merge"
    VERIFY = "verify"
    CHOOSE = "choose"
    ROUND = "round"
    """Of a pull request's later reviews: what was said before, or is not worth raising any more."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A finding that was not chosen, the stage that held it back, and why."""

    finding: Finding
    stage: Stage
    reason: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more model calls; cached ones are part of `input_tokens`."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
        )


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One request to a model; `cost_usd` is None where no price is known, `failure` None where it was answered."""

    model: str
    prompt: str
    prompt_version: str
    request_hash: str
    usage: Usage
    cost_usd: Decimal | None
    seconds: float
    failure: str | None = None


class SkipReason(StrEnum):
    """Why a file was not read. The first group is by intent, the second is a gap in the review.

    What an earlier round has read counts as covered, although this review did not look at it.
    """

    GENERATED = "generated"
    LOCK_FILE = "lock-file"
    VENDORED = "vendored"
    BINARY = "binary"
    SUBMODULE = "submodule"
    NO_TEXT_CHANGE = "no-text-change"
    POLICY = "policy"
    REVIEWED_BEFORE = "reviewed-before"

    TOO_LARGE = "too-large"
    BUDGET = "budget"
    REVIEWER_FAILED = "reviewer-failed"
    NOT_SUPPORTED = "not-supported"

    @property
    def is_gap(self) -> bool:
        return self in (self.TOO_LARGE, self.BUDGET, self.REVIEWER_FAILED, self.NOT_SUPPORTED)

    @property
    def words(self) -> str:
        """The reason as a person reads it."""
        return _SKIP_WORDS[self]


_SKIP_WORDS = {
    SkipReason.GENERATED: "generated file",
    SkipReason.LOCK_FILE: "lock file",
    SkipReason.VENDORED: "vendored file",
    SkipReason.BINARY: "binary file",
    SkipReason.SUBMODULE: "submodule",
    SkipReason.NO_TEXT_CHANGE: "no text change",
    SkipReason.POLICY: "excluded by the policy",
    SkipReason.REVIEWED_BEFORE: "read in an earlier round",
    SkipReason.TOO_LARGE: "over the size limit",
    SkipReason.BUDGET: "did not fit the reviewers' budget",
    SkipReason.REVIEWER_FAILED: "the reviewer failed",
    SkipReason.NOT_SUPPORTED: "no reviewer reads this kind of file",
}


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """How much of one file was read: hunks read of hunks there, and why the rest was not."""

    path: str
    hunks_read: int
    hunks: int
    skipped: SkipReason | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was read and what was not, file by file, in the order of the diff."""

    files: tuple[FileCoverage, ...] = ()

    @property
    def read(self) -> tuple[FileCoverage, ...]:
        return tuple(file for file in self.files if file.hunks_read)

    @property
    def skipped(self) -> tuple[FileCoverage, ...]:
        return tuple(file for file in self.files if file.skipped is not None)

    @property
    def gaps(self) -> tuple[FileCoverage, ...]:
        return tuple(file for file in self.files if file.skipped is not None and file.skipped.is_gap)


@dataclass(frozen=True, slots=True)
class ReviewerRun:
    """What one reviewer did with one task. A `failure` is a sentence; findings made before it stand.

    `paths_read` names the files it read in full; `paths_unread` maps the others to the reason.
    """

    reviewer: str
    findings: tuple[Finding, ...] = ()
    paths_read: frozenset[str] = frozenset()
    paths_unread: tuple[tuple[str, SkipReason], ...] = ()
    calls: tuple[ModelCall, ...] = ()
    model: str | None = None
    prompt_version: str | None = None
    failure: str | None = None
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def usage(self) -> Usage:
        return sum((call.usage for call in self.calls), Usage())

    @property
    def cost_usd(self) -> Decimal | None:
        return total_cost(self.calls)


def total_cost(calls: tuple[ModelCall, ...]) -> Decimal | None:
    """The sum in US dollars; None as soon as the price of one call is unknown."""
    total = Decimal(0)
    for call in calls:
        if call.cost_usd is None:
            return None
        total += call.cost_usd
    return total


@dataclass(frozen=True, slots=True)
class Funnel:
    """How many findings left each stage of the engine."""

    generated: int = 0
    anchored: int = 0
    merged: int = 0
    verified: int = 0
    chosen: int = 0

    def __add__(self, other: Funnel) -> Funnel:
        return Funnel(
            self.generated + other.generated,
            self.anchored + other.anchored,
            self.merged + other.merged,
            self.verified + other.verified,
            self.chosen + other.chosen,
        )


@dataclass(frozen=True)
class Review:
    """One review of one change. `reason` says why the outcome is not COMPLETE, "" where it is."""

    outcome: Outcome
    reason: str = ""
    repo: RepoName | None = None
    base: Sha | None = None
    head: Sha | None = None
    findings: tuple[Finding, ...] = ()
    held_back: tuple[HeldBack, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    runs: tuple[ReviewerRun, ...] = ()
    funnel: Funnel = field(default_factory=Funnel)

    @cached_property
    def calls(self) -> tuple[ModelCall, ...]:
        return tuple(call for run in self.runs for call in run.calls)

    @property
    def looked_at_nothing(self) -> bool:
        """Whether it says nothing of the change although there was something to say: it failed, or nothing had room."""
        return self.outcome is Outcome.FAILED or (self.outcome is Outcome.PARTIAL and not self.runs)

    @property
    def cost_usd(self) -> Decimal | None:
        return total_cost(self.calls)

    @property
    def usage(self) -> Usage:
        return sum((call.usage for call in self.calls), Usage())
