"""Several judges on one finding: two who do not know of each other, and a third where they disagree."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from reviewbot.dialogue import Asked
from reviewbot.domain.finding import Finding
from reviewbot.domain.replay import Label, Vote
from reviewbot.domain.review import ModelCall
from reviewbot.ports import Model
from reviewbot.retro.judge import CaseMaterial, Opinion, opinion_on

_LESSER_FIRST = (Label.MISS, Label.PARTIAL, Label.HIT)
_MOST_OPINIONS = 3


@dataclass(frozen=True, slots=True)
class Panel:
    """The judges in the order in which they are asked; `opinions` is how many each finding gets before a dispute.

    A model that has to judge twice is asked afresh each time, as another trial.
    """

    judges: tuple[Model, ...]
    opinions: int = 2

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(judge.name for judge in self.judges)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a panel made of a finding. `opinion` is the first one with the label that was decided on.

    `failure` says why there is no label: no judge gave a usable answer.
    """

    label: Label
    opinion: Opinion | None
    votes: tuple[Vote, ...]
    calls: tuple[ModelCall, ...]
    failure: str = ""


def decided(
    findings: Sequence[Finding], material: CaseMaterial, panel: Panel, asking: Executor
) -> tuple[Decision, ...]:
    """Two judges who agree settle a finding, else the majority of three; of three different labels the middle one.

    An answer that cannot be used counts as none, and the next judge is asked. Where only two gave usable answers and
    they differ, the lesser holds: a catch needs two. All that can be asked at once is: `asking` has the threads.
    """
    asked: list[list[Asked[Opinion]]] = [[] for _ in findings]
    while wanted := [(at, number) for at, known in enumerate(asked) for number in _next(known, panel)]:
        futures = [asking.submit(_opinion, findings[at], material, panel, number) for at, number in wanted]
        for (at, _), future in zip(wanted, futures, strict=True):
            asked[at].append(future.result())
    return tuple(_decision(panel, one) for one in asked)


def _next(asked: Sequence[Asked[Opinion]], panel: Panel) -> range:
    """Which opinions are asked for next: the first ones together, then one more at a time."""
    if len(asked) < panel.opinions:
        return range(len(asked), panel.opinions)
    is_open = panel.opinions > 1 and len(asked) < _MOST_OPINIONS and not _agree(asked)
    return range(len(asked), len(asked) + is_open)


def _decision(panel: Panel, asked: Sequence[Asked[Opinion]]) -> Decision:
    votes = tuple(_vote(panel, number, one) for number, one in enumerate(asked))
    calls = tuple(call for one in asked for call in one.calls)
    labels = [vote.label for vote in votes if vote.label is not Label.UNJUDGED]
    if not labels:
        return Decision(Label.UNJUDGED, None, votes, calls, asked[-1].failure or "no answer")
    label = _settled(labels)
    opinion = next((one.answer for one in asked if one.answer is not None and one.answer.label is label), None)
    return Decision(label, opinion or next(one.answer for one in asked if one.answer is not None), votes, calls)


def _opinion(finding: Finding, material: CaseMaterial, panel: Panel, number: int) -> Asked[Opinion]:
    at = number % len(panel.judges)
    earlier = sum(panel.judges[index % len(panel.judges)].name == panel.judges[at].name for index in range(number))
    return opinion_on(finding, material, panel.judges[at], trial=1 + earlier)


def _vote(panel: Panel, number: int, one: Asked[Opinion]) -> Vote:
    name = one.calls[-1].model if one.calls else panel.judges[number % len(panel.judges)].name
    if one.answer is None:
        return Vote(name, Label.UNJUDGED, one.failure or "no answer")
    return Vote(name, one.answer.label)


def _agree(asked: Sequence[Asked[Opinion]]) -> bool:
    labels = [one.answer.label for one in asked if one.answer is not None]
    return any(labels.count(label) > 1 for label in labels)


def _settled(labels: Sequence[Label]) -> Label:
    for label in labels:
        if labels.count(label) > 1:
            return label
    ordered = sorted(labels, key=_LESSER_FIRST.index)
    return ordered[1] if len(ordered) == 3 else ordered[0]
