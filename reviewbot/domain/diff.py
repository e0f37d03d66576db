"""A diff as a tree of values: Diff > FileDiff > Hunk > Line.

Text is decoded from UTF-8 with `surrogateescape`, so that any bytes survive a round trip;
`domain.text.printable` makes it fit for people, models and databases.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from reviewbot.domain.text import printable


class Side(StrEnum):
    """GitHub's names for the two columns of a diff."""

    LEFT = "LEFT"
    RIGHT = "RIGHT"


class LineKind(StrEnum):
    """The first character of a line in a unified diff."""

    CONTEXT = " "
    ADDED = "+"
    REMOVED = "-"


class FileStatus(StrEnum):
    """What happened to a file, in GitHub's words."""

    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"
    RENAMED = "renamed"
    COPIED = "copied"
    MODE_CHANGED = "mode_changed"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a hunk; numbers count from 1 and are None on the side where the line is absent.

    `text` has no line feed at its end (a carriage return stays). `ends_file` means that the file ends
    here without a line feed.
    """

    kind: LineKind
    text: str
    old_number: int | None
    new_number: int | None
    ends_file: bool = False

    def number(self, side: Side) -> int | None:
        return self.old_number if side is Side.LEFT else self.new_number


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of lines; starts and counts as in its `@@` line, `section` what follows the second `@@`.

    `header` is the whole `@@` line where it is not of git's usual form, "" otherwise. `has_bare_blanks` means that
    blank context lines stood without their space (git's `diff.suppressBlankEmpty`).
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: str
    lines: tuple[Line, ...]
    header: str = ""
    has_bare_blanks: bool = False

    @property
    def changed_lines(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.kind is not LineKind.CONTEXT)


@dataclass(frozen=True)
class FileDiff:
    """What a diff says of one file.

    `header` holds the lines before the first hunk as they stood, `trailer` what follows the last one without
    being part of it, `omitted` the reason why hunks were not read ("" when they were); modes are git's six octal
    digits, "160000" being a submodule, "120000" a symlink.
    """

    old_path: str | None
    new_path: str | None
    status: FileStatus
    hunks: tuple[Hunk, ...] = ()
    header: tuple[str, ...] = ()
    old_mode: str | None = None
    new_mode: str | None = None
    is_binary: bool = False
    omitted: str = ""
    trailer: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The name the file has now, or had before it was removed."""
        path = self.new_path if self.new_path is not None else self.old_path
        assert path is not None, "a file diff has at least one path"
        return path

    @property
    def is_submodule(self) -> bool:
        return "160000" in (self.old_mode, self.new_mode)

    @property
    def is_symlink(self) -> bool:
        return "120000" in (self.old_mode, self.new_mode)

    @cached_property
    def changed_line_count(self) -> int:
        return sum(len(hunk.changed_lines) for hunk in self.hunks)

    @cached_property
    def _lines_by_side(self) -> dict[Side, dict[int, Line]]:
        found: dict[Side, dict[int, Line]] = {Side.LEFT: {}, Side.RIGHT: {}}
        for hunk in self.hunks:
            for line in hunk.lines:
                if line.old_number is not None:
                    found[Side.LEFT][line.old_number] = line
                if line.new_number is not None:
                    found[Side.RIGHT][line.new_number] = line
        return found

    def line_at(self, number: int, side: Side) -> Line | None:
        """The line of the diff with this number on this side; None where no hunk shows it."""
        return self._lines_by_side[side].get(number)


@dataclass(frozen=True)
class Diff:
    """A whole diff in the order in which it was written."""

    files: tuple[FileDiff, ...] = ()
    preamble: tuple[str, ...] = ()

    @cached_property
    def _by_path(self) -> dict[str, FileDiff]:
        old = {file.old_path: file for file in self.files if file.old_path is not None}
        new = {file.new_path: file for file in self.files if file.new_path is not None}
        shown = {printable(path): file for path, file in {**old, **new}.items()}
        return {**shown, **old, **new}

    def file(self, path: str) -> FileDiff | None:
        """The file with this path, as it is or as it is shown; the new name wins over an old one."""
        return self._by_path.get(path)

    @property
    def is_empty(self) -> bool:
        return not self.files

    @cached_property
    def changed_line_count(self) -> int:
        return sum(file.changed_line_count for file in self.files)

    def commentable(self, path: str, line: int, side: Side) -> bool:
        """Whether GitHub would accept a review comment on this line: it must stand in a hunk."""
        file = self.file(path)
        return file is not None and file.line_at(line, side) is not None
