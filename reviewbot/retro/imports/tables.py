"""Incidents out of a spreadsheet, saved as CSV with one line of headings."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping

from reviewbot.domain.repository import RepoName
from reviewbot.errors import InputError
from reviewbot.retro.imports.values import (
    Fields,
    Imported,
    ImportedChange,
    ImportedIncident,
    Unreadable,
    each_record,
    headline,
    linked_changes,
    report_link,
)
from reviewbot.retro.incident_keys import CauseType

_HEADINGS = {
    "id": ("id", "incident", "incident id", "key", "number", "reference"),
    "name": ("name", "title", "headline"),
    "severity": ("severity", "sev", "priority", "impact"),
    "started_at": ("started at", "started", "start", "created at", "created", "date"),
    "detected_at": ("detected at", "detected"),
    "resolved_at": ("resolved at", "resolved", "closed at", "closed", "end"),
    "services": ("services", "service", "components", "component"),
    "summary": ("summary", "description", "impact summary"),
    "root_cause": ("root cause", "cause", "root causes"),
    "category": ("category", "type"),
    "cause_type": ("cause type",),
    "repo": ("repo", "repository"),
    "introduced": ("introduced", "introduced by", "cause commit", "cause pr", "culprit"),
    "fixed": ("fixed", "fixed by", "fix", "fix commit", "fix pr"),
    "url": ("url", "link", "postmortem", "report"),
}
_LONGEST_CELL = 1_000_000
_SHA = re.compile(r"[0-9a-f]{7,40}\Z", re.IGNORECASE)
_PULL = re.compile(r"(?:pr|pull request)?\s*#?([1-9][0-9]{0,8})\Z", re.IGNORECASE)


def table(content: bytes, name: str) -> Imported:
    """The rows of a CSV file with commas, semicolons or tabs; headings are those of the incidents file or alike.

    A change is a sha, `#12`, or a link to a pull request or commit; several are separated by blanks or semicolons.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: the byte at {error.start} is not UTF-8; save the file as UTF-8") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(_LONGEST_CELL)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InputError(f"{name} is not CSV: {error}; save the table anew") from error
    headings = [_key_of(cell) for cell in rows[0]] if rows else []
    if "id" not in headings:
        raise InputError(f"{name}: no column is called id; expected headings such as id, name, severity, fixed")
    records = (_record(headings, row) for row in rows[1:] if any(cell.strip() for cell in row))
    return each_record(records, name, _incident)


def _key_of(heading: str) -> str:
    plain = " ".join(heading.strip().lower().replace("_", " ").split())
    return next((key for key, names in _HEADINGS.items() if plain in names), "")


def _record(headings: list[str], row: list[str]) -> Mapping[str, str]:
    record: dict[str, str] = {}
    for key, cell in zip(headings, row, strict=False):
        if key and cell.strip():
            record.setdefault(key, cell.strip())
    return record


def _incident(one: Fields) -> ImportedIncident:
    repo = _repo(one.text("repo"))
    cause_type = one.text("cause_type").lower()
    if cause_type and cause_type not in set(CauseType):
        raise Unreadable(f"cause_type is {cause_type!r}; expected one of {', '.join(CauseType)}")
    return ImportedIncident(
        id=one.needed("id"),
        name=headline(one.text("name")),
        repo=repo,
        severity=one.text("severity"),
        started_at=one.moment("started_at"),
        detected_at=one.moment("detected_at"),
        resolved_at=one.moment("resolved_at"),
        services=tuple(part.strip() for part in re.split(r"[;,]", one.text("services")) if part.strip()),
        summary=one.text("summary"),
        root_cause=one.text("root_cause"),
        category=one.text("category"),
        cause_type=CauseType(cause_type) if cause_type else None,
        introduced=tuple(_changes(one.text("introduced"), "introduced")),
        fixed=tuple(_changes(one.text("fixed"), "fixed")),
        references=report_link(one.text("url")),
    )


def _repo(text: str) -> RepoName | None:
    try:
        return RepoName.parse(text) if text else None
    except ValueError:
        raise Unreadable(f"repo is {text!r}; expected owner/name") from None


def _changes(cell: str, key: str) -> Iterator[ImportedChange]:
    for part in re.split(r"[;,\s]+(?!#)", re.sub(r"(?i)\b(pr|pull request)\s+#?", "#", cell)):
        linked = linked_changes(part)
        if not part:
            continue
        if linked:
            yield from (ImportedChange(one.repo, one.commit, one.pull, "human") for one in linked)
        elif _PULL.match(part) and (part.startswith("#") or len(part) < 7):
            yield ImportedChange(pull=int(_PULL.match(part)[1]), source="human")  # type: ignore[index]
        elif _SHA.match(part):
            yield ImportedChange(commit=part.lower(), source="human")
        else:
            raise Unreadable(f"{key} is {part[:40]!r}; expected a sha, #12 or a link")
