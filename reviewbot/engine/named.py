"""The code that a text names: what its reader would open to see whether it is right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from reviewbot.engine.looks import definitions_of
from reviewbot.engine.pieces import Context, ContextPiece, PieceKind, numbered, within_budget
from reviewbot.engine.sources import SourceFile, Sources
from reviewbot.ports import Snapshot

_MOST_NAMES = 8
_MOST_PLACES_OF_A_NAME = 2
_LONGEST_DEFINITION = 40
_LINES_AROUND = 12

_NAME = re.compile(r"(?<![\w/])[A-Za-z_]\w*(?:(?:\.|::|->|#)[A-Za-z_]\w*)*(?P<call>\()?")
_QUOTED = re.compile(r"`([^`\n]{2,120})`")
_PLACE = re.compile(r"(?<![\w./-])(?P<path>[\w.-]*(?:/[\w.-]+)*\.[A-Za-z]\w{0,9})(?::(?P<line>\d{1,6}))?")


def named_code(text: str, shown: str, trees: Sequence[Snapshot], limit_tokens: int) -> Context:
    """The definitions and places that a text names, in its order, without what is `shown` anyway.

    A name is what looks like one of code: quoted in backquotes, called, qualified, or with an underline or an inner
    capital. Each is looked for in the trees one after the other, until one has it. The same arguments give the same.
    """
    pieces = dict.fromkeys(piece for piece in _pieces(text, trees) if not _is_shown(piece, shown))
    return within_budget(pieces, limit_tokens)


def _pieces(text: str, trees: Sequence[Snapshot]) -> Iterator[ContextPiece]:
    for path, line in _places(text):
        yield from _around(path, line, trees[0])
    for name in _names(text)[:_MOST_NAMES]:
        for tree in trees:
            found = list(_definitions(name, tree))
            yield from found
            if found:
                break


def _names(text: str) -> list[str]:
    """The last parts of the names of code in a text, each once, in the order of their first appearance."""
    quoted = {match for span in _QUOTED.findall(text) for match in _words(span)}
    found = [
        match[0].removesuffix("(")
        for match in _NAME.finditer(text)
        if match["call"] or _looks_like_code(match[0]) or match[0] in quoted
    ]
    return list(dict.fromkeys(word for name in found if len(word := re.split(r"\.|::|->|#", name)[-1]) > 2))


def _words(span: str) -> list[str]:
    return [match[0].removesuffix("(") for match in _NAME.finditer(span)]


def _looks_like_code(word: str) -> bool:
    inner_capital = re.search(r"[a-z0-9][A-Z]", word)
    return "_" in word.strip("_") or inner_capital is not None or re.search(r"\w(?:\.|::|->|#)\w{3}", word) is not None


def _places(text: str) -> list[tuple[str, int]]:
    return [(match["path"].removeprefix("./"), int(match["line"])) for match in _PLACE.finditer(text) if match["line"]]


def _around(path: str, line: int, tree: Snapshot) -> Iterator[ContextPiece]:
    source = tree.read_file(path)
    lines = SourceFile(path, source).lines if source is not None and b"\0" not in source[:8_000] else []
    if 1 <= line <= len(lines):
        first, last = max(1, line - _LINES_AROUND), min(len(lines), line + _LINES_AROUND)
        yield ContextPiece(PieceKind.NAMED, path, first, last, numbered(lines, [(first, last)]))


def _definitions(name: str, tree: Snapshot) -> Iterator[ContextPiece]:
    sources = Sources(tree)
    for path, first, last in definitions_of(name, tree)[:_MOST_PLACES_OF_A_NAME]:
        file = sources.file(path)
        if file is not None:
            last = min(last, first + _LONGEST_DEFINITION - 1)
            text = numbered(file.lines, [(first, last)])
            yield ContextPiece(PieceKind.DEFINITION, path, first, last, text, symbol=name)


def _is_shown(piece: ContextPiece, shown: str) -> bool:
    """Whether all its lines stand in the material already, numbers and signs aside."""
    lines = [line[6:].strip() for line in piece.text.split("\n")]
    return all(line in shown for line in lines if line)
