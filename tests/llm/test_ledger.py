"""A run that goes on where it was stopped."""

from __future__ import annotations

import resource
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.errors import StoreError
from reviewbot.llm.ledger import LedgerModel
from reviewbot.ports import Completion, ModelAnswerUnusable, ModelBusy, ModelRefused, Prompt
from tests.llm.fakes import StubModel
from tests.llm.prompts import a_prompt


def test_an_answer_on_disk_is_given_again_as_it_was_without_a_call(tmp_path: Path) -> None:
    first = LedgerModel(StubModel(["answer"]), tmp_path / "l.jsonl").complete(a_prompt())
    inner = StubModel(["another"])
    ledger = LedgerModel(inner, tmp_path / "l.jsonl")

    assert ledger.complete(a_prompt()) == first
    assert first.cost_usd == Decimal("0.0125")
    assert (inner.calls, ledger.calls_made, ledger.calls_replayed) == (0, 0, 1)


def test_another_trial_or_another_model_is_another_call(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    LedgerModel(StubModel(["answer"]), path).complete(a_prompt())
    same, other = LedgerModel(StubModel(["two"]), path), LedgerModel(StubModel(["three"], "openai:m"), path)

    assert same.complete(a_prompt(trial=2)).text == "two"
    assert other.complete(a_prompt()).text == "three"


def test_a_refusal_is_kept_with_its_cost_and_a_busy_model_is_not(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    refusing = LedgerModel(StubModel([ModelRefused("no", None, Decimal("0.5"))]), path)
    with pytest.raises(ModelRefused):
        refusing.complete(a_prompt("refused"))
    for failure in (ModelBusy("busy"), ModelAnswerUnusable("empty")):
        with pytest.raises(type(failure)):
            LedgerModel(StubModel([failure]), path).complete(a_prompt("failed"))

    later = LedgerModel(StubModel(["answer"]), path)

    assert later.complete(a_prompt("failed")).text == "answer"
    with pytest.raises(ModelRefused, match="no") as caught:
        later.complete(a_prompt("refused"))
    assert caught.value.cost_usd == Decimal("0.5")


def test_threads_that_ask_the_same_make_one_call(tmp_path: Path) -> None:
    class Slow(StubModel):
        def complete(self, prompt: Prompt) -> Completion:
            time.sleep(0.05)
            return super().complete(prompt)

    inner = Slow(["answer"])
    ledger = LedgerModel(inner, tmp_path / "l.jsonl")

    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda _: ledger.complete(a_prompt()).text, range(8)))

    assert texts == ["answer"] * 8
    assert (inner.calls, ledger.calls_made, ledger.calls_replayed) == (1, 1, 7)


@settings(max_examples=15, deadline=None)
@given(cut=st.integers(1, 400))
def test_a_last_line_cut_anywhere_is_forgotten_and_written_over(
    cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("ledger") / "l.jsonl"
    ledger = LedgerModel(StubModel(["one", "two"]), path)
    ledger.complete(a_prompt("one"))
    whole = path.stat().st_size
    ledger.complete(a_prompt("two"))
    with path.open("r+b") as stream:
        stream.truncate(max(whole, path.stat().st_size - cut))

    again = LedgerModel(StubModel(["two again"]), path)

    assert again.complete(a_prompt("one")).text == "one"
    assert again.complete(a_prompt("two")).text == "two again"
    assert LedgerModel(StubModel(["never"]), path).complete(a_prompt("two")).text == "two again"


def test_a_broken_line_in_the_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    path.write_text('{"key": "a"}\nnonsense\n{"key": "b"}\n')

    with pytest.raises(StoreError, match=r"l\.jsonl:2:"):
        LedgerModel(StubModel(["x"]), path)


def test_a_disk_that_takes_no_more_is_a_store_error_with_the_path_and_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    ledger = LedgerModel(StubModel(["one", "x" * 50_000]), path)
    ledger.complete(a_prompt("one"))
    whole = path.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))

    try:
        with pytest.raises(StoreError, match=r"l\.jsonl: the ledger cannot be written"):
            ledger.complete(a_prompt("two"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert path.read_bytes() == whole


def test_a_device_is_no_place_for_a_ledger() -> None:
    with pytest.raises(StoreError, match="/dev/full"):
        LedgerModel(StubModel(["answer"]), Path("/dev/full"))


def test_a_long_answer_is_read_back_whole(tmp_path: Path) -> None:
    text = "ä" * 200_000
    LedgerModel(StubModel([text]), tmp_path / "l.jsonl").complete(a_prompt())

    assert LedgerModel(StubModel(["x"]), tmp_path / "l.jsonl").complete(a_prompt()).text == text
