"""Diffs as text: reading what git and other tools write, and writing it again byte for byte."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from reviewbot.domain.diff import Diff, FileDiff, Hunk, Line, LineKind
from reviewbot.domain.diff_header import HeaderLines, is_combined, read_header
from reviewbot.errors import InputError

_HUNK = re.compile(rb"@@ -(\d{1,10})(?:,(\d{1,10}))? \+(\d{1,10})(?:,(\d{1,10}))? @@(.*)", re.DOTALL)
_LARGEST_NUMBER = 2**31
_COMBINED = "combined diff of a merge"
_CUT_SHORT = "the last hunk is cut short"
_BEYOND = "the lines after its last hunk are more than the header of the hunk promises"
_NO_HUNKS = "no hunk follows its header"
_SIGNATURES = ("-- ", "-- \r", "--", "--\r")
_GIT_STARTS = (b"diff --git ", b"diff --cc ", b"diff --combined ")
# What git writes below `diff --git`: a sentence in a commit message may begin like the first of the two lines.
_SECOND_LINES = (b"old ", b"new ", b"dele", b"simi", b"diss", b"rena", b"copy", b"inde", b"--- ", b"Bina", b"GIT ")
_NO_LINE_FEED = "\\ No newline at end of file"
_KINDS = {0x20: LineKind.CONTEXT, 0x2B: LineKind.ADDED, 0x2D: LineKind.REMOVED}


def parse_diff(raw: bytes, *, max_lines: int = 200_000, max_file_lines: int = 20_000) -> Diff:
    """A unified diff as values; counts in the `@@` lines say what belongs to a hunk, not what its lines look like.

    Sizes are lines in hunks. A file with more than `max_file_lines`, and every file from the one on that goes beyond
    `max_lines` in total, keeps no hunks and says so in `omitted`; a file whose hunks are cut short, or longer than
    their headers promise, keeps what is there and says so as well. InputError, with the number of the line, for text
    that is no diff and for numbers beyond 2^31. Nothing in, empty Diff out.
    """
    reader = _Reader(raw)
    preamble = _until_file(reader)
    if reader.line is None:
        if any(text.strip() for text in preamble):
            raise InputError(
                "this is not a diff: no line begins with `diff --git`, and no `---` line is followed by a `+++` line; "
                "give the output of `git diff`"
            )
        return Diff()
    room = _Room(max_lines, max_file_lines)
    files = []
    while reader.line is not None:
        files.append(_file(reader, room))
    return Diff(tuple(files), tuple(preamble))


def render_diff(diff: Diff) -> bytes:
    """The diff as text; for a diff that was parsed whole, the bytes that it was parsed from."""
    lines = list(diff.preamble)
    for file in diff.files:
        lines.extend(file.header)
        for hunk in file.hunks:
            lines.append(hunk.header or _canonical(hunk))
            for line in hunk.lines:
                is_bare = hunk.has_bare_blanks and not line.text and line.kind is LineKind.CONTEXT
                lines.append("" if is_bare else line.kind.value + line.text)
                if line.ends_file:
                    lines.append(_NO_LINE_FEED)
        lines.extend(file.trailer)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


class _Reader:
    """The lines of a diff one after the other, without a list of them all; `line` is None at the end."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._next = 0
        self.number = 0
        self.line: bytes | None = None
        self.advance()

    def advance(self) -> None:
        start = self._next
        if start >= len(self._raw):
            self.line = None
            return
        end = self._raw.find(b"\n", start)
        end = len(self._raw) if end < 0 else end
        self.line = self._raw[start:end]
        self._next = end + 1
        self.number += 1

    def following(self) -> bytes:
        """The beginning of the line after this one."""
        return self._raw[self._next : self._next + 4]


@dataclass
class _Room:
    """How many lines may be kept in all, how many of one file, and how many are left."""

    most_lines: int
    most_file_lines: int
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.most_lines


def _until_file(reader: _Reader) -> list[str]:
    """Lines that belong to no file: a mail's head, a commit message, what follows a patch."""
    passed = []
    while reader.line is not None and not _starts_file(reader):
        passed.append(_text(reader.line))
        reader.advance()
    return passed


def _starts_file(reader: _Reader) -> bool:
    line = reader.line or b""
    if line.startswith(b"diff --git "):
        return reader.following() in (b"", b"diff") or reader.following().startswith(_SECOND_LINES)
    if line.startswith(_GIT_STARTS):
        return True
    return line.startswith(b"--- ") and reader.following() == b"+++ "


def _file(reader: _Reader, room: _Room) -> FileDiff:
    number = reader.number
    header = HeaderLines(_text(reader.line or b""))
    reader.advance()
    while reader.line is not None and not reader.line.startswith(b"@@") and header.take(reader.line):
        reader.advance()
    file = read_header(header.lines, number)
    if is_combined(header.lines):
        return replace(file, omitted=_COMBINED, trailer=tuple(_until_git_file(reader)))
    hunks, omitted = _hunks(reader, room)
    trailer = tuple(_until_file(reader))
    return replace(file, hunks=tuple(hunks), omitted=omitted or _unread(file, hunks, trailer), trailer=trailer)


def _unread(file: FileDiff, hunks: list[Hunk], trailer: tuple[str, ...]) -> str:
    """What an edited diff holds that no hunk has taken in, "" for nothing: it must not pass for a file without more."""
    if hunks:
        is_change = bool(trailer) and trailer[0].startswith(("+", "-")) and trailer[0] not in _SIGNATURES
        return _BEYOND if is_change else ""
    return _NO_HUNKS if any(line.startswith("+++ ") for line in file.header) and not file.is_binary else ""


def _until_git_file(reader: _Reader) -> list[str]:
    """The lines of a combined diff, among which a removed `- a` and an added `+ b` look like the names of a file."""
    passed = []
    while reader.line is not None and not reader.line.startswith(_GIT_STARTS):
        passed.append(_text(reader.line))
        reader.advance()
    return passed


def _hunks(reader: _Reader, room: _Room) -> tuple[list[Hunk], str]:
    """The hunks of a file and why they are not all there, "" if they are."""
    hunks: list[Hunk] = []
    most = min(room.left, room.most_file_lines)
    kept = 0
    is_whole = True
    while is_whole and reader.line is not None and reader.line.startswith(b"@@"):
        hunk = _hunk_head(reader)
        count, is_whole, hunk = _read_lines(reader, hunk, most - kept)
        kept += count
        if kept <= most:
            hunks.append(hunk)
        else:
            hunks.clear()
    if kept > room.most_file_lines:
        return [], f"more than {room.most_file_lines:,} lines of diff in this file"
    if kept > room.left:
        room.left = 0
        return [], f"the diff has more than {room.most_lines:,} lines"
    room.left -= kept
    return hunks, "" if is_whole else _CUT_SHORT


def _hunk_head(reader: _Reader) -> Hunk:
    line = reader.line or b""
    match = _HUNK.fullmatch(line)
    numbers = [int(group) if group is not None else 1 for group in match.groups()[:4]] if match else []
    if match is None or max(numbers) >= _LARGEST_NUMBER:
        raise InputError(
            f"line {reader.number} of the diff is not a hunk header: {_text(line[:80])!r}; expected "
            "@@ -START,COUNT +START,COUNT @@ with numbers below 2^31"
        )
    reader.advance()
    old_start, old_count, new_start, new_count = numbers
    hunk = Hunk(old_start, old_count, new_start, new_count, _text(match[5]), ())
    text = _text(line)
    return hunk if _canonical(hunk) == text else replace(hunk, header=text)


def _read_lines(reader: _Reader, hunk: Hunk, most: int) -> tuple[int, bool, Hunk]:
    """How many lines the hunk has, whether that is what its header promises, and the hunk with at most `most` of them.

    Lines beyond `most` are counted but not kept.
    """
    lines: list[Line] = []
    count = 0
    has_bare_blanks = False
    old, new = hunk.old_start, hunk.new_start
    old_end, new_end = old + hunk.old_count, new + hunk.new_count
    while (raw := reader.line) is not None:
        if raw.startswith(b"\\"):
            _end_file(lines)
            reader.advance()
            continue
        kind = _KINDS.get(raw[0]) if raw else LineKind.CONTEXT
        has_old, has_new = kind is not LineKind.ADDED, kind is not LineKind.REMOVED
        if kind is None or (has_old and old == old_end) or (has_new and new == new_end):
            break
        count += 1
        has_bare_blanks = has_bare_blanks or not raw
        if count <= most:
            text = raw[1:].decode("utf-8", "surrogateescape")
            lines.append(Line(kind, text, old if has_old else None, new if has_new else None))
        old, new = old + has_old, new + has_new
        reader.advance()
    is_whole = old == old_end and new == new_end
    return count, is_whole, replace(hunk, lines=tuple(lines), has_bare_blanks=has_bare_blanks)


def _end_file(lines: list[Line]) -> None:
    if lines:
        lines[-1] = replace(lines[-1], ends_file=True)


def _canonical(hunk: Hunk) -> str:
    old = str(hunk.old_start) if hunk.old_count == 1 else f"{hunk.old_start},{hunk.old_count}"
    new = str(hunk.new_start) if hunk.new_count == 1 else f"{hunk.new_start},{hunk.new_count}"
    return f"@@ -{old} +{new} @@{hunk.section}"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
