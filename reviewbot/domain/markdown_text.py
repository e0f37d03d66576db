"""Text of unknown origin in GitHub Markdown: shown as it is, and without any power (FAULTS.md S16, S17)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reviewbot.domain.text import revealed

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$:/&^=])")
# GitHub looks for these in the text that it has already rendered, where no backslash is left
_REFERENCE = re.compile(r"(@|#|\bGH-|\bGH\\-)(?=\w)", re.IGNORECASE)
_NUMBERED_REFERENCE = re.compile(r"(&#64;|&#35;|\bGH&#45;)(?=\w)", re.IGNORECASE)
_BREAK = "\u200b"
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_BACKTICKS = re.compile(r"`+")
# also in a code span a bar would end the cell
_BAR = re.compile(r"(?<!\\)\|")
_ESCAPED_BAR = r"\\|"


def plain(text: str) -> str:
    """The text on one line: no formatting, HTML, link, image, reference to an issue or mention comes of it."""
    line = " ".join(revealed(text).split())
    return _REFERENCE.sub(rf"\1{_BREAK}", _SPECIAL.sub(r"\\\1", line))


def html_plain(text: str) -> str:
    """The same for a line that is HTML already, such as a `<summary>`: there a backslash would protect nothing."""
    line = " ".join(revealed(text).split())
    numbered = _PUNCTUATION.sub(lambda mark: f"&#{ord(mark[0])};", line)
    return _NUMBERED_REFERENCE.sub(rf"\1{_BREAK}", numbered)


def code(text: str) -> str:
    """The text on one line as a code span that it cannot leave."""
    line = " ".join(revealed(text).split()) or " "
    fence = "`" * (_longest_run(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def code_block(lines: Sequence[str], language: str = "") -> list[str]:
    """Lines as a block that they cannot leave."""
    shown = [revealed(line.rstrip("\r")) for line in lines]
    fence = "`" * max(3, _longest_run("\n".join(shown)) + 1)
    return [f"{fence}{language}", *(part for line in shown for part in line.split("\n")), fence]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table of cells that are Markdown already; the first column is text, the others are figures."""
    align = ["---", *("---:" for _ in header[1:])]
    return [f"| {' | '.join(_BAR.sub(_ESCAPED_BAR, cell) for cell in row)} |" for row in (header, align, *rows)]


def _longest_run(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)
