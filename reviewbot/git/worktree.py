"""The tracked files on disk behind the `Snapshot` port, for the review of work that is not committed."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from reviewbot.errors import GitError, InputError
from reviewbot.git.entries import index_entries
from reviewbot.git.objects import MAX_OBJECT_BYTES
from reviewbot.git.repository import open_repository
from reviewbot.git.search import grep_hits
from reviewbot.git.tree import ExportedFile, export_tree
from reviewbot.ports import GrepHit

_FOLLOW_NOTHING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class WorkingTreeSnapshot:
    """Tracked files as they are on disk; untracked ones, such as a `.env`, are not to be had.

    No symlink is followed, neither as a file nor on the way to one. The listing is taken when it is made.
    """

    def __init__(self, root: Path) -> None:
        self._repository = open_repository(root)
        if self._repository.work_tree is None:
            raise InputError(f"{root} is a bare repository and has no files; give a checkout")
        self._root = self._repository.work_tree
        self._tracked = index_entries(self._repository)

    @property
    def revision(self) -> str:
        return "working tree"

    def list_files(self) -> Sequence[str]:
        """Paths of tracked regular files that are on disk, sorted."""
        return [path for path in self._tracked if self._descriptor_exists(path)]

    def _descriptor_exists(self, path: str) -> bool:
        descriptor = _opened_inside(self._root, path)
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is not None

    def read_file(self, path: str) -> bytes | None:
        """The bytes of a tracked regular file; None for anything else. A GitError for one that is too large."""
        if path not in self._tracked:
            return None
        descriptor = _opened_inside(self._root, path)
        if descriptor is None:
            return None
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(MAX_OBJECT_BYTES + 1)
        if len(content) > MAX_OBJECT_BYTES:
            raise GitError(f"{path!r} in {self._root} has more than {MAX_OBJECT_BYTES} bytes; exclude it")
        return content

    def grep(self, words: Sequence[str], limit: int = 200) -> list[GrepHit]:
        """At most `limit` lines of tracked text files that hold one of the words (fixed text, whole word)."""
        hits = grep_hits(self._repository, (), words, limit)
        # git opens a file through a directory that was replaced by a symlink.
        inside = {path for path in {hit.path for hit in hits} if self._descriptor_exists(path)}
        return [hit for hit in hits if hit.path in inside]

    def export(self, directory: Path) -> None:
        """Writes all tracked regular files under an empty directory."""
        files = [
            ExportedFile(path, entry.is_executable, lambda path=path: self.read_file(path))  # type: ignore[misc]
            for path, entry in self._tracked.items()
        ]
        export_tree(files, directory)

    def close(self) -> None:
        """Ends the repository's git process, if one runs."""
        self._repository.close()


def _opened_inside(root: Path, path: str) -> int | None:
    """A descriptor of a regular file; None where there is none or where a symlink stands in the way."""
    *directories, name = path.encode("utf-8", "surrogateescape").split(b"/")
    if b".." in directories:
        return None
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for directory in directories:
            there = os.open(directory, _FOLLOW_NOTHING | os.O_DIRECTORY, dir_fd=here)
            os.close(here)
            here = there
        found = os.open(name, _FOLLOW_NOTHING, dir_fd=here)
    except OSError:
        return None
    finally:
        os.close(here)
    if stat.S_ISREG(os.fstat(found).st_mode):
        return found
    os.close(found)
    return None
