"""Several judges on one finding: what they decide together, and that none knows of another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.replay import Label
from reviewbot.ports import Completion, Prompt
from reviewbot.retro.panel import Decision, Panel, decided
from tests.retro.test_judge import ANSWER, FINDING, MATERIAL

HIT, PARTIAL, MISS = Label.HIT, Label.PARTIAL, Label.MISS
LABELS = st.sampled_from([HIT, PARTIAL, MISS])


class Voter:
    """A model that votes as it is told, "rubbish" for an answer that cannot be used."""

    def __init__(self, name: str, *votes: str) -> None:
        self.name = name
        self._votes = iter(votes)
        self.prompts: list[Prompt] = []

    def complete(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        vote = next(self._votes)
        return Completion(json.dumps({**ANSWER, "verdict": vote, "finding_mechanism": f"says {vote}"}), self.name)


def decision(*votes: str, opinions: int = 2) -> tuple[Decision, Voter]:
    voter = Voter("one", *votes)
    return one_decided(Panel((voter,), opinions)), voter


def one_decided(panel: Panel) -> Decision:
    """One question after the other, so that votes come in the order of the judges."""
    with ThreadPoolExecutor(1) as asking:
        (only,) = decided([FINDING], MATERIAL, panel, asking)
    return only


@pytest.mark.parametrize("label", [HIT, PARTIAL, MISS])
def test_two_who_agree_settle_it(label: Label) -> None:
    told, voter = decision(label, label)

    assert (told.label, len(voter.prompts)) == (label, 2)


@pytest.mark.parametrize(
    "votes, label", [((HIT, MISS, HIT), HIT), ((HIT, MISS, MISS), MISS), ((PARTIAL, MISS, PARTIAL), PARTIAL)]
)
def test_a_third_decides_where_two_differ(votes: Sequence[Label], label: Label) -> None:
    assert decision(*votes)[0].label is label


@given(st.permutations([HIT, PARTIAL, MISS]))
def test_of_three_different_labels_the_middle_one_holds(votes: list[Label]) -> None:
    assert decision(*votes)[0].label is PARTIAL


@given(LABELS, LABELS, LABELS)
def test_a_catch_needs_two_judges_who_call_it_one(first: Label, second: Label, third: Label) -> None:
    told, voter = decision(first, second, third)

    votes = [first, second, third][: len(voter.prompts)]
    assert (told.label is HIT) == (votes.count(HIT) >= 2)
    assert len(votes) == (2 if first is second else 3)
    assert told.opinion is not None and told.opinion.label in votes
    assert [vote.label for vote in told.votes] == votes


def test_the_reasoning_that_is_kept_is_that_of_the_label_that_holds() -> None:
    told, _ = decision(MISS, HIT, HIT)

    assert told.opinion is not None and told.opinion.finding_mechanism == "says hit"


def test_an_answer_that_cannot_be_used_counts_as_none_and_another_is_asked() -> None:
    told, voter = decision("rubbish", "rubbish", HIT, HIT)

    assert told.label is HIT
    assert [vote.label for vote in told.votes] == [Label.UNJUDGED, HIT, HIT]
    assert "'rubbish'" in told.votes[0].failure
    assert len(voter.prompts) == 4, "an unusable answer is asked for once more"


def test_of_two_usable_answers_that_differ_the_lesser_holds() -> None:
    told, _ = decision("rubbish", "rubbish", HIT, MISS)

    assert told.label is MISS


def test_no_usable_answer_is_no_label_and_says_why() -> None:
    told, _ = decision(*["rubbish"] * 6)

    assert (told.label, told.opinion) == (Label.UNJUDGED, None)
    assert "rubbish" in told.failure
    assert len(told.votes) == 3


def test_one_opinion_is_asked_for_once() -> None:
    told, voter = decision(HIT, opinions=1)

    assert (told.label, len(voter.prompts), len(told.votes)) == (HIT, 1, 1)


def test_two_models_are_asked_in_turn_and_the_first_breaks_the_tie() -> None:
    one, two = Voter("one", HIT, MISS), Voter("two", MISS)

    told = one_decided(Panel((one, two)))

    assert [vote.judge for vote in told.votes] == ["one", "two", "one"]
    assert told.label is MISS


def test_nobody_is_told_what_another_said_and_each_answer_of_a_model_is_another_trial() -> None:
    one, two = Voter("one", HIT, MISS), Voter("two", MISS)

    one_decided(Panel((one, two)))

    asked = [*one.prompts, *two.prompts]
    assert len({"".join(turn.text for turn in prompt.turns) for prompt in asked}) == 1
    assert [prompt.trial for prompt in asked] == [1, 2, 1]


def test_all_first_opinions_are_asked_for_at_once() -> None:
    together = Barrier(6, timeout=10)

    class Patient(Voter):
        def complete(self, prompt: Prompt) -> Completion:
            together.wait()
            return Completion(json.dumps({**ANSWER, "verdict": "miss"}), self.name)

    findings = [replace(FINDING, title=f"Remark {number}") for number in range(3)]
    with ThreadPoolExecutor(6) as asking:
        told = decided(findings, MATERIAL, Panel((Patient("one"),)), asking)

    assert [one.label for one in told] == [MISS] * 3
