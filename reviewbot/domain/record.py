"""The record: what became of each finding, and what each incident says of the review of its cause."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from reviewbot.domain.incident import Verdict
from reviewbot.domain.repository import RepoName


class Result(StrEnum):
    """What had become of a finding when its pull request was merged."""

    ADDRESSED = "addressed"
    """A later push took its lines away, or changed them."""
    DISMISSED = "dismissed"
    """A person said no to it: with a reason, by resolving its thread, or with a thumb down."""
    IGNORED = "ignored"
    """Its lines were merged as they were, and nobody said a word."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one finding at the merge, and whether a later fix proved it right.

    `commit` is the head at which its lines were gone, "" unless ADDRESSED. `lines` are the texts of its lines as they
    were merged, to be known again in the diff of a later fix. `proven_by` names that fix, "" where there is none.
    Moments are in unix seconds.
    """

    fingerprint: str
    result: Result
    reason: str = ""
    commit: str = ""
    path: str = ""
    lines: tuple[str, ...] = ()
    at: float = 0.0
    proven_by: str = ""
    proven_at: float | None = None


class Answer(StrEnum):
    """What the record says of the change that caused an incident."""

    FLAGGED_AND_IGNORED = "flagged and ignored"
    FLAGGED_WITHOUT_EFFECT = "flagged and resolved without effect"
    HELD_BACK = "held back"
    MISSED = "missed"
    NOT_REVIEWED = "not reviewed"
    NOT_A_CODE_CAUSE = "not a code cause"
    NOT_JUDGED = "not judged"
    """It was reviewed, and nobody has compared what was said with the cause: no model is set."""


class Stand(StrEnum):
    """How far the record has come with an incident."""

    WAITING = "waiting for its fix"
    UNLINKED = "cause not found"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    """It was taken back: its label was removed, or it was deleted."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ChangePlace:
    """A change by its commit, by its pull request, or by both; `how` says why it is taken for what it is."""

    commit: str = ""
    pull: int | None = None
    how: str = ""

    def __str__(self) -> str:
        return f"#{self.pull}" if self.pull is not None else self.commit[:10]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A finding that the answer rests on; `stage` is the stage that held it back, "" where it was said."""

    fingerprint: str
    title: str
    place: str
    link: str = ""
    stage: str = ""
    reason: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to an incident, for its timeline; `at` is in unix seconds."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """One incident, from the day it was reported to the answer; moments are in unix seconds.

    `key` is unique: where it was reported. `issue` is its number at GitHub, None where it came in another way; `link`
    is where people read of it. `mechanism` is the chain from trigger to consequence as a judge has put it. `today` is
    the verdict on today's settings, None before a replay.
    """

    key: str
    name: str
    repo_id: int
    installation_id: int
    repo: RepoName
    title: str
    opened_at: float
    summary: str = ""
    link: str = ""
    issue: int | None = None
    severity: str = ""
    root_cause: str = ""
    mechanism: str = ""
    has_code_cause: bool = True
    started_at: float | None = None
    resolved_at: float | None = None
    stand: Stand = Stand.WAITING
    fix: ChangePlace | None = None
    cause: ChangePlace | None = None
    answer: Answer | None = None
    why: str = ""
    evidence: tuple[Evidence, ...] = ()
    today: Verdict | None = None
    today_note: str = ""
    steps: tuple[Step, ...] = field(default=())
