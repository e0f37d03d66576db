"""Tying each finding to lines that exist: in the diff, or at least in the files of the change's two revisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from reviewbot.dialogue import neutral
from reviewbot.domain.diff import Diff, FileDiff, Hunk, Line, LineKind, Side
from reviewbot.domain.finding import Finding, Location
from reviewbot.domain.review import HeldBack, Stage
from reviewbot.domain.text import printable

SourceLines = Callable[[str, Side], tuple[str, ...] | None]
"""The lines of a file before (LEFT) or after (RIGHT) the change; None where there is no such file."""

_SNAP_LINES = 3
_SHORTEST_QUOTE = 3


@dataclass(frozen=True, slots=True)
class Anchored:
    """Every finding that came in, either with a location that exists or held back with the reason."""

    findings: tuple[Finding, ...]
    held_back: tuple[HeldBack, ...]


def anchor(findings: Iterable[Finding], diff: Diff, source_lines: SourceLines) -> Anchored:
    """Moves findings to the lines they quote; a quote decides over a line number, because models miscount.

    A finding outside the diff is kept where the file has the line it names: it may concern a consumer of what changed.
    """
    kept: list[Finding] = []
    held: list[HeldBack] = []
    for finding in findings:
        placed = _place(finding, diff, source_lines)
        if isinstance(placed, str):
            held.append(HeldBack(finding, Stage.ANCHOR, placed))
        else:
            kept.append(placed)
    return Anchored(tuple(kept), tuple(held))


def _place(finding: Finding, diff: Diff, source_lines: SourceLines) -> Finding | str:
    """The finding at its true place, or the reason why it has none."""
    if finding.location is None:
        return _place_by_quote_alone(finding, diff) or "names no place in the change"
    location = replace(finding.location, path=_known_path(finding.location.path, diff))
    file = diff.file(location.path)
    if file is None or not file.hunks:
        return _place_outside(finding, location, source_lines)
    quoted = _quoted_lines(finding, file)
    near = _nearest(quoted, location)
    if near is not None:
        return _at(finding, file, _spanning(location, *near))
    if finding.evidence and _has_quotes(finding):
        outside = _place_outside(finding, location, source_lines)
        return outside if not isinstance(outside, str) else _place_by_quote_alone(finding, diff) or outside
    snapped = _snapped(file, location)
    if snapped is not None:
        return _at(finding, file, snapped)
    return _place_outside(finding, location, source_lines)


def _known_path(path: str, diff: Diff) -> str:
    """The path as the diff writes it; models like to keep git's a/ and b/ or a leading ./ ."""
    for candidate in (path, path.removeprefix("./"), path[2:] if path[:2] in ("a/", "b/") else path):
        if diff.file(candidate) is not None:
            return candidate
    return path.removeprefix("./")


def _normal(text: str) -> str:
    return " ".join(neutral(text).split())


def _has_quotes(finding: Finding) -> bool:
    return any(len(_normal(quote)) >= _SHORTEST_QUOTE for quote in finding.evidence)


def _quoted_lines(finding: Finding, file: FileDiff) -> list[tuple[int, Side]]:
    """Numbers and sides of the diff's lines that the finding quotes, changed lines before context."""
    wanted = [quote for quote in map(_normal, finding.evidence) if len(quote) >= _SHORTEST_QUOTE]
    found: list[tuple[int, Side]] = []
    for hunk in file.hunks:
        for line in hunk.lines:
            text = _normal(line.text)
            if any(quote in text or (len(text) > 8 and text in quote) for quote in wanted):
                found.extend(_places(line))
    return found


def _places(line: Line) -> list[tuple[int, Side]]:
    match line.kind:
        case LineKind.REMOVED:
            assert line.old_number is not None
            return [(line.old_number, Side.LEFT)]
        case LineKind.ADDED | LineKind.CONTEXT:
            assert line.new_number is not None
            return [(line.new_number, Side.RIGHT)]


def _nearest(quoted: list[tuple[int, Side]], location: Location) -> tuple[int, Side] | None:
    """The quoted line that is inside the claimed range, or the nearest to it; its own side first."""

    def distance(place: tuple[int, Side]) -> tuple[bool, int, int]:
        number, side = place
        outside = max(location.first_line - number, number - location.last_line, 0)
        return (side is not location.side, outside, number)

    return min(quoted, key=distance, default=None)


def _spanning(location: Location, number: int, side: Side) -> Location:
    """The claimed range where it holds the quoted line, else the quoted line alone."""
    if side is location.side and location.first_line <= number <= location.last_line:
        return location
    return Location(location.path, number, number, side)


def _at(finding: Finding, file: FileDiff, location: Location) -> Finding:
    """The finding with its range cut to the hunk that shows it, and the text of its line kept."""
    hunk = next(hunk for hunk in file.hunks if _shown(hunk, location))
    shown = _shown(hunk, location)
    line = file.line_at(shown[0], location.side)
    assert line is not None
    return replace(
        finding,
        location=Location(printable(file.path), shown[0], shown[-1], location.side),
        anchor_text=neutral(line.text),
    )


def _shown(hunk: Hunk, location: Location) -> list[int]:
    numbers = [number for line in hunk.lines if (number := line.number(location.side)) is not None]
    return [number for number in numbers if location.first_line <= number <= location.last_line]


def _snapped(file: FileDiff, location: Location) -> Location | None:
    """The claimed range where a hunk shows part of it, or the nearest changed line at most 3 lines away."""
    if any(_shown(hunk, location) for hunk in file.hunks):
        return location
    changed = [
        (number, side)
        for hunk in file.hunks
        for line in hunk.changed_lines
        for number, side in _places(line)
        if side is location.side
    ]
    near = _nearest(changed, location)
    if near is None or max(location.first_line - near[0], near[0] - location.last_line) > _SNAP_LINES:
        return None
    return Location(location.path, near[0], near[0], location.side)


def _place_outside(finding: Finding, location: Location, source_lines: SourceLines) -> Finding | str:
    lines = source_lines(location.path, location.side)
    if lines is None:
        return f"names a file that the change does not have: {location.path}"
    if _has_quotes(finding):
        wanted = [quote for quote in map(_normal, finding.evidence) if len(quote) >= _SHORTEST_QUOTE]
        matches = [
            (number, location.side)
            for number, text in enumerate(lines, start=1)
            if any(quote in _normal(text) for quote in wanted)
        ]
        near = _nearest(matches, location)
        if near is None:
            return "quotes a line that stands nowhere in the file"
        location = _spanning(location, *near)
    if location.first_line > len(lines):
        return f"names line {location.first_line} of a file of {len(lines)} lines"
    last = min(location.last_line, len(lines))
    return replace(
        finding, location=replace(location, last_line=last), anchor_text=neutral(lines[location.first_line - 1])
    )


def _place_by_quote_alone(finding: Finding, diff: Diff) -> Finding | None:
    """Where a quote stands in exactly one file of the diff, that is the place."""
    if not _has_quotes(finding):
        return None
    matches = [(file, quoted) for file in diff.files if (quoted := _quoted_lines(finding, file))]
    if len(matches) != 1:
        return None
    file, quoted = matches[0]
    number, side = quoted[0]
    return _at(finding, file, Location(file.path, number, number, side))
