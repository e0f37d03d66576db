"""What a million tokens cost, and how far a model's knowledge reaches."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

from reviewbot.domain.review import Usage
from reviewbot.errors import InputError

_MILLION = Decimal(1_000_000)
_SNAPSHOT = re.compile(r"(?:[-@]\d{4}-?\d{2}-?\d{2})?(?:-latest)?")
_MAX_FILE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars for a million tokens; a cache rate is None where it is not known."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None

    @property
    def worst_input(self) -> Decimal:
        """The most that an input token can cost: written to the cache it may be dearer than a plain one."""
        return max(self.input, self.cache_write or Decimal(0))

    @property
    def best_input(self) -> Decimal:
        return min(self.input, self.input if self.cache_read is None else self.cache_read)


@dataclass(frozen=True, slots=True)
class Price:
    """A model's rates; a prompt of more than `long_over_tokens` is billed at the `long` rates, answer included."""

    rates: Rates
    long_over_tokens: int | None = None
    long: Rates | None = None

    def rates_for(self, input_tokens: int) -> Rates:
        if self.long is not None and self.long_over_tokens is not None and input_tokens > self.long_over_tokens:
            return self.long
        return self.rates


FREE = Price(Rates(Decimal(0), Decimal(0), Decimal(0), Decimal(0)))


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One entry of a prices file. `host` is where the price holds, None for everywhere."""

    name: str
    price: Price | None
    knowledge_cutoff: date | None
    host: str | None = None
    any_suffix: bool = False

    def covers(self, bare_name: str) -> bool:
        if not bare_name.startswith(self.name):
            return False
        return self.any_suffix or _SNAPSHOT.fullmatch(bare_name[len(self.name) :]) is not None


class Catalogue:
    """Prices and cutoffs by model name; the entries of `overriding` win over the shipped ones.

    The longest name that the asked one begins with is taken, and only a date or `-latest` may follow it: the price
    of `gpt-5` says nothing about `gpt-5-pro`.
    """

    def __init__(self, entries: Iterable[ModelFacts], overriding: Iterable[ModelFacts] = ()) -> None:
        self._layers = [
            sorted(layer, key=lambda facts: len(facts.name), reverse=True) for layer in (list(overriding), entries)
        ]

    def price_of(self, model_name: str) -> Price | None:
        """The price of a model named `NAME` or as a specification (`anthropic:NAME`); None where not known.

        A model on a compatible server has the vendor's price only on the vendor's own host.
        """
        if model_name.startswith("scripted:"):
            return FREE
        bare_name, host = _bare_name(model_name)
        for facts in self._matches(bare_name):
            if facts.price is not None and (host is None or facts.host is None or facts.host == host):
                return facts.price
        return None

    def knowledge_cutoff(self, model_name: str) -> date | None:
        """The last day that the model can know of; None where not known."""
        bare_name, _ = _bare_name(model_name)
        return next((f.knowledge_cutoff for f in self._matches(bare_name) if f.knowledge_cutoff is not None), None)

    def _matches(self, bare_name: str) -> list[ModelFacts]:
        first_of_layers = (next((f for f in layer if f.covers(bare_name)), None) for layer in self._layers)
        return [facts for facts in first_of_layers if facts is not None]


def price_of(model_name: str, prices_file: Path | None = None) -> Price | None:
    """The price of a model; None where not known. `prices_file` overrides the shipped prices."""
    return load_catalogue(prices_file).price_of(model_name)


def knowledge_cutoff(model_name: str, prices_file: Path | None = None) -> date | None:
    """The last day that a model can know of; None where not known."""
    return load_catalogue(prices_file).knowledge_cutoff(model_name)


def cost_usd(price: Price | None, usage: Usage) -> Decimal | None:
    """What one call costs in US dollars; None where the price, or the rate of a kind of token used, is not known.

    For one call, never for a sum of calls: a long prompt has other rates.
    """
    if price is None:
        return None
    rates = price.rates_for(usage.input_tokens)
    plain_tokens = max(0, usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens)
    total = plain_tokens * rates.input + usage.output_tokens * rates.output
    for tokens, rate in ((usage.cache_read_tokens, rates.cache_read), (usage.cache_write_tokens, rates.cache_write)):
        if tokens and rate is None:
            return None
        total += tokens * (rate or Decimal(0))
    return total / _MILLION


def load_catalogue(prices_file: Path | None = None) -> Catalogue:
    """The shipped prices, overridden entry by entry by those of `prices_file`."""
    return Catalogue(_shipped_facts(), () if prices_file is None else _facts_in(prices_file))


@cache
def _shipped_facts() -> tuple[ModelFacts, ...]:
    shipped = resources.files("reviewbot.llm").joinpath("models.json")
    return _parsed_facts(shipped.read_text("utf-8"), "models.json")


def _facts_in(path: Path) -> tuple[ModelFacts, ...]:
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise InputError(f"{path}: larger than {_MAX_FILE_BYTES} bytes: name a file of prices")
        return _parsed_facts(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the prices file cannot be read ({error}): name a readable file") from error


def _parsed_facts(text: str, file: str) -> tuple[ModelFacts, ...]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise InputError(f"{file}:{line}: not JSON ({error}): correct the prices file") from error
    entries = content.get("models") if isinstance(content, dict) and content.get("schema_version") == 1 else None
    if not isinstance(entries, list):
        raise InputError(f'{file}:1: expected {{"schema_version": 1, "models": [...]}} as in reviewbot/llm/models.json')
    return tuple(_facts_of(entry, f"{file}: entry {number}") for number, entry in enumerate(entries, start=1))


def _facts_of(entry: object, where: str) -> ModelFacts:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str) or not entry["name"]:
        raise InputError(f'{where} has no "name": give the model\'s name as the service knows it')
    name = entry["name"]
    try:
        rates, long_prompt = entry.get("usd_per_million"), entry.get("long_prompt")
        price = None
        if rates is not None:
            long = None if long_prompt is None else _rates_of(long_prompt["usd_per_million"])
            price = Price(_rates_of(rates), None if long_prompt is None else int(long_prompt["over_tokens"]), long)
        cutoff = entry.get("knowledge_cutoff")
        parsed_cutoff = None if cutoff is None else date.fromisoformat(cutoff)
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise InputError(f"{where} ({name}): {error!r}: compare it with reviewbot/llm/models.json") from error
    return ModelFacts(name.lower(), price, parsed_cutoff, entry.get("host"), entry.get("any_suffix") is True)


def _rates_of(content: Mapping[str, object]) -> Rates:
    read, write = content.get("cache_read"), content.get("cache_write")
    return Rates(
        _amount(content["input"]),
        _amount(content["output"]),
        None if read is None else _amount(read),
        None if write is None else _amount(write),
    )


def _amount(value: object) -> Decimal:
    amount = Decimal(str(value))
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{value!r} is no price")
    return amount


def _bare_name(model_name: str) -> tuple[str, str | None]:
    """The name as the service knows it, in lower case and without an organisation before it, and the server's host."""
    kind, colon, rest = model_name.partition(":")
    if colon and kind == "compatible":
        name, _, url = rest.rpartition("@")
        return name.lower().rpartition("/")[2], urlsplit(url).hostname or ""
    name = rest if colon and kind in ("anthropic", "openai") else model_name
    return name.lower().rpartition("/")[2], None
