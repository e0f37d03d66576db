"""Charts as inline SVG: values in, markup out.

Widths are per cent and heights pixels, so that a chart fits a phone and a sheet of paper with its text at one size.
Colours are classes that the page's style sheet fills from variables; no figure is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from reviewbot.domain.text import shortened
from reviewbot.report.facts import State
from reviewbot.report.svg import ARM_SHAPES, number, placed, svg, text, tick, x_of

_LONGEST_LABEL = 40
_FULL_CIRCLE = "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0 -5 0Z"
_STATE_MARKS = {
    State.CAUGHT: f'<path class="fill caught" d="{_FULL_CIRCLE}"/>',
    State.PARTIAL: (
        f'<path class="line partial" d="{_FULL_CIRCLE}"/><path class="fill partial" d="M0 -5A5 5 0 0 0 0 5Z"/>'
    ),
    State.MISSED: f'<path class="line missed" d="{_FULL_CIRCLE}"/>',
    State.FAILED: '<path class="line failed" d="M-4 -4L4 4M-4 4L4 -4"/>',
    State.UNJUDGED: f'<path class="line unjudged" d="{_FULL_CIRCLE}" stroke-dasharray="2 2"/>',
    State.NOT_CODE: '<path class="line quiet" d="M-5 0H5"/>',
    State.NOT_REPLAYED: '<path class="line quiet" d="M-5 -3H5M-5 3H5"/>',
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of a funnel; `amount` None is drawn as unknown."""

    label: str
    amount: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share with its interval under a group heading; `shape` picks the mark, one for each arm."""

    group: str
    label: str
    text: str
    rate: float | None
    low: float | None
    high: float | None
    shape: int


@dataclass(frozen=True, slots=True)
class Span:
    """One incident on the timeline: from when it was introduced to when it was resolved."""

    label: str
    href: str
    introduced: date | None
    started: date | None
    resolved: date | None
    states: tuple[State, ...]


def bar_chart(title: str, bars: Sequence[Bar]) -> str:
    """Bars of a count, longest possible bar = the largest amount."""
    most = max((bar.amount or 0 for bar in bars), default=0) or 1
    rows = []
    for index, bar in enumerate(bars):
        top = index * 40
        rows.append(
            text("0%", top + 14, shortened(bar.label, _LONGEST_LABEL)) + text("100%", top + 14, bar.text, "end num")
        )
        rows.append(f'<rect class="track" x="0" y="{top + 21}" width="100%" height="8" rx="4"/>')
        if bar.amount is not None and bar.amount > 0:
            width = number(100 * bar.amount / most)
            rows.append(f'<rect class="bar" x="0" y="{top + 21}" width="{width}%" height="8" rx="4"/>')
    return svg(title, "; ".join(f"{bar.label}: {bar.text}" for bar in bars), 40 * len(bars) - 6, rows)


def interval_chart(title: str, estimates: Sequence[Estimate]) -> str:
    """A mark for each share on an axis of 0 to 100 per cent, a bar for its interval."""
    rows: list[str] = []
    top, group = 0, None
    for one in estimates:
        if one.group != group:
            top += 14 if group is not None else 0
            group = one.group
            rows.append(text("0%", top + 14, group, "strong"))
            top += 22
        rows.append(_estimate_row(one, top))
        top += 42
    rows.append(_percent_axis(top))
    said = "; ".join(f"{one.group}, {one.label}: {one.text}" for one in estimates)
    return svg(title, said, top + 22, rows)


def _estimate_row(one: Estimate, top: int) -> str:
    middle = top + 26
    row = [
        text("0%", top + 12, shortened(one.label, _LONGEST_LABEL), "soft"),
        text("100%", top + 12, one.text, "end num"),
    ]
    row.append(f'<line class="rail" x1="{x_of(0)}" x2="{x_of(1)}" y1="{middle}" y2="{middle}"/>')
    row += [tick(share, middle - 4, middle + 4) for share in (0, 0.25, 0.5, 0.75, 1)]
    if one.low is not None and one.high is not None:
        ends = f'x1="{x_of(one.low)}" x2="{x_of(one.high)}"'
        row.append(f'<line class="reach arm{one.shape % 4}" {ends} y1="{middle}" y2="{middle}"/>')
    if one.rate is not None:
        mark = f'<path class="fill ring arm{one.shape % 4}" d="{ARM_SHAPES[one.shape % 4]}"/>'
        row.append(placed(x_of(one.rate), middle, mark))
    return "".join(row)


def _percent_axis(top: int) -> str:
    return "".join(
        text(x_of(share), top + 12, f"{share * 100:.0f} %", f"{anchor} soft num")
        for share, anchor in ((0, "start"), (0.25, "middle"), (0.5, "middle"), (0.75, "middle"), (1, "end"))
    )


def timeline_chart(title: str, spans: Sequence[Span], cutoffs: Sequence[tuple[str, date]] = ()) -> str:
    """Incidents over time, one below the other; the marks at the right stand for the arms in their order."""
    days = [day for span in spans for day in (span.introduced, span.started, span.resolved) if day]
    if not days:
        return ""
    days += [day for _, day in cutoffs]
    first, last = min(days), max(days)
    scale = _Scale(first, last)
    top = 20 * len(cutoffs) + 4
    height = top + 40 * len(spans) + 20
    rows = [_cutoff(name, day, scale, index, height - 20) for index, (name, day) in enumerate(cutoffs)]
    rows += [_span_row(span, scale, top + 40 * index) for index, span in enumerate(spans)]
    rows += [text(scale.at(first), height - 4, first.isoformat(), "start soft num")]
    rows += [text(scale.at(last), height - 4, last.isoformat(), "end soft num")]
    return svg(title, "; ".join(_span_words(span) for span in spans), height, rows)


@dataclass(frozen=True, slots=True)
class _Scale:
    first: date
    last: date

    def at(self, day: date) -> str:
        return x_of((day - self.first).days / ((self.last - self.first).days or 1))


def _cutoff(name: str, day: date, scale: _Scale, index: int, bottom: int) -> str:
    share = (day - scale.first).days / ((scale.last - scale.first).days or 1)
    top, anchor = 20 * index, "end" if share > 0.5 else "start"
    band = f'<rect class="band" x="0" y="{top + 3}" width="{scale.at(day)}" height="{bottom - top - 3}"/>'
    line = f'<line class="cutoff" x1="{scale.at(day)}" x2="{scale.at(day)}" y1="{top + 3}" y2="{bottom}"/>'
    gap = "\u2002"
    words = f"cutoff of {shortened(name, 24)}"
    return (
        band + line + text(scale.at(day), top + 13, words + gap if anchor == "end" else gap + words, f"{anchor} soft")
    )


def _span_row(span: Span, scale: _Scale, top: int) -> str:
    middle = top + 26
    row = [_linked_label(span, top)]
    row.append(f'<line class="rail" x1="{x_of(0)}" x2="{x_of(1)}" y1="{middle}" y2="{middle}"/>')
    start, end = span.introduced or span.started or span.resolved, span.resolved or span.started or span.introduced
    if start and end:
        row.append(f'<line class="lived" x1="{scale.at(start)}" x2="{scale.at(end)}" y1="{middle}" y2="{middle}"/>')
    if span.started and end:
        place = scale.at(span.started)
        row.append(f'<line class="raged" x1="{place}" x2="{scale.at(end)}" y1="{middle}" y2="{middle}"/>')
        row.append(f'<line class="begin" x1="{place}" x2="{place}" y1="{middle - 6}" y2="{middle + 6}"/>')
    row.append(_marks(span.states, top + 10))
    return "".join(row)


def _linked_label(span: Span, top: int) -> str:
    """Clipped before the marks, whatever the width of the page."""
    room = 34 * len(span.states) + 8
    label = text("0", 14, shortened(span.label, 90))
    frame = f'<svg x="0" y="{top}" width="78%" height="20" style="width:calc(100% - {room}px)" overflow="hidden">'
    return f'{frame}<a href="{escape(span.href)}">{label}</a></svg>'


def _marks(states: Sequence[State], middle: int) -> str:
    """Shape and letter of each state, flush right."""
    marks = []
    for index, state in enumerate(states):
        offset = -34 * (len(states) - 1 - index) - 24
        letter = f'<text class="num" x="{offset + 9}" y="{4}">{state.letter}</text>'
        marks.append(f'<g transform="translate({offset} 0)">{_STATE_MARKS[state]}</g>{letter}')
    return placed("100%", middle, "".join(marks))


def _span_words(span: Span) -> str:
    return f"{span.label}: " + ", ".join(state.value for state in span.states)


def state_mark(state: State) -> str:
    """The mark of a state by itself, for legends and tables; the word stands beside it."""
    return (
        f'<svg class="mark" width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true">{_STATE_MARKS[state]}</svg>'
    )


def arm_mark(index: int) -> str:
    """The mark of an arm by itself, for legends and tables; its name stands beside it."""
    path = f'<path class="fill arm{index % 4}" d="{ARM_SHAPES[index % 4]}"/>'
    return f'<svg class="mark" width="14" height="14" viewBox="-8 -8 16 16" aria-hidden="true">{path}</svg>'
