"""Checking the text of a policy file: YAML values against the models, each problem with its line and column."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import NoReturn, TypeAlias

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from reviewbot.domain.text import revealed, shortened
from reviewbot.errors import FileProblems, Problem
from reviewbot.policy_schema import InstructionKeys, PolicyKeys
from reviewbot.yaml_document import Document, Entries, Items, Node, Scalar, parse_document

MAX_BYTES = 64 * 1024
MAX_NODES = 10_000
MAX_PROBLEMS = 50

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"

_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FRACTION = re.compile(r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,2})?")
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_KINDS = {
    "list_type": "a list, as in [a, b]",
    "bool_type": "true or false, without quotes",
    "int_type": "a whole number, without quotes",
    "float_type": "a number, without quotes",
}


def checked_keys(text: bytes, name: str) -> PolicyKeys:
    """The keys of a policy file; raises FileProblems with every problem, `name` being the file's name in them.

    A file of nothing but comments gives no keys at all. YAML's alias bombs, depths and sizes are refused before
    anything is built from them (FAULTS.md S26).
    """
    document = _document(text, name)
    if document is None:
        return PolicyKeys()
    problems = list(document.problems)
    keys: PolicyKeys | None = None
    try:
        keys = PolicyKeys.model_validate(_value(document.root))
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)[: MAX_PROBLEMS - len(problems)]
        problems += [_problem(name, document.root, detail) for detail in details]
    if problems or keys is None:
        raise FileProblems(name, problems)
    return keys


def _document(text: bytes, name: str) -> Document | None:
    """The tree of the file; None where nothing but comments stands in it."""
    if len(text) > MAX_BYTES:
        _refuse(name, 1, 1, "the file is too large", f"at most {MAX_BYTES // 1024} KB")
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = text[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        _refuse(name, line, column, f"the byte 0x{text[error.start]:02x} is not UTF-8", "a file saved as UTF-8")
    if all(line.lstrip(" ").startswith("#") for line in decoded.splitlines() if line.strip(" ")):
        return None
    document = parse_document(decoded, name)
    if _is_too_large(document.root):
        _refuse(name, 1, 1, "the file holds too many values", f"at most {MAX_NODES:,}")
    return document


def _is_too_large(root: Node) -> bool:
    count, waiting = 0, [root]
    while waiting and count <= MAX_NODES:
        node = waiting.pop()
        count += 1
        if isinstance(node, Items):
            waiting.extend(node.nodes)
        elif isinstance(node, Entries):
            count += len(node.pairs)
            waiting.extend(value for _, value in node.pairs)
    return count > MAX_NODES


def _value(node: Node, where: tuple[int | str, ...] = ()) -> Value:
    """What YAML 1.2 reads at a node, where YAML 1.1 reads the same; a known key with nothing behind it is left out."""
    match node:
        case Items(nodes):
            return [_value(item, (*where, position)) for position, item in enumerate(nodes)]
        case Entries(pairs):
            known = _known_keys(where)
            given = [(key.text, value) for key, value in pairs if key.text not in known or not _is_empty(value)]
            return {key: _value(value, (*where, key)) for key, value in given}
        case Scalar():
            return _scalar(node)


def _is_empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_null


def _scalar(node: Scalar) -> str | int | float | bool | None:
    if node.is_null:
        return None
    if not node.is_plain:
        return node.text
    if node.text in _TRUTH:
        return _TRUTH[node.text]
    if _WHOLE.fullmatch(node.text):
        return int(node.text)
    return float(node.text) if _FRACTION.fullmatch(node.text) else node.text


def _problem(name: str, root: Node, detail: ErrorDetails) -> Problem:
    where = detail["loc"]
    node = _node_at(root, where)
    what, expected = f"{_described(node)} stands here", ""
    match detail["type"]:
        case "extra_forbidden":
            *place, key = where
            known = _known_keys(place)
            node = _key_at(root, place, str(key))
            what = f"{_place(place)} has no key {_shown(str(key))}{_nearest(str(key), known)}"
            expected = "one of " + ", ".join(known)
        case "missing":
            what, expected = f"{_place(where[:-1])} has no {str(where[-1])!r}", f"{where[-1]}: ..."
        case "model_type":
            expected = "a mapping with the keys " + ", ".join(_known_keys(where))
        case kind if kind in _KINDS:
            expected = _KINDS[kind]
        case "string_type":
            expected = "text, in quotes where it looks like something else"
        case _:
            what, expected = _misfit(node, where, detail)
    return Problem(name, node.line, node.column, what, expected)


def _misfit(node: Node, where: Sequence[int | str], detail: ErrorDetails) -> tuple[str, str]:
    """A value of the right kind that is not allowed, in pydantic's words where they are good enough."""
    shown = _described(node)
    if detail["type"] == "string_pattern_mismatch":
        if where[0] == "reviewers":
            expected = "llm, static or an installed plug-in; programs and models are the operator's to choose"
            return f"{shown} is no name of a reviewer", expected
        return f"{shown} does not fit", "the name of a language, such as German"
    words = detail["msg"].removeprefix("Input should be ")
    for long, short in (("String should have", "text of"), ("List should have", "a list of")):
        words = words.replace(long, short)
    words = re.sub(r" after validation, not \d+$", "", words)
    known = re.findall(r"'([^']+)'", words) if detail["type"] == "literal_error" else []
    hint = _nearest(node.text, known) if isinstance(node, Scalar) else ""
    return f"{shown} does not fit{hint}", words.replace("'", "")


def _node_at(root: Node, where: Sequence[int | str]) -> Node:
    """The node at a place, or the innermost around it that is there."""
    node = root
    for step in where:
        inner: Node | None = None
        if isinstance(node, Items) and isinstance(step, int):
            inner = node.nodes[step]
        elif isinstance(node, Entries):
            inner = next((value for key, value in node.pairs if key.text == step and not _is_empty(value)), None)
        if inner is None:
            return node
        node = inner
    return node


def _key_at(root: Node, where: Sequence[int | str], name: str) -> Node:
    mapping = _node_at(root, where)
    pairs = mapping.pairs if isinstance(mapping, Entries) else ()
    return next((key for key, _ in pairs if key.text == name), mapping)


def _known_keys(where: Sequence[int | str]) -> list[str]:
    model = _model_at(where)
    return list(model.model_fields) if model is not None else []


def _model_at(where: Sequence[int | str]) -> type[BaseModel] | None:
    """The model of the mapping at a place; None where no mapping belongs."""
    if not where:
        return PolicyKeys
    if where[0] == "instructions":
        return InstructionKeys if len(where) == 2 else None
    field = PolicyKeys.model_fields.get(str(where[0]))
    has_keys = field is not None and isinstance(field.default, BaseModel) and len(where) == 1
    return type(field.default) if field is not None and has_keys else None


def _place(where: Sequence[int | str]) -> str:
    """`gate`, `instructions[2]` counted from 1, or the file itself."""
    parts = [f"[{step + 1}]" if isinstance(step, int) else str(step) for step in where]
    return repr("".join(parts)) if parts else "the policy"


def _described(node: Node) -> str:
    match node:
        case Scalar():
            return "nothing" if node.is_null else _shown(node.text)
        case Items():
            return "a list"
        case Entries():
            return "a mapping"


def _shown(text: str) -> str:
    return repr(shortened(revealed(text), 60))


def _nearest(word: str, known: Sequence[str]) -> str:
    found = difflib.get_close_matches(word[:60].lower().replace("-", "_"), known, 1)
    return f" (did you mean {found[0]!r}?)" if found else ""


def _refuse(name: str, line: int, column: int, what: str, expected: str) -> NoReturn:
    raise FileProblems(name, [Problem(name, line, column, what, expected)])
