"""How catches and false alarms move with the confidence that a finding needs to be said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from reviewbot.domain.finding import Finding
from reviewbot.domain.incident import CaseKind
from reviewbot.domain.replay import CaseVerdict, Label, Replay
from reviewbot.domain.review import Outcome, Stage
from reviewbot.domain.scorecard import OperatingPoint, Rate

_STEPS = 20
_TOO_UNSURE = "confidence "


def operating_curve(
    replays: Sequence[Replay],
    verdicts: Sequence[CaseVerdict],
    incidents: Callable[[dict[str, float]], Rate],
) -> tuple[OperatingPoint, ...]:
    """A point for each confidence from 0 to 1 in twentieths, of what was said and what only confidence held back.

    `incidents` turns shares of trials by case into a rate of incidents. What was held back is judged only where
    nothing that was said is a hit, which is all that a lower threshold could add.
    """
    if not any(verdict.judgements for verdict in verdicts):
        return ()
    return tuple(_point(step / _STEPS, replays, verdicts, incidents) for step in range(_STEPS + 1))


def _point(
    threshold: float,
    replays: Sequence[Replay],
    verdicts: Sequence[CaseVerdict],
    incidents: Callable[[dict[str, float]], Rate],
) -> OperatingPoint:
    unsure = {one.key: _held_as_unsure(one) for one in replays}
    caught: dict[str, list[bool]] = defaultdict(list)
    for verdict in verdicts:
        caught[verdict.case].append(_catches(verdict, threshold, unsure.get(verdict.key, ())))
    said: dict[str, list[int]] = defaultdict(list)
    for one in replays:
        if one.kind is CaseKind.CONTROL and one.outcome is not Outcome.FAILED:
            would = (*one.findings, *unsure[one.key])
            said[one.case].append(sum(finding.confidence >= threshold for finding in would))
    per_control = sum(map(_mean, said.values())) / len(said) if said else None
    return OperatingPoint(threshold, incidents({case: _mean(trials) for case, trials in caught.items()}), per_control)


def _held_as_unsure(replay: Replay) -> tuple[Finding, ...]:
    held = (one for one in replay.held_back if one.stage is Stage.CHOOSE and one.reason.startswith(_TOO_UNSURE))
    return tuple(one.finding for one in held)


def _catches(verdict: CaseVerdict, threshold: float, unsure: Sequence[Finding]) -> bool:
    return any(
        one.label is Label.HIT
        and one.finding.confidence >= threshold
        and (one.stage is None or (one.stage is Stage.CHOOSE and one.finding in unsure))
        for one in verdict.judgements
    )


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)
