"""The code around changed lines: the functions they stand in, before and after, and the file's imports."""

from __future__ import annotations

from collections.abc import Iterable, Set

from reviewbot.domain.diff import Side
from reviewbot.engine.file_kinds import is_test
from reviewbot.engine.pieces import ContextPiece, PieceKind, numbered
from reviewbot.engine.sources import ChangedFile, SourceFile
from reviewbot.engine.symbols import Symbol
from reviewbot.engine.syntax import line_runs

_LONGEST_FUNCTION = 120
_LONGEST_TYPE = 40
_WINDOW_IN_FUNCTION = 20
_WINDOW_BEFORE = 10
_WINDOW_AT_TOP = 8
_WINDOW_IN_TEXT = 20
_LONGEST_SIGNATURE = 12
_LONGEST_IMPORTS = 60


def surrounding_pieces(file: ChangedFile) -> list[ContextPiece]:
    """The code around the changes of one file; lines that the hunks show completely are left out."""
    return [*_head_pieces(file), *_base_pieces(file), *_import_pieces(file)]


def outer_symbol(source: SourceFile, line: int) -> Symbol | None:
    """The function or type a line stands in; for a short nested function the one around it."""
    inner = source.tree.enclosing(line) if source.tree is not None else None
    if inner is None or not inner.is_function:
        return inner
    for symbol in source.definitions:
        if symbol.is_function and symbol.contains(line) and _length(symbol) <= _LONGEST_FUNCTION:
            return symbol
    return inner


def _head_pieces(file: ChangedFile) -> list[ContextPiece]:
    source = file.head
    if source is None:
        return []
    changed = file.added | file.gaps
    groups = _by_symbol(source, changed)
    pieces = []
    for symbol, lines in groups.items():
        wanted = _wanted_lines(source, symbol, lines, _WINDOW_IN_FUNCTION)
        pieces += _pieces(PieceKind.ENCLOSING, source, symbol, wanted, file.shown_head, file.added)
    return sorted(pieces, key=lambda piece: piece.first_line)


def _base_pieces(file: ChangedFile) -> list[ContextPiece]:
    """The old version of functions that lost lines; at the top level of a file, and of tests, the hunk says it all."""
    source = file.base
    if source is None or not file.removed or is_test(file.path) or source.tree is None:
        return []
    still_there = {symbol.name for symbol in file.head.definitions} if file.head is not None else set()
    pieces = []
    for symbol, lines in _by_symbol(source, file.removed).items():
        if symbol is not None:
            kind = PieceKind.BEFORE if symbol.name in still_there else PieceKind.VANISHED
            vanished = kind is PieceKind.VANISHED
            wanted = _wanted_lines(source, symbol, lines, _WINDOW_IN_FUNCTION if vanished else _WINDOW_BEFORE)
            pieces += _pieces(kind, source, symbol, wanted, file.shown_base, file.removed)
    return sorted(pieces, key=lambda piece: piece.first_line)


def _import_pieces(file: ChangedFile) -> list[ContextPiece]:
    source = file.head
    if source is None or source.tree is None or not file.added or is_test(file.path):
        return []
    lines = [line for first, last in source.tree.imports() for line in range(first, last + 1)]
    runs = line_runs(lines[:_LONGEST_IMPORTS])
    if not runs or file.shown_head.issuperset(lines):
        return []
    text = numbered(source.lines, runs)
    return [ContextPiece(PieceKind.IMPORTS, file.path, runs[0][0], runs[-1][1], text)]


def _by_symbol(source: SourceFile, lines: Iterable[int]) -> dict[Symbol | None, list[int]]:
    groups: dict[Symbol | None, list[int]] = {}
    for line in sorted(lines):
        groups.setdefault(outer_symbol(source, line), []).append(line)
    return groups


def _wanted_lines(source: SourceFile, symbol: Symbol | None, lines: list[int], window: int) -> set[int]:
    last_line = len(source.lines)
    if symbol is None:
        window = _WINDOW_AT_TOP if source.tree is not None else _WINDOW_IN_TEXT
        return {near for line in lines for near in range(max(1, line - window), min(last_line, line + window) + 1)}
    longest = _LONGEST_FUNCTION if symbol.is_function else _LONGEST_TYPE
    if _length(symbol) <= longest and window != _WINDOW_BEFORE:
        return set(range(symbol.first_line, min(last_line, symbol.last_line) + 1))
    window = window if symbol.is_function else min(window, _WINDOW_AT_TOP)
    signature_last = min(symbol.signature_last_line, symbol.first_line + _LONGEST_SIGNATURE)
    wanted = set(range(symbol.first_line, signature_last + 1))
    for line in lines:
        wanted.update(range(max(symbol.first_line, line - window), min(symbol.last_line, line + window) + 1))
    return {line for line in wanted if line <= last_line}


def _pieces(
    kind: PieceKind, source: SourceFile, symbol: Symbol | None, wanted: set[int], shown: Set[int], marked: Set[int]
) -> list[ContextPiece]:
    """One piece for a symbol, one for each run of lines outside of any."""
    side = Side.RIGHT if kind is PieceKind.ENCLOSING else Side.LEFT
    mark = "+" if side is Side.RIGHT else "-"
    runs = line_runs(wanted)
    pieces = []
    for group in [runs] if symbol is not None else [[run] for run in runs]:
        lines = {line for first, last in group for line in range(first, last + 1)}
        if any(source.lines[line - 1].strip() for line in lines - shown):
            text = numbered(source.lines, group, marked, mark)
            name = symbol.name if symbol is not None else ""
            pieces.append(ContextPiece(kind, source.path, group[0][0], group[-1][1], text, side, name))
    return pieces


def _length(symbol: Symbol) -> int:
    return symbol.last_line - symbol.first_line + 1
