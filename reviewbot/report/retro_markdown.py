"""`report.md`: a retro run as GitHub Markdown, for a pull request or a wiki."""

from __future__ import annotations

from reviewbot.domain.markdown_text import code, code_block, html_plain, plain, table
from reviewbot.domain.replay import Judgement
from reviewbot.domain.scorecard import ArmScore, Rate
from reviewbot.report.facts import (
    NO_RATE,
    RATES,
    arm_state,
    funnel_steps,
    headlines,
    incomplete_words,
    is_judged,
    judge_rows,
    lost_rows,
    lost_words,
    precision_words,
    state_of,
    trait_rows,
    trial_words,
    vote_words,
)
from reviewbot.report.retro_charts import matrix
from reviewbot.report.values import ArmEvidence, ControlEvidence, IncidentEvidence, RetroReport
from reviewbot.report.words import dollars, interval, minute, number, p_value, percent, share_of

_LONGEST_HUNK = 60


def markdown_report(report: RetroReport) -> str:
    """The facts of the page: figures, one section per incident, controls, limits."""
    parts = ["# Retrospective", "", f"{minute(report.generated_at)}", ""]
    if warning := incomplete_words(report):
        parts += [f"> **{plain(warning)}**", ""]
    parts += [f"- {plain(sentence)}" for sentence in headlines(report)]
    parts += ["", "## Figures", "", *_figures(report), "", "## Which incidents are counted", "", *_funnel(report)]
    parts += ["", *_matrix(report, "Severity", "by_severity"), "", *_matrix(report, "Category", "by_category")]
    parts += ["", "## Without any understanding", "", *_baselines(report)]
    if is_judged(report):
        parts += ["", "## Why incidents were missed", "", *_misses(report)]
    parts += ["", "## Arms compared", "", *_comparisons(report), "", "## Judge card", "", *_judge_card(report)]
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
        ["Precision lies between", *(precision_words(arm) for arm in arms)],
        ["Located by chance, with as many findings", *(_chance(arm) for arm in arms)],
        ["Reviews that failed", *(number(arm.failed) for arm in arms)],
        ["Not judged", *(number(arm.unjudged) for arm in arms)],
        ["Cost", *(dollars(arm.cost_usd) for arm in arms)],
        ["Cost per catch", *(dollars(arm.cost_per_catch_usd) for arm in arms)],
    ]
    return table(["", *(plain(arm.label) for arm in arms)], rows)


def _is_known(arms: tuple[ArmScore, ...], name: str) -> bool:
    return any(arm.rates.get(name, NO_RATE).k is not None for arm in arms)


def _rate(arm: ArmScore, name: str) -> str:
    return _rate_words(arm.rates.get(name, NO_RATE))


def _rate_words(rate: Rate) -> str:
    if rate.k is None:
        return f"not judged, n = {rate.n}" if rate.n else "–"
    return f"{share_of(rate)} = {percent(rate.rate)} ({interval(rate.low, rate.high)})"


def _per_control(arm: ArmScore) -> str:
    each = arm.controls.per_control
    return "–" if each is None else f"{number(each)} (n = {arm.controls.n})"


def _chance(arm: ArmScore) -> str:
    return "–" if arm.located_by_chance is None else number(arm.located_by_chance)


def _baselines(report: RetroReport) -> list[str]:
    if not report.scorecard.baselines:
        return ["Without controls of known size, or recorded places, nothing can be said of flagging without reading."]
    rows = [
        [plain(one.name), _rate_words(one.incidents), _rate_words(one.controls)] for one in report.scorecard.baselines
    ]
    return table(["Flagging without reading", "Incidents flagged", "Controls flagged"], rows)


def _misses(report: RetroReport) -> list[str]:
    rows = [[plain(name), *map(str, counts)] for name, counts in lost_rows(report)]
    traits = [[f"of these, with {plain(name)}", *map(str, counts)] for name, counts in trait_rows(report)]
    return table(["Lost because", *(plain(arm.name) for arm in report.scorecard.arms)], rows + traits)


def _funnel(report: RetroReport) -> list[str]:
    rows = [[plain(name), "–" if count is None else number(count)] for name, count in funnel_steps(report)]
    return table(["Step", "Incidents"], rows)


def _matrix(report: RetroReport, title: str, key: str) -> list[str]:
    rows = [[plain(row.name), *(_rate_words(rate) for rate in row.rates)] for row in matrix(report, key)]
    return table([title, *(plain(arm.name) for arm in report.scorecard.arms)], rows)


def _comparisons(report: RetroReport) -> list[str]:
    if not is_judged(report) or not report.scorecard.comparisons:
        return ["Nothing to compare: " + ("one arm was run." if is_judged(report) else "nothing was judged.")]
    header = ["Arms", "Only the second caught", "Only the first caught", "p (McNemar)", "Smallest that would show"]
    rows = [
        [
            f"{plain(one.a)}, then {plain(one.b)}",
            number(one.gained),
            number(one.lost),
            p_value(one.p_mcnemar),
            "too few cases" if one.minimum_detectable is None else percent(one.minimum_detectable),
        ]
        for one in report.scorecard.comparisons
    ]
    return table(header, rows)


def _judge_card(report: RetroReport) -> list[str]:
    return [f"- {plain(name)}: {plain(words)}" for name, words in judge_rows(report)]


def _overview(report: RetroReport) -> list[str]:
    arms = [arm.name for arm in report.scorecard.arms]
    rows = [
        [f"{code(one.case)} {plain(one.name)}", plain(one.severity), *(state_of(one, arm).value for arm in arms)]
        for one in report.incidents
    ]
    return table(["Incident", "Severity", *(plain(arm) for arm in arms)], rows)


def _incident(incident: IncidentEvidence) -> list[str]:
    parts = ["<details>", f"<summary>{_summary(incident)}</summary>", ""]
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


def _summary(incident: IncidentEvidence) -> str:
    """Which incident, and what it came to, for a reader who does not open it."""
    grave = f" ({html_plain(incident.severity)})" if incident.severity else ""
    states = ", ".join(f"{html_plain(shown.arm)}: {arm_state(shown).value}" for shown in incident.arms)
    return f"{html_plain(incident.case)}: {html_plain(incident.name)}{grave} – {states or 'not replayed'}"


def _arm(shown: ArmEvidence) -> list[str]:
    parts = [f"**{plain(shown.label)}: {arm_state(shown).value}.** {plain(trial_words(shown))}".rstrip()]
    if words := lost_words(shown):
        parts.append(plain(words))
    judged = {id(one.finding): one for one in shown.judgements}
    by_value = {one.finding: one for one in shown.judgements}
    for finding in shown.findings:
        judgement = judged.get(id(finding)) or by_value.get(finding)
        verdict = _judged_words(judgement) if judgement else ""
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


def _judged_words(judgement: Judgement) -> str:
    votes = f" (votes: {vote_words(judgement)})" if vote_words(judgement) else ""
    by = f" Labelled by {plain(judgement.labelled_by)}:" if judgement.labelled_by else " Judged"
    return f"{by} {judgement.label.value}{votes}, {judgement.location.value}."


def _controls(report: RetroReport) -> list[str]:
    arms = [arm.name for arm in report.scorecard.arms]
    rows = [[f"{code(one.case)} {plain(one.title)}", *(_said(one, arm) for arm in arms)] for one in report.controls]
    return table(["Control", *(plain(arm) for arm in arms)], rows)


def _said(control: ControlEvidence, arm: str) -> str:
    shown = next((one for one in control.arms if one.arm == arm), None)
    if shown is None or shown.outcome.value == "failed":
        return "failed"
    return "; ".join(plain(finding.title) for finding in shown.findings) or "nothing"
