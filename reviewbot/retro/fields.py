"""Typed readers of single YAML values, each of which also knows its JSON Schema.

A reader reports what is wrong with line and column and goes on, so that a person sees every problem at once. Check and
schema come out of the same object: they cannot drift apart.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeAlias, TypeVar

from reviewbot.domain.repository import RepoName
from reviewbot.domain.text import revealed, shortened
from reviewbot.errors import Problem
from reviewbot.yaml_document import Items, Node, Scalar

Schema: TypeAlias = Mapping[str, object]
ReadT_co = TypeVar("ReadT_co", covariant=True)
EnumT = TypeVar("EnumT", bound=StrEnum)

MAX_PROBLEMS = 1_000
MAX_TEXT_CHARACTERS = 100_000

_NUMBER = re.compile(r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|0x[0-9a-fA-F_]+|0[ob][0-7_]+")
_TIMESTAMP_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2}))?$"
)
_SHA_PATTERN = "^([0-9a-fA-F]{7,40}|[0-9a-fA-F]{64})$"
# As `RepoName.parse` has it: `.github` is an ordinary name, `.` and `..` are none.
_REPO_PATTERN = "^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}/(?![.]{1,2}$)[A-Za-z0-9._-]{1,100}$"


class ProblemList:
    """Collects what is wrong with one file; the same problem, found by two doors, counts once."""

    def __init__(self, file: str, found: Iterable[Problem] = ()) -> None:
        self.file = file
        self._found = dict.fromkeys(found)

    def add(self, node: Node, what: str, expected: str = "") -> None:
        if not self.is_full:
            self._found[Problem(self.file, node.line, node.column, what, expected)] = None

    @property
    def is_full(self) -> bool:
        """Whether there is no sense in looking for more."""
        return len(self._found) >= MAX_PROBLEMS

    @property
    def sorted(self) -> list[Problem]:
        return sorted(self._found, key=lambda problem: (problem.line, problem.column))


class ValueReader(Protocol[ReadT_co]):
    """Reads a value that is there: the value, or None after its problem was reported."""

    def read(self, node: Node, problems: ProblemList) -> ReadT_co | None: ...

    def schema(self) -> Schema: ...


def described(node: Node) -> str:
    """What stands at a node, for a message."""
    if isinstance(node, Scalar):
        return "nothing" if node.is_null else repr(shortened(revealed(node.text), 60))
    return "a list" if isinstance(node, Items) else "a mapping"


def nearest(word: str, known: Iterable[str]) -> str:
    """` (did you mean ...?)`, or nothing where no known word is near."""
    found = difflib.get_close_matches(
        word[:60].lower().replace("-", "_"), {name.replace("-", "_"): 0 for name in known}, 1
    )
    names = [name for name in known if found and name.replace("-", "_") == found[0]]
    return f" (did you mean {names[0]!r}?)" if names else ""


def reads_as_number(node: Scalar) -> bool:
    """Whether some YAML reader takes an unquoted scalar for a number; versions 1.1 and 1.2 differ, either counts."""
    return node.is_plain and _NUMBER.fullmatch(node.text) is not None


@dataclass(frozen=True, slots=True)
class Text:
    """Text as written; a plain `404` or `no` is these characters and never a number or a truth value."""

    expected: str = "text"
    pattern: str = ""
    max_characters: int = MAX_TEXT_CHARACTERS

    def read(self, node: Node, problems: ProblemList) -> str | None:
        if not isinstance(node, Scalar) or node.is_null:
            problems.add(node, f"{described(node)} stands here", self.expected)
        elif len(node.text) > self.max_characters:
            problems.add(node, f"the text has {len(node.text)} characters", f"at most {self.max_characters}")
        elif self.pattern and not _matches(self.pattern, node.text):
            problems.add(node, f"{described(node)} does not fit", self.expected)
        else:
            return node.text
        return None

    def schema(self) -> Schema:
        pattern = {"pattern": self.pattern} if self.pattern else {}
        return {"type": ["string", "number", "boolean"], "maxLength": self.max_characters, **pattern}


@dataclass(frozen=True, slots=True)
class QuotedText:
    """Text of a strict form that YAML must not take for a number: `1.0`, `1234567` and `12e4567` need quotes."""

    name: str
    expected: str
    pattern: str

    def read(self, node: Node, problems: ProblemList) -> str | None:
        if isinstance(node, Scalar) and reads_as_number(node):
            problems.add(node, f"{described(node)} is a number in YAML: put the {self.name} in quotes", self.expected)
        elif not isinstance(node, Scalar) or not _matches(self.pattern, node.text):
            problems.add(node, f"{described(node)} is not a {self.name}", self.expected)
        else:
            return node.text
        return None

    def schema(self) -> Schema:
        return {"type": "string", "pattern": self.pattern}


SHA = QuotedText("sha", "a commit sha of 7 to 40 hex digits (or 64), in quotes", _SHA_PATTERN)


@dataclass(frozen=True, slots=True)
class CommitSha:
    """A commit as written, perhaps abbreviated, in lower case."""

    def read(self, node: Node, problems: ProblemList) -> str | None:
        text = SHA.read(node, problems)
        return None if text is None else text.lower()

    def schema(self) -> Schema:
        return SHA.schema()


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number in decimal digits without quotes."""

    least: int = 0
    most: int = 999_999_999

    def read(self, node: Node, problems: ProblemList) -> int | None:
        expected = f"a whole number from {self.least} to {self.most}"
        text = node.text if isinstance(node, Scalar) else ""
        is_decimal = re.fullmatch("0|[1-9][0-9]{0,17}", text) is not None
        if isinstance(node, Scalar) and is_decimal and not node.is_plain:
            problems.add(node, f"{described(node)} is text: write it without quotes", expected)
        elif not is_decimal or not self.least <= int(text) <= self.most:
            problems.add(node, f"{described(node)} does not fit", expected)
        else:
            return int(text)
        return None

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A moment in UTC. A time needs its offset; a date alone is its midnight in UTC."""

    def read(self, node: Node, problems: ProblemList) -> datetime | None:
        expected = "2026-03-04T14:02:00Z, with an offset or Z, or a date alone (midnight UTC)"
        text = node.text if isinstance(node, Scalar) else ""
        if not _matches(_TIMESTAMP_PATTERN, text):
            problems.add(node, f"{described(node)} is not a timestamp", expected)
            return None
        try:
            moment = datetime.fromisoformat(text.upper())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            problems.add(node, f"{described(node)} is not a timestamp: {error}", expected)
            return None

    def schema(self) -> Schema:
        return {"type": "string", "pattern": _TIMESTAMP_PATTERN}


@dataclass(frozen=True, slots=True)
class OneOf(Generic[EnumT]):
    """One word of a closed list."""

    words: type[EnumT]

    def read(self, node: Node, problems: ProblemList) -> EnumT | None:
        known = [word.value for word in self.words]
        if isinstance(node, Scalar) and node.text in known:
            return self.words(node.text)
        hint = nearest(node.text, known) if isinstance(node, Scalar) else ""
        problems.add(node, f"{described(node)} is not known here{hint}", "one of " + ", ".join(known))
        return None

    def schema(self) -> Schema:
        return {"enum": [word.value for word in self.words]}


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as GitHub names it."""

    def read(self, node: Node, problems: ProblemList) -> RepoName | None:
        text = node.text if isinstance(node, Scalar) else ""
        if _matches(_REPO_PATTERN, text):
            return RepoName.parse(text)
        problems.add(node, f"{described(node)} is not the name of a repository", "owner/name")
        return None

    def schema(self) -> Schema:
        return {"type": "string", "pattern": _REPO_PATTERN}


def _matches(pattern: str, text: str) -> bool:
    # `$` alone would let a line feed at the end pass.
    return not text.endswith("\n") and re.search(pattern, text) is not None
