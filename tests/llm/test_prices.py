"""Prices and cutoffs by name."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.review import Usage
from reviewbot.errors import InputError
from reviewbot.llm.prices import FREE, Price, Rates, cost_usd, knowledge_cutoff, price_of

PRICE = Price(Rates(Decimal(10), Decimal(50), Decimal(1), Decimal("12.5")))


def written(path: Path, *entries: dict[str, object]) -> Path:
    path.write_text(json.dumps({"schema_version": 1, "models": list(entries)}))
    return path


def test_a_call_costs_plain_cached_written_and_answered_tokens_at_their_rates() -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=100_000, cache_read_tokens=500_000, cache_write_tokens=200_000)

    assert cost_usd(PRICE, usage) == Decimal("3") + Decimal("0.5") + Decimal("2.5") + Decimal("5")


def test_an_unknown_price_or_rate_is_unknown_and_never_nothing() -> None:
    without_cache_rates = Price(Rates(Decimal(10), Decimal(50)))

    assert cost_usd(None, Usage(1, 1)) is None
    assert cost_usd(without_cache_rates, Usage(10, 1, cache_read_tokens=5)) is None
    assert cost_usd(without_cache_rates, Usage(10, 1)) == Decimal("0.00015")


def test_a_long_prompt_is_billed_whole_at_the_long_rates() -> None:
    price = Price(Rates(Decimal(1), Decimal(2)), 100, Rates(Decimal(10), Decimal(20)))

    assert cost_usd(price, Usage(100, 10)) == Decimal("0.00012")
    assert cost_usd(price, Usage(101, 10)) == Decimal("0.00121")


@pytest.mark.parametrize(
    ("dated", "plain"),
    [
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("anthropic:claude-opus-5", "claude-opus-5"),
        ("gpt-5.2-2025-12-11", "gpt-5.2"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
    ],
)
def test_a_dated_name_has_the_price_of_its_model(dated: str, plain: str) -> None:
    assert price_of(dated) is not None
    assert price_of(dated) == price_of(plain)


@pytest.mark.parametrize("name", ["gpt-5-pro", "claude-opus-5-9", "gpt-5.2-pro", "nonesuch", "", "gpt-6-sol-mini"])
def test_a_name_that_only_begins_alike_has_no_price(name: str) -> None:
    assert price_of(name) is None


def test_the_newer_model_is_not_mistaken_for_the_older() -> None:
    assert price_of("claude-opus-5-5") != price_of("claude-opus-5")


def test_a_compatible_server_has_the_vendors_price_only_on_the_vendors_host() -> None:
    assert price_of("compatible:gpt-6-sol@https://api.openai.com/v1") == price_of("gpt-6-sol")
    assert price_of("compatible:gpt-6-sol@http://localhost:8000/v1") is None


def test_an_open_model_has_a_cutoff_and_no_price() -> None:
    name = "compatible:meta-llama/Llama-3.3-70B-Instruct@http://localhost/v1"

    assert knowledge_cutoff(name) == date(2023, 12, 31)
    assert price_of(name) is None


def test_a_scripted_model_is_free() -> None:
    assert price_of("scripted:answers.json") == FREE


def test_a_prices_file_overrides_and_adds(tmp_path: Path) -> None:
    rates = {"input": "1", "output": 2}
    file = written(tmp_path / "p.json", {"name": "gpt-6-sol", "usd_per_million": rates}, {"name": "own"})

    assert price_of("gpt-6-sol", file) == Price(Rates(Decimal(1), Decimal(2)))
    assert price_of("claude-opus-5", file) == price_of("claude-opus-5")
    assert price_of("own", file) is None


@pytest.mark.parametrize(
    "content",
    ["{", "[]", '{"schema_version": 2}', '{"schema_version": 1, "models": [{}]}'],
)
def test_a_broken_prices_file_is_named(content: str, tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(content)

    with pytest.raises(InputError, match=r"p\.json"):
        price_of("x", file)


@pytest.mark.parametrize("amount", ["-1", "NaN", "cheap", None])
def test_a_price_that_is_none_is_refused(amount: str | None, tmp_path: Path) -> None:
    file = written(tmp_path / "p.json", {"name": "own", "usd_per_million": {"input": amount, "output": "1"}})

    with pytest.raises(InputError, match="own"):
        price_of("own", file)


def test_every_shipped_entry_says_where_and_when_it_was_learnt() -> None:
    entries = json.loads(resources.files("reviewbot.llm").joinpath("models.json").read_text())["models"]

    assert all(entry["source"] and date.fromisoformat(entry["as_of"]) for entry in entries)
    assert len({entry["name"] for entry in entries}) == len(entries)


@given(st.integers(0, 10**7), st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_tokens_never_cost_less(plain: int, read: int, more: int) -> None:
    fewer, most = Usage(plain + read, 0, read), Usage(plain + read + more, more, read)

    assert (cost_usd(PRICE, fewer) or 0) <= (cost_usd(PRICE, most) or 0)
