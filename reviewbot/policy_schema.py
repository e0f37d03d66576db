"""The keys of a repository's policy file: their types, limits, defaults and descriptions, in one place.

Checks, JSON Schema and the user's manual come out of these models. Nothing in them names a program, a URL or a model:
these are the operator's to choose (FAULTS.md S27).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from reviewbot.domain.policy import Policy

_DEFAULT = Policy()

SeverityWord = Literal["critical", "high", "medium", "low"]
EffortWord = Literal["auto", "quick", "standard", "deep"]
TriggerWord = Literal["opened", "pushed", "reopened", "ready_for_review", "retargeted"]

ReviewerName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
Glob = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Dollars = Annotated[float, Field(ge=0, le=100_000)]


class _Keys(BaseModel):
    """A mapping of which every key is known; a number is never taken for text, nor text for a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class PathKeys(_Keys):
    """Globs: `**` crosses folders, `*` does not; a pattern without a slash fits in any folder."""

    include: list[Glob] = Field(
        [],
        max_length=200,
        examples=[["src/**", "*.sql"]],
        description="Review only files that one of these globs matches. Empty: all files.",
    )
    ignore: list[Glob] = Field(
        [],
        max_length=200,
        examples=[["docs/**", "*.ipynb"]],
        description="Leave out files that one of these globs matches, whatever `include` says.",
    )


class InstructionKeys(_Keys):
    """What reviewers are told about some of the files."""

    paths: Glob = Field(examples=["migrations/**"], description="The glob of the files that the text is about.")
    text: str = Field(
        min_length=1,
        max_length=2_000,
        examples=["Old and new code run side by side while a migration runs."],
        description="What reviewers of these files are told, in at most 2,000 characters.",
    )


class BudgetKeys(_Keys):
    """US dollars. They can lower what the operator set, and never raise it."""

    per_review_usd: Dollars | None = Field(
        None, examples=[0.5], description="The most that one review may cost. Lowers the operator's limit, never more."
    )
    per_day_usd: Dollars | None = Field(
        None, examples=[20], description="The most that the reviews of one day (UTC) may cost, likewise."
    )


class GateKeys(_Keys):
    """When the check run fails. `success` is for complete reviews without open findings and cannot be chosen."""

    fail_from: Literal["never", "critical", "high", "medium", "low"] = Field(
        "never", examples=["critical"], description="The check run fails where a finding of this severity is open."
    )
    incomplete: Literal["neutral", "failure"] = Field(
        _DEFAULT.gate.incomplete.value,
        examples=["failure"],
        description="How the check run ends where not everything was read, or the review failed.",
    )


class PolicyKeys(_Keys):
    """`.reviewbot.yml`. Every key may be left out."""

    version: Literal[1] = Field(1, examples=[1], description="The version of this format.")
    reviewers: list[ReviewerName] = Field(
        [],
        max_length=20,
        examples=[["llm", "static"]],
        description="Which reviewers run: `llm`, `static`, an installed plug-in. Empty: those that the operator chose.",
    )
    paths: PathKeys = Field(PathKeys(), description="Which files are reviewed.")
    instructions: list[InstructionKeys] = Field(
        [],
        max_length=30,
        examples=[[{"paths": "*.sql", "text": "The tables have a billion rows."}]],
        description="What reviewers are told about files of some paths.",
    )
    severity: SeverityWord = Field(
        _DEFAULT.min_severity.value, examples=["medium"], description="Findings below this severity are not said."
    )
    confidence: float = Field(
        _DEFAULT.min_confidence,
        ge=0,
        le=1,
        examples=[0.5],
        description="Findings that their reviewer is less sure of, from 0 to 1, are not said.",
    )
    max_findings: int = Field(
        _DEFAULT.max_findings, ge=1, le=50, examples=[5], description="The most findings that one review says."
    )
    later_severity: SeverityWord = Field(
        _DEFAULT.later_severity.value,
        examples=["critical"],
        description="From the second review of a pull request on, findings below this severity are not said.",
    )
    drafts: bool = Field(_DEFAULT.drafts, examples=[True], description="Whether drafts are reviewed too.")
    triggers: list[TriggerWord] = Field(
        ["opened", "pushed", "reopened", "ready_for_review", "retargeted"],
        max_length=20,
        examples=[["opened", "ready_for_review"]],
        description="After what a review is made. Empty: only when somebody asks for one.",
    )
    budget: BudgetKeys = Field(BudgetKeys(), description="What reviews may cost.")
    gate: GateKeys = Field(GateKeys(), description="How the check run ends.")
    effort: EffortWord | None = Field(
        None,
        examples=["deep"],
        description="How much work is made of a change; `auto` goes by its kind. Left out: as the operator chose.",
    )
    language: str = Field(
        _DEFAULT.language,
        max_length=40,
        pattern=r"^[^\x00-\x1f\x7f<>\"]*$",
        examples=["German"],
        description="The language that findings are written in. Empty: English.",
    )
    suggestions: bool = Field(
        _DEFAULT.suggestions,
        examples=[True],
        description="Whether replacement code is offered where a reviewer gave some.",
    )
    guidelines: bool = Field(
        True, examples=[False], description="Whether reviewers are told what the guideline files say."
    )


def policy_json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the policy file, for editors and other tools.

    A file that it refuses is refused by the checks too. A key with nothing behind it counts as left out.
    """
    schema = PolicyKeys.model_json_schema()
    definitions = {name: _closed(part) for name, part in schema.pop("$defs").items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_closed(schema),
        "title": ".reviewbot.yml, version 1",
        "$defs": definitions,
    }


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the file as the manual shows it; `name` is dotted where it stands in a mapping."""

    name: str
    is_required: bool
    default: Any
    example: Any
    description: str


def keys_of(model: type[BaseModel] = PolicyKeys, prefix: str = "") -> list[Key]:
    """Every key that takes a value, in the file's order."""
    keys: list[Key] = []
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            keys += keys_of(type(field.default), f"{prefix}{name}.")
            continue
        example = field.examples[0] if field.examples else None
        required = field.is_required()
        default = None if required else field.default
        keys.append(Key(f"{prefix}{name}", required, default, example, field.description or ""))
        if name == "instructions":
            keys += keys_of(InstructionKeys, "instructions[].")
    return keys


def exact_dollars(amount: float | None) -> Decimal | None:
    """The amount as it was written, and not as the nearest binary fraction."""
    return None if amount is None else Decimal(repr(amount))


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a mapping without the titles that nobody reads; keys that may be left out may be empty."""
    required = schema.get("required", [])
    properties = {
        name: _untitled(shape) if name in required else _nullable(_untitled(shape))
        for name, shape in schema["properties"].items()
    }
    return {**_untitled(schema), "properties": properties}


def _untitled(shape: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in shape.items() if key != "title"}


def _nullable(shape: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in shape:
        return shape
    if "$ref" in shape:
        about = {key: value for key, value in shape.items() if key not in ("$ref", "default")}
        return {"anyOf": [{"$ref": shape["$ref"]}, {"type": "null"}], **about}
    words = shape.get("enum") or ([shape["const"]] if "const" in shape else None)
    closed = {"enum": [*words, None]} if words else {}
    kept = {key: value for key, value in shape.items() if key not in ("const", "enum")}
    return {**kept, "type": [shape["type"], "null"], **closed}
