"""Readers of lists and of mappings with known keys; a record reads a value only when somebody asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from reviewbot.domain.text import revealed, shortened
from reviewbot.retro.fields import ProblemList, Schema, ValueReader, described, nearest
from reviewbot.yaml_document import Entries, Items, Node, Scalar

ReadT = TypeVar("ReadT")
FieldT_co = TypeVar("FieldT_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Field(Generic[FieldT_co]):
    """One key of a mapping and the reader of its value; `about` is its line in the schema."""

    key: str
    reader: ValueReader[FieldT_co]
    about: str = ""
    is_required: bool = False

    @property
    def expected(self) -> str:
        """The key and what belongs behind it, for a message that it is missing."""
        return f"{self.key}: {self.about[:1].lower()}{self.about[1:].rstrip('.')}"

    def schema(self) -> Schema:
        about = {"description": self.about} if self.about else {}
        shape = self.reader.schema()
        return {**(shape if self.is_required else _nullable(shape)), **about}


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping whose keys have been checked and whose values have not been looked at."""

    node: Entries
    nodes: dict[str, Node]
    problems: ProblemList

    def get(self, field: Field[ReadT]) -> ReadT | None:
        """The value; None where the key is missing, empty, or bad (then its problem is reported)."""
        node = self.at(field)
        return None if node is None else field.reader.read(node, self.problems)

    def at(self, field: Field[object]) -> Node | None:
        """Where the value stands; None where the key is missing or empty."""
        return self.nodes.get(field.key)

    def all(self, field: Field[tuple[ReadT, ...]]) -> tuple[ReadT, ...]:
        """The values of a list; empty where it is missing."""
        return self.get(field) or ()

    def report(self, what: str, expected: str = "", field: Field[object] | None = None) -> None:
        """Adds a problem at the value of a field, or else at the mapping."""
        node = self.at(field) if field is not None else None
        self.problems.add(node if node is not None else self.node, what, expected)


@dataclass(frozen=True, slots=True)
class Keys:
    """A mapping with known keys. `some_of`: at least one of these is given; `just_one_of`: exactly one."""

    name: str
    fields: tuple[Field[object], ...]
    some_of: tuple[str, ...] = ()
    just_one_of: tuple[str, ...] = ()
    rules: Schema = field(default_factory=dict)

    def read(self, node: Node, problems: ProblemList) -> Record | None:
        if not isinstance(node, Entries):
            known = ", ".join(field.key for field in self.fields)
            problems.add(node, f"{described(node)} stands here", f"{self.name}: a mapping with the keys {known}")
            return None
        self._report_unknown(node, problems)
        given = {key.text: value for key, value in node.pairs if not (isinstance(value, Scalar) and value.is_null)}
        for known_field in self.fields:
            if known_field.is_required and known_field.key not in given:
                problems.add(node, f"{self.name} has no {known_field.key!r}", known_field.expected)
        self._report_choice(node, given, problems)
        return Record(node, given, problems)

    def _report_unknown(self, node: Entries, problems: ProblemList) -> None:
        known = [field.key for field in self.fields]
        for key, _ in node.pairs:
            if key.text not in known:
                if problems.is_full:
                    return
                name = repr(shortened(revealed(key.text), 60))
                hint = nearest(key.text, known)
                problems.add(key, f"{self.name} has no key {name}{hint}", "one of " + ", ".join(known))

    def _report_choice(self, node: Entries, given: Iterable[str], problems: ProblemList) -> None:
        if self.some_of and not set(self.some_of) & set(given):
            problems.add(node, f"{self.name} has none of {_either(self.some_of)}", "at least one of them")
        if self.just_one_of and len(set(self.just_one_of) & set(given)) != 1:
            problems.add(node, f"{self.name} needs one of {_either(self.just_one_of)}", "exactly one of them")

    def schema(self) -> Schema:
        """A closed object; a key that is empty in the file is there with the value null."""
        required = [field.key for field in self.fields if field.is_required]
        given = [given_schema(key) for key in self.some_of or self.just_one_of]
        choice: Schema = {("anyOf" if self.some_of else "oneOf"): given} if given else {}
        return {
            "type": "object",
            "additionalProperties": False,
            **({"required": required} if required else {}),
            "properties": {field.key: field.schema() for field in self.fields},
            **choice,
            **self.rules,
        }


@dataclass(frozen=True, slots=True)
class ListOf(Generic[ReadT]):
    """A list; bad elements are reported and left out."""

    element: ValueReader[ReadT]
    expected: str = "a list"

    def read(self, node: Node, problems: ProblemList) -> tuple[ReadT, ...] | None:
        if not isinstance(node, Items):
            problems.add(node, f"{described(node)} stands here", f"{self.expected}, as in [a, b]")
            return None
        values = (self.element.read(item, problems) for item in node.nodes if not problems.is_full)
        return tuple(value for value in values if value is not None)

    def schema(self) -> Schema:
        return {"type": "array", "items": self.element.schema()}


@dataclass(frozen=True, slots=True)
class MapOf(Generic[ReadT]):
    """A mapping with keys of the writer's choice."""

    value: ValueReader[ReadT]
    expected: str
    key_pattern: str

    def read(self, node: Node, problems: ProblemList) -> dict[str, ReadT] | None:
        if not isinstance(node, Entries):
            problems.add(node, f"{described(node)} stands here", self.expected)
            return None
        found: dict[str, ReadT] = {}
        for key, value_node in node.pairs:
            if problems.is_full:
                break
            if not re.search(self.key_pattern, key.text) or key.text.endswith("\n"):
                problems.add(key, f"the key {described(key)} does not fit", self.expected)
            value = self.value.read(value_node, problems)
            if value is not None:
                found[key.text] = value
        return found

    def schema(self) -> Schema:
        return {
            "type": "object",
            "propertyNames": {"pattern": self.key_pattern},
            "additionalProperties": self.value.schema(),
        }


def given_schema(key: str, shape: Schema | None = None) -> Schema:
    """What demands that a key is there and not empty, with a value of this shape where one is named."""
    return {"required": [key], "properties": {key: shape or {"not": {"type": "null"}}}}


def _nullable(shape: Schema) -> Schema:
    if "enum" in shape:
        words = shape["enum"]
        assert isinstance(words, list), "an enum is a list"
        return {**shape, "enum": [*words, None]}
    kinds = shape["type"]
    return {**shape, "type": [*kinds, "null"] if isinstance(kinds, list) else [kinds, "null"]}


def _either(keys: tuple[str, ...]) -> str:
    return " and ".join(repr(key) for key in keys)
