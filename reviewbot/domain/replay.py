"""One replayed review of a historical change, and what a judge made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from reviewbot.domain.finding import Finding
from reviewbot.domain.incident import CaseKind, LocationClass, Verdict
from reviewbot.domain.review import Coverage, Funnel, HeldBack, ModelCall, Outcome, ReviewerRun, Stage, total_cost


@dataclass(frozen=True, slots=True)
class Replay:
    """What one arm said in one trial of one case. `seconds` is wall time; `notes` say what a reader has to know.

    `base` and `head` are full shas, "" where the change could not be found; then `outcome` is FAILED and
    `reason` says why.
    """

    case: str
    kind: CaseKind
    arm: str
    trial: int
    repo: str
    base: str
    head: str
    outcome: Outcome
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    held_back: tuple[HeldBack, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    runs: tuple[ReviewerRun, ...] = ()
    funnel: Funnel = field(default_factory=Funnel)
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def key(self) -> tuple[str, str, int]:
        """Case, arm and trial: unique within a run."""
        return (self.case, self.arm, self.trial)

    @property
    def calls(self) -> tuple[ModelCall, ...]:
        return tuple(call for run in self.runs for call in run.calls)

    @property
    def cost_usd(self) -> Decimal | None:
        return total_cost(self.calls)


class Label(StrEnum):
    """What one finding is to an incident (RETRO.md section 4)."""

    HIT = "hit"
    PARTIAL = "partial"
    MISS = "miss"
    UNJUDGED = "unjudged"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge wrote about one finding. `stage` is the stage that held the finding back, None if it was chosen.

    `failure` says why there is no label: no judge, or one that gave no usable answer.
    """

    finding: Finding
    label: Label
    location: LocationClass
    stage: Stage | None = None
    incident_mechanism: str = ""
    finding_mechanism: str = ""
    counter_argument: str = ""
    quote: str = ""
    judge: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class CaseVerdict:
    """The verdict on one arm in one trial of one incident's change.

    `decisive` is the judgement that settled it; `lost_at` is the stage that held a hit back from being said.
    """

    case: str
    arm: str
    trial: int
    verdict: Verdict
    location: LocationClass
    decisive: Judgement | None = None
    judgements: tuple[Judgement, ...] = ()
    lost_at: Stage | None = None
    review_failed: bool = False
    calls: tuple[ModelCall, ...] = ()

    @property
    def key(self) -> tuple[str, str, int]:
        return (self.case, self.arm, self.trial)
