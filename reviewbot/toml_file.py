"""Flat TOML files whose every key is known, with the line on which each key stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from reviewbot.errors import FileProblems, InputError, Problem

_MAX_BYTES = 100_000
_MAX_STATEMENT_LINES = 200

TomlValue = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A value, numbers as they were written, and the line (counted from 1) on which its key stands."""

    value: TomlValue
    line: int


def toml_values(file: Path, shown_name: str, known: Sequence[str]) -> dict[str, Entry]:
    """The values by key, {} for a missing file; raises FileProblems for unknown keys and values of other kinds."""
    if not file.is_file():
        return {}
    text = small_text(file, "settings file")
    parsed = _parsed(text, shown_name)
    lines = key_lines(text)
    problems: list[Problem] = []
    entries: dict[str, Entry] = {}
    for key, value in parsed.items():
        line = lines.get(key, 1)
        plain = _plain(value)
        if key not in known:
            problems.append(Problem(shown_name, line, 1, f"unknown key {key!r}", _suggestion(key, known)))
        elif plain is None:
            problems.append(
                Problem(shown_name, line, 1, f"{key} is {_kind(value)}", "text, a number or a list of text")
            )
        else:
            entries[key] = Entry(plain, line)
    if problems:
        raise FileProblems(shown_name, problems)
    return entries


def small_text(file: Path, purpose: str) -> str:
    """The text of a file of settings; raises InputError, which begins with the purpose, for any other."""
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise InputError(f"{purpose} {file} is larger than {_MAX_BYTES} bytes")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{purpose} {file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{purpose} {file} is not UTF-8 text (byte {error.start})") from None


def _parsed(text: str, shown_name: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        words = str(error)
    place = re.search(r" \(at line (\d+), column (\d+)\)$", words)
    line, column = (int(place[1]), int(place[2])) if place else (text.count("\n") + 1, 1)
    what = re.sub(r" \(at .*\)$", "", words)
    raise FileProblems(shown_name, [Problem(shown_name, line, column, f"not TOML: {what}", "lines like key = value")])


def key_lines(text: str) -> dict[str, int]:
    """The line of each top-level key of a valid TOML text.

    tomllib keeps no positions; but a statement is the shortest run of lines that parses by itself.
    """
    found: dict[str, int] = {}
    statement: list[str] = []
    in_table = False
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        statement.append(line)
        try:
            keys = tomllib.loads("".join(statement))
        except tomllib.TOMLDecodeError:
            # Each line costs another parse of the statement: the keys after a huge one go without their line.
            if len(statement) > _MAX_STATEMENT_LINES:
                break
            continue
        is_header = statement[0].lstrip().startswith("[")
        in_table = in_table or is_header
        if is_header or not in_table:
            for key in keys:
                found.setdefault(key, number - len(statement) + 1)
        statement = []
    return found


def _plain(value: object) -> TomlValue | None:
    match value:
        case bool():
            return None
        case str():
            return value.strip()
        case int() | float():
            return str(value)
        case list() if all(isinstance(part, str) for part in value):
            return tuple(value)
        case _:
            return None


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case dict():
            return "a table"
        case list():
            return "a list"
        case _:
            return f"{value}"


def _suggestion(key: str, known: Sequence[str]) -> str:
    near = get_close_matches(key.lower().removeprefix("reviewbot_"), known, n=1)
    return near[0] if near else "one of " + ", ".join(known)
