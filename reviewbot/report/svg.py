"""The marks that all charts are drawn with; widths in per cent, heights in pixels."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from reviewbot.domain.text import revealed

_LEFT, _WIDTH = 1.5, 97.0
ARM_SHAPES = ("M-6 0A6 6 0 1 0 6 0A6 6 0 1 0 -6 0Z", "M0 -7L7 0L0 7L-7 0Z", "M-5 -5H5V5H-5Z", "M0 -7L7 6H-7Z")


def svg(title: str, description: str, height: int, rows: Iterable[str]) -> str:
    """A whole chart; the description says in words what it shows."""
    return (
        f'<svg class="chart" role="img" width="100%" height="{max(height, 1)}">'
        f"<title>{escaped(title)}</title><desc>{escaped(description)}</desc>{''.join(rows)}</svg>"
    )


def text(x: str, y: int, words: str, classes: str = "") -> str:
    """Words with their baseline at `y`; everything in them is escaped."""
    named = f' class="{classes}"' if classes else ""
    return f'<text x="{x}" y="{y}"{named}>{escaped(words)}</text>'


def tick(share: float, top: int, bottom: int) -> str:
    """A short upright line at a share of the width."""
    return f'<line class="tick" x1="{x_of(share)}" x2="{x_of(share)}" y1="{top}" y2="{bottom}"/>'


def placed(x: str, y: int, mark: str) -> str:
    """A mark around its own origin, put somewhere."""
    return f'<svg x="{x}" y="{y}" overflow="visible" width="1" height="1">{mark}</svg>'


def x_of(share: float) -> str:
    """Where a share of 0 to 1 stands, with a little room at both ends for its mark."""
    return f"{number(_LEFT + _WIDTH * min(max(share, 0), 1))}%"


def number(value: float) -> str:
    """With at most two digits behind the point."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def escaped(words: str) -> str:
    """On one line, hidden characters shown, safe in markup."""
    return escape(" ".join(revealed(words).split()))
