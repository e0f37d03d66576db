"""The cap on cost, and its prediction."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import jsonschema
import pytest

from reviewbot.domain.review import Usage
from reviewbot.errors import BudgetExhausted, InputError
from reviewbot.llm.budget import Budget, BudgetedModel, MeteredModel, worst_case_usd
from reviewbot.llm.measure import MeasuringModel, emptiest_value
from reviewbot.llm.prices import price_of
from reviewbot.ports import Completion, ModelBusy, ModelDenied, ModelRefused, Prompt
from tests.llm.fakes import StubModel
from tests.llm.prompts import SCHEMA, a_prompt


def test_f58_calls_stop_before_the_one_that_could_pass_the_limit() -> None:
    budget = Budget(Decimal("0.05"))
    inner = StubModel(["answer"])  # 0.0125 each; the worst case is a little over 0.025
    model = BudgetedModel(inner, budget)

    model.complete(a_prompt())
    with pytest.raises(BudgetExhausted, match=r"\$0\.05"):
        for _ in range(9):
            model.complete(a_prompt())

    assert inner.calls == 2
    assert budget.spent_usd == Decimal("0.025")


def test_f58_a_call_under_way_holds_its_worst_case_against_all_others() -> None:
    price = price_of("claude-opus-5")
    assert price is not None
    asked, released = threading.Event(), threading.Event()

    class Waiting(StubModel):
        def complete(self, prompt: Prompt) -> Completion:
            asked.set()
            released.wait(5)
            return super().complete(prompt)

    model = BudgetedModel(Waiting(["answer"]), Budget(worst_case_usd(price, a_prompt())))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(model.complete, a_prompt())
        asked.wait(5)

        with pytest.raises(BudgetExhausted, match=r"set aside"):
            model.complete(a_prompt())

        released.set()
        assert first.result().text == "answer"


def test_a_failed_call_gives_its_reservation_back_and_a_refusal_costs() -> None:
    budget = Budget(Decimal("0.05"))
    model = BudgetedModel(StubModel([ModelBusy("busy"), ModelRefused("no", Usage(1), Decimal("0.01"))]), budget)

    with pytest.raises(ModelBusy):
        model.complete(a_prompt())
    with pytest.raises(ModelRefused):
        model.complete(a_prompt())

    assert budget.spent_usd == Decimal("0.01")
    budget.reserve(Decimal("0.04"))  # nothing is left set aside


def test_f58_where_the_budget_is_of_one_review_the_call_alone_fails_and_the_budget_says_so() -> None:
    budget = Budget(Decimal("0.01"))
    model = BudgetedModel(StubModel(["answer"]), budget, is_shared=False)
    assert not budget.ran_out

    with pytest.raises(ModelDenied, match=r"budget of \$0\.01 is used up"):
        model.complete(a_prompt())

    assert budget.ran_out
    assert budget.spent_usd == 0


def test_f58_each_call_tells_what_it_cost_also_where_it_failed_and_nothing_where_nobody_knows() -> None:
    told: list[Decimal] = []
    refusal, unknown = ModelRefused("no", Usage(1), Decimal("0.01")), ModelRefused("no", Usage(1), None)
    model = MeteredModel(StubModel(["answer", refusal, unknown]), told.append)

    model.complete(a_prompt())
    for _ in range(2):
        with pytest.raises(ModelRefused):
            model.complete(a_prompt())

    assert told == [Decimal("0.0125"), Decimal("0.01")]


def test_f58_a_limit_without_a_price_is_refused_with_the_remedy() -> None:
    inner = StubModel(["answer"], name="compatible:own@http://localhost/v1")

    with pytest.raises(InputError, match=r"compatible:own.*prices file"):
        BudgetedModel(inner, Budget(Decimal(1)))

    assert BudgetedModel(inner, Budget(None)).complete(a_prompt()).text == "answer"


def test_measuring_counts_calls_tokens_and_the_range_of_cost() -> None:
    model = MeasuringModel("anthropic:claude-opus-5")
    prompt = a_prompt("x" * 4_000_000)

    assert model.complete(prompt).text == '{"findings": []}'
    model.complete(prompt)

    estimate = model.estimate()
    assert (estimate.calls, estimate.calls_by_prompt) == (2, {"find": 2})
    assert estimate.input_tokens == 2 * prompt.estimated_tokens
    assert estimate.output_tokens_ceiling == 2000
    assert estimate.cost_range_usd is not None
    least, most = estimate.cost_range_usd
    assert Decimal(1) < least < Decimal("1.01")
    assert Decimal("12.5") < most < Decimal("12.6")


def test_measuring_a_model_without_a_price_gives_no_cost() -> None:
    model = MeasuringModel("compatible:own@http://localhost/v1")
    model.complete(a_prompt())

    assert model.estimate().cost_range_usd is None


@pytest.mark.parametrize(
    "schema",
    [
        SCHEMA,
        {
            "type": "object",
            "required": ["a"],
            "properties": {"a": {"$ref": "#/$defs/n"}},
            "$defs": {"n": {"enum": [3]}},
        },
        {"type": "object", "required": ["a"], "properties": {"a": {"type": ["string", "null"]}}},
        {"type": "array", "minItems": 2, "items": {"type": "integer", "minimum": 4}},
        {"anyOf": [{"type": "string", "minLength": 2}, {"type": "boolean"}]},
        {"type": "object", "required": ["b"], "properties": {"b": {"type": "boolean"}}},
    ],
)
def test_the_emptiest_value_fits_its_schema(schema: dict[str, object]) -> None:
    jsonschema.validate(emptiest_value(schema), schema)
