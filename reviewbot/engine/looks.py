"""What a model may look at beyond its prompt: files, words and names of two trees, and nothing else.

Every look is a value in a model's answer; here it becomes text. Nothing is run, written or fetched, and whatever is
asked for, the result is short.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from reviewbot.domain.diff import Side
from reviewbot.domain.text import printable, shortened
from reviewbot.engine.pieces import LONGEST_LINE, numbered
from reviewbot.engine.sources import SourceFile
from reviewbot.engine.syntax import parse_source
from reviewbot.ports import Snapshot

MAX_LOOKS_AT_ONCE = 4
_MOST_LINES = 120
_MOST_HITS = 30
_MOST_PATHS = 60
_MOST_SEARCHED = 200
_LONGEST_TEXT = 200


class Tool(StrEnum):
    """The ways of looking: `definition` and `callers` take a name, `grep` a word, `list` a folder."""

    READ_FILE = "read_file"
    GREP = "grep"
    LIST = "list"
    DEFINITION = "definition"
    CALLERS = "callers"


@dataclass(frozen=True, slots=True)
class Look:
    """One wish to see something. Lines count from 1; `side` LEFT is the tree before the change."""

    tool: Tool
    path: str = ""
    text: str = ""
    first_line: int = 1
    last_line: int = _MOST_LINES
    side: Side = Side.RIGHT

    @property
    def words(self) -> str:
        """The wish in one line, as a heading of its answer."""
        tree = " before the change" if self.side is Side.LEFT else ""
        match self.tool:
            case Tool.READ_FILE:
                return f"read_file {printable(self.path)}, lines {self.first_line} to {self.last_line}{tree}"
            case Tool.LIST:
                return f"list {printable(self.path) or '/'}{tree}"
            case _:
                below = f" in {printable(self.path)}" if self.path else ""
                return f"{self.tool} {printable(self.text)}{below}{tree}"


LOOK_SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "tool": {"type": "string", "enum": [tool.value for tool in Tool]},
            "path": {
                "type": "string",
                "description": "a file, or a folder to stay in; may be empty for all but read_file",
            },
            "text": {"type": "string", "description": "the word or name; empty for read_file and list"},
            "first_line": {"type": "integer"},
            "last_line": {"type": "integer"},
            "side": {"type": "string", "enum": [side.value for side in Side]},
        },
        "required": ["tool", "path", "text", "first_line", "last_line", "side"],
        "additionalProperties": False,
    },
}


def read_looks(rows: object) -> tuple[Look, ...]:
    """The looks of an answer; what is no look is left out, for nothing is lost but a look."""
    if not isinstance(rows, list):
        return ()
    looks = [look for row in rows[:MAX_LOOKS_AT_ONCE] if (look := _look(row)) is not None]
    return tuple(dict.fromkeys(looks))


def _look(row: object) -> Look | None:
    if not isinstance(row, dict):
        return None
    try:
        tool = Tool(str(row.get("tool")).lower())
    except ValueError:
        return None
    path, text = (" ".join(str(row.get(key) or "").split()) for key in ("path", "text"))
    if not (path if tool is Tool.READ_FILE else text or tool is Tool.LIST):
        return None
    first = max(1, _whole(row.get("first_line"), 1))
    last = _whole(row.get("last_line"), first + _MOST_LINES - 1)
    last = min(max(first, last), first + _MOST_LINES - 1)
    side = Side.LEFT if str(row.get("side")).upper() == "LEFT" else Side.RIGHT
    return Look(tool, _clean(path), text[:_LONGEST_TEXT], first, last, side)


def _whole(value: object, otherwise: int) -> int:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**31
    return int(value) if is_number else otherwise  # type: ignore[call-overload]


def _clean(path: str) -> str:
    """As paths stand in a tree; one that leads out of it names nothing there."""
    return "" if path in (".", "/", "./") else path.removeprefix("./").strip("/")


@dataclass(frozen=True)
class Window:
    """The two trees of a change, seen through looks."""

    head: Snapshot
    base: Snapshot

    def see(self, look: Look) -> str:
        """What is there to see, at most some thousand characters; a sentence where there is nothing."""
        tree = self.base if look.side is Side.LEFT else self.head
        match look.tool:
            case Tool.READ_FILE:
                return _read(tree, look)
            case Tool.LIST:
                return _listed(tree, look.path)
            case Tool.GREP:
                return _hits(tree, look, look.text, frozenset())
            case Tool.CALLERS:
                name = _word(look.text)
                defined = frozenset((path, first) for path, first, _ in definitions_of(name, tree, look.path))
                return _hits(tree, look, name, defined)
            case Tool.DEFINITION:
                return _defined(tree, look)


def _read(tree: Snapshot, look: Look) -> str:
    source = tree.read_file(look.path)
    if source is None:
        near = [path for path in tree.list_files() if PurePosixPath(path).name == PurePosixPath(look.path).name]
        hint = f" Files of that name: {', '.join(near[:8])}." if near else ""
        return f"There is no such file.{hint}"
    if b"\0" in source[:8_000]:
        return "This is not a text file."
    lines = SourceFile(look.path, source).lines
    if look.first_line > len(lines):
        return f"The file has {len(lines)} lines."
    last = min(look.last_line, len(lines))
    more = f"\n(the file has {len(lines)} lines)" if last < len(lines) or look.first_line > 1 else ""
    return numbered(lines, [(look.first_line, last)]) + more


def _listed(tree: Snapshot, folder: str) -> str:
    prefix = f"{folder}/" if folder else ""
    below = [path.removeprefix(prefix) for path in tree.list_files() if path.startswith(prefix)]
    entries = sorted({path.partition("/")[0] + ("/" if "/" in path else "") for path in below})
    if not entries:
        return "There is no such folder."
    more = f"\n… and {len(entries) - _MOST_PATHS} more" if len(entries) > _MOST_PATHS else ""
    return "\n".join(map(printable, entries[:_MOST_PATHS])) + more


def _hits(tree: Snapshot, look: Look, word: str, left_out: frozenset[tuple[str, int]]) -> str:
    found = [
        hit
        for hit in tree.grep([word], _MOST_SEARCHED)
        if _is_below(hit.path, look.path) and (hit.path, hit.line) not in left_out
    ]
    if not found:
        return "Nothing was found. The search is for whole words, as they are written."
    lines = [
        f"{printable(hit.path)}:{hit.line}: {shortened(printable(hit.text.strip()), LONGEST_LINE)}" for hit in found
    ]
    more = f"\n… and {len(found) - _MOST_HITS} more" if len(found) > _MOST_HITS else ""
    return "\n".join(lines[:_MOST_HITS]) + more


def _defined(tree: Snapshot, look: Look) -> str:
    texts = []
    for path, first, last in definitions_of(_word(look.text), tree, look.path)[:2]:
        source = tree.read_file(path)
        if source is not None:
            lines = SourceFile(path, source).lines
            texts.append(f"{printable(path)}\n{numbered(lines, [(first, min(last, first + _MOST_LINES // 2 - 1))])}")
    return "\n".join(texts) if texts else "No definition was found; a grep for the name may show more."


def definitions_of(name: str, tree: Snapshot, below: str = "") -> list[tuple[str, int, int]]:
    """Path, first and last line of what bears the name, in the files of a folder that mention it."""
    paths = dict.fromkeys(hit.path for hit in tree.grep([name], _MOST_SEARCHED) if _is_below(hit.path, below))
    places: list[tuple[str, int, int]] = []
    for path in list(paths)[:40]:
        source = tree.read_file(path)
        parsed = parse_source(path, source) if source is not None else None
        if parsed is not None:
            places += [(path, one.first_line, one.last_line) for one in parsed.definitions() if one.word == name]
    return places


def _word(text: str) -> str:
    """The last part of a qualified name, without the call behind it: what stands in a file as one word."""
    name = re.sub(r"::|#|->", ".", text.partition("(")[0])
    return name.rpartition(".")[2].strip() or text


def _is_below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def shown(looks: Sequence[Look], window: Window) -> str:
    """All that some looks show, each under its heading."""
    return "\n".join(f"--- {look.words}\n{window.see(look)}" for look in looks)
