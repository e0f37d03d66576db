"""What had become of a finding when its change was merged, and whether a later fix proves it right: pure rules."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from reviewbot.domain.diff import Diff, Hunk, LineKind, Side
from reviewbot.domain.record import Outcome, Result
from reviewbot.domain.repository import Sha
from reviewbot.domain.round import Fate, KnownFinding
from reviewbot.domain.text import printable
from reviewbot.engine.known import Head, normal_text

NO_WORD = "its lines were merged as they were"
_MOST_LINES = 20
_TELLING_CHARACTERS = 8
_FIX = re.compile(
    r"\b(?:(?:hot|bug)?fix(?:e[sd]|ing)?|bugs?|regression|revert(?:s|ed)?|incident|outage|crash(?:es|ed)?)\b", re.I
)


def outcome_of(
    known: KnownFinding, head: Head, sha: Sha, thumbs: Collection[str], lines: Sequence[str] | None
) -> Outcome:
    """What became of a finding; `sha` is the head that was merged, `lines` are those of its file there.

    `thumbs` are the kinds of feedback that people gave it. A finding whose line is gone was addressed, whatever was
    said of it; where the line stands, a person's word decides.
    """
    place = known.finding.location
    made = Outcome(
        known.fingerprint,
        Result.IGNORED,
        NO_WORD,
        path=printable(head.path_now(place.path)) if place is not None else "",
        lines=merged_lines(known, lines),
    )
    if known.fate is Fate.FIXED:
        return replace(made, result=Result.ADDRESSED, reason="a later push took it away", commit=known.fate_note or sha)
    if known.fate is Fate.IGNORED:
        return replace(made, result=Result.DISMISSED, reason=known.fate_note or "somebody said to ignore it")
    if place is not None and not head.has_line(known.finding):
        return replace(made, result=Result.ADDRESSED, reason="its lines were changed before the merge", commit=sha)
    if known.fate is Fate.RESOLVED:
        return replace(made, result=Result.DISMISSED, reason="its thread was resolved without a change")
    if "-1" in thumbs and "+1" not in thumbs:
        return replace(made, result=Result.DISMISSED, reason="a thumb down")
    if place is None:
        return replace(made, reason="nobody said a word of it; it names no line")
    return made


def merged_lines(known: KnownFinding, lines: Sequence[str] | None) -> tuple[str, ...]:
    """The texts of a finding's lines as they were merged, found again by the text of its first line."""
    place, text = known.finding.location, normal_text(known.finding.anchor_text)
    if place is None or not text:
        return ()
    if lines is None or place.side is Side.LEFT:
        return (text,)
    matches = [number for number, line in enumerate(lines) if normal_text(line) == text]
    if not matches:
        return (text,)
    first = min(matches, key=lambda number: abs(number + 1 - place.first_line))
    count = min(place.last_line - place.first_line + 1, _MOST_LINES)
    return tuple(normal_text(line) for line in lines[first : first + count])


def is_called_a_fix(*texts: str) -> bool:
    """Whether a title or a branch says that a change repairs something."""
    return any(_FIX.search(text) for text in texts)


def touches(diff: Diff, outcome: Outcome) -> bool:
    """Whether a change edits the lines of a finding, or adds something right beside its first one.

    Lines are known by their text; one that says too little to be known again proves nothing.
    """
    file = diff.file(outcome.path)
    wanted = {line for line in outcome.lines if len(line) >= _TELLING_CHARACTERS}
    if file is None or not wanted:
        return False
    return any(_touches(hunk, wanted) for hunk in file.hunks)


def _touches(hunk: Hunk, wanted: Collection[str]) -> bool:
    changed = [number for number, line in enumerate(hunk.lines) if line.kind is not LineKind.CONTEXT]
    for number, line in enumerate(hunk.lines):
        if line.kind is LineKind.ADDED or normal_text(line.text) not in wanted:
            continue
        if line.kind is LineKind.REMOVED or any(abs(number - other) == 1 for other in changed):
            return True
    return False
