"""Planted remarks, of which the right label is known: they measure the judges of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reviewbot.dialogue import AnswerError, Asked, ask, json_object, load_prompt
from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Category, Finding, Location, Severity
from reviewbot.domain.text import printable, shortened
from reviewbot.ports import Model, Part, Prompt, Turn
from reviewbot.retro.judge import CaseMaterial, material_text

_TASK = "Write the two remarks. Answer with the JSON object and nothing else.\n"
_PLANTED = "planted"
_TEXTS = ("title", "explanation", "path", "quote")
_REMARK: dict[str, Any] = {
    "type": "object",
    "properties": {**{name: {"type": "string"} for name in _TEXTS}, "line": {"type": "integer"}},
    "required": [*_TEXTS, "line"],
    "additionalProperties": False,
}
PLANTS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"positive": _REMARK, "near_miss": _REMARK},
    "required": ["positive", "near_miss"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Plants:
    """Two remarks on the change of one incident: one names its cause, the other something else at the same place."""

    positive: Finding
    near_miss: Finding


def plants_for(material: CaseMaterial, model: Model) -> Asked[Plants]:
    """Has a model write the remarks; it sees what a judge sees."""
    instructions = load_prompt("plant")
    prompt = Prompt(
        name="plant",
        version=instructions.version,
        system=instructions.text,
        turns=(Turn("user", (Part(material_text(material), cacheable=True), Part(_TASK))),),
        schema=PLANTS_SCHEMA,
        max_output_tokens=2_000,
    )
    return ask(model, prompt, _read)


def _read(text: str) -> Plants:
    answer = json_object(text)
    return Plants(_remark(answer, "positive"), _remark(answer, "near_miss"))


def _remark(answer: dict[str, Any], name: str) -> Finding:
    row = answer.get(name)
    if not isinstance(row, dict):
        raise AnswerError(f'The answer has no object "{name}".')
    for key in _TEXTS:
        if not isinstance(row.get(key), str) or not row[key].strip():
            raise AnswerError(f'{name} has no text "{key}".')
    line = row.get("line")
    number = line if isinstance(line, int) and not isinstance(line, bool) and 0 < line < 2**31 else 1
    return Finding(
        title=shortened(printable(row["title"].strip()), 200),
        explanation=printable(row["explanation"].strip())[:6_000],
        severity=Severity.HIGH,
        confidence=0.5,
        category=Category.OTHER,
        location=Location(printable(row["path"].strip()), number, number, Side.RIGHT),
        reviewer=_PLANTED,
        evidence=(printable(row["quote"].strip()),),
    )
