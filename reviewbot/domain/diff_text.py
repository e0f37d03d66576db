"""Diffs as text: reading what git and other tools write, and writing it again byte for byte."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from reviewbot.domain.diff import Diff, FileDiff, Hunk, Line, LineKind
from reviewbot.domain.diff_header import is_header_line, read_header
from reviewbot.errors import InputError

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)", re.DOTALL)
_LARGEST_NUMBER = 2**31
_NO_LINE_FEED = "\\ No newline at end of file"
_KINDS = {0x20: LineKind.CONTEXT, 0x2B: LineKind.ADDED, 0x2D: LineKind.REMOVED}


def parse_diff(raw: bytes, *, max_lines: int = 200_000, max_file_lines: int = 20_000) -> Diff:
    """A unified diff as values; counts in the `@@` lines say what belongs to a hunk, not what its lines look like.

    Files with more than `max_file_lines` lines in hunks, and all files once `max_lines` is reached, keep no hunks and
    say so in `omitted`; a hunk that is cut short keeps what is there and says so as well. InputError, with the number
    of the line, for text that is no diff and for numbers beyond 2^31. Nothing in, empty Diff out.
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
                lines.append(line.kind.value + line.text)
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
    """How many more lines may be kept."""

    lines: int
    file_lines: int


def _until_file(reader: _Reader) -> list[str]:
    """Lines that belong to no file: a mail's head, a commit message, what follows a patch."""
    skipped = []
    while reader.line is not None and not _starts_file(reader):
        skipped.append(_text(reader.line))
        reader.advance()
    return skipped


def _starts_file(reader: _Reader) -> bool:
    line = reader.line or b""
    if line.startswith((b"diff --git ", b"diff --cc ", b"diff --combined ")):
        return True
    return line.startswith(b"--- ") and reader.following() == b"+++ "


def _file(reader: _Reader, room: _Room) -> FileDiff:
    header = [_text(reader.line or b"")]
    is_combined = header[0].startswith(("diff --cc ", "diff --combined "))
    reader.advance()
    while reader.line is not None and not reader.line.startswith(b"@@") and is_header_line(reader.line, header):
        header.append(_text(reader.line))
        reader.advance()
    file = read_header(header)
    if is_combined:
        return replace(file, omitted="combined diff of a merge", trailer=tuple(_until_file(reader)))
    hunks, omitted = _hunks(reader, room)
    return replace(file, hunks=tuple(hunks), omitted=omitted, trailer=tuple(_until_file(reader)))


def _hunks(reader: _Reader, room: _Room) -> tuple[list[Hunk], str]:
    """The hunks of a file and why they are not all there, "" if they are."""
    hunks: list[Hunk] = []
    kept = 0
    omitted = ""
    while reader.line is not None and reader.line.startswith(b"@@"):
        hunk = _hunk_head(reader)
        size = hunk.old_count + hunk.new_count
        if not omitted and kept + size // 2 > min(room.lines, room.file_lines):
            omitted = "too many lines"
            hunks = []
        lines, is_whole = _hunk_lines(reader, hunk, is_kept=not omitted)
        if not is_whole and not omitted:
            hunks.append(replace(hunk, lines=tuple(lines)))
            return hunks, "the last hunk is cut short"
        kept += len(lines)
        if not omitted:
            hunks.append(replace(hunk, lines=tuple(lines)))
    if omitted:
        return [], omitted
    room.lines -= kept
    return hunks, ""


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


def _hunk_lines(reader: _Reader, hunk: Hunk, is_kept: bool) -> tuple[list[Line], bool]:
    """The lines of a hunk, and whether all that its header promises were there."""
    lines: list[Line] = []
    old, new = hunk.old_start, hunk.new_start
    old_end, new_end = old + hunk.old_count, new + hunk.new_count
    while old < old_end or new < new_end:
        raw = reader.line
        if raw is None:
            return lines, False
        kind = _KINDS.get(raw[0]) if raw else LineKind.CONTEXT
        if kind is None:
            if not raw.startswith(b"\\"):
                return lines, False
            _end_file(lines)
            reader.advance()
            continue
        has_old, has_new = kind is not LineKind.ADDED, kind is not LineKind.REMOVED
        if is_kept:
            text = raw[1:].decode("utf-8", "surrogateescape")
            lines.append(Line(kind, text, old if has_old else None, new if has_new else None))
        old, new = old + has_old, new + has_new
        reader.advance()
    if reader.line is not None and reader.line.startswith(b"\\"):
        _end_file(lines)
        reader.advance()
    return lines, True


def _end_file(lines: list[Line]) -> None:
    if lines:
        lines[-1] = replace(lines[-1], ends_file=True)


def _canonical(hunk: Hunk) -> str:
    old = str(hunk.old_start) if hunk.old_count == 1 else f"{hunk.old_start},{hunk.old_count}"
    new = str(hunk.new_start) if hunk.new_count == 1 else f"{hunk.new_start},{hunk.new_count}"
    return f"@@ -{old} +{new} @@{hunk.section}"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
