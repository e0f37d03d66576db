"""reviewdog's diagnostic formats (rdjson, one result; rdjsonl, a diagnostic a line), read into findings.

Severity: ERROR is high, WARNING medium, INFO low; without one it is medium. Source:
https://github.com/reviewdog/reviewdog/tree/master/proto/rdf
"""

from __future__ import annotations

from reviewbot.domain.finding import Category, Finding, Location, Severity
from reviewbot.domain.text import shortened
from reviewbot.engine.json_tree import Node, parsed_json
from reviewbot.errors import InputError

_SEVERITIES = {"ERROR": Severity.HIGH, "WARNING": Severity.MEDIUM, "INFO": Severity.LOW}
_CONFIDENCE = 0.6
_TITLE_CHARACTERS = 200
_TEXT_CHARACTERS = 6_000


def rdjson_findings(document: Node, reviewer: str, limit: int) -> tuple[Finding, ...]:
    """The diagnostics of a result; InputError names the place of what is no diagnostic."""
    source = document.at("source").at("name").text()
    return _findings(document.at("diagnostics").rows(), source, reviewer, limit)


def rdjsonl_findings(raw: bytes, reviewer: str, limit: int) -> tuple[Finding, ...]:
    """The diagnostics of lines; empty lines count for nothing."""
    rows = []
    for number, line in enumerate(raw.splitlines(), 1):
        if line.strip():
            rows.append(Node(parsed_json(line).value, f"line {number}"))
    return _findings(rows, "", reviewer, limit)


def _findings(rows: list[Node], source: str, reviewer: str, limit: int) -> tuple[Finding, ...]:
    if len(rows) > limit:
        raise InputError(f"diagnostics has {len(rows)} members; expected at most {limit}")
    return tuple(_finding(row, source, reviewer) for row in rows)


def _finding(row: Node, source: str, reviewer: str) -> Finding:
    message = row.at("message").text().strip()
    if not message:
        raise row.at("message").refusal("text")
    word = row.at("severity").text().upper()
    rule = row.at("code").at("value").text()
    tool = row.at("source").at("name").text() or source
    return Finding(
        title=shortened(message.splitlines()[0], _TITLE_CHARACTERS),
        explanation=message[:_TEXT_CHARACTERS],
        severity=_SEVERITIES.get(word, Severity.MEDIUM),
        confidence=_CONFIDENCE,
        category=Category.OTHER,
        location=_location(row.at("location")),
        reviewer=reviewer,
        rule=shortened(":".join(part for part in (tool, rule) if part), _TITLE_CHARACTERS) or None,
    )


def _location(place: Node) -> Location | None:
    path = place.at("path").text()
    start = place.at("range").at("start").at("line")
    if not path or start.is_absent:
        return None
    first = start.whole_number(1)
    end = place.at("range").at("end")
    last = end.at("line").whole_number(first)
    # the end is exclusive by column: line N, column 1 ends with the line before it
    if last > first and end.at("column").whole_number(2) == 1:
        last -= 1
    return Location(path.removeprefix("./"), first, max(first, last))
