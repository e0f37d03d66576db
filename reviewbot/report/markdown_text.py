"""Text of unknown origin in GitHub Markdown: shown as it is, and without any power (FAULTS.md S16, S17)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reviewbot.domain.text import revealed

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$:/&^=])")
_MENTION = re.compile(r"@(?=\w)")
_BACKTICKS = re.compile(r"`+")
# also in a code span a bar would end the cell
_BAR = re.compile(r"(?<!\\)\|")
_ESCAPED_BAR = r"\\|"


def plain(text: str) -> str:
    """The text on one line: no formatting, HTML, link, image, reference to an issue or mention comes of it."""
    line = " ".join(revealed(text).split())
    escaped = _SPECIAL.sub(r"\\\1", line)
    return _MENTION.sub("@\u200b", escaped)


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
