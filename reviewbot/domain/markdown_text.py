"""Text of unknown origin in GitHub Markdown: shown as it is, and without any power (FAULTS.md S16, S17)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reviewbot.domain.text import revealed

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$:/&^=])")
# GitHub looks for these in the text that it has already rendered, where no backslash is left:
# mentions, issues, addresses, and emoji, of which some are images
_REFERENCE = re.compile(r"@(?=\w)|#(?=\w)|\bGH-(?=\w)|:(?=//)|\bwww(?=\.)|:(?=[\w+-]{1,60}(?::|\Z))", re.IGNORECASE)
_BREAK = "\u200b"
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_BACKTICKS = re.compile(r"`+")
_BLANK_LINES = re.compile(r"\n[ \t]*(?=\n)")
_QUOTED_CODE = re.compile(r"(?<![`$\\])`([^`]{1,200})`(?![`$])")
# also in a code span a bar would end the cell
_BAR = re.compile(r"(?<!\\)\|")
_ESCAPED_BAR = r"\\|"


def bare(text: str) -> str:
    """The text on one line for a place that shows it as written, such as a title: no reference or link comes of it."""
    return _REFERENCE.sub(rf"\g<0>{_BREAK}", " ".join(revealed(text).split()))


def plain(text: str) -> str:
    """The text on one line: no formatting, HTML, link, image, reference to an issue or mention comes of it."""
    return _SPECIAL.sub(r"\\\1", bare(text))


def html_plain(text: str) -> str:
    """The same for a line that is HTML already, such as a `<summary>`: there a backslash would protect nothing."""
    return _PUNCTUATION.sub(lambda mark: f"&#{ord(mark[0])};", bare(text))


def prose(text: str) -> str:
    """The same with its paragraphs, and with what stands in backticks as code.

    Every paragraph begins with a zero-width space: other bots obey commands that stand at the start of a line.
    """
    parts = _BLANK_LINES.split(text.replace("\r\n", "\n"))
    return "\n\n".join(_BREAK + prose_line(part) for part in parts if part.strip())


def prose_line(text: str) -> str:
    """The text on one line, with what stands in backticks as code."""
    line = " ".join(revealed(text).split())
    pieces = _QUOTED_CODE.split(line)
    return "".join(code(piece) if at % 2 else _plain_piece(piece) for at, piece in enumerate(pieces))


def _plain_piece(piece: str) -> str:
    return _SPECIAL.sub(r"\\\1", _REFERENCE.sub(rf"\g<0>{_BREAK}", piece))


def code(text: str) -> str:
    """The text on one line as a code span that it cannot leave."""
    line = " ".join(revealed(text).split()) or " "
    fence = "`" * (_longest_run(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def code_block(lines: Sequence[str], language: str = "") -> list[str]:
    """Lines as a block that they cannot leave; a carriage return inside one, which would end it, is made visible."""
    shown = [revealed(line.replace("\r\n", "\n").rstrip("\r")).replace("\r", "<U+000D>") for line in lines]
    fence = "`" * max(3, _longest_run("\n".join(shown)) + 1)
    return [f"{fence}{language}", *(part for line in shown for part in line.split("\n")), fence]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table of cells that are Markdown already; the first column is text, the others are figures."""
    align = ["---", *("---:" for _ in header[1:])]
    return [f"| {' | '.join(_BAR.sub(_ESCAPED_BAR, cell) for cell in row)} |" for row in (header, align, *rows)]


def _longest_run(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)
