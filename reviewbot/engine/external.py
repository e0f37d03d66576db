"""The contract with reviewers that are programs: the change they are given, and the findings they answer with."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from reviewbot.domain.diff import Diff, FileDiff, Hunk, Side
from reviewbot.domain.finding import Category, Finding, Location, Origin, Severity
from reviewbot.domain.text import shortened
from reviewbot.engine.json_tree import Node, parsed_json
from reviewbot.engine.sarif import sarif_findings
from reviewbot.errors import InputError
from reviewbot.ports import ReviewTask

MAX_OUTPUT_BYTES = 20_000_000
MAX_FINDINGS = 5_000
_DEFAULT_CONFIDENCE = 0.5
_TITLE_CHARACTERS = 200
_TEXT_CHARACTERS = 6_000

_Member = TypeVar("_Member", bound=StrEnum)


def parse_external(raw: bytes, reviewer: str, root: str = "") -> tuple[Finding, ...]:
    """The findings that a program printed: `{"findings": [...]}` or SARIF 2.1.0.

    Needed of a finding are title, path (null where it has no place), first_line and severity; other keys that are
    not known are passed over. `root` is the exported tree: paths below it are made relative. Raises InputError
    that names the place in the document; more than MAX_OUTPUT_BYTES or MAX_FINDINGS are refused, never cut.
    """
    if len(raw) > MAX_OUTPUT_BYTES:
        raise InputError(f"the output has {len(raw)} bytes; expected at most {MAX_OUTPUT_BYTES}")
    document = parsed_json(raw)
    if not isinstance(document.value, dict):
        raise document.refusal('an object with "findings" or "runs" (SARIF 2.1.0)')
    if "findings" not in document.value and "runs" in document.value:
        return sarif_findings(document, reviewer, root, MAX_FINDINGS)
    return findings_of(document, reviewer)


def findings_of(document: Node, reviewer: str) -> tuple[Finding, ...]:
    """The findings of a document in reviewbot's own format."""
    if document.at("findings").is_absent:
        raise document.at("findings").refusal('a list of findings, [] for none, or SARIF with "runs"')
    rows = document.at("findings").rows()
    if len(rows) > MAX_FINDINGS:
        raise InputError(f"findings has {len(rows)} members; expected at most {MAX_FINDINGS}")
    return tuple(_finding(row, reviewer) for row in rows)


def _finding(row: Node, reviewer: str) -> Finding:
    if not isinstance(row.value, dict):
        raise row.refusal("an object")
    title = row.at("title").text().strip()
    if not title:
        raise row.at("title").refusal("text")
    return Finding(
        title=shortened(title, _TITLE_CHARACTERS),
        explanation=(row.at("explanation").text().strip() or title)[:_TEXT_CHARACTERS],
        severity=_member(row.at("severity"), Severity, None),
        confidence=_confidence(row.at("confidence")),
        category=_member(row.at("category"), Category, Category.OTHER),
        location=_location(row),
        reviewer=reviewer,
        evidence=tuple(quote.text()[:_TEXT_CHARACTERS] for quote in row.at("evidence").rows()[:10]),
        suggestion=row.at("suggestion").text()[:_TEXT_CHARACTERS] or None,
        origin=_member(row.at("origin"), Origin, Origin.UNKNOWN),
        rule=shortened(row.at("rule").text(), _TITLE_CHARACTERS) or None,
    )


def _member(node: Node, kind: type[_Member], default: _Member | None) -> _Member:
    if node.is_absent and default is not None:
        return default
    for member in kind:
        if node.value == member.value:
            return member
    raise node.refusal(" | ".join(member.value for member in kind))


def _confidence(node: Node) -> float:
    if node.is_absent:
        return _DEFAULT_CONFIDENCE
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise node.refusal("a number from 0 to 1")
    return float(value)


def _location(row: Node) -> Location | None:
    path = row.at("path").text()
    if not path:
        if isinstance(row.value, dict) and "path" not in row.value:
            raise row.at("path").refusal("the path of a file, or null for a finding without a place")
        return None
    if row.at("first_line").is_absent:
        raise row.at("first_line").refusal("a whole number from 1")
    first_line = row.at("first_line").whole_number(1)
    last_line = row.at("last_line").whole_number(first_line)
    if last_line < first_line:
        raise row.at("last_line").refusal(f"a number not below first_line ({first_line})")
    return Location(path.removeprefix("./"), first_line, last_line, _member(row.at("side"), Side, Side.RIGHT))


def change_document(task: ReviewTask, root: str) -> dict[str, object]:
    """What a program gets on standard input, version 1; `root` is the directory of the exported head.

    Bytes of the diff that are no UTF-8 arrive as lone surrogates (`\\udcff`), as Python's surrogateescape has them.
    """
    change = task.change
    return {
        "version": 1,
        "change": {
            "repo": str(change.repo) if change.repo else None,
            "base": change.base,
            "head": change.head,
            "title": change.title,
            "description": change.description,
            "diff": diff_text(change.diff),
        },
        "paths": list(task.paths),
        "root": root,
    }


def diff_text(diff: Diff) -> str:
    """The diff as unified text, headers as they stood."""
    return "".join(f"{line}\n" for file in diff.files for line in _file_lines(file))


def _file_lines(file: FileDiff) -> list[str]:
    lines = list(file.header) or [
        f"--- {'/dev/null' if file.old_path is None else 'a/' + file.old_path}",
        f"+++ {'/dev/null' if file.new_path is None else 'b/' + file.new_path}",
    ]
    for hunk in file.hunks:
        lines.append(hunk.header or _hunk_header(hunk))
        for line in hunk.lines:
            lines.append(f"{line.kind.value}{line.text}")
            if line.ends_file:
                lines.append("\\ No newline at end of file")
    return lines


def _hunk_header(hunk: Hunk) -> str:
    places = f"@@ -{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count} @@"
    return f"{places} {hunk.section}".rstrip()
