"""The rules of standing in: who is asked when a model is out, and when it is asked again."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from reviewbot.llm.failover import OUT_SECONDS, FailoverModel
from reviewbot.ports import (
    Completion,
    ModelAnswerUnusable,
    ModelBusy,
    ModelDenied,
    ModelError,
    ModelRefused,
    ModelUnreachable,
    Prompt,
)

PROMPT = Prompt("review", "1", "", (), {})


@dataclass
class Fated:
    """A model that fails with what it is given, for as long as it is given it."""

    name: str
    fate: ModelError | None = None
    asked: int = 0

    def complete(self, prompt: Prompt) -> Completion:
        self.asked += 1
        if self.fate is not None:
            raise self.fate
        return Completion("{}", self.name)


@dataclass
class Hands:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Pair:
    first: Fated = field(default_factory=lambda: Fated("a:1"))
    second: Fated = field(default_factory=lambda: Fated("b:2"))
    clock: Hands = field(default_factory=Hands)

    def model(self) -> FailoverModel:
        return FailoverModel([self.first, self.second], self.clock)


def test_the_first_is_asked_while_it_answers():
    pair = Pair()

    assert pair.model().complete(PROMPT).model == "a:1"
    assert pair.second.asked == 0
    assert pair.model().name == "a:1 | b:2"


@pytest.mark.parametrize("outage", [ModelBusy("busy"), ModelUnreachable("gone"), ModelDenied("no credit")])
def test_the_next_stands_in_for_one_that_is_out_and_the_answer_names_it(outage: ModelError):
    pair = Pair(first=Fated("a:1", outage))

    assert pair.model().complete(PROMPT).model == "b:2"


@pytest.mark.parametrize("answer", [ModelRefused("no"), ModelAnswerUnusable("prose")])
def test_a_bad_answer_is_an_answer_and_no_outage(answer: ModelError):
    pair = Pair(first=Fated("a:1", answer))

    with pytest.raises(type(answer)):
        pair.model().complete(PROMPT)
    assert pair.second.asked == 0


def test_one_that_is_out_is_passed_over_for_a_while_and_then_asked_first_again():
    pair = Pair(first=Fated("a:1", ModelBusy("busy")))
    model = pair.model()
    model.complete(PROMPT)
    pair.first.fate = None

    assert model.complete(PROMPT).model == "b:2" and pair.first.asked == 1
    pair.clock.now = OUT_SECONDS + 1
    assert model.complete(PROMPT).model == "a:1"


def test_where_all_are_out_each_is_tried_and_the_last_ones_reason_is_told():
    pair = Pair(Fated("a:1", ModelBusy("busy")), Fated("b:2", ModelUnreachable("no route")))
    model = pair.model()
    for _ in range(2):
        with pytest.raises(ModelError):
            model.complete(PROMPT)

    assert (pair.first.asked, pair.second.asked) == (2, 2)
