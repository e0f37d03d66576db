"""Planted remarks: what is made of a model's answer, and what the one who writes them is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reviewbot.domain.finding import Location
from reviewbot.retro.plants import plants_for
from tests.retro.test_judge import MATERIAL, Judge

REMARK = {
    "title": "A key for each attempt",
    "explanation": "Each attempt is a new charge to the gateway.",
    "path": "pay.py",
    "line": 2,
    "quote": "pay(order, fresh())",
}
OTHER = {**REMARK, "title": "No timeout", "explanation": "The call may hang and hold a worker."}


def answer(**changed: Any) -> str:
    return json.dumps({"positive": REMARK, "near_miss": OTHER, **changed})


def test_two_remarks_are_findings_that_look_like_any_other() -> None:
    plants = plants_for(MATERIAL, Judge(answer())).answer

    assert plants is not None
    assert (plants.positive.title, plants.near_miss.title) == ("A key for each attempt", "No timeout")
    assert plants.positive.location == Location("pay.py", 2, 2)
    assert plants.positive.evidence == ("pay(order, fresh())",)


def test_the_writer_sees_what_a_judge_sees() -> None:
    model = Judge(answer())

    plants_for(MATERIAL, model)

    told = "".join(turn.text for turn in model.prompts[0].turns)
    assert "A new key on each retry." in told and "+    pay(order, fresh())" in told and "pay(order,   key)" in told


@pytest.mark.parametrize("line", [0, -3, 2**40, "2", None, True])
def test_a_line_that_is_none_is_the_first(line: object) -> None:
    plants = plants_for(MATERIAL, Judge(answer(positive={**REMARK, "line": line}))).answer

    assert plants is not None and plants.positive.location == Location("pay.py", 1, 1)


@pytest.mark.parametrize(
    "bad",
    [
        "no JSON",
        json.dumps({"positive": REMARK}),
        answer(near_miss="text"),
        answer(near_miss={**OTHER, "title": " "}),
        answer(positive={**REMARK, "quote": 3}),
    ],
)
def test_an_answer_without_two_remarks_is_asked_for_once_more_and_then_given_up(bad: str) -> None:
    model = Judge(bad)

    asked = plants_for(MATERIAL, model)

    assert asked.answer is None and asked.failure
    assert len(model.prompts) == 2
    assert plants_for(MATERIAL, Judge(bad, answer())).answer is not None
