"""The charts and matrices of a retro report: which values go into which mark."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from reviewbot.domain.scorecard import ArmScore, Rate
from reviewbot.report.charts import Bar, Estimate, Span, bar_chart, interval_chart, timeline_chart
from reviewbot.report.facts import NO_RATE, PLANTED_WORDS, RATES, funnel_steps, is_judged, state_of
from reviewbot.report.more_charts import (
    Cell,
    Curve,
    CurvePoint,
    Difference,
    curve_chart,
    difference_chart,
    matrix_chart,
)
from reviewbot.report.page_anchor import anchor
from reviewbot.report.values import IncidentEvidence, RetroReport
from reviewbot.report.words import dollars, interval, number, p_value, percent, share_of


def steps_chart(report: RetroReport) -> str:
    """From all incidents to those caught."""
    bars = [
        Bar(label, amount, "not judged" if amount is None else number(amount)) for label, amount in funnel_steps(report)
    ]
    return bar_chart("From all incidents to those caught", bars)


def rate_chart(report: RetroReport) -> str:
    """The ladder of rates, each with its interval for every arm; rates that nobody has are left out."""
    arms = report.scorecard.arms
    estimates = [
        Estimate(label, arm.label, _figures(arm.rates[name]), *_shares(arm.rates[name]), shape)
        for name, (label, _) in RATES.items()
        if name in shown_rates(report)
        for shape, arm in enumerate(arms)
        if name in arm.rates and arm.rates[name].rate is not None
    ]
    title = "Rates with 95 % intervals" if is_judged(report) else "Located only, with 95 % intervals"
    return interval_chart(title, estimates) if estimates else ""


def shown_rates(report: RetroReport) -> tuple[str, ...]:
    """The rates that at least one arm has."""
    return tuple(
        name for name in RATES if any(arm.rates.get(name, NO_RATE).rate is not None for arm in report.scorecard.arms)
    )


def _figures(rate: Rate) -> str:
    return f"{percent(rate.rate)} ({interval(rate.low, rate.high)}), {share_of(rate)}"


def _shares(rate: Rate) -> tuple[float | None, float | None, float | None]:
    return rate.rate, rate.low, rate.high


def span_chart(report: RetroReport) -> str:
    """The incidents in the order in which they came into the code."""
    spans = [_span(one, report.scorecard.arms) for one in in_time(report.incidents)]
    return timeline_chart("Incidents from introduction to resolution", spans, _cutoffs(report))


def in_time(incidents: tuple[IncidentEvidence, ...]) -> list[IncidentEvidence]:
    """By the first known moment; those without any stand last."""
    return sorted(
        (one for one in incidents if _first_moment(one)),
        key=lambda one: (_day(_first_moment(one)) or date.max, one.case),
    ) + [one for one in incidents if not _first_moment(one)]


def _first_moment(one: IncidentEvidence) -> datetime | None:
    return one.introduced_at or one.started_at or one.resolved_at


def _span(one: IncidentEvidence, arms: tuple[ArmScore, ...]) -> Span:
    label = " · ".join(part for part in (one.case, one.severity, one.name) if part)
    states = tuple(state_of(one, arm.name) for arm in arms)
    days = _day(one.introduced_at), _day(one.started_at), _day(one.resolved_at)
    return Span(label, "#" + anchor(one.case), *days, states)


def _day(moment: datetime | None) -> date | None:
    return (moment.astimezone(UTC) if moment.tzinfo else moment).date() if moment else None


def _cutoffs(report: RetroReport) -> list[tuple[str, date]]:
    """One for each arm with a known cutoff; a date that cannot be read draws no line."""
    found = {}
    for name, one in report.scorecard.contamination.items():
        try:
            found[date.fromisoformat((one.knowledge_cutoff or "")[:10])] = one.model or name
        except ValueError:
            continue
    return [(model, day) for day, model in sorted(found.items())]


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One severity or category and its rate under each arm, in the order of the arms."""

    name: str
    rates: tuple[Rate, ...]


def matrix(report: RetroReport, key: str) -> tuple[MatrixRow, ...]:
    """The groups of `by_severity` or `by_category`, each with a rate for every arm."""
    groups = [arm.by_severity if key == "by_severity" else arm.by_category for arm in report.scorecard.arms]
    names = sorted({name for group in groups for name in group})
    return tuple(MatrixRow(name, tuple(group.get(name, NO_RATE) for group in groups)) for name in names)


def severity_chart(report: RetroReport) -> str:
    """The strict rate of each severity with its interval for every arm."""
    estimates = [
        Estimate(row.name, arm.label, _figures(rate), *_shares(rate), shape)
        for row in matrix(report, "by_severity")
        for shape, (arm, rate) in enumerate(zip(report.scorecard.arms, row.rates, strict=True))
        if rate.rate is not None
    ]
    return interval_chart("Caught by severity, with 95 % intervals", estimates) if estimates else ""


def category_chart(report: RetroReport) -> str:
    """What each arm caught of each category."""
    rows = [
        (row.name, [Cell(rate.rate, share_of(rate) if rate.n else "–") for rate in row.rates])
        for row in matrix(report, "by_category")
    ]
    return matrix_chart("Caught by category and arm", [arm.name for arm in report.scorecard.arms], rows)


def operating_chart(report: RetroReport) -> str:
    """Catches against false alarms as the confidence threshold moves; arms without controls or catches are left out."""
    curves = []
    for shape, arm in enumerate(report.scorecard.arms):
        strict, per_control = arm.rates.get("strict", NO_RATE), arm.controls.per_control
        if strict.rate is None or per_control is None or not arm.operating_curve:
            continue
        points = [
            CurvePoint(said, one.caught.rate, f"from {percent(one.threshold)} {share_of(one.caught)} at {number(said)}")
            for one in arm.operating_curve
            if (said := one.findings_per_control) is not None and one.caught.rate is not None
        ]
        as_run = CurvePoint(per_control, strict.rate, f"as run {share_of(strict)} at {number(per_control)}")
        curves.append(Curve(arm.label, tuple(points), as_run, shape))
    return curve_chart("Catches against findings per control", curves)


def paired_chart(report: RetroReport) -> str:
    """What each arm caught that another did not."""
    return difference_chart(
        "Paired differences between arms",
        [
            Difference(f"{one.b} against {one.a}", one.gained, one.lost, f"p {p_value(one.p_mcnemar)}")
            for one in report.scorecard.comparisons
        ],
    )


def cost_chart(report: RetroReport) -> str:
    """Dollars for each catch; arms without a catch, or without a known price, are told in words."""
    bars = [
        Bar(
            arm.label,
            None if arm.cost_per_catch_usd is None else float(arm.cost_per_catch_usd),
            "no catch, or no price known" if arm.cost_per_catch_usd is None else dollars(arm.cost_per_catch_usd),
        )
        for arm in report.scorecard.arms
    ]
    return bar_chart("Cost per catch", bars)


def planted_chart(report: RetroReport) -> str:
    """How many planted remarks of each kind the judges told right."""
    estimates = [
        Estimate(PLANTED_WORDS.get(kind, kind), "told right", _figures(rate), *_shares(rate), 0)
        for kind, rate in report.scorecard.judge.planted.items()
        if rate.rate is not None
    ]
    return interval_chart("Planted remarks that the judges told right", estimates) if estimates else ""
