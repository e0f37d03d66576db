"""The answer of the record to one incident, by rules alone: what was said of its cause, and what came of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reviewbot.domain.finding import Finding
from reviewbot.domain.record import Answer, Outcome, Result
from reviewbot.domain.replay import Label
from reviewbot.domain.review import HeldBack
from reviewbot.domain.round import Fate, KnownFinding


@dataclass(frozen=True, slots=True)
class Then:
    """What happened on the pull request of a cause before it was merged.

    `unreviewed` says why there was no review, "" where there was one. `labels` are what judges made of a finding, by
    its fingerprint; a finding without one was not judged.
    """

    said: tuple[KnownFinding, ...] = ()
    held_back: tuple[HeldBack, ...] = ()
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    unreviewed: str = ""
    shortfall: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer, one sentence on it, and the findings that it rests on, the decisive ones first."""

    answer: Answer
    why: str
    said: tuple[KnownFinding, ...] = ()
    held_back: tuple[HeldBack, ...] = ()


def settled(then: Then, labels: Mapping[str, Label]) -> Settled:
    """What the record says; `labels` by fingerprint, empty where there is no judge."""
    if then.unreviewed:
        return Settled(Answer.NOT_REVIEWED, then.unreviewed)
    hits = [known for known in then.said if labels.get(known.fingerprint) is Label.HIT]
    if hits:
        return _flagged(then, hits)
    lost = [held for held in then.held_back if labels.get(held.finding.fingerprint) is Label.HIT]
    open_said = _unjudged([known.finding for known in then.said], labels)
    if lost and not open_said:
        first = lost[0]
        return Settled(Answer.HELD_BACK, f"the stage {first.stage.value} held it back: {first.reason}", (), tuple(lost))
    if open_said or _unjudged([held.finding for held in then.held_back], labels):
        why = "nobody has compared what was said with the cause" if not labels else "the judge gave no usable answer"
        return Settled(Answer.NOT_JUDGED, why, then.said, tuple(lost))
    return _missed(then, labels)


def _flagged(then: Then, hits: Sequence[KnownFinding]) -> Settled:
    """Ignored goes before all else: one finding that nobody answered is one that could have stopped it."""
    silent = [known for known in hits if _result(then, known) is Result.IGNORED]
    if silent:
        return Settled(Answer.FLAGGED_AND_IGNORED, "it was merged as it was, without a word on it", tuple(silent))
    first = hits[0]
    outcome = then.outcomes.get(first.fingerprint)
    reason = outcome.reason if outcome is not None else first.fate_note
    return Settled(Answer.FLAGGED_WITHOUT_EFFECT, reason or "it was settled before the merge", tuple(hits))


def _result(then: Then, known: KnownFinding) -> Result:
    outcome = then.outcomes.get(known.fingerprint)
    if outcome is not None:
        return outcome.result
    return Result.IGNORED if known.fate is Fate.OPEN else Result.DISMISSED


def _missed(then: Then, labels: Mapping[str, Label]) -> Settled:
    half = [known for known in then.said if labels.get(known.fingerprint) is Label.PARTIAL]
    count = len(then.said)
    if half:
        return Settled(Answer.MISSED, "the danger was named, but not the way to it", tuple(half))
    said = "nothing was said" if not count else f"{count} other finding{'s were' if count > 1 else ' was'} said"
    return Settled(Answer.MISSED, f"{said}; {then.shortfall}" if then.shortfall else said)


def _unjudged(findings: Sequence[Finding], labels: Mapping[str, Label]) -> list[Finding]:
    return [one for one in findings if labels.get(one.fingerprint, Label.UNJUDGED) is Label.UNJUDGED]
