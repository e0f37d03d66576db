"""Charts of arms against each other: operating curves, a matrix of rates, differences, amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reviewbot.domain.text import shortened
from reviewbot.report.svg import ARM_SHAPES, number, placed, svg, text, tick, x_of

_PLOT = 240
_NAME_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Findings per control and the share caught, at one threshold or as it was run."""

    per_control: float
    caught: float
    label: str


@dataclass(frozen=True, slots=True)
class Curve:
    """One arm's points, from the lowest threshold to the highest, and how it was run; `shape` picks colour and mark."""

    name: str
    points: tuple[CurvePoint, ...]
    as_run: CurvePoint
    shape: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A rate in a matrix; `rate` None is drawn as an empty track."""

    rate: float | None
    label: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What only the second of two arms caught, and what only the first did."""

    label: str
    gained: int
    lost: int
    note: str


def curve_chart(title: str, curves: Sequence[Curve]) -> str:
    """Share caught upwards, findings per control to the right; "" where no curve has a point."""
    points = [point for curve in curves for point in (*curve.points, curve.as_run)]
    if not points:
        return ""
    most = max((point.per_control for point in points), default=0) or 1
    bottom = 40 + _PLOT
    rows = [text("0%", 14, "share caught", "soft")]
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = round(bottom - share * _PLOT)
        rows.append(f'<line class="rail" x1="{x_of(0)}" x2="{x_of(1)}" y1="{y}" y2="{y}"/>')
        rows.append(text(x_of(0), y - 4, f"{share * 100:.0f} %", "soft num"))
    for share, anchor in ((0, "start"), (0.5, "middle"), (1, "end")):
        rows.append(tick(share, bottom, bottom + 5))
        rows.append(text(x_of(share), bottom + 20, number(share * most), f"{anchor} soft num"))
    rows.append(text("50%", bottom + 38, "findings per quiet control", "middle soft"))
    for curve in curves:
        rows += _curve(curve, most, bottom)
    said = "; ".join(
        f"{curve.name}: " + ", ".join(point.label for point in (curve.as_run, *curve.points)) for curve in curves
    )
    return svg(title, said, bottom + 46, rows)


def _curve(curve: Curve, most: float, bottom: int) -> list[str]:
    places = [(x_of(point.per_control / most), round(bottom - point.caught * _PLOT, 1)) for point in curve.points]
    arm = f"arm{curve.shape % 4}"
    rows = [
        f'<line class="path {arm}" x1="{one[0]}" x2="{other[0]}" y1="{one[1]}" y2="{other[1]}"/>'
        for one, other in pairwise(places)
        if one != other
    ]
    rows += [f'<circle class="fill {arm}" cx="{x}" cy="{y}" r="2.5"/>' for x, y in dict.fromkeys(places)]
    mark = f'<path class="fill ring {arm}" d="{ARM_SHAPES[curve.shape % 4]}"/>'
    return [*rows, placed(x_of(curve.as_run.per_control / most), round(bottom - curve.as_run.caught * _PLOT), mark)]


def matrix_chart(title: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Cell]]]) -> str:
    """A bar for each rate, one column for each arm; "" without rows or columns."""
    if not rows or not columns:
        return ""
    width = (1 - _NAME_SHARE) / len(columns)
    drawn = [
        text(f"{number(100 * (_NAME_SHARE + index * width))}%", 14, shortened(name, 24), "soft")
        for index, name in enumerate(columns)
    ]
    for number_of_row, (name, cells) in enumerate(rows):
        top = 24 + 30 * number_of_row
        drawn.append(text("0%", top + 14, shortened(name, 26)))
        drawn += [_cell(cell, _NAME_SHARE + index * width, width, top, index) for index, cell in enumerate(cells)]
    said = "; ".join(
        f"{name}: " + ", ".join(f"{column} {cell.label}" for column, cell in zip(columns, cells, strict=True))
        for name, cells in rows
    )
    return svg(title, said, 24 + 30 * len(rows), drawn)


def _cell(cell: Cell, left: float, width: float, top: int, shape: int) -> str:
    x, full = number(100 * left), 100 * width * 0.86
    parts = [f'<rect class="track" x="{x}%" y="{top + 19}" width="{number(full)}%" height="6" rx="3"/>']
    if cell.rate:
        share = number(full * cell.rate)
        parts.append(f'<rect class="fill arm{shape % 4}" x="{x}%" y="{top + 19}" width="{share}%" height="6" rx="3"/>')
    parts.append(text(f"{x}%", top + 14, cell.label, "num soft"))
    return "".join(parts)


def difference_chart(title: str, differences: Sequence[Difference]) -> str:
    """Gains to the right of the middle, losses to the left, a bar for each pair of arms; "" without any."""
    if not differences:
        return ""
    most = max(max(one.gained, one.lost) for one in differences) or 1
    rows: list[str] = []
    for index, one in enumerate(differences):
        top = 56 * index
        rows.append(text("0%", top + 14, shortened(one.label, 60)))
        rows.append(text("100%", top + 14, one.note, "end num soft"))
        for count, side in ((one.lost, -1), (one.gained, 1)):
            length = 44 * count / most
            x = 50 - length if side < 0 else 50.0
            kind = "lost-bar" if side < 0 else "gained-bar"
            rows.append(
                f'<rect class="{kind}" x="{number(x)}%" y="{top + 22}" width="{number(length)}%" height="10" rx="2"/>'
            )
            words = f"{count} lost" if side < 0 else f"{count} gained"
            place = f"{number(x if side < 0 else x + length)}%"
            rows.append(text(place, top + 46, words, ("start" if side < 0 else "end") + " num soft"))
        rows.append(f'<line class="tick" x1="50%" x2="50%" y1="{top + 18}" y2="{top + 36}"/>')
    said = "; ".join(f"{one.label}: {one.gained} gained, {one.lost} lost, {one.note}" for one in differences)
    return svg(title, said, 56 * len(differences) - 4, rows)
