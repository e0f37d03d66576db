"""What a reviewer quoted, as lines of the diff.

A quote that does not stand in the diff is not shown: it could be of a file, or of a repository, that the readers of
this pull request may not see (FAULTS.md S19).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reviewbot.domain.diff import Diff, FileDiff, Line, LineKind, Side
from reviewbot.domain.finding import Finding
from reviewbot.domain.markdown_text import code_block
from reviewbot.github.places import Anchor, path_text

MOST_LINES = 8
_LONGEST_LINE = 200
_SHORTEST_QUOTE = 4


@dataclass(frozen=True, slots=True)
class Quoted:
    """Lines of one file of the diff, one after the other."""

    file: FileDiff
    lines: tuple[Line, ...]


def evidence_text(finding: Finding, diff: Diff, anchor: Anchor | None) -> list[str]:
    """The quoted lines as blocks of code, with their signs and numbers.

    Those that the comment is attached to are left out, because GitHub shows them above it. A finding without a comment
    of its own (`anchor` None) and without a quote shows the line where it stands.
    """
    quoted = list(_quoted(finding, diff))
    if anchor is not None:
        quoted = [one for one in quoted if not _is_shown_above(one, anchor)]
    elif not quoted:
        quoted = list(_line_of(finding, diff))
    own = diff.file(finding.location.path) if finding.location else None
    blocks: list[str] = []
    room = MOST_LINES
    for one in quoted:
        if room > 0:
            label = [] if one.file is own else [f"In {path_text(one.file.path)}:", ""]
            blocks.append("\n".join((*label, *_block(one.lines[:room]))))
        room -= len(one.lines)
    return blocks


def _quoted(finding: Finding, diff: Diff) -> Iterator[Quoted]:
    own = diff.file(finding.location.path) if finding.location else None
    files = [*([own] if own else []), *(file for file in diff.files if file is not own)]
    seen: set[tuple[Line, ...]] = set()
    for quote in finding.evidence:
        wanted = [" ".join(line.split()) for line in quote.strip().splitlines()]
        if sum(map(len, wanted)) < _SHORTEST_QUOTE:
            continue
        found = next((Quoted(file, lines) for file in files if (lines := _run_in(file, wanted, finding))), None)
        if found is not None and found.lines not in seen:
            seen.add(found.lines)
            yield found


def _run_in(file: FileDiff, wanted: Sequence[str], finding: Finding) -> tuple[Line, ...]:
    """The lines of a file of the diff that a quote repeats, those nearest to the finding; () where there are none."""
    place = finding.location
    runs = [
        run
        for hunk in file.hunks
        for side in Side
        for run in _runs([line for line in hunk.lines if line.number(side) is not None], wanted)
    ]
    if place is None or not runs:
        return runs[0] if runs else ()
    return min(runs, key=lambda run: abs((run[0].number(place.side) or 0) - place.first_line))


def _runs(lines: Sequence[Line], wanted: Sequence[str]) -> Iterator[tuple[Line, ...]]:
    texts = [" ".join(line.text.split()) for line in lines]
    for at in range(len(texts) - len(wanted) + 1):
        if len(wanted) == 1:
            if wanted[0] in texts[at]:
                yield (lines[at],)
        elif texts[at : at + len(wanted)] == list(wanted):
            yield tuple(lines[at : at + len(wanted)])


def _is_shown_above(quoted: Quoted, anchor: Anchor) -> bool:
    numbers = [line.number(anchor.side) or 0 for line in quoted.lines]
    return quoted.file.path == anchor.path and all(anchor.first_line <= number <= anchor.line for number in numbers)


def _line_of(finding: Finding, diff: Diff) -> Iterator[Quoted]:
    place = finding.location
    file = diff.file(place.path) if place else None
    if place is None or file is None:
        return
    line = file.line_at(place.first_line, place.side)
    if line is not None:
        yield Quoted(file, (line,))


def _block(lines: Sequence[Line]) -> list[str]:
    """Sign, number, text: with its number first, no line of a change is at the start of a line of the comment."""
    numbers = [str(line.old_number if line.kind is LineKind.REMOVED else line.new_number) for line in lines]
    width = max(map(len, numbers))
    shown = [
        f"{line.kind.value} {number:>{width}}  {_short(line.text)}" for line, number in zip(lines, numbers, strict=True)
    ]
    return code_block(shown, "diff")


def _short(text: str) -> str:
    line = text.rstrip("\r").expandtabs(4)
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"
