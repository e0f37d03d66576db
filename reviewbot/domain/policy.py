"""What an operator and a repository decide about a review."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from reviewbot.domain.effort import Effort
from reviewbot.domain.events import Trigger
from reviewbot.domain.finding import Severity


class Conclusion(StrEnum):
    """How a check run may end, in GitHub's words; `success` is for complete reviews alone and cannot be chosen."""

    NEUTRAL = "neutral"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Gate:
    """When the check run fails: from a severity on (None: never), and whether an incomplete review fails it too."""

    fail_from: Severity | None = None
    incomplete: Conclusion = Conclusion.NEUTRAL


@dataclass(frozen=True, slots=True)
class PathInstructions:
    """Text for the reviewers of the files that a glob matches."""

    paths: str
    text: str


@dataclass(frozen=True, slots=True)
class Guideline:
    """A guideline file of the repository (`REVIEW.md`, `AGENTS.md`, ...), read from the base, never from the change."""

    path: str
    text: str


DEFAULT_TRIGGERS = (Trigger.OPENED, Trigger.PUSHED, Trigger.REOPENED, Trigger.READY_FOR_REVIEW, Trigger.RETARGETED)


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits and thresholds of one review; the defaults suit most repositories.

    Tokens are estimated. `max_files` and `max_lines` bound what is read of the diff (changed lines),
    `max_findings` what is chosen; findings below `min_severity` or `min_confidence` are held back.
    `ignored_paths` are globs (`docs/**`) of files that are not reviewed; with `only_paths` nothing else is.
    `reviewers` are names (`llm`, `static`, a plug-in's), () for the operator's. `later_severity` is what a finding of
    a later round has to reach. `effort` is how much work is made of a change, None for the operator's. `language` is
    what reviewers write in ("" for English). Budgets are US dollars and can only lower the operator's.
    """

    min_severity: Severity = Severity.LOW
    min_confidence: float = 0.3
    max_findings: int = 10
    max_files: int = 300
    max_lines: int = 20_000
    prompt_tokens: int = 60_000
    max_prompts: int = 4
    ignored_paths: tuple[str, ...] = ()
    only_paths: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    instructions: tuple[PathInstructions, ...] = ()
    guidelines: tuple[Guideline, ...] = ()
    effort: Effort | None = None
    language: str = ""
    drafts: bool = False
    triggers: tuple[Trigger, ...] = DEFAULT_TRIGGERS
    later_severity: Severity = Severity.HIGH
    suggestions: bool = False
    budget_per_review_usd: Decimal | None = None
    budget_per_day_usd: Decimal | None = None
    gate: Gate = Gate()
