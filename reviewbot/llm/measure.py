"""Predicting what a run will cost: it is played through without a call."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from reviewbot.llm.prices import Catalogue, load_catalogue
from reviewbot.ports import Completion, Prompt

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would ask for; the cost range is None where the model's price is not known.

    The lower end counts a prompt that is wholly in the cache and no answer, the upper end a prompt written to the
    cache and the longest answer allowed.
    """

    calls: int
    input_tokens: int
    output_tokens_ceiling: int
    cost_range_usd: tuple[Decimal, Decimal] | None
    calls_by_prompt: Mapping[str, int] = field(default_factory=dict)


class MeasuringModel:
    """A model that makes no call: it counts, and answers with the emptiest value that fits the prompt's schema.

    So the first prompts of a run are exactly those of the real run; prompts about what the real answers hold, such as
    the check of each finding, are not among them.
    """

    def __init__(self, name: str, catalogue: Catalogue | None = None) -> None:
        self._name = name
        self._price = (catalogue or load_catalogue()).price_of(name)
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._input_tokens = 0
        self._output_tokens = 0
        self._least_usd = Decimal(0)
        self._most_usd = Decimal(0)

    @property
    def name(self) -> str:
        return self._name

    def complete(self, prompt: Prompt) -> Completion:
        with self._lock:
            self._calls[prompt.name] += 1
            self._input_tokens += prompt.estimated_tokens
            self._output_tokens += prompt.max_output_tokens
            if self._price is not None:
                rates = self._price.rates_for(prompt.estimated_tokens)
                self._least_usd += prompt.estimated_tokens * rates.best_input / _MILLION
                self._most_usd += prompt.estimated_tokens * rates.worst_input / _MILLION
                self._most_usd += prompt.max_output_tokens * rates.output / _MILLION
        return Completion(json.dumps(emptiest_value(prompt.schema)), self._name, cost_usd=Decimal(0))

    def estimate(self) -> Estimate:
        """What was asked for up to now."""
        with self._lock:
            cost_range = None if self._price is None else (self._least_usd, self._most_usd)
            calls = dict(self._calls)
            return Estimate(sum(calls.values()), self._input_tokens, self._output_tokens, cost_range, calls)


def emptiest_value(schema: Mapping[str, object]) -> object:
    """The smallest value that a JSON Schema allows: no items, no text, null or the first choice where it has to be."""
    return _emptiest(schema, schema, depth=0)


def _emptiest(schema: object, root: Mapping[str, object], depth: int) -> object:
    if not isinstance(schema, Mapping) or depth > 30:
        return None
    if "const" in schema:
        return schema["const"]
    choices = schema.get("enum")
    if isinstance(choices, list | tuple) and choices:
        return None if None in choices else choices[0]
    if isinstance(schema.get("$ref"), str):
        return _emptiest(_target_of(str(schema["$ref"]), root), root, depth + 1)
    for key in ("anyOf", "oneOf", "allOf"):
        options = schema.get(key)
        if isinstance(options, list | tuple) and options:
            values = [_emptiest(option, root, depth + 1) for option in options]
            return None if None in values else values[0]
    return _emptiest_of_type(schema, root, depth)


def _emptiest_of_type(schema: Mapping[str, object], root: Mapping[str, object], depth: int) -> object:
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list | tuple) else [kind]
    if "null" in kinds:
        return None
    if "object" in kinds or "properties" in schema:
        return _emptiest_object(schema, root, depth)
    if "array" in kinds:
        least = schema.get("minItems")
        return [_emptiest(schema.get("items"), root, depth + 1)] * (least if isinstance(least, int) else 0)
    if "string" in kinds:
        length = schema.get("minLength")
        return " " * (length if isinstance(length, int) else 0)
    if "integer" in kinds or "number" in kinds:
        return schema.get("minimum", 0)
    return False if "boolean" in kinds else None


def _emptiest_object(schema: Mapping[str, object], root: Mapping[str, object], depth: int) -> dict[str, object]:
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, Mapping) or not isinstance(required, list | tuple):
        return {}
    return {str(name): _emptiest(properties.get(name), root, depth + 1) for name in required}


def _target_of(reference: str, root: Mapping[str, object]) -> object:
    target: object = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        if step:
            target = target.get(step) if isinstance(target, Mapping) else None
    return target
