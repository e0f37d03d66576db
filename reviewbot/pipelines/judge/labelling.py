"""People's labels laid over what the judges of a run said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reviewbot.domain.finding import Finding
from reviewbot.domain.replay import CaseVerdict, Judgement, Label
from reviewbot.pipelines.judge.verdicts import decisiveness, overall
from reviewbot.retro.answers import AnswerKey, load_answers
from reviewbot.retro.labels import HumanLabel, finding_digest

_ONE_MISS_IN = 3

Labels = Mapping[tuple[str, str], HumanLabel]


@dataclass(frozen=True, slots=True)
class Question:
    """A finding that a person is asked about, with nothing that tells who made it or what a judge said."""

    case: str
    answer: AnswerKey
    finding: Finding

    @property
    def key(self) -> tuple[str, str]:
        return (self.case, finding_digest(self.finding))


def with_labels(verdicts: Iterable[CaseVerdict], labels: Labels) -> tuple[CaseVerdict, ...]:
    """The verdicts, where a person's label holds in place of the judges'."""
    return tuple(_labelled(one, labels) if labels else one for one in verdicts)


def _labelled(verdict: CaseVerdict, labels: Labels) -> CaseVerdict:
    judgements = tuple(_own(verdict.case, one, labels) for one in verdict.judgements)
    if judgements == verdict.judgements:
        return verdict
    said = [one for one in judgements if one.stage is None]
    is_judged = not any(one.label is Label.UNJUDGED for one in said)
    held = (one.stage for one in judgements if one.stage is not None and one.label is Label.HIT)
    is_caught = any(one.label is Label.HIT for one in said)
    return replace(
        verdict,
        judgements=judgements,
        verdict=overall(said, is_judged),
        decisive=min(said, key=decisiveness, default=None),
        lost_at=None if is_caught else next(held, None),
    )


def _own(case: str, judgement: Judgement, labels: Labels) -> Judgement:
    label = labels.get((case, finding_digest(judgement.finding)))
    return judgement if label is None else replace(judgement, label=Label(label.label), labelled_by=label.by)


def questions(verdicts: Iterable[CaseVerdict], incidents: Path) -> list[Question]:
    """What a person is asked: all that a judge called a hit or partly one, a third of the misses, and what none judged.

    Each finding once, in an order and a choice that its digest decides, so that neither tells anything. Raises
    FileProblems for a bad incidents file.
    """
    answers = load_answers(incidents).by_case
    found: dict[tuple[str, str], Question] = {}
    for verdict in (one for one in verdicts if one.case in answers):
        for one in verdict.judgements:
            question = Question(verdict.case, answers[verdict.case], one.finding)
            if one.stage is None and (one.label is not Label.MISS or int(question.key[1], 16) % _ONE_MISS_IN == 0):
                found[question.key] = question
    return [found[key] for key in sorted(found, key=lambda key: key[1])]


def labels_of_others(verdicts: Sequence[CaseVerdict], labels: Labels) -> int:
    """How many labels are of findings that this run does not hold."""
    held = {(verdict.case, finding_digest(one.finding)) for verdict in verdicts for one in verdict.judgements}
    return len(set(labels) - held)
