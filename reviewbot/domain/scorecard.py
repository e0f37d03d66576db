"""The figures of a retro run, in the shape of `scorecard.json` (schema version 1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from reviewbot.domain.miss import Miss


@dataclass(frozen=True, slots=True)
class Rate:
    """`k` of `n` with a 95 % Wilson interval; `k` may be a fraction (mean over trials). No cases: no rate."""

    k: float | None
    n: int
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Denominators:
    """From all incidents of the file down to those whose change was replayed."""

    incidents: int
    code_cause: int
    linked: int
    replayed: int


@dataclass(frozen=True, slots=True)
class ControlScore:
    """False alarms on quiet changes, means over trials; `low` and `high` bound the share `with_findings`."""

    n: int
    with_findings: float
    findings: float
    per_control: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What would be said and caught if only findings at least so sure were said; other thresholds stay as they are.

    `findings_per_control` is None without controls.
    """

    threshold: float
    caught: Rate
    findings_per_control: float | None


@dataclass(frozen=True, slots=True)
class Precision:
    """The share of findings worth having, as far as the incidents can tell: it lies somewhere from `low` to `high`.

    `low` counts only findings that named the cause, or half of it, of all that were said; `high` also everything else
    that was said of a change that caused an incident, for it may be true. No interval of statistics.
    """

    named: int
    said: int
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Baseline:
    """What something without any understanding achieves: the shares of incidents and of controls that it flags."""

    name: str
    incidents: Rate
    controls: Rate


@dataclass(frozen=True, slots=True)
class ArmScore:
    """One reviewer's figures. Costs are US dollars, None where a price is unknown; tokens are sums over the run.

    `caught + partial + missed + unjudged + failed = cases`; with several trials these counts go by the most frequent
    verdict of a case (ties: the lesser), while the rates are means over trials.
    """

    name: str
    label: str
    cases: int
    caught: int
    partial: int
    missed: int
    unjudged: int
    failed: int
    rates: dict[str, Rate]
    controls: ControlScore
    findings_per_change: float | None
    cost_usd: Decimal | None
    cost_per_catch_usd: Decimal | None
    tokens: dict[str, int]
    funnel: dict[str, int]
    by_severity: dict[str, Rate]
    by_category: dict[str, Rate]
    lost_at: dict[str, int]
    trials: int
    operating_curve: tuple[OperatingPoint, ...] = ()
    precision: Precision | None = None
    located_by_chance: float | None = None
    """How many incidents as many findings on random changed lines would have located, in the mean."""
    misses: tuple[Miss, ...] = ()
    controls_at_most: float | None = None
    """Where no control had a finding: the share that may have one all the same (upper bound, one-sided 95 %)."""
    with_fix_words: int = 0
    """Hits that share a run of words with the fix that the change does not hold: a sign of memory, not of insight."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Arm `b` against arm `a` on the same cases: `gained` are caught by b only, `lost` by a only.

    `p_mcnemar` is the exact two-sided p value; `minimum_detectable` the smallest share of cases that, all turning
    one way, would have given p < 0.05.
    """

    a: str
    b: str
    gained: int
    lost: int
    p_mcnemar: float
    minimum_detectable: float | None


@dataclass(frozen=True, slots=True)
class Pairing:
    """Arm `b` against arm `a` on the cases that both have replayed at the same commit.

    `gained` and `lost` are cases that only `b`, or only `a`, usually catches. `per_control_*` are means of findings on
    the quiet changes of both, None where they share none. `left_out` are cases that only one of them has.
    """

    a: str
    b: str
    cases: int
    rate_a: Rate
    rate_b: Rate
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    p_mcnemar: float
    minimum_detectable: float | None
    controls: int
    per_control_a: float | None
    per_control_b: float | None
    left_out: tuple[str, ...]

    @property
    def is_worse(self) -> bool:
        """Whether `b` catches less than `a`, or is more often wrong on quiet changes, however little."""
        catches_less = (self.rate_b.k or 0) < (self.rate_a.k or 0) - 1e-9
        return catches_less or (self.per_control_b or 0) > (self.per_control_a or 0) + 1e-9


@dataclass(frozen=True, slots=True)
class JudgeCard:
    """Who judged, how often, how often no usable judgement came, and how far the judges can be believed.

    `kappa` is Cohen's between the first two judges of each finding, `disputed` how many findings went to a third.
    `planted` is, by kind of planted remark, how many were told right of how many. `labelled` findings have a person's
    label, `kappa_human` is that of the judges against it.
    """

    judge: str | None
    prompt_version: str | None
    judged: int
    unusable: int
    cost_usd: Decimal | None
    note: str
    judges: tuple[str, ...] = ()
    disputed: int = 0
    kappa: float | None = None
    planted: dict[str, Rate] = field(default_factory=dict)
    labelled: int = 0
    kappa_human: float | None = None


@dataclass(frozen=True, slots=True)
class ArmContamination:
    """What an arm's model may remember: incidents fixed after its knowledge cutoff are the clean ones."""

    model: str | None
    knowledge_cutoff: str | None
    after_cutoff: int
    before_cutoff: int


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Everything that a retro run counts; `run` holds what was run, as plain JSON values."""

    run: dict[str, object]
    denominators: Denominators
    arms: tuple[ArmScore, ...]
    comparisons: tuple[Comparison, ...]
    judge: JudgeCard
    contamination: dict[str, ArmContamination]
    schema_version: int = 1
    not_replayed: dict[str, str] = field(default_factory=dict)
    baselines: tuple[Baseline, ...] = ()
