"""The rules by which the record answers for a cause, by values."""

from __future__ import annotations

import pytest

from reviewbot.domain.finding import Category, Finding, Severity
from reviewbot.domain.record import Answer, Outcome, Result
from reviewbot.domain.record_answer import Then, settled
from reviewbot.domain.replay import Label
from reviewbot.domain.repository import Sha
from reviewbot.domain.review import HeldBack, Stage
from reviewbot.domain.round import Fate, KnownFinding

HEAD = Sha("a" * 40)


def finding(title: str) -> Finding:
    return Finding(title, "why", Severity.HIGH, 0.9, Category.CORRECTNESS, None, "llm")


def known(title: str, fate: Fate = Fate.OPEN, note: str = "") -> KnownFinding:
    return KnownFinding(finding(title), HEAD, fate, note)


def labels(**by_title: Label) -> dict[str, Label]:
    return {finding(title).fingerprint: label for title, label in by_title.items()}


def outcome(title: str, result: Result, reason: str = "") -> dict[str, Outcome]:
    fingerprint = finding(title).fingerprint
    return {fingerprint: Outcome(fingerprint, result, reason)}


def test_what_nobody_looked_at_is_never_missed():
    found = settled(Then(unreviewed="a draft"), {})

    assert (found.answer, found.why) == (Answer.NOT_REVIEWED, "a draft")


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        (Result.IGNORED, Answer.FLAGGED_AND_IGNORED),
        (Result.DISMISSED, Answer.FLAGGED_WITHOUT_EFFECT),
        (Result.ADDRESSED, Answer.FLAGGED_WITHOUT_EFFECT),
    ],
)
def test_a_hit_that_was_said_is_told_by_what_became_of_it(result: Result, answer: Answer):
    then = Then((known("a"), known("b")), outcomes=outcome("a", result, "because"))

    assert settled(then, labels(a=Label.HIT, b=Label.MISS)).answer is answer


def test_one_ignored_hit_outweighs_a_settled_one():
    then = Then((known("a", Fate.RESOLVED), known("b")), outcomes=outcome("b", Result.IGNORED))

    found = settled(then, labels(a=Label.HIT, b=Label.HIT))

    assert found.answer is Answer.FLAGGED_AND_IGNORED
    assert [one.finding.title for one in found.said] == ["b"]


def test_a_hit_that_was_held_back_names_the_stage_and_the_reason():
    then = Then((known("a"),), (HeldBack(finding("b"), Stage.VERIFY, "refuted"),))

    found = settled(then, labels(a=Label.MISS, b=Label.HIT))

    assert (found.answer, found.why) == (Answer.HELD_BACK, "the stage verify held it back: refuted")


def test_a_said_hit_outweighs_a_held_back_one():
    then = Then((known("a"),), (HeldBack(finding("b"), Stage.VERIFY, "refuted"),))

    assert settled(then, labels(a=Label.HIT, b=Label.HIT)).answer is Answer.FLAGGED_AND_IGNORED


def test_a_miss_needs_every_finding_judged():
    then = Then((known("a"), known("b")))

    assert settled(then, labels(a=Label.MISS)).answer is Answer.NOT_JUDGED
    assert settled(then, labels(a=Label.MISS, b=Label.UNJUDGED)).answer is Answer.NOT_JUDGED
    assert settled(then, labels(a=Label.MISS, b=Label.MISS)).answer is Answer.MISSED
    assert settled(then, {}).answer is Answer.NOT_JUDGED


def test_silence_is_a_miss_also_without_a_judge():
    found = settled(Then(), {})

    assert (found.answer, found.why) == (Answer.MISSED, "nothing was said")


def test_half_of_it_is_a_miss_that_says_so_and_a_gap_is_named():
    half = settled(Then((known("a"),)), labels(a=Label.PARTIAL))
    gap = settled(Then(shortfall="the last review was partial: too large"), {})

    assert (half.answer, half.why) == (Answer.MISSED, "the danger was named, but not the way to it")
    assert gap.why == "nothing was said; the last review was partial: too large"
