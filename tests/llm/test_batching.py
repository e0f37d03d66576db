"""Asking through batches: both vendors' rules, stops at any moment, and what a batch leaves undone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from reviewbot.errors import BudgetExhausted, InputError, StoreError
from reviewbot.llm.batch_journal import BatchJournal, Submission
from reviewbot.llm.batching import BatchingModel
from reviewbot.llm.budget import Budget
from reviewbot.llm.specification import ModelKeys, batches_of, open_model, parse_model
from reviewbot.ports import Completion, ModelDenied
from tests.fakes.llm import KEY, FakeService
from tests.llm.fakes import StubModel
from tests.llm.prompts import a_prompt

VENDORS = ("anthropic:claude-opus-5", "openai:gpt-6-sol")
Open = Callable[..., BatchingModel]


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def open_batching(service: FakeService, vendor: str, tmp_path: Path, said: list[str]) -> Open:
    """The model of a new start over the same journal; asked one by one it says "directly"."""

    def opened(deadline: float | None = None) -> BatchingModel:
        keys = ModelKeys(
            anthropic_key=KEY,
            anthropic_base_url=service.url,
            openai_key=KEY,
            openai_base_url=f"{service.url}/v1",
        )
        model = open_model(parse_model(vendor), keys, timeout_seconds=5)
        direct = StubModel(["directly"], vendor)
        journal = BatchJournal(tmp_path / "batches.jsonl")
        return BatchingModel(batches_of(model), direct, journal, deadline, said.append)

    return opened


def ask(model: BatchingModel, *texts: str) -> list[Completion]:
    with ThreadPoolExecutor(max(1, len(texts))) as pool:
        return list(pool.map(lambda text: model.complete(a_prompt(text)), texts))


def test_those_who_ask_at_once_are_one_batch_at_half_the_price(
    service: FakeService, open_batching: Open, vendor: str, said: list[str]
) -> None:
    service.answer = "in a batch"

    answers = ask(open_batching(), "a", "b", "c")

    assert [one.text for one in answers] == ["in a batch"] * 3
    assert len(service.batches.known) == 1 and len(service.batches.paid) == 3
    keys = ModelKeys(KEY, service.url, KEY, f"{service.url}/v1")
    usual = open_model(parse_model(vendor), keys).complete(a_prompt("a"))
    assert usual.cost_usd is not None and answers[0].cost_usd == usual.cost_usd * Decimal("0.5")
    assert answers[0].usage == usual.usage
    assert "was handed in with 3 requests" in said[0]


def test_the_request_in_a_batch_is_the_one_that_is_asked_one_by_one(
    service: FakeService, open_batching: Open, vendor: str
) -> None:
    ask(open_batching(), "a")
    open_model(parse_model(vendor), ModelKeys(KEY, service.url, KEY, f"{service.url}/v1")).complete(a_prompt("a"))

    assert [row["params"] for batch in service.batches.known.values() for row in batch.rows] == service.requests


def test_a_second_wave_is_a_second_batch(service: FakeService, open_batching: Open) -> None:
    model = open_batching()

    ask(model, "a", "b")
    ask(model, "c")

    assert [len(batch.rows) for batch in service.batches.known.values()] == [2, 1]


def test_what_expired_is_asked_for_directly_and_said(
    service: FakeService, open_batching: Open, said: list[str]
) -> None:
    service.batches.fate = lambda row: "expired" if "late" in str(row["params"]) else "succeeded"

    texts = [one.text for one in ask(open_batching(), "a", "late")]

    assert texts == [service.answer, "directly"]
    assert "left 1 of 2 requests unanswered" in said[-1] and "at the usual price" in said[-1]


def test_what_the_service_was_too_busy_for_is_asked_for_directly(service: FakeService, open_batching: Open) -> None:
    service.batches.fate = lambda row: "overloaded_error"

    assert [one.text for one in ask(open_batching(), "a")] == ["directly"]


def test_what_the_service_rejects_is_an_error_that_names_the_model(
    service: FakeService, open_batching: Open, vendor: str
) -> None:
    service.batches.fate = lambda row: "invalid_request_error"

    with pytest.raises(ModelDenied, match=f"{vendor}: .*not this one"):
        ask(open_batching(), "a")


def test_a_batch_that_fails_as_a_whole_is_an_error_for_each(
    service: FakeService, open_batching: Open, vendor: str
) -> None:
    if vendor.startswith("anthropic"):
        pytest.skip("only OpenAI's batches fail as a whole")
    service.batches.fails_whole = True

    with pytest.raises(ModelDenied, match="the batch failed: line 1: no such model"):
        ask(open_batching(), "a", "b")


def test_past_the_deadline_a_batch_is_cancelled_and_the_rest_is_asked_for_directly(
    service: FakeService, open_batching: Open, said: list[str]
) -> None:
    service.batches.looks_needed = 10**6
    service.batches.is_late = lambda row: "late" in str(row["params"])

    texts = [one.text for one in ask(open_batching(deadline=1.5), "a", "late")]

    assert texts == [service.answer, "directly"]
    assert any("past its deadline" in one for one in said)


def test_a_stop_lets_go_of_those_who_wait_and_the_next_start_takes_the_batch_up(
    service: FakeService, open_batching: Open
) -> None:
    service.batches.looks_needed = 10**6
    model = open_batching()
    failures: list[Exception] = []

    def waiting() -> None:
        try:
            model.complete(a_prompt("a"))
        except BudgetExhausted as error:
            failures.append(error)

    thread = threading.Thread(target=waiting)
    thread.start()
    while not service.batches.known:
        thread.join(0.05)
    model.stop()
    thread.join(5)
    assert not thread.is_alive() and len(failures) == 1

    service.batches.looks_needed = 1
    assert [one.text for one in ask(open_batching(), "a")] == [service.answer]
    assert len(service.batches.known) == 1 and len(service.batches.paid) == 1


def test_a_batch_whose_name_never_came_is_found_again(service: FakeService, open_batching: Open) -> None:
    service.batches.drops_answers = 1

    assert [one.text for one in ask(open_batching(), "a", "b")] == [service.answer] * 2
    assert len(service.batches.known) == 1 and len(service.batches.paid) == 2


def test_a_start_that_died_before_it_learned_the_name_does_not_pay_twice(
    service: FakeService, open_batching: Open, tmp_path: Path
) -> None:
    ask(open_batching(), "a")
    journal = tmp_path / "batches.jsonl"
    begun = journal.read_text().splitlines()[0]
    journal.write_text(begun + '\n{"mark": "to')

    assert [one.text for one in ask(open_batching(), "a")] == [service.answer]
    assert len(service.batches.known) == 1


def test_a_start_that_died_before_it_sent_anything_sends_it(
    service: FakeService, open_batching: Open, tmp_path: Path, vendor: str
) -> None:
    key = a_prompt("a").request_hash(vendor)
    BatchJournal(tmp_path / "batches.jsonl").begin(
        Submission(vendor, "m1", (key,), datetime.now(UTC) - timedelta(hours=1))
    )

    assert [one.text for one in ask(open_batching(), "a")] == [service.answer]
    assert len(service.batches.known) == 1


def test_a_batch_that_the_service_has_forgotten_is_asked_for_directly(
    service: FakeService, open_batching: Open, said: list[str]
) -> None:
    ask(open_batching(), "a")
    service.batches.forgets = True

    assert [one.text for one in ask(open_batching(), "a")] == ["directly"]
    assert "left 1 of 1" in said[-1]


def test_a_wrong_key_is_told_to_each_who_waits(service: FakeService, vendor: str, tmp_path: Path) -> None:
    keys = ModelKeys("wrong-key", service.url, "wrong-key", f"{service.url}/v1")
    model = open_model(parse_model(vendor), keys, timeout_seconds=5)
    batching = BatchingModel(batches_of(model), StubModel(["x"]), BatchJournal(tmp_path / "b.jsonl"))

    with pytest.raises(ModelDenied, match="was refused"):
        ask(batching, "a", "b")


def test_models_without_a_batch_interface_say_so() -> None:
    model = open_model(parse_model("compatible:m@http://127.0.0.1:1/v1"), ModelKeys())

    with pytest.raises(InputError, match="has no batch interface; leave out --batch"):
        batches_of(model)


def test_a_file_that_is_no_journal_is_said(tmp_path: Path) -> None:
    path = tmp_path / "batches.jsonl"
    path.write_text('{"mark": 1, "batch": "b"}\n')

    with pytest.raises(StoreError, match="not a journal of batches"):
        BatchJournal(path).submissions("m")


def test_a_budget_that_waits_turns_nobody_away_who_has_room_in_the_end() -> None:
    budget = Budget(Decimal(10), waits=True)
    budget.reserve(Decimal(6))
    done: list[str] = []
    thread = threading.Thread(target=lambda: (budget.reserve(Decimal(6)), done.append("reserved")))
    thread.start()
    thread.join(0.2)
    assert not done

    budget.settle(Decimal(6), Decimal(1))
    thread.join(5)

    assert done == ["reserved"]
    with pytest.raises(BudgetExhausted):
        budget.reserve(Decimal(10))
