"""Writing the files of a snapshot to a directory, where no name in them can lead out of it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from reviewbot.errors import GitError

MAX_FILES = 200_000
MAX_BYTES = 2 * 1024 * 1024 * 1024
_MAX_PATH_BYTES = 3_000
# Characters that HFS+ leaves out when it compares names.
_IGNORED_BY_HFS = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_NAMES_OF_GIT_DIR = frozenset({".git", "git~1"})


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A regular file to write: its path as git has it, and how to get its bytes."""

    path: str
    is_executable: bool
    read: Callable[[], bytes | None]


def export_tree(
    files: Iterable[ExportedFile], directory: Path, max_files: int = MAX_FILES, max_bytes: int = MAX_BYTES
) -> None:
    """Writes the files under an empty directory, which is made if need be.

    A GitError says which path is hostile or which limit is passed; what was written until then stays.
    A file that has vanished since it was listed is left out.
    """
    root = _empty_directory(directory)
    written_bytes = 0
    for count, file in enumerate(files, start=1):
        reason = hostility(file.path)
        if reason:
            raise GitError(f"{file.path!r} cannot be exported: {reason}; remove the file from the repository")
        if count > max_files:
            raise GitError(f"more than {max_files} files to export to {root}; review without an exported tree")
        content = file.read()
        if content is None:
            continue
        written_bytes += len(content)
        if written_bytes > max_bytes:
            raise GitError(f"more than {max_bytes} bytes to export to {root}; review without an exported tree")
        _write(root, file, content)


def _empty_directory(directory: Path) -> Path:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        root = directory.resolve(strict=True)
        if any(root.iterdir()):
            raise GitError(f"{directory} is not empty; export into a new directory")
    except OSError as error:
        raise GitError(f"{directory} cannot be exported to: {error.strerror}; choose another directory") from error
    return root


def hostility(path: str) -> str:
    """Why a path from a repository must not be written to disk; "" where it may be."""
    if "\0" in path or "\\" in path:
        return "it holds a NUL or a backslash"
    if path.startswith("/"):
        return "it is absolute"
    if len(path.encode("utf-8", "surrogateescape")) > _MAX_PATH_BYTES:
        return f"it is longer than {_MAX_PATH_BYTES} bytes"
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return "a part of it is empty, '.' or '..'"
        # NTFS drops dots and blanks at the end of a name and what follows a colon.
        folded = _IGNORED_BY_HFS.sub("", part).casefold().partition(":")[0].rstrip(" .")
        if folded in _NAMES_OF_GIT_DIR or not folded:
            return "a part of it is .git to some file system"
    return ""


def _write(root: Path, file: ExportedFile, content: bytes) -> None:
    target = root / os.fsdecode(file.path.encode("utf-8", "surrogateescape"))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # "x" refuses a name that is there already: case may not matter to this file system.
        with target.open("xb") as stream:
            stream.write(content)
        target.chmod(0o755 if file.is_executable else 0o644)
    except OSError as error:
        raise GitError(
            f"{file.path!r} cannot be written to {root}: {error.strerror}; "
            "two names may be one to this file system, or the disk is full"
        ) from error
