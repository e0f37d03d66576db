"""Adding a cause to an incidents file as its owner wrote it: every comment, quote and order stays."""

from __future__ import annotations

import re
from typing import TypeAlias

from reviewbot.domain.repository import RepoName, Sha
from reviewbot.errors import FileProblems, InputError
from reviewbot.retro.incident_keys import Confidence
from reviewbot.yaml_document import Entries, Items, Node, Scalar, parse_document

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"

_EMPTY_LIST = re.compile(r"\[\s*\]")


def cause_entry(
    commit: Sha, pull: int | None, source: str, confidence: Confidence, repo: RepoName | None = None
) -> dict[str, str]:
    """An entry of `introduced:`; `repo` only where it is not that of the incident."""
    found = {"repo": str(repo) if repo else "", "commit": commit, "pr": "" if pull is None else str(pull)}
    return {key: value for key, value in found.items() if value} | {"source": source, "confidence": confidence.value}


def with_cause(text: str, file: str, incident_id: str, entry: dict[str, str]) -> str:
    """The text with one cause for an incident that had none; nothing else of it changes.

    InputError where the place cannot be found; what is to be written by hand stands in it.
    """
    before = _plain(parse_document(text, file).root)
    incident = _incident(parse_document(text, file).root, incident_id)
    inline = "[{" + ", ".join(f"{key}: {_quoted(key, value)}" for key, value in entry.items()) + "}]"
    by_hand = InputError(f"{file}: {incident_id} cannot be completed in place; write `introduced: {inline}` by hand")
    if incident is None:
        raise by_hand
    changed = _changed(text, incident, inline)
    try:
        after = None if changed is None else _plain(parse_document(changed, file).root)
    except FileProblems:
        after = None
    if changed is None or after != _expected(before, incident_id, entry):
        raise by_hand
    return changed


def _changed(text: str, incident: Entries, inline: str) -> str | None:
    keys = {key.text: (key, value) for key, value in incident.pairs}
    if "introduced" in keys:
        return _with_value(text, *keys["introduced"], inline)
    anchor, _ = keys.get("fixed") or keys["id"]
    at = _offset(text, anchor)
    if text[_offset(text, incident)] == "{":
        return f"{text[:at]}introduced: {inline}, {text[at:]}"
    line_feed = "\r\n" if "\r\n" in text else "\n"
    return f"{text[:at]}introduced: {inline}{line_feed}{' ' * (anchor.column - 1)}{text[at:]}"


def _with_value(text: str, key: Scalar, value: Node, inline: str) -> str | None:
    """An empty list or nothing gives way to the entry."""
    if isinstance(value, Items) and not value.nodes:
        at = _offset(text, value)
        empty = _EMPTY_LIST.match(text, at)
        return text[:at] + inline + text[empty.end() :] if empty else None
    if isinstance(value, Scalar) and value.is_null:
        colon = text.index(":", _offset(text, key)) + 1
        return f"{text[:colon]} {inline}{text[colon:].removeprefix(' ' + value.text if value.text else '')}"
    return None


def _incident(root: Node, incident_id: str) -> Entries | None:
    incidents = _value(root, "incidents")
    nodes = incidents.nodes if isinstance(incidents, Items) else ()
    found = (node for node in nodes if isinstance(node, Entries) and _text(_value(node, "id")) == incident_id)
    return next(found, None)


def _value(node: Node, key: str) -> Node | None:
    pairs = node.pairs if isinstance(node, Entries) else ()
    return next((value for name, value in pairs if name.text == key), None)


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _plain(node: Node) -> Plain:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Items):
        return [_plain(one) for one in node.nodes]
    return {key.text: _plain(value) for key, value in node.pairs}


def _expected(before: Plain, incident_id: str, entry: dict[str, str]) -> Plain:
    assert isinstance(before, dict)
    incidents = before["incidents"]
    assert isinstance(incidents, list)
    completed: list[Plain] = [
        {**one, "introduced": [dict(entry)]} if isinstance(one, dict) and one.get("id") == incident_id else one
        for one in incidents
    ]
    return {**before, "incidents": completed}


def _quoted(key: str, value: str) -> str:
    return f'"{value}"' if key == "commit" else value


def _offset(text: str, node: Node) -> int:
    """Where a node begins; lines end where YAML lets them end."""
    start = 0
    for _ in range(node.line - 1):
        start = _LINE_END.search(text, start).end()  # type: ignore[union-attr]
    return start + node.column - 1


_LINE_END = re.compile("\r\n|\n|\r|\x85|\u2028|\u2029")
