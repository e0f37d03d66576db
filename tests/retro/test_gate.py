"""Bars that a run has to clear."""

from __future__ import annotations

import pytest

from reviewbot.errors import InputError
from reviewbot.retro.gate import Gate, check_gates, failed_gates, parse_gate
from tests.retro.test_score import CAUGHT, MISSED, UNJUDGED, facts, replay, scored, verdict


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        ("strict=0.3", Gate("strict", 0.3)),
        ("llm:located=1", Gate("located", 1.0, "llm")),
        ("command:./rival --fast:strict=0", Gate("strict", 0.0, "command:./rival --fast")),
    ],
)
def test_a_gate_names_a_rate_and_perhaps_an_arm(text: str, gate: Gate):
    assert parse_gate(text) == gate


@pytest.mark.parametrize(
    "text", ["", "strict", "strict=", "strict=1.2", "strict=-1", "strict=nan", "recall=0.3", "=0.3"]
)
def test_what_is_no_gate_is_refused_with_an_example(text: str):
    with pytest.raises(InputError, match=r"such as strict=0\.3"):
        parse_gate(text)


def test_with_several_arms_a_gate_has_to_say_which():
    with pytest.raises(InputError, match=r"say which, as llm:strict=0\.3"):
        check_gates([Gate("strict", 0.3)], ["static", "llm"])
    with pytest.raises(InputError, match="no arm is named 'gpt'"):
        check_gates([Gate("strict", 0.3, "gpt")], ["static", "llm"])
    check_gates([Gate("strict", 0.3, "llm")], ["static", "llm"])
    check_gates([Gate("strict", 0.3)], ["llm"])


def test_a_rate_at_the_bar_clears_it_and_one_below_does_not():
    arms = scored(facts("A", "B"), [replay("A"), replay("B")], [verdict("A", CAUGHT), verdict("B", MISSED)]).arms

    assert failed_gates([Gate("strict", 0.5)], arms) == []
    assert failed_gates([Gate("strict", 0.6)], arms) == ["llm: strict is 50.0%; at least 60% was demanded"]


def test_a_rate_that_is_not_known_clears_no_bar():
    arms = scored(facts("A"), [replay("A")], [verdict("A", UNJUDGED)]).arms

    assert failed_gates([Gate("strict", 0.0)], arms) == ["llm: strict is not known; at least 0% was demanded"]
