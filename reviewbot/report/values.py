"""What a retro report is made of: the scorecard, and for every case the evidence behind its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reviewbot.domain.finding import Finding, Location
from reviewbot.domain.incident import LocationClass, Verdict
from reviewbot.domain.replay import Judgement
from reviewbot.domain.review import HeldBack, Outcome, Stage
from reviewbot.domain.scorecard import Scorecard


@dataclass(frozen=True, slots=True)
class ArmEvidence:
    """What one arm said of one case in the trial that is shown (the first with the arm's usual verdict).

    `verdict` is None for a control. `outcome` FAILED: `reason` says why, and the case counts as not caught.
    """

    arm: str
    label: str
    outcome: Outcome
    reason: str
    verdict: Verdict | None
    verdicts_by_trial: tuple[Verdict, ...]
    location: LocationClass
    findings: tuple[Finding, ...]
    judgements: tuple[Judgement, ...]
    held_back: tuple[HeldBack, ...]
    lost_at: Stage | None


@dataclass(frozen=True, slots=True)
class CulpritHunk:
    """The hunk of the change that holds the recorded cause, as lines of a unified diff with its `@@` line."""

    path: str
    lines: tuple[str, ...]
    marked: tuple[int, ...]
    """Indices into `lines` of the recorded cause."""


@dataclass(frozen=True, slots=True)
class IncidentEvidence:
    """One incident: what happened, what caused it, and what each arm said of the causing change before."""

    incident: str
    case: str
    name: str
    severity: str
    category: str
    cause_type: str
    repo: str
    head: str
    summary: str
    root_cause: str
    fixed_by: tuple[str, ...]
    introduced_at: datetime | None
    started_at: datetime | None
    resolved_at: datetime | None
    locations: tuple[Location, ...]
    hunks: tuple[CulpritHunk, ...]
    arms: tuple[ArmEvidence, ...]
    notes: tuple[str, ...]
    not_replayed: str
    """Why no arm could replay it ("not a code cause", "cause not linked", an error); "" where it was replayed."""


@dataclass(frozen=True, slots=True)
class ControlEvidence:
    """One quiet change and what the arms said of it: every finding here is a false alarm, or a bug nobody met yet."""

    case: str
    repo: str
    head: str
    title: str
    arms: tuple[ArmEvidence, ...]


@dataclass(frozen=True, slots=True)
class RetroReport:
    """A whole report. `limits` are sentences on what the figures cannot tell, `complete` whether the run finished."""

    scorecard: Scorecard
    incidents: tuple[IncidentEvidence, ...]
    controls: tuple[ControlEvidence, ...]
    limits: tuple[str, ...]
    generated_at: datetime
    complete: bool
    stopped_by: str = ""
