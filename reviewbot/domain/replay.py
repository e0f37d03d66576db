"""One replayed review of a historical change, and what a judge made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from reviewbot.domain.finding import Finding
from reviewbot.domain.incident import CaseKind, LocationClass, Verdict
from reviewbot.domain.miss import Trait
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
    changed_lines: int = 0

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
class Vote:
    """One judge's label; UNJUDGED where the answer could not be used, with the reason."""

    judge: str
    label: Label
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judges made of one finding. `stage` is the stage that held the finding back, None if it was chosen.

    The texts are those of the first judge whose label was decided on, `judge` is who that was. `failure` says why there
    is no label: no judge, or none that gave a usable answer. `labelled_by` is the person whose label holds in place of
    the judges', "" where nobody labelled it. `shares_with_fix` is a run of words that only the fix could have lent it.
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
    votes: tuple[Vote, ...] = ()
    labelled_by: str = ""
    shares_with_fix: str = ""

    @property
    def is_disputed(self) -> bool:
        """Whether the first two judges, both with a usable answer, did not agree."""
        first = [vote.label for vote in self.votes[:2]]
        return len(set(first)) > 1 and Label.UNJUDGED not in first


class PlantKind(StrEnum):
    """A remark with a known label: the cause of the incident, that of another one, or something else at its place."""

    POSITIVE = "positive"
    DECOY = "decoy"
    NEAR_MISS = "near_miss"


@dataclass(frozen=True, slots=True)
class PlantedVerdict:
    """What the judges made of a planted remark on the change of a case."""

    case: str
    kind: PlantKind
    finding: Finding
    label: Label
    votes: tuple[Vote, ...] = ()
    calls: tuple[ModelCall, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether a true cause was called a hit, and nothing else was."""
        return (self.label is Label.HIT) == (self.kind is PlantKind.POSITIVE)


@dataclass(frozen=True, slots=True)
class CaseVerdict:
    """The verdict on one arm in one trial of one incident's change.

    `decisive` is the judgement that settled it; `lost_at` is the stage that held a hit back from being said. `chance`
    is the share of the changed lines that stand at the recorded cause or in its function.
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
    chance: float = 0.0
    traits: tuple[Trait, ...] = ()

    @property
    def key(self) -> tuple[str, str, int]:
        return (self.case, self.arm, self.trial)
