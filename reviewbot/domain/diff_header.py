"""The lines of a diff before a file's first hunk: names, modes, and what happened to the file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reviewbot.domain.diff import FileDiff, FileStatus

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


def is_header_line(line: bytes, header: Sequence[str]) -> bool:
    """Whether a line goes on with the header so far; after `GIT binary patch` everything does, up to the next file."""
    if line.startswith(b"diff --"):
        return False
    if any(known.startswith(_BINARY_PATCH) for known in header):
        return True
    if not header[0].startswith("diff --"):
        return len(header) == 1 and line.startswith(b"+++ ")
    return line.startswith(_EXTENDED)


def read_header(header: Sequence[str]) -> FileDiff:
    """What the header says of its file; names lose the prefix (`a/`, `b/` or another one) where there is one."""
    fields = {key: line[len(key) :].rstrip("\r") for line in header[1:] for key in _KEYS if line.startswith(key)}
    old_path, new_path = _paths(header, fields)
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
    if header[0].startswith("diff --git "):
        old, new, has_prefix = _git_names(header[0].removeprefix("diff --git ").rstrip("\r"), fields)
    elif header[0].startswith("diff --"):
        name = _unquoted(header[0].split(" ", 2)[2].rstrip("\r"))
        return name, name
    else:
        old, new, has_prefix = _plain_names(header[0].removeprefix("--- "), fields.get("+++ ", ""))
    for moved in ("rename", "copy"):
        if f"{moved} from " in fields:
            old = _unquoted(fields[f"{moved} from "])
            new = _unquoted(fields.get(f"{moved} to ", ""))
            return old, new
    if "--- " in fields and header[0].startswith("diff --git "):
        old, new = _side(fields["--- "], has_prefix), _side(fields.get("+++ ", ""), has_prefix)
    if "new file mode " in fields:
        old = None
    if "deleted file mode " in fields:
        new = None
    return (old, new) if old is not None or new is not None else ("", "")


def _git_names(names: str, fields: dict[str, str]) -> tuple[str | None, str | None, bool]:
    """The two names of a `diff --git` line, which are the same but for a prefix, and whether there is one.

    The line does not say where the first name ends; that both are the same tells it. A rename is not told apart
    here: its names stand in lines of their own.
    """
    if names.startswith('"') and (end := _quoted_end(names)) < len(names):
        return _same(_unquoted(names[:end]), _unquoted(names[end + 1 :]))
    for middle in (at for at, char in enumerate(names) if char == " "):
        old, new = names[:middle], names[middle + 1 :]
        pair = _same(old, _unquoted(new))
        if pair[0] == pair[1] and pair[0] is not None:
            return pair
    has_prefix = fields.get("--- ", "a/").lstrip('"').startswith("a/") or fields.get("+++ ", "").startswith("b/")
    return None, None, has_prefix


def _same(old: str, new: str) -> tuple[str | None, str | None, bool]:
    if old == new:
        return old, new, False
    bare_old, bare_new = old.partition("/")[2], new.partition("/")[2]
    if bare_old == bare_new and bare_old:
        return bare_old, bare_new, True
    return None, "", True


def _quoted_end(text: str) -> int:
    """Where the quoted name at the beginning of the text ends."""
    at = 1
    while at < len(text) and text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    return at + 1


def _plain_names(old_field: str, new_field: str) -> tuple[str | None, str | None, bool]:
    """The names of a diff without a `diff --git` line; `a/` and `b/` are a prefix where both sides fit."""
    old, new = _named(old_field), _named(new_field)
    has_prefix = old.startswith("a/") and new.startswith("b/")
    has_prefix = has_prefix or (old == _NOTHING and new.startswith("b/")) or (new == _NOTHING and old.startswith("a/"))
    return _side(old_field, has_prefix), _side(new_field, has_prefix), has_prefix


def _side(field: str, has_prefix: bool) -> str | None:
    name = _named(field)
    if name == _NOTHING:
        return None
    return name.partition("/")[2] or name if has_prefix else name


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
