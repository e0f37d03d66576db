"""Reading single fields of GitHub's JSON: the right type, or a Malformed that names the field."""

from __future__ import annotations

from datetime import datetime

from reviewbot.domain.text import printable


class Malformed(ValueError):
    """An answer lacks a field, or it has another type than GitHub documents."""


class Fields:
    """One JSON object of an answer."""

    def __init__(self, value: object, name: str = "the answer") -> None:
        if not isinstance(value, dict):
            raise Malformed(f"{name} is {type(value).__name__}, not an object")
        self._value: dict[str, object] = value
        self._name = name

    def text(self, name: str) -> str:
        value = self._value.get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "text")
        return printable(value)

    def text_or(self, name: str, default: str = "") -> str:
        """The text, or the default where it is null or missing."""
        return default if self._value.get(name) is None else self.text(name)

    def maybe_text(self, name: str) -> str | None:
        return None if self._value.get(name) is None else self.text(name)

    def number(self, name: str) -> int:
        value = self._value.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(name, "a number")
        return value

    def maybe_number(self, name: str) -> int | None:
        return None if self._value.get(name) is None else self.number(name)

    def flag(self, name: str) -> bool:
        """The truth value; false where it is null or missing."""
        value = self._value.get(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def seconds(self, name: str) -> float:
        """A moment, as unix seconds."""
        text = self.text(name)
        try:
            return datetime.fromisoformat(text).timestamp()
        except (ValueError, OverflowError) as failure:
            raise self._wrong(name, "a moment") from failure

    def part(self, name: str) -> Fields:
        return Fields(self._value.get(name), name)

    def maybe_part(self, name: str) -> Fields | None:
        return None if self._value.get(name) is None else self.part(name)

    def parts(self, name: str) -> list[Fields]:
        return parts_of(self._value.get(name), name)

    def _wrong(self, name: str, wanted: str) -> Malformed:
        return Malformed(f"{name} of {self._name} is not {wanted}")


def parts_of(value: object, name: str = "the answer") -> list[Fields]:
    """The objects of a JSON list."""
    if not isinstance(value, list):
        raise Malformed(f"{name} is {type(value).__name__}, not a list")
    return [Fields(one, f"an entry of {name}") for one in value]
