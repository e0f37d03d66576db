"""The causing hunk as rows of a table: numbered, marked, with what was said of each line beneath it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Finding
from reviewbot.domain.replay import Label
from reviewbot.report.values import ArmEvidence, CulpritHunk

_HEADING = re.compile(r"@@ -(\d{1,9})(?:,\d+)? \+(\d{1,9})(?:,\d+)? @@")
_NEAR = 8
_MOST_ROWS = 80
_MOST_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding that stands at a line, whose it is, and what a judge called it."""

    arm: str
    finding: Finding
    label: Label | None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the hunk; `kind` is `head`, `same`, `added`, `removed` or `gap` (lines left out)."""

    kind: str
    old: int | None
    new: int | None
    text: str
    is_marked: bool = False
    remarks: tuple[Remark, ...] = ()


def culprit_rows(hunk: CulpritHunk, arms: Sequence[ArmEvidence]) -> tuple[Row, ...]:
    """The rows around the recorded cause and the findings; what is further away is left out and counted."""
    rows = _all_rows(hunk, arms)
    centres = [index for index, row in enumerate(rows) if row.is_marked or row.remarks] or [0]
    near = {index for centre in centres for index in range(centre - _NEAR, centre + _NEAR + 1)}
    is_long = len(rows) > 3 * _NEAR
    kept = [index for index, row in enumerate(rows) if not is_long or row.kind == "head" or index in near]
    return tuple(_with_gaps(rows, kept[:_MOST_ROWS]))


def _all_rows(hunk: CulpritHunk, arms: Sequence[ArmEvidence]) -> list[Row]:
    remarks = _remarks(hunk.path, arms)
    rows, old, new = [], 0, 0
    for index, line in enumerate(hunk.lines):
        heading = _HEADING.match(line) if index == 0 else None
        if heading:
            old, new = int(heading[1]), int(heading[2])
            rows.append(Row("head", None, None, line))
            continue
        has_old, has_new = not line.startswith("+"), not line.startswith("-")
        kind = "same" if has_old and has_new else "removed" if has_old else "added"
        here = [*(remarks.get((Side.LEFT, old), ()) if has_old else ())]
        here += remarks.get((Side.RIGHT, new), ()) if has_new else ()
        text = line if len(line) <= _MOST_CHARACTERS else line[:_MOST_CHARACTERS] + "…"
        numbers = (old if has_old else None, new if has_new else None)
        rows.append(Row(kind, *numbers, text, index in hunk.marked, tuple(here)))
        old, new = old + has_old, new + has_new
    return rows


def _remarks(path: str, arms: Sequence[ArmEvidence]) -> dict[tuple[Side, int], list[Remark]]:
    """By the line beneath which they stand: the last one that they speak of."""
    found: dict[tuple[Side, int], list[Remark]] = {}
    for arm in arms:
        for finding in arm.findings:
            place = finding.location
            if place is not None and place.path == path:
                remark = Remark(arm.label, finding, label_of(arm, finding))
                found.setdefault((place.side, place.last_line), []).append(remark)
    return found


def label_of(arm: ArmEvidence, finding: Finding) -> Label | None:
    """What a judge called the finding; None where nobody was asked."""
    return next((one.label for one in arm.judgements if one.finding == finding and one.stage is None), None)


def _with_gaps(rows: Sequence[Row], kept: Sequence[int]) -> list[Row]:
    shown, previous = [], -1
    for index in [*kept, len(rows)]:
        missing = index - previous - 1
        if missing:
            shown.append(Row("gap", None, None, f"{missing} more line{'s' if missing > 1 else ''}"))
        if index < len(rows):
            shown.append(rows[index])
        previous = index
    return shown
