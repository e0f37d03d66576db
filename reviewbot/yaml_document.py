"""YAML as a tree of values that know their line and column, read from files that nobody has to trust.

Only what a hand-written list of facts needs is allowed: mappings with scalar keys, lists, scalars. Aliases, anchors,
tags and repeated keys are refused, size, depth and number of values are bounded (FAULTS.md S26), and no scalar is
converted: `2026-02-30` and `12e4567` stay the text that they are until a reader asks for something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, TypeAlias

import yaml

from reviewbot.domain.text import revealed, shortened
from reviewbot.errors import FileProblems, InputError, Problem

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 20
MAX_NODES = 200_000
MAX_DUPLICATES = 100

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOT_YAML = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\ufeff")
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text as written; `is_plain` means without quotes, so that YAML might read a number or nothing from it."""

    text: str
    is_plain: bool
    line: int
    column: int

    @property
    def is_null(self) -> bool:
        return self.is_plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Items:
    """A list; line and column count from 1, here as in the other nodes."""

    nodes: tuple[Node, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping, in the order in which it was written; no key stands twice."""

    pairs: tuple[tuple[Scalar, Node], ...]
    line: int
    column: int


Node: TypeAlias = Scalar | Items | Entries


@dataclass(frozen=True, slots=True)
class Document:
    """The one document of a file; `problems` are repeated keys, of which the first has been kept."""

    file: str
    root: Node
    problems: tuple[Problem, ...] = ()


def load_document(path: Path) -> Document:
    """The tree of a YAML file; raises FileProblems with line and column, InputError where it cannot be read."""
    document = open_document(path)
    if document.problems:
        raise FileProblems(document.file, list(document.problems))
    return document


def open_document(path: Path) -> Document:
    """Like `load_document`, with repeated keys as a value, for those who list everything that is wrong with a file."""
    return parse_document(_text_of(path), str(path))


def parse_document(text: str, file: str, loader: type = _LOADER) -> Document:
    """The tree of a YAML text; `file` is the name that its problems bear."""
    hidden = _NOT_YAML.search(text)
    if hidden:
        what = f"the character {revealed(hidden.group())!r} is not allowed in YAML"
        _refuse(file, *_position(text, hidden.start()), what, "text without control characters")
    tree = _Tree(file)
    try:
        for event in yaml.parse(text, loader):
            tree.add(event)
    except yaml.MarkedYAMLError as error:
        _refuse_syntax(file, text, error)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # PyYAML without libyaml lets `"\UFFFFFFFF"` and overlong %YAML versions end in Python's own errors.
        _refuse(file, tree.line, 1, f"this is not YAML: {shortened(str(error), 120)}", "valid YAML from here on")
    if tree.root is None or (isinstance(tree.root, Scalar) and tree.root.is_null):
        _refuse(file, 1, 1, "the file is empty", "a YAML mapping")
    return Document(file, tree.root, tuple(tree.duplicates))


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): name a YAML file") from error
    if len(content) > MAX_BYTES:
        _refuse(str(path), 1, 1, "the file is too large", f"at most {MAX_BYTES // 1024 // 1024} MB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        what = f"the byte 0x{content[error.start]:02x} is not UTF-8"
        _refuse(str(path), *_position(before, len(before)), what, "a file saved as UTF-8")


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet; `key` waits for its value."""

    is_mapping: bool
    line: int
    column: int
    nodes: list[Node] = field(default_factory=list)
    pairs: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    key: Scalar | None = None

    def closed(self) -> Node:
        if self.is_mapping:
            return Entries(tuple(self.pairs.values()), self.line, self.column)
        return Items(tuple(self.nodes), self.line, self.column)


class _Tree:
    """Grows a tree out of YAML events without recursion, so that no depth of nesting can exhaust the stack."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Node | None = None
        self.duplicates: list[Problem] = []
        self.line = 1
        self._open: list[_Open] = []
        self._count = 0

    def add(self, event: yaml.Event) -> None:
        assert event.start_mark is not None, "events that were parsed have marks"
        self.line, column = event.start_mark.line + 1, event.start_mark.column + 1
        for what, expected in _forbidden(event):
            _refuse(self.file, self.line, column, what, expected)
        if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            _refuse(self.file, self.line, column, "a second document begins here", "one document, without a second ---")
        if isinstance(event, yaml.ScalarEvent):
            self._count_one(column)
            self._attach(self._scalar(event, column))
        elif isinstance(event, yaml.CollectionStartEvent):
            self._count_one(column)
            self._descend(_Open(isinstance(event, yaml.MappingStartEvent), self.line, column))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._attach(self._open.pop().closed())

    def _count_one(self, column: int) -> None:
        self._count += 1
        if self._count > MAX_NODES:
            _refuse(self.file, self.line, column, "the file holds too many values", f"at most {MAX_NODES}")

    def _descend(self, collection: _Open) -> None:
        parent = self._open[-1] if self._open else None
        if parent is not None and parent.is_mapping and parent.key is None:
            _refuse(self.file, collection.line, collection.column, "a list or a mapping is no key", "text as the key")
        if len(self._open) >= MAX_DEPTH:
            what = "lists and mappings stand too deep in each other"
            _refuse(self.file, collection.line, collection.column, what, f"at most {MAX_DEPTH} levels")
        self._open.append(collection)

    def _scalar(self, event: yaml.ScalarEvent, column: int) -> Scalar:
        if not event.value.isascii() or "\x00" in event.value:
            for hidden in _NOT_STORABLE.finditer(event.value):
                what = f"the text holds the character U+{ord(hidden.group()):04X}"
                _refuse(self.file, self.line, column, what, "text without NUL and half characters")
        return Scalar(event.value, not event.style, self.line, column)

    def _attach(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if not parent.is_mapping:
            parent.nodes.append(node)
        elif parent.key is None:
            assert isinstance(node, Scalar), "collections as keys have been refused"
            parent.key = node
        else:
            self._attach_value(parent, parent.key, node)
            parent.key = None

    def _attach_value(self, parent: _Open, key: Scalar, node: Node) -> None:
        first = parent.pairs.get(key.text)
        if first is None:
            parent.pairs[key.text] = (key, node)
        elif len(self.duplicates) < MAX_DUPLICATES:
            name = shortened(revealed(key.text), 60)
            what = f"the key {name!r} stands twice in one mapping, first in line {first[0].line}"
            self.duplicates.append(Problem(self.file, key.line, key.column, what, "every key once"))


def _forbidden(event: yaml.Event) -> Iterator[tuple[str, str]]:
    if isinstance(event, yaml.AliasEvent):
        yield f"the alias *{shortened(event.anchor or '', 60)} is not allowed", "the value itself, written out"
    elif isinstance(event, yaml.NodeEvent) and event.anchor is not None:
        yield f"the anchor &{shortened(event.anchor, 60)} is not allowed", "the value without an anchor"
    if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
        yield f"the tag {shortened(event.tag, 60)} is not allowed", "the value without a tag"


def _refuse_syntax(file: str, text: str, error: yaml.MarkedYAMLError) -> NoReturn:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines()
    begun = lines[line - 1][:column] if line <= len(lines) else ""
    if "\t" in begun and not begun.strip():
        _refuse(file, line, column, "a tab stands in the indentation", "spaces: YAML forbids tabs there")
    # With libyaml the problem may be bytes of the file in an odd state: only printable text is passed on.
    problem = shortened(revealed(error.problem or error.context or "it ends too early"), 120)
    _refuse(file, line, column, f"this is not YAML: {problem}", "valid YAML; texts with ': ' or ' #' need quotes")


def _position(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _refuse(file: str, line: int, column: int, what: str, expected: str) -> NoReturn:
    raise FileProblems(file, [Problem(file, line, column, what, expected)])
