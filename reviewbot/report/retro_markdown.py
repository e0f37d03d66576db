"""`report.md`: a retro run as GitHub Markdown, for a pull request or a wiki."""

from __future__ import annotations

from reviewbot.domain.scorecard import ArmScore
from reviewbot.report.facts import (
    NO_RATE,
    RATES,
    arm_state,
    funnel_steps,
    headlines,
    incomplete_words,
    lost_words,
    state_of,
    trial_words,
)
from reviewbot.report.markdown_text import code, code_block, plain, table
from reviewbot.report.values import ArmEvidence, ControlEvidence, IncidentEvidence, RetroReport
from reviewbot.report.words import dollars, interval, minute, number, percent, share_of

_LONGEST_HUNK = 60


def markdown_report(report: RetroReport) -> str:
    """The facts of the page: figures, one section per incident, controls, limits."""
    parts = ["# Retrospective", "", f"{minute(report.generated_at)}", ""]
    if warning := incomplete_words(report):
        parts += [f"> **{plain(warning)}**", ""]
    parts += [f"- {plain(sentence)}" for sentence in headlines(report)]
    parts += ["", "## Figures", "", *_figures(report), "", "## Which incidents are counted", "", *_funnel(report)]
    parts += ["", "## Incidents", "", *_overview(report), ""]
    for incident in report.incidents:
        parts += _incident(incident)
    if report.controls:
        parts += ["## Quiet controls", "", *_controls(report), ""]
    parts += ["## Limits", "", *(f"- {plain(limit)}" for limit in report.limits), ""]
    return "\n".join(parts)


def _figures(report: RetroReport) -> list[str]:
    arms = report.scorecard.arms
    rows = [[words[0], *(_rate(arm, name) for arm in arms)] for name, words in RATES.items() if _is_known(arms, name)]
    rows += [
        ["Findings per quiet control", *(_per_control(arm) for arm in arms)],
        ["Reviews that failed", *(number(arm.failed) for arm in arms)],
        ["Not judged", *(number(arm.unjudged) for arm in arms)],
        ["Cost", *(dollars(arm.cost_usd) for arm in arms)],
        ["Cost per catch", *(dollars(arm.cost_per_catch_usd) for arm in arms)],
    ]
    return table(["", *(plain(arm.label) for arm in arms)], rows)


def _is_known(arms: tuple[ArmScore, ...], name: str) -> bool:
    return any(arm.rates.get(name, NO_RATE).k is not None for arm in arms)


def _rate(arm: ArmScore, name: str) -> str:
    rate = arm.rates.get(name, NO_RATE)
    return f"{share_of(rate)} = {percent(rate.rate)} ({interval(rate.low, rate.high)})"


def _per_control(arm: ArmScore) -> str:
    each = arm.controls.per_control
    return "–" if each is None else f"{number(each)} (n = {arm.controls.n})"


def _funnel(report: RetroReport) -> list[str]:
    rows = [[plain(name), "–" if count is None else number(count)] for name, count in funnel_steps(report)]
    return table(["Step", "Incidents"], rows)


def _overview(report: RetroReport) -> list[str]:
    arms = [arm.name for arm in report.scorecard.arms]
    rows = [
        [f"{code(one.case)} {plain(one.name)}", plain(one.severity), *(state_of(one, arm).value for arm in arms)]
        for one in report.incidents
    ]
    return table(["Incident", "Severity", *(plain(arm) for arm in arms)], rows)


def _incident(incident: IncidentEvidence) -> list[str]:
    parts = ["<details>", f"<summary>{plain(incident.case)}: {plain(incident.name)}</summary>", ""]
    if incident.head:
        parts += [f"Change {code(incident.head)} of {code(incident.repo)}.", ""]
    if incident.root_cause:
        parts += [f"Root cause: {plain(incident.root_cause)}", ""]
    if incident.not_replayed:
        parts += [f"Not replayed: {plain(incident.not_replayed)}", ""]
    for hunk in incident.hunks[:2]:
        parts += [code(hunk.path), "", *code_block(hunk.lines[:_LONGEST_HUNK], "diff"), ""]
    for shown in incident.arms:
        parts += _arm(shown)
    return [*parts, "</details>", ""]


def _arm(shown: ArmEvidence) -> list[str]:
    parts = [f"**{plain(shown.label)}: {arm_state(shown).value}.** {plain(trial_words(shown))}".rstrip()]
    if words := lost_words(shown):
        parts.append(plain(words))
    judged = {id(one.finding): one for one in shown.judgements}
    by_value = {one.finding: one for one in shown.judgements}
    for finding in shown.findings:
        judgement = judged.get(id(finding)) or by_value.get(finding)
        verdict = f" Judged {judgement.label.value}, {judgement.location.value}." if judgement else ""
        place = code(str(finding.location)) if finding.location else "no place"
        parts.append(f"- {place} ({finding.severity.value}): {plain(finding.title)}.{verdict}")
        parts.append(f"  {plain(finding.explanation)}")
        if judgement and judgement.finding_mechanism:
            parts.append(f"  Judge: {plain(judgement.finding_mechanism)} Against: {plain(judgement.counter_argument)}")
    parts += [
        f"- held back at {held.stage.value}: {plain(held.finding.title)} ({plain(held.reason)})"
        for held in shown.held_back
    ]
    return ["\n".join(parts), ""]


def _controls(report: RetroReport) -> list[str]:
    arms = [arm.name for arm in report.scorecard.arms]
    rows = [[f"{code(one.case)} {plain(one.title)}", *(_said(one, arm) for arm in arms)] for one in report.controls]
    return table(["Control", *(plain(arm) for arm in arms)], rows)


def _said(control: ControlEvidence, arm: str) -> str:
    shown = next((one for one in control.arms if one.arm == arm), None)
    if shown is None or shown.outcome.value == "failed":
        return "failed"
    return "; ".join(plain(finding.title) for finding in shown.findings) or "nothing"
