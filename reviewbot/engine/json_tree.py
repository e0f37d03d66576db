"""JSON written by others, read value by value; what does not fit is named by its place in the document."""

from __future__ import annotations

import json
from dataclasses import dataclass

from reviewbot.domain.text import shortened
from reviewbot.errors import InputError

_LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its place (`findings[3].title`); an absent value and null are the same, `is_absent`."""

    value: object
    where: str

    @property
    def is_absent(self) -> bool:
        return self.value is None

    def at(self, key: str) -> Node:
        """The value under a key; absent where this one is absent itself."""
        place = f"{self.where}.{key}" if self.where else key
        if self.value is None:
            return Node(None, place)
        if not isinstance(self.value, dict):
            raise self.refusal("an object")
        return Node(self.value.get(key), place)

    def rows(self) -> list[Node]:
        """The members of a list, none where it is absent."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            raise self.refusal("a list")
        return [Node(row, f"{self.where}[{index}]") for index, row in enumerate(self.value)]

    def row(self, index: int) -> Node:
        """A member of a list; absent where the list has no such member."""
        rows = self.rows()
        return rows[index] if 0 <= index < len(rows) else Node(None, f"{self.where}[{index}]")

    def text(self) -> str:
        """Text fit to store, "" where it is absent."""
        if self.value is None:
            return ""
        if not isinstance(self.value, str):
            raise self.refusal("text")
        return storable(self.value)

    def whole_number(self, default: int, least: int = 1) -> int:
        if self.value is None:
            return default
        number = self.value
        if isinstance(number, float) and number.is_integer():
            number = int(number)
        if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= _LARGEST_NUMBER:
            raise self.refusal(f"a whole number from {least}")
        return number

    def refusal(self, expected: str) -> InputError:
        """The error for a value of the wrong kind."""
        found = "is missing" if self.value is None else f"is {_excerpt(self.value)}"
        return InputError(f"{self.where or 'the document'} {found}; expected {expected}")


def parsed_json(raw: bytes) -> Node:
    """The root of a JSON document; raises InputError for anything else, NaN and endless nesting included."""
    try:
        return Node(json.loads(raw, parse_constant=_refuse_constant), "")
    except RecursionError:
        raise InputError("the output is nested too deeply; expected a JSON object") from None
    except ValueError as error:
        start = shortened(storable(raw[:200].decode("utf-8", "replace")), 60)
        raise InputError(f"the output is not JSON ({shortened(str(error), 120)}); it begins {start!r}") from None


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def storable(text: str) -> str:
    """The text with what no database takes (lone surrogates of any kind, NUL) as U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")


def _excerpt(value: object) -> str:
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return shortened(repr(storable(value)), 60)
        case _:
            return shortened(json.dumps(value), 60)
