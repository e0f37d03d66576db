"""What a round has read of a pull request, kept small, and what is new against it.

A line is known by its sign, its text and its two neighbours, never by its number: a rebase or a force-push that leaves
a line where it was among its neighbours leaves it known. A whole file is known by everything that its diff shows.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reviewbot.domain.diff import Diff, FileDiff, Hunk, LineKind, Side
from reviewbot.domain.finding import Location
from reviewbot.domain.review import Coverage, FileCoverage, SkipReason
from reviewbot.domain.round import Outline
from reviewbot.domain.text import printable

_NEAR_LINES = 3


@dataclass(frozen=True)
class NewPart:
    """What of a change no earlier round has read, and the files that one has read as they are now."""

    diff: Diff
    reviewed_before: tuple[FileCoverage, ...] = ()


def outline_of(diff: Diff, coverage: Coverage) -> Outline:
    """What is read of a change after a round; a file left out on purpose is neither read nor unread.

    Of each file the first digest is that of all that the diff shows of it, the others are those of its changed lines.
    """
    read = {file.path for file in coverage.files if _is_covered(file)}
    files = _files_by_path(diff)
    lines = {path: _digests(files[path]) for path in files if path in read}
    return Outline(lines, frozenset(file.path for file in coverage.gaps))


def new_part(diff: Diff, earlier: Outline | None) -> NewPart:
    """The files of a change in which something is new since the earlier outline, or was not read then."""
    if earlier is None:
        return NewPart(diff)
    before = {
        path: files
        for path, files in _files_by_path(diff).items()
        if path not in earlier.unread and earlier.lines.get(path) == _digests(files)
    }
    covered = (FileCoverage(path, 0, _hunk_count(files), SkipReason.REVIEWED_BEFORE) for path, files in before.items())
    new = tuple(file for file in diff.files if printable(file.path) not in before)
    return NewPart(replace(diff, files=new), tuple(covered))


@dataclass(frozen=True)
class NewLines:
    """Where a change has something that the earlier outline does not have."""

    _diff: Diff
    _earlier: Outline | None
    _places: dict[str, frozenset[tuple[Side, int]]]

    def touches(self, location: Location) -> bool:
        """Whether something is new within 3 lines of a place; outside the diff that cannot be told, and counts as new.

        What was removed is at the line of the head that follows it, and what was added likewise on the other side.
        """
        file = self._diff.file(location.path)
        wide = range(max(1, location.first_line - _NEAR_LINES), location.last_line + _NEAR_LINES + 1)
        numbers = range(location.first_line, location.last_line + 1)
        if self._earlier is None or file is None or all(file.line_at(n, location.side) is None for n in numbers):
            return True
        places = self._places.get(printable(file.path), frozenset())
        return any((location.side, number) in places for number in wide)


def new_lines(diff: Diff, earlier: Outline | None) -> NewLines:
    files = _files_by_path(diff).items() if earlier is not None else ()
    places = {path: frozenset(_new_places(halves, path, earlier)) for path, halves in files if earlier is not None}
    return NewLines(diff, earlier, places)


def _is_covered(file: FileCoverage) -> bool:
    return file.skipped is SkipReason.REVIEWED_BEFORE or (file.skipped is None and file.hunks_read == file.hunks > 0)


def _files_by_path(diff: Diff) -> dict[str, list[FileDiff]]:
    """A file that became a symlink stands in a diff twice."""
    files: dict[str, list[FileDiff]] = {}
    for file in diff.files:
        files.setdefault(printable(file.path), []).append(file)
    return files


def _hunk_count(files: Sequence[FileDiff]) -> int:
    return sum(len(file.hunks) for file in files)


def _digests(files: Sequence[FileDiff]) -> tuple[str, ...]:
    hunks = [hunk for file in files for hunk in file.hunks]
    whole = [*map(_heading, files), *(text for hunk in hunks for text in _hunk_texts(hunk))]
    return (_digest(whole), *(digest for hunk in hunks for _, _, digest in _changed(hunk)))


def _heading(file: FileDiff) -> str:
    return repr((file.old_path, file.new_path, file.status.value, file.old_mode, file.new_mode, file.omitted))


def _hunk_texts(hunk: Hunk) -> Iterator[str]:
    yield f"@@{hunk.section}"
    for line in hunk.lines:
        yield f"{line.kind.value}{line.text}"


def _changed(hunk: Hunk) -> Iterator[tuple[int, int, str]]:
    """Each changed line: where it stands on the left and on the right (or would stand), and its digest."""
    texts = [f"{line.kind.value}{line.text}" for line in hunk.lines]
    old, new = hunk.old_start, hunk.new_start
    for position, line in enumerate(hunk.lines):
        if line.kind is not LineKind.CONTEXT:
            before = texts[position - 1] if position else ""
            after = texts[position + 1] if position + 1 < len(texts) else ""
            yield old, new, _digest((before, texts[position], after))
        old += line.kind is not LineKind.ADDED
        new += line.kind is not LineKind.REMOVED


def _new_places(files: Sequence[FileDiff], path: str, earlier: Outline) -> Iterator[tuple[Side, int]]:
    """Both sides of every changed line that the earlier outline has not, or has less often."""
    changed = [found for file in files for hunk in file.hunks for found in _changed(hunk)]
    known = Counter(() if path in earlier.unread else earlier.lines.get(path, ())[1:])
    now = Counter(digest for _, _, digest in changed)
    for old, new, digest in changed:
        if now[digest] > known[digest]:
            yield Side.LEFT, old
            yield Side.RIGHT, new


def _digest(texts: Sequence[str]) -> str:
    """16 hex digits; no line of a file holds a line feed, so that different lines never make one text."""
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogateescape")).hexdigest()[:16]
