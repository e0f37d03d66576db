"""Operating curves and baselines, by values."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.finding import Finding
from reviewbot.domain.incident import CaseKind, LocationClass, Verdict
from reviewbot.domain.replay import CaseVerdict, Judgement, Label, Replay
from reviewbot.domain.review import HeldBack, Outcome, Stage
from reviewbot.domain.scorecard import OperatingPoint
from reviewbot.retro.baselines import located_by_chance, random_remarks, size_gates
from reviewbot.retro.curve import operating_curve
from reviewbot.retro.statistics import clustered_rate
from tests.engine.builders import finding


def replay(case: str, *said: Finding, held: tuple[HeldBack, ...] = (), lines: int = 10, trial: int = 1) -> Replay:
    kind = CaseKind.CONTROL if case.startswith("quiet") else CaseKind.INCIDENT
    return Replay(case, kind, "llm", trial, "a/b", "b", "h", Outcome.COMPLETE, "", said, held, changed_lines=lines)


def verdict(one: Replay, *labels: tuple[Finding, Label, Stage | None], chance: float = 0.0) -> CaseVerdict:
    judgements = tuple(Judgement(said, label, LocationClass.EXACT, stage) for said, label, stage in labels)
    return CaseVerdict(one.case, "llm", one.trial, Verdict.MISSED, LocationClass.EXACT, None, judgements, chance=chance)


def sure(confidence: float, title: str = "x") -> Finding:
    return replace(finding(title=title), confidence=confidence)


def unsure(one: Finding) -> HeldBack:
    return HeldBack(one, Stage.CHOOSE, f"confidence {one.confidence:.2f} is below 0.50")


def curve(replays: list[Replay], verdicts: list[CaseVerdict]) -> dict[float, tuple[float | None, float | None]]:
    points = operating_curve(replays, verdicts, lambda shares: clustered_rate({"a/b": list(shares.values())}))
    assert all(isinstance(point, OperatingPoint) for point in points)
    return {point.threshold: (point.caught.k, point.findings_per_control) for point in points}


def test_a_lower_threshold_adds_what_was_held_back_for_lack_of_confidence() -> None:
    said, held = sure(0.8), sure(0.3, "held")
    one, other, quiet = replay("INC-1", said), replay("INC-2", held=(unsure(held),)), replay("quiet-1", sure(0.6))
    noisy = replay("quiet-2", held=(unsure(sure(0.2)),))

    points = curve(
        [one, other, quiet, noisy],
        [verdict(one, (said, Label.HIT, None)), verdict(other, (held, Label.HIT, Stage.CHOOSE))],
    )

    assert points[0.0] == (2, 1.0)
    assert points[0.25] == (2, 0.5)
    assert points[0.5] == (1, 0.5)
    assert points[0.65] == (1, 0.0)
    assert points[0.85] == (0, 0.0)


def test_what_another_rule_held_back_is_not_had_for_less_confidence() -> None:
    old = sure(0.9)
    one = replay("INC-1", held=(HeldBack(old, Stage.CHOOSE, "was there before this change"),))

    points = curve([one], [verdict(one, (old, Label.HIT, Stage.CHOOSE))])

    assert points[0.0] == (0, None)


def test_trials_are_means() -> None:
    said = sure(0.8)
    trials = [replay("INC-1", said), replay("INC-1", trial=2)]
    quiet = [replay("quiet-1", said, said), replay("quiet-1", trial=2)]

    points = curve([*trials, *quiet], [verdict(trials[0], (said, Label.HIT, None)), verdict(trials[1])])

    assert points[0.0] == (0.5, 1.0)


def test_without_judgements_there_is_no_curve() -> None:
    one = replay("INC-1", sure(0.5))

    assert curve([one], [verdict(one)]) == {}


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from(Label)), max_size=8), st.lists(st.floats(0, 1), max_size=8))
def test_with_more_confidence_asked_for_nothing_rises(hits: list[tuple[float, Label]], noise: list[float]) -> None:
    made = [(sure(confidence, str(number)), label, None) for number, (confidence, label) in enumerate(hits)]
    one = replay("INC-1", *(said for said, _, _ in made))

    points = list(curve([one, replay("quiet-1", *map(sure, noise))], [verdict(one, *made)]).values())

    for before, after in pairwise(points):
        assert (after[0] or 0) <= (before[0] or 0)
        assert (after[1] or 0) <= (before[1] or 0)


def test_gating_by_size_flags_as_many_quiet_changes_as_were_asked_for_and_every_change_as_large() -> None:
    quiet = [replay(f"quiet-{size}", lines=size) for size in range(1, 21)]
    culprits = [replay("INC-1", lines=19), replay("INC-2", lines=30), replay("INC-3", lines=2)]

    gates = size_gates([*quiet, *culprits], {one.case: one.case for one in culprits})

    assert [(one.incidents.k, one.incidents.n, one.controls.k, one.controls.n) for one in gates] == [
        (2, 3, 2, 20),
        (2, 3, 4, 20),
        (2, 3, 10, 20),
    ]
    assert gates[0].name == "the largest 10 % of changes (from 19 changed lines)"


def test_an_incident_with_two_causes_is_flagged_by_the_larger_one() -> None:
    replays = [replay("quiet-1", lines=5), replay("INC-1", lines=1), replay("INC-1#2", lines=9)]

    gates = size_gates(replays, {"INC-1": "INC-1", "INC-1#2": "INC-1"})

    assert (gates[0].incidents.k, gates[0].incidents.n) == (1, 1)


@pytest.mark.parametrize("cases", [["INC-1"], ["quiet-1"], []])
def test_without_either_kind_of_change_there_is_no_gate(cases: list[str]) -> None:
    assert size_gates(map(replay, cases), {"INC-1": "INC-1"}) == ()


def test_changes_of_unknown_size_are_left_out() -> None:
    assert size_gates([replay("INC-1", lines=0), replay("quiet-1", lines=5)], {"INC-1": "INC-1"}) == ()


def test_random_remarks_locate_what_chance_lets_them_and_flag_every_quiet_change() -> None:
    replays = [replay("INC-1"), replay("INC-1#2"), replay("INC-2"), replay("quiet-1")]
    verdicts = [verdict(one, chance=chance) for one, chance in zip(replays, (0.5, 0.2, 0.0), strict=False)]

    one, three = random_remarks(verdicts, replays, {"INC-1": "INC-1", "INC-1#2": "INC-1", "INC-2": "INC-2"})

    assert (one.incidents.k, one.incidents.n, one.controls.k, one.controls.n) == (0.5, 2, 1, 1)
    assert three.incidents.k == pytest.approx(1 - 0.5**3)
    assert random_remarks([], replays, {}) == ()


def test_chance_is_that_of_at_least_one_of_as_many_findings() -> None:
    one, other = replay("INC-1"), replay("INC-2")
    verdicts = [verdict(one, chance=0.5), verdict(other, chance=0.25)]

    assert located_by_chance(verdicts, {one.key: 2, other.key: 1}) == pytest.approx(0.75 + 0.25)
    assert located_by_chance(verdicts, {}) == 0
