"""The lines of a diff before a file's first hunk: names, modes, and what happened to the file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reviewbot.domain.diff import FileDiff, FileStatus
from reviewbot.errors import InputError

_EXTENDED = (
    b"old mode ",
    b"new mode ",
    b"deleted file mode ",
    b"new file mode ",
    b"copy from ",
    b"copy to ",
    b"rename from ",
    b"rename to ",
    b"similarity index ",
    b"dissimilarity index ",
    b"index ",
    b"mode ",
    b"Binary files ",
    b"GIT binary patch",
    b"--- ",
    b"+++ ",
)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPED = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}
_BINARY_PATCH = "GIT binary patch"
_NOTHING = "/dev/null"
_LONGEST_NAMES = 20_000
# By how many characters the two prefixes may differ in length; looking further would take long on hostile lines.
_PREFIX_DIFFERENCE = 32
# git's own pairs: plain, and diff.mnemonicPrefix (commit, index, work tree, object), in both directions.
_PREFIXES = frozenset((f"{pair[0]}/", f"{pair[1]}/") for pair in "ab ic iw ci cw wi wc wo ow oc co 12".split())


class HeaderLines:
    """The header of one file as it grows line by line."""

    def __init__(self, first: str) -> None:
        self.lines = [first]
        self._is_git = first.startswith("diff --")
        self._is_binary_patch = False

    def take(self, line: bytes) -> bool:
        """Adds a line that goes on with the header; after `GIT binary patch` all do, up to the next file."""
        if not self._goes_on(line):
            return False
        self.lines.append(line.decode("utf-8", "surrogateescape"))
        self._is_binary_patch = self._is_binary_patch or line.startswith(_BINARY_PATCH.encode())
        return True

    def _goes_on(self, line: bytes) -> bool:
        if not self._is_git:
            return len(self.lines) == 1 and line.startswith(b"+++ ")
        if line.startswith(b"diff --"):
            return False
        return self._is_binary_patch or line.startswith(_EXTENDED)


def is_combined(header: Sequence[str]) -> bool:
    """Whether this is the diff of a merge with several parents."""
    return header[0].startswith(("diff --cc ", "diff --combined "))


def read_header(header: Sequence[str], line_number: int) -> FileDiff:
    """What the header says of its file; names lose the prefix (`a/`, `b/` or another one) where there is one.

    InputError, with the number of the header's first line, where it names no file.
    """
    fields = {key: line[len(key) :].rstrip("\r") for line in header[1:] for key in _KEYS if line.startswith(key)}
    old_path, new_path = _paths(header, fields)
    if not (old_path or new_path) or "" in (old_path, new_path):
        raise InputError(
            f"line {line_number} of the diff names no file: {header[0][:80]!r}; expected `diff --git a/PATH b/PATH`, "
            "or `--- PATH` followed by `+++ PATH`"
        )
    is_binary = any(line.startswith(("Binary files ", _BINARY_PATCH)) for line in header)
    index_mode = fields.get("index ", "").partition(" ")[2] or None
    old_mode = fields.get("old mode ") or fields.get("deleted file mode ") or index_mode
    new_mode = fields.get("new mode ") or fields.get("new file mode ") or index_mode
    return FileDiff(
        old_path=old_path,
        new_path=new_path,
        status=_status(fields, old_path, new_path),
        header=tuple(header),
        old_mode=old_mode,
        new_mode=new_mode,
        is_binary=is_binary,
    )


_KEYS = tuple(key.decode() for key in _EXTENDED)


def _status(fields: dict[str, str], old_path: str | None, new_path: str | None) -> FileStatus:
    if old_path is None:
        return FileStatus.ADDED
    if new_path is None:
        return FileStatus.REMOVED
    if "rename to " in fields:
        return FileStatus.RENAMED
    if "copy to " in fields:
        return FileStatus.COPIED
    has_content = "--- " in fields or "Binary files " in fields or "GIT binary patch" in fields
    if "new mode " in fields and not has_content:
        return FileStatus.MODE_CHANGED
    return FileStatus.MODIFIED


def _paths(header: Sequence[str], fields: dict[str, str]) -> tuple[str | None, str | None]:
    """The old and the new name, None on the side where there is no file."""
    for moved in ("rename", "copy"):
        if f"{moved} from " in fields and f"{moved} to " in fields:
            return _unquoted(fields[f"{moved} from "]), _unquoted(fields[f"{moved} to "])
    if header[0].startswith("diff --git "):
        old, new = _git_names(header[0].removeprefix("diff --git ").rstrip("\r"), fields)
    elif header[0].startswith("diff --"):
        old = new = _unquoted(header[0].split(" ", 2)[2].rstrip("\r"))
    else:
        return _plain_names(_named(header[0].removeprefix("--- ")), _named(fields.get("+++ ", "")))
    is_new = "new file mode " in fields
    is_gone = "deleted file mode " in fields and not is_new
    return None if is_new else old, None if is_gone else new


def _git_names(names: str, fields: dict[str, str]) -> tuple[str, str]:
    """The two names of a file that was not renamed, without their prefixes; ("", "") if they cannot be told.

    The `diff --git` line does not say where the first name ends, unless it is quoted. The `---` and `+++` lines do;
    without them both names are the same but for a prefix.
    """
    old, new = _named(fields.get("--- ", "")), _named(fields.get("+++ ", ""))
    if old and new and _NOTHING not in (old, new):
        return _without_prefixes(old, new)
    if names.startswith('"'):
        end = _quoted_end(names)
        return _without_prefixes(_unquoted(names[:end]), _unquoted(names[end + 1 :]))
    middle = len(names) // 2
    near = (
        range(max(0, middle - _PREFIX_DIFFERENCE), middle + _PREFIX_DIFFERENCE) if len(names) < _LONGEST_NAMES else ()
    )
    for at in sorted((at for at in near if names[at : at + 1] == " "), key=lambda at: abs(at - middle)):
        pair = _without_prefixes(names[:at], names[at + 1 :])
        if pair[0] == pair[1]:
            return pair
    named = next((name for name in (new, old) if name not in ("", _NOTHING)), "")
    return named, named


def _without_prefixes(old: str, new: str) -> tuple[str, str]:
    """Two names without `a/` and `b/`, or without the folders at the front in which they differ."""
    if old == new:
        return old, new
    if (old[:2], new[:2]) in _PREFIXES:
        return old[2:], new[2:]
    old_folders, new_folders = old.split("/"), new.split("/")
    shared = 0
    while shared < min(len(old_folders), len(new_folders)) and old_folders[-shared - 1] == new_folders[-shared - 1]:
        shared += 1
    name = "/".join(old_folders[len(old_folders) - shared :])
    return (name, name) if shared else (old, new)


def _quoted_end(text: str) -> int:
    """Where the quoted name at the beginning of the text ends."""
    at = 1
    while at < len(text) and text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    return at + 1


def _plain_names(old: str, new: str) -> tuple[str | None, str | None]:
    """The names of a diff without a `diff --git` line; `a/` and `b/` are a prefix where both sides fit."""
    has_prefix = (old == _NOTHING or old.startswith("a/")) and (new == _NOTHING or new.startswith("b/"))
    bare_old, bare_new = (old[2:], new[2:]) if has_prefix else (old, new)
    return None if old == _NOTHING else bare_old, None if new == _NOTHING else bare_new


def _named(field: str) -> str:
    """The name in a `---` or `+++` line, without what follows a tab (a time, or nothing: git marks blanks so)."""
    if field.startswith('"'):
        return _unquoted(field[: _quoted_end(field)])
    return field.partition("\t")[0].rstrip("\r")


def _unquoted(name: str) -> str:
    """A name as it is, out of git's C-style quotes."""
    if not (name.startswith('"') and name.endswith('"') and len(name) > 1):
        return name
    raw = name[1:-1].encode("utf-8", "surrogateescape")
    return _ESCAPE.sub(_unescaped, raw).decode("utf-8", "surrogateescape")


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if len(code) == 3:
        return bytes([int(code, 8) & 0xFF])
    return _ESCAPED.get(code, code)
