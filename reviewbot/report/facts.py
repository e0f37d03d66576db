"""What a retro report says before it gets a form: sentences and states for page, Markdown and terminal."""

from __future__ import annotations

from enum import StrEnum

from reviewbot.domain.incident import Verdict
from reviewbot.domain.miss import Miss, Trait
from reviewbot.domain.replay import Judgement, Label
from reviewbot.domain.review import Outcome, Stage
from reviewbot.domain.scorecard import ArmScore, Rate
from reviewbot.report.values import ArmEvidence, IncidentEvidence, RetroReport
from reviewbot.report.words import counted, dollars, interval, number, percent, share_of

NO_RATE = Rate(None, 0, None, None, None)

RATES = {
    "strict": ("Caught", "a finding named the defect, its mechanism and its consequence"),
    "strict_uncontaminated": ("Caught, after the cutoff", "only incidents the model cannot have read about"),
    "strict_or_partial": ("Caught or partly", "also findings that saw the danger, but not this mechanism or place"),
    "located": ("Located", "a finding stood in the recorded lines or their function, whatever it said"),
    "of_all_incidents": ("Caught, of all incidents", "also those without a code cause or a linked change"),
    "strict_in_any_trial": ("Caught in any trial", "at least once"),
    "strict_in_every_trial": ("Caught in every trial", "each time"),
}


PLANTED_WORDS = {
    "positive": "true causes, in other words",
    "near_miss": "near-misses: the same lines, another mechanism",
    "decoy": "decoys: the cause of another incident",
}


class State(StrEnum):
    """What an incident came to under one arm, as it is drawn and written."""

    CAUGHT = "caught"
    PARTIAL = "partial"
    MISSED = "missed"
    FAILED = "failed"
    UNJUDGED = "not judged"
    NOT_CODE = "not code"
    NOT_REPLAYED = "not replayed"

    @property
    def letter(self) -> str:
        return {"not judged": "?", "not code": "-", "not replayed": "-"}.get(self.value, self.value[0].upper())

    @property
    def css(self) -> str:
        return self.value.replace(" ", "-")


def is_judged(report: RetroReport) -> bool:
    """Whether anything may be called caught or missed."""
    return any(arm.rates.get("strict", NO_RATE).k is not None for arm in report.scorecard.arms)


def headlines(report: RetroReport) -> tuple[str, ...]:
    """A sentence for each arm, the one that caught most first, and one for what its model cannot have read about."""
    if not report.scorecard.arms:
        return ("No reviewer was replayed, so there is nothing to report.",)
    arms = sorted(report.scorecard.arms, key=lambda arm: -(arm.rates.get("strict", NO_RATE).k or 0))
    said = [(f"{_success(arm, report)}; {_false_alarms(arm)}.", _after_cutoff(arm)) for arm in arms]
    return tuple(sentence for pair in said for sentence in pair if sentence)


def _after_cutoff(arm: ArmScore) -> str:
    """The same once more for what the model cannot have read about; "" where no such incident is known."""
    rate = arm.rates.get("strict_uncontaminated", NO_RATE)
    if rate.k is None or not rate.n:
        return ""
    share = f"{percent(rate.rate)}, {interval(rate.low, rate.high)}"
    return f"Of the {rate.n} after its knowledge cutoff {arm.name} caught {number(rate.k)} ({share})."


def _success(arm: ArmScore, report: RetroReport) -> str:
    strict, located = arm.rates.get("strict", NO_RATE), arm.rates.get("located", NO_RATE)
    if strict.n == 0 and located.n == 0:
        return f"{arm.label} replayed no linked incident"
    if strict.k is not None:
        return f"{arm.label} caught {_of_incidents(strict, arm, report)}"
    return (
        f"{arm.label} commented at the recorded place of {_of_incidents(located, arm, report)}, location only: unjudged"
    )


def _of_incidents(rate: Rate, arm: ArmScore, report: RetroReport) -> str:
    linked = report.scorecard.denominators.linked
    which = "linked" if rate.n == linked else f"replayed (of {linked} linked)"
    mean = f", mean of {arm.trials} trials" if arm.trials > 1 else ""
    share = f"{percent(rate.rate)}, 95\u00a0% interval {interval(rate.low, rate.high)}{mean}"
    return f"{number(rate.k or 0)} of {rate.n} {which} {'incident' if rate.n == 1 else 'incidents'} ({share})"


def _false_alarms(arm: ArmScore) -> str:
    if arm.controls.per_control is None:
        return "no quiet control was replayed, so its false alarms are unknown"
    return f"{counted(arm.controls.per_control, 'finding')} per quiet control (n = {arm.controls.n})"


def incomplete_words(report: RetroReport) -> str:
    """Why the report is not whole; "" where it is."""
    if report.complete:
        return ""
    reason = report.stopped_by.rstrip(". ") or "the run stopped before its end"
    return f"This report is not complete: {reason}. The figures cover only what was replayed and judged until then."


def funnel_steps(report: RetroReport) -> tuple[tuple[str, float | None], ...]:
    """From all incidents down to those caught, one step per arm at the end; None where nothing was judged."""
    counts = report.scorecard.denominators
    steps: list[tuple[str, float | None]] = [
        ("Incidents in the file", counts.incidents),
        ("with a code cause", counts.code_cause),
        ("linked to the causing change", counts.linked),
        ("replayed", counts.replayed),
    ]
    return (*steps, *((f"caught by {arm.label}", arm.rates.get("strict", NO_RATE).k) for arm in report.scorecard.arms))


def state_of(incident: IncidentEvidence, arm_name: str) -> State:
    """What the incident came to under the arm."""
    if incident.not_replayed:
        is_other_cause = incident.not_replayed.startswith("not a code cause") or "not-code" in incident.not_replayed
        return State.NOT_CODE if is_other_cause else State.NOT_REPLAYED
    shown = next((arm for arm in incident.arms if arm.arm == arm_name), None)
    return State.NOT_REPLAYED if shown is None else arm_state(shown)


def arm_state(shown: ArmEvidence) -> State:
    """The state of a replayed case; a failed review is its own state, though it counts as not caught."""
    if shown.outcome is Outcome.FAILED:
        return State.FAILED
    match shown.verdict:
        case Verdict.CAUGHT:
            return State.CAUGHT
        case Verdict.PARTIAL:
            return State.PARTIAL
        case Verdict.MISSED:
            return State.MISSED
        case _:
            return State.UNJUDGED


def lost_words(shown: ArmEvidence) -> str:
    """For what was not caught, where it was lost; "" for the rest."""
    match arm_state(shown):
        case State.FAILED:
            return f"The review failed: {shown.reason or 'no reason was given'}"
        case State.MISSED | State.PARTIAL if shown.lost_at is not None:
            return f"Held back at {shown.lost_at.value}: {_reason_at(shown, shown.lost_at)}"
        case State.MISSED:
            return "No reviewer raised it" + ("" if shown.findings else "; nothing was said of this change")
        case _:
            return ""


def _reason_at(shown: ArmEvidence, stage: Stage) -> str:
    hits = [one.finding for one in shown.judgements if one.stage is stage and one.label is Label.HIT]
    held = [one for one in shown.held_back if one.stage is stage]
    lost = next((one for one in held if one.finding in hits), held[0] if held else None)
    return lost.reason if lost else "no reason was kept"


def lost_rows(report: RetroReport) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """How many misses of each arm were lost in which way; a stage that held some back has a row of its own."""
    names = [[_lost_name(miss) for miss in arm.misses] for arm in report.scorecard.arms]
    return _counts(sorted({name for listed in names for name in listed}), names)


def _lost_name(miss: Miss) -> str:
    return f"{miss.lost_by.value}: {miss.stage}" if miss.stage else miss.lost_by.value


def trait_rows(report: RetroReport) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """How many misses of each arm have which trait."""
    names = [[trait.value for miss in arm.misses for trait in miss.traits] for arm in report.scorecard.arms]
    return _counts([trait.value for trait in Trait], names)


def _counts(order: list[str], names: list[list[str]]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    rows = ((name, tuple(listed.count(name) for listed in names)) for name in order)
    return tuple((name, counts) for name, counts in rows if any(counts))


def judge_rows(report: RetroReport) -> tuple[tuple[str, str], ...]:
    """The judge card, line by line: a name and what stands against it."""
    card = report.scorecard.judge
    rows = [
        ("Judge", ", ".join(card.judges) or card.judge or "none"),
        ("Prompt", card.prompt_version or "–"),
        ("Findings judged", number(card.judged)),
        ("No usable judgement", number(card.unusable)),
    ]
    if card.kappa is not None:
        rows.append(("Two judges disagreed on", f"{counted(card.disputed, 'finding')}; Cohen's kappa {card.kappa:.2f}"))
    rows += [(f"Planted {PLANTED_WORDS.get(kind, kind)}", _planted_words(rate)) for kind, rate in card.planted.items()]
    if card.labelled:
        agreement = "" if card.kappa_human is None else f"; Cohen's kappa of judges and people {card.kappa_human:.2f}"
        rows.append(("Labelled by people", f"{counted(card.labelled, 'finding')}, whose labels hold{agreement}"))
    rows.append(("Cost", dollars(card.cost_usd)))
    return (*rows, ("Note", card.note)) if card.note else tuple(rows)


def _planted_words(rate: Rate) -> str:
    if not rate.n:
        return "none could be judged"
    return f"{share_of(rate)} told right ({interval(rate.low, rate.high)})"


def precision_words(arm: ArmScore) -> str:
    """`12–88 %`; "–" where nothing was said or judged."""
    found = arm.precision
    return "–" if found is None else interval(found.low, found.high)


def vote_words(judgement: Judgement) -> str:
    """`hit, miss, hit` where more than one judge was asked; "" elsewhere."""
    votes = [vote.label.value for vote in judgement.votes]
    return ", ".join(votes) if len(votes) > 1 else ""


def trial_words(shown: ArmEvidence) -> str:
    """`caught in 2 of 3 trials`, where there were several."""
    trials = shown.verdicts_by_trial
    if len(trials) < 2:
        return ""
    counts = {verdict: trials.count(verdict) for verdict in Verdict if verdict in trials}
    return f"{len(trials)} trials: " + ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items())
