"""Where a cause was lost, and what sets it apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewbot.domain.diff import Side
from reviewbot.domain.diff_text import parse_diff
from reviewbot.domain.finding import Location
from reviewbot.domain.incident import CaseKind, LocationClass, Verdict
from reviewbot.domain.miss import LostBy, Miss, Trait
from reviewbot.domain.replay import CaseVerdict, Judgement, Label, Replay
from reviewbot.domain.review import Coverage, FileCoverage, HeldBack, Outcome, SkipReason, Stage
from reviewbot.pipelines.judge.misses import misses_of, traits_of
from tests.engine.builders import finding

HELD = finding(title="held")


def diff_of(path: str, *lines: str) -> str:
    old = sum(line[0] in "- " for line in lines)
    new = sum(line[0] in "+ " for line in lines)
    body = "".join(f"{line}\n" for line in lines)
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1,{old} +1,{new} @@\n{body}"


def traits(text: str, *recorded: Location) -> set[Trait]:
    return set(traits_of(parse_diff(text.encode()), recorded))


def test_a_cause_in_removed_lines_is_removed_code() -> None:
    text = diff_of("a.py", " x = 1", "-if x is None:", "-    return", " y = 2")

    assert traits(text, Location("a.py", 2, 3, Side.LEFT)) == {Trait.REMOVED_CODE, Trait.FEW_LINES}


def test_a_cause_in_added_lines_is_not() -> None:
    text = diff_of("a.py", "-if x is None:", "+if x:", *["+pass"] * 10)

    assert traits(text, Location("a.py", 1, 2, Side.RIGHT)) == set()


def test_a_place_that_the_diff_does_not_hold_is_outside() -> None:
    assert Trait.OUTSIDE in traits(diff_of("a.py", "+x"), Location("deploy/prod.env", 3, 3))


def test_without_a_recorded_place_that_is_all_that_is_said_of_it() -> None:
    assert traits(diff_of("a.py", "+x")) == {Trait.WITHOUT_PLACE, Trait.FEW_LINES}


def test_sizes_are_counted_over_the_whole_diff() -> None:
    text = "".join(diff_of(f"f{number}.py", *["+x"] * 50) for number in range(11))

    assert {Trait.MANY_LINES, Trait.MANY_FILES} <= traits(text, Location("f1.py", 1, 1))


@pytest.mark.parametrize(
    "path, trait",
    [
        ("config/settings.yaml", Trait.CONFIGURATION),
        ("web/cart.tsx", Trait.FRONT_END),
        ("db/migrations/0042_drop.sql", Trait.STORED_DATA),
    ],
)
def test_the_file_of_the_cause_tells_its_kind(path: str, trait: Trait) -> None:
    text = diff_of("core.py", "+x") + diff_of(path, "+y")

    assert trait in traits(text, Location(path, 1, 1))
    assert trait not in traits(text, Location("core.py", 1, 1))


def replay(trial: int = 1, outcome: Outcome = Outcome.COMPLETE, unread: bool = False) -> Replay:
    skipped = FileCoverage("a.py", 0, 1, SkipReason.TOO_LARGE if unread else None, "9 MB" if unread else "")
    held = (HeldBack(HELD, Stage.VERIFY, "refuted: the caller checks it"),)
    return Replay(
        "INC-1",
        CaseKind.INCIDENT,
        "llm",
        trial,
        "a/b",
        "b",
        "h",
        outcome,
        "the model is gone" if outcome is Outcome.FAILED else "",
        held_back=held,
        coverage=Coverage((skipped,)),
    )


def verdict(result: Verdict = Verdict.MISSED, trial: int = 1, **changed: object) -> CaseVerdict:
    one = CaseVerdict("INC-1", "llm", trial, result, LocationClass.ELSEWHERE)
    return replace(one, **changed)  # type: ignore[arg-type]


def only(one: Replay, judged: CaseVerdict) -> Miss:
    (found,) = misses_of([one], [judged], {"INC-1": (Location("a.py", 1, 1),)})
    return found


def test_each_way_to_lose_a_cause_is_told_from_the_others() -> None:
    judgement = Judgement(HELD, Label.HIT, LocationClass.EXACT, Stage.VERIFY)

    assert only(replay(), verdict()).lost_by is LostBy.NEVER_SURFACED
    assert only(replay(), verdict(Verdict.PARTIAL)).lost_by is LostBy.HALF_SEEN
    assert only(replay(), verdict(traits=(Trait.OUTSIDE,))).lost_by is LostBy.OUTSIDE
    failed = only(replay(outcome=Outcome.FAILED), verdict(review_failed=True))
    assert (failed.lost_by, failed.rule) == (LostBy.REVIEW_FAILED, "the model is gone")
    unread = only(replay(unread=True), verdict())
    assert (unread.lost_by, unread.stage, unread.rule) == (LostBy.NOT_READ, "too-large", "9 MB")
    held = only(replay(), verdict(lost_at=Stage.VERIFY, judgements=(judgement,)))
    assert (held.lost_by, held.stage, held.rule) == (LostBy.HELD_BACK, "verify", "refuted: the caller checks it")


@pytest.mark.parametrize("result", [Verdict.CAUGHT, Verdict.UNJUDGED])
def test_what_is_caught_or_not_judged_is_no_miss(result: Verdict) -> None:
    assert misses_of([replay()], [verdict(result)], {}) == ()


def test_a_case_that_most_trials_catch_is_no_miss() -> None:
    trials = [verdict(Verdict.MISSED, 1), verdict(Verdict.CAUGHT, 2), verdict(Verdict.CAUGHT, 3)]

    assert misses_of(map(replay, (1, 2, 3)), trials, {}) == ()
    assert len(misses_of(map(replay, (1, 2, 3)), [verdict(trial=one) for one in (1, 2, 3)], {})) == 1
