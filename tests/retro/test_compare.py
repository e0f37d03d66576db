from __future__ import annotations

from dataclasses import replace

import pytest

from reviewbot.domain.incident import CaseKind
from reviewbot.errors import InputError
from reviewbot.retro.compare import paired_arms, pairing, sides
from tests.retro.test_score import CAUGHT, MISSED, PARTIAL, replay, verdict

CONTROL = CaseKind.CONTROL


def side(outcomes: dict[str, list], controls: dict[str, int] | None = None, arm: str = "llm"):
    """One arm: the verdicts of each incident by trial, and the findings on each quiet change."""
    replays = [
        replay(case, arm, trial) for case, found in outcomes.items() for trial, _ in enumerate(found, start=1)
    ] + [replay(case, arm, findings=count, kind=CONTROL) for case, count in (controls or {}).items()]
    verdicts = [
        verdict(case, what, arm, trial) for case, found in outcomes.items() for trial, what in enumerate(found, start=1)
    ]
    (one,) = sides([arm], replays, verdicts)
    return one


def test_cases_that_changed_sides_are_named_and_the_rest_is_not():
    before = side({"A": [CAUGHT], "B": [CAUGHT], "C": [MISSED], "D": [PARTIAL], "E": [MISSED]})
    after = side({"A": [CAUGHT], "B": [MISSED], "C": [CAUGHT], "D": [CAUGHT], "E": [MISSED]})

    found = pairing(before, after)

    assert (found.cases, found.gained, found.lost) == (5, ("C", "D"), ("B",))
    assert (found.rate_a.k, found.rate_b.k, found.p_mcnemar) == (2, 3, 1.0)
    assert not found.is_worse


def test_trials_count_as_shares_in_the_rate_and_by_the_usual_verdict_in_the_pairs():
    before = side({"A": [CAUGHT, MISSED, CAUGHT], "B": [MISSED, MISSED, CAUGHT]})
    after = side({"A": [CAUGHT, MISSED, MISSED], "B": [CAUGHT, MISSED]})

    found = pairing(before, after)

    assert (found.rate_a.k, found.rate_b.k) == (pytest.approx(1.0), pytest.approx(0.833333))
    assert (found.gained, found.lost, found.is_worse) == ((), ("A",), True)


def test_more_said_of_quiet_changes_is_worse_too():
    before = side({"A": [CAUGHT]}, {"q1": 0, "q2": 1})
    after = side({"A": [CAUGHT]}, {"q1": 1, "q2": 1, "q3": 7})

    found = pairing(before, after)

    assert (found.controls, found.per_control_a, found.per_control_b, found.is_worse) == (2, 0.5, 1.0, True)
    assert not pairing(after, before).is_worse


def test_a_case_that_stands_at_another_commit_now_is_left_out_and_named():
    before = side({"A": [CAUGHT], "B": [CAUGHT]})
    moved = [replace(replay("B"), head="c" * 40), replay("A")]
    (after,) = sides(["llm"], moved, [verdict("A", MISSED), verdict("B", MISSED)])

    found = pairing(before, after)

    assert (found.cases, found.lost, found.left_out) == (1, ("A",), ("B",))


def test_runs_without_a_common_case_or_arm_are_refused():
    with pytest.raises(InputError, match="share no judged incident"):
        pairing(side({"A": [CAUGHT]}), side({"B": [CAUGHT]}))
    many = (side({"A": [CAUGHT]}, arm="x"), side({"A": [CAUGHT]}, arm="y"))
    with pytest.raises(InputError, match="no arm in common: llm and x, y"):
        paired_arms((side({"A": [CAUGHT]}),), many)


def test_the_only_arms_of_two_runs_are_paired_whatever_their_names_and_others_by_name():
    a, b, c = (side({"A": [CAUGHT]}, arm=name) for name in ("a", "b", "c"))

    assert paired_arms((a,), (b,)) == [(a, b)]
    assert [(x.name, y.name) for x, y in paired_arms((a, b), (c, b))] == [("b", "b")]
