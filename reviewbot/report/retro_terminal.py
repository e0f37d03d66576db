"""What a retro run says at its end on a terminal: plain text that a tired engineer takes in at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from reviewbot.domain.scorecard import ArmScore, Rate
from reviewbot.domain.text import revealed, shortened
from reviewbot.report.facts import NO_RATE, PLANTED_WORDS, State, headlines, incomplete_words, is_judged, state_of
from reviewbot.report.values import IncidentEvidence, RetroReport
from reviewbot.report.words import dollars, interval, number, percent, share_of

_MOST_INCIDENTS = 60
_MOST_REASONS = 5
_LONGEST_NAME = 58
# in a name, one of these would forge a line of ours
_BREAKS = re.compile(r"[\r\n\t]+")


def terminal_summary(report: RetroReport) -> str:
    """The rates of each arm, one line per incident where there are not too many, and what could not be replayed."""
    parts = [*headlines(report), "", *_rate_table(report), *_judge_lines(report), *_incident_lines(report)]
    if warning := incomplete_words(report):
        parts = [warning, "", *parts]
    return "\n".join(revealed(_BREAKS.sub(" ", part)) for part in parts)


def _rate_table(report: RetroReport) -> list[str]:
    arms = report.scorecard.arms
    header = ["", *(arm.name for arm in arms)]
    rows = [
        ["caught", *(_rate(arm, "strict") for arm in arms)],
        ["caught or partly", *(_rate(arm, "strict_or_partial") for arm in arms)],
        ["located", *(_rate(arm, "located") for arm in arms)],
        ["of all incidents", *(_rate(arm, "of_all_incidents") for arm in arms)],
        ["review failed", *(number(arm.failed) for arm in arms)],
        ["not judged", *(number(arm.unjudged) for arm in arms)],
        ["findings per incident's change", *(_mean(arm.findings_per_change) for arm in arms)],
        ["findings per quiet control", *(_controls(arm) for arm in arms)],
        ["cost", *(dollars(arm.cost_usd) for arm in arms)],
    ]
    if not is_judged(report):
        rows = [row for row in rows if not row[0].startswith(("caught", "of all"))]
    return aligned([header, *rows])


def _judge_lines(report: RetroReport) -> list[str]:
    """What the planted remarks showed, where there were any."""
    told = [f"{share_of(rate)} {PLANTED_WORDS.get(kind, kind).partition(':')[0]}" for kind, rate in _planted(report)]
    return ["", f"The judges told right, of remarks that were planted: {'; '.join(told)}."] if told else []


def _planted(report: RetroReport) -> list[tuple[str, Rate]]:
    return [(kind, rate) for kind, rate in report.scorecard.judge.planted.items() if rate.n]


def _rate(arm: ArmScore, name: str) -> str:
    rate = arm.rates.get(name, NO_RATE)
    return f"{share_of(rate)}  {percent(rate.rate)} ({interval(rate.low, rate.high)})"


def _controls(arm: ArmScore) -> str:
    score = arm.controls
    return (
        f"{_mean(score.per_control)}  ({number(score.with_findings)}/{score.n} with any)" if score.n else "no control"
    )


def _mean(value: float | None) -> str:
    return "–" if value is None else number(value)


def _incident_lines(report: RetroReport) -> list[str]:
    """`SHOP-101  C M  name`, a letter per arm; where there are many, only why some were not replayed."""
    arms = [arm.name for arm in report.scorecard.arms]
    if len(report.incidents) > _MOST_INCIDENTS:
        return _not_replayed(report)
    if not report.incidents:
        return []
    states = {one.case: [state_of(one, arm) for arm in arms] for one in report.incidents}
    used = sorted({state for row in states.values() for state in row}, key=list(State).index)
    legend = ", ".join(dict.fromkeys(f"{state.letter} {state.value}" for state in used))
    width = max(len(one.case) for one in report.incidents)
    lines = [_incident_line(one, states[one.case], width) for one in report.incidents]
    return ["", f"{', '.join(arms)}: {legend}", *lines]


def _not_replayed(report: RetroReport) -> list[str]:
    reasons = Counter(one.not_replayed for one in report.incidents if one.not_replayed)
    lines = [f"  {number(count)}  {shortened(reason, 80)}" for reason, count in reasons.most_common(_MOST_REASONS)]
    rest = sum(reasons.values()) - sum(count for _, count in reasons.most_common(_MOST_REASONS))
    lines += [f"  {number(rest)}  for other reasons"] if rest else []
    return ["", "Not replayed:", *lines] if lines else []


def _incident_line(incident: IncidentEvidence, states: Sequence[State], width: int) -> str:
    letters = " ".join(state.letter for state in states)
    why = f"  ({shortened(incident.not_replayed, 60)})" if incident.not_replayed else ""
    return f"  {incident.case:<{width}}  {letters}  {shortened(incident.name, _LONGEST_NAME)}{why}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows in columns, each as wide as its longest cell."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
