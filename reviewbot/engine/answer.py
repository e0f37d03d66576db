"""A model's answer to a review prompt, read into findings."""

from __future__ import annotations

from typing import Any

from reviewbot.dialogue import AnswerError, json_object
from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Category, Finding, Location, Origin, Severity
from reviewbot.domain.text import printable, shortened

MAX_FINDINGS = 50
"""More than these from one answer are not findings but noise; the rest is cut, gravest first kept."""


def _text(description: str) -> dict[str, str]:
    return {"type": "string", "description": description}


def _one_of(values: list[str]) -> dict[str, Any]:
    return {"type": "string", "enum": values}


_FINDING_SCHEMA: dict[str, Any] = {
    "title": _text("what breaks and when, at most 12 words"),
    "explanation": _text("trigger, mechanism, consequence"),
    "severity": _one_of([severity.value for severity in Severity]),
    "confidence": {"type": "number"},
    "category": _one_of([category.value for category in Category]),
    "path": _text("path of the file as in the diff"),
    "first_line": {"type": "integer"},
    "last_line": {"type": "integer"},
    "side": _one_of([side.value for side in Side]),
    "quote": _text("the decisive line, verbatim"),
    "origin": _one_of([origin.value for origin in Origin]),
    "suggestion": {"type": ["string", "null"]},
}

FINDINGS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "findings": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": _FINDING_SCHEMA,
                "required": list(_FINDING_SCHEMA),
                "additionalProperties": False,
            },
        }
    },
    "required": ["findings"],
    "additionalProperties": False,
}
"""The JSON Schema of a review answer, strict in OpenAI's sense: every key required, none besides."""


def read_findings(text: str, reviewer: str) -> tuple[Finding, ...]:
    """The findings of an answer; AnswerError says which key of which finding is wrong.

    What can be read in only one way is read (a category in capitals, a confidence of 1.2); what would have to
    be guessed (a missing title, an unknown severity) is an error, so that the model gets to repair it.
    """
    answer = json_object(text)
    rows = answer.get("findings")
    if not isinstance(rows, list):
        raise AnswerError('The answer has no list "findings".')
    return tuple(_finding(row, f"findings[{index}]", reviewer) for index, row in enumerate(rows[:MAX_FINDINGS]))


def _finding(row: object, where: str, reviewer: str) -> Finding:
    if not isinstance(row, dict):
        raise AnswerError(f"{where} is not an object.")
    quote = _string(row, "quote", where, needed=False)
    suggestion = _string(row, "suggestion", where, needed=False)
    return Finding(
        title=shortened(_string(row, "title", where), 200),
        explanation=_string(row, "explanation", where)[:6_000],
        severity=_member(Severity, row, "severity", where),
        confidence=_confidence(row, where),
        category=_category(row),
        location=_location(row, where),
        reviewer=reviewer,
        evidence=tuple(line for line in quote.splitlines() if line.strip())[:10],
        suggestion=suggestion[:4_000] or None,
        origin=_origin(row),
    )


def _string(row: dict[str, Any], key: str, where: str, needed: bool = True) -> str:
    value = row.get(key)
    if isinstance(value, str) and value.strip():
        return printable(value.strip("\n"))
    if needed:
        raise AnswerError(f"{where}.{key} is missing or not a text.")
    return ""


def _member(kind: type[Severity], row: dict[str, Any], key: str, where: str) -> Severity:
    try:
        return kind(str(row.get(key)).lower())
    except ValueError:
        expected = " | ".join(member.value for member in kind)
        raise AnswerError(f"{where}.{key} is {row.get(key)!r}; it has to be {expected}.") from None


def _category(row: dict[str, Any]) -> Category:
    try:
        return Category(str(row.get("category")).lower().replace("_", "-"))
    except ValueError:
        return Category.OTHER


def _origin(row: dict[str, Any]) -> Origin:
    try:
        return Origin(str(row.get("origin")).lower().replace("_", "-"))
    except ValueError:
        return Origin.UNKNOWN


def _confidence(row: dict[str, Any], where: str) -> float:
    value = row.get("confidence")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AnswerError(f"{where}.confidence is {value!r}; it has to be a number from 0 to 1.")
    # Compared before it becomes a float, which a whole number of 400 digits cannot.
    return float(min(1, max(0, value)))


def _location(row: dict[str, Any], where: str) -> Location | None:
    path, first, last = row.get("path"), row.get("first_line"), row.get("last_line")
    if not isinstance(path, str) or not path.strip():
        return None
    if not _is_whole(first) or not _is_whole(last):
        raise AnswerError(f"{where}.first_line and last_line have to be whole numbers.")
    assert isinstance(first, int | float) and isinstance(last, int | float)
    low, high = sorted((max(1, int(first)), max(1, int(last))))
    side = Side.LEFT if str(row.get("side")).upper() == "LEFT" else Side.RIGHT
    return Location(printable(path.strip()), low, high, side)


def _is_whole(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) < 2**31 and float(value).is_integer()  # type: ignore[arg-type]
