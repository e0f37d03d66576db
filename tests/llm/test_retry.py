"""When a model is asked again, and how long is waited."""

from __future__ import annotations

import pytest

from reviewbot.llm.retry import RetryingModel
from reviewbot.ports import ModelAnswerUnusable, ModelBusy, ModelDenied, ModelRefused, ModelUnreachable, PromptTooLong
from tests.llm.fakes import StubModel
from tests.llm.prompts import a_prompt


def test_f55_a_busy_and_an_unreachable_model_are_asked_again() -> None:
    waits: list[float] = []
    inner = StubModel([ModelBusy("busy"), ModelUnreachable("away"), "answer"])

    completion = RetryingModel(inner, sleep=waits.append).complete(a_prompt())

    assert completion.text == "answer"
    assert inner.calls == 3
    assert len(waits) == 2


def test_f55_attempts_end_and_the_last_error_is_raised_as_it_is() -> None:
    inner = StubModel([ModelBusy("first"), ModelBusy("second"), ModelBusy("third")])

    with pytest.raises(ModelBusy, match="third"):
        RetryingModel(inner, attempts=3, sleep=lambda _: None).complete(a_prompt())

    assert inner.calls == 3


@pytest.mark.parametrize("kind", [ModelRefused, ModelDenied, ModelAnswerUnusable, PromptTooLong])
def test_other_failures_are_not_repeated(kind: type[Exception]) -> None:
    inner = StubModel([kind("no"), "answer"])

    with pytest.raises(kind):
        RetryingModel(inner, sleep=lambda _: None).complete(a_prompt())

    assert inner.calls == 1


@pytest.mark.parametrize(("asked", "least", "most"), [(7.0, 7, 7), (0.0, 0, 1), (9_999.0, 60, 60)])
def test_the_wait_is_what_the_service_asked_for_up_to_a_minute(asked: float, least: float, most: float) -> None:
    waits: list[float] = []

    RetryingModel(StubModel([ModelBusy("busy", asked), "answer"]), sleep=waits.append).complete(a_prompt())

    assert least <= waits[0] <= most


def test_f55_a_wait_that_would_pass_the_deadline_is_not_begun() -> None:
    waits: list[float] = []
    inner = StubModel([ModelBusy("busy", 30.0), "answer"])

    with pytest.raises(ModelBusy):
        RetryingModel(inner, deadline_seconds=10, sleep=waits.append).complete(a_prompt())

    assert waits == []
