"""Pieces of a repository that stand around a change, as values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from enum import StrEnum

from reviewbot.domain.diff import Side

LONGEST_LINE = 240
_ELLIPSIS = "      …"


class PieceKind(StrEnum):
    """What a piece is to the change, most useful first: this is the order in which a budget is spent."""

    NAMED = "code that is named"
    ENCLOSING = "code around the change"
    VANISHED = "code that is no longer there"
    IMPORTS = "imports"
    USES = "uses"
    DEFINITION = "definition"
    MENTIONS = "other places that name"
    BEFORE = "code before the change"

    @property
    def priority(self) -> int:
        return list(PieceKind).index(self)


@dataclass(frozen=True, slots=True)
class ContextPiece:
    """A run of lines; `side` says which version of the file they stand in, RIGHT being the head.

    For uses and mentions `text` lists lines of other files and `path` is the file of the symbol or key.
    """

    kind: PieceKind
    path: str
    first_line: int
    last_line: int
    text: str
    side: Side = Side.RIGHT
    symbol: str = ""

    @property
    def tokens(self) -> int:
        """An estimate: four characters a token, the heading included."""
        return (len(self.text) + len(self.heading)) // 4 + 1

    @property
    def version(self) -> str:
        return "base" if self.side is Side.LEFT else "head"

    @property
    def heading(self) -> str:
        """One line that says what is shown."""
        named = f" {self.symbol}" if self.symbol else ""
        if self.kind in (PieceKind.USES, PieceKind.MENTIONS):
            return f"{self.kind} of{named} ({self.path})" if self.kind is PieceKind.USES else f"{self.kind}{named}"
        return f"{self.path}:{self.first_line}-{self.last_line} ({self.version}) {self.kind}{named}"


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a change, most useful first; `dropped` counts the pieces that did not fit the budget."""

    pieces: tuple[ContextPiece, ...] = ()
    dropped: int = 0


def within_budget(pieces: Iterable[ContextPiece], budget_tokens: int) -> Context:
    """The most useful pieces that fit; code around the change takes at most two thirds while others wait.

    A piece that does not fit is shortened to whole lines and an ellipsis if a fair part of it fits, else dropped.
    """
    ordered = sorted(enumerate(pieces), key=lambda pair: (pair[1].kind.priority, pair[0]))
    left = budget_tokens
    share = budget_tokens * 2 // 3
    kept: list[tuple[int, int, ContextPiece]] = []
    waiting: list[tuple[int, ContextPiece]] = []
    for position, piece in ordered:
        if piece.kind is PieceKind.ENCLOSING and budget_tokens - left + piece.tokens > share:
            waiting.append((position, piece))
        elif piece.tokens <= left:
            kept.append((piece.kind.priority, position, piece))
            left -= piece.tokens
        else:
            waiting.append((position, piece))
    dropped = 0
    for position, piece in waiting:
        fitting = piece if piece.tokens <= left else _shortened(piece, left)
        if fitting is None:
            dropped += 1
        else:
            kept.append((piece.kind.priority, position, fitting))
            left -= fitting.tokens
    kept.sort(key=lambda entry: entry[:2])
    return Context(tuple(piece for _, _, piece in kept), dropped)


def _shortened(piece: ContextPiece, tokens: int) -> ContextPiece | None:
    room = tokens * 4 - len(piece.heading) - 2 * len(_ELLIPSIS)
    if room < min(400, len(piece.text) // 3):
        return None
    lines: list[str] = []
    for line in piece.text.split("\n"):
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    return replace(piece, text="\n".join([*lines, _ELLIPSIS])) if lines else None


def numbered(
    lines: Sequence[str], runs: Iterable[tuple[int, int]], marked: Set[int] = frozenset(), mark: str = "+"
) -> str:
    """Runs of lines with their numbers, an ellipsis between runs; lines of `marked` carry the mark."""
    texts = ["\n".join(_numbered_line(lines, number, marked, mark) for number in range(a, b + 1)) for a, b in runs]
    return f"\n{_ELLIPSIS}\n".join(texts)


def _numbered_line(lines: Sequence[str], number: int, marked: Set[int], mark: str) -> str:
    text = cut(lines[number - 1]) if number <= len(lines) else ""
    return f"{number:>5}{mark if number in marked else ' '} {text}".rstrip()


def cut(text: str) -> str:
    """A line of at most 240 characters, an ellipsis where something was cut."""
    text = text.rstrip("\r\n")
    return text if len(text) <= LONGEST_LINE else text[: LONGEST_LINE - 1] + "…"
