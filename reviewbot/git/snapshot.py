"""The files of a repository at one moment, behind the `Snapshot` port: a revision, the index, or nothing."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from reviewbot.domain.repository import Sha
from reviewbot.errors import GitError
from reviewbot.git.entries import Entry, index_entries, tree_entries
from reviewbot.git.objects import GitObject
from reviewbot.git.repository import Repository
from reviewbot.git.search import grep_hits
from reviewbot.git.tree import ExportedFile, export_tree
from reviewbot.ports import GrepHit


class _ObjectSnapshot(ABC):
    """What a revision and the index share: a listing of objects, read through the repository's one process."""

    def __init__(self, repository: Repository, revision: str, place: Sequence[str]) -> None:
        self._repository = repository
        self._revision = revision
        self._place = place
        self._listing_lock = threading.Lock()

    @property
    def revision(self) -> str:
        return self._revision

    @abstractmethod
    def _listed(self) -> Mapping[str, Entry]:
        """The listing as git gives it."""

    @cached_property
    def _cached_entries(self) -> Mapping[str, Entry]:
        return self._listed()

    @property
    def _entries(self) -> Mapping[str, Entry]:
        with self._listing_lock:
            return self._cached_entries

    def list_files(self) -> Sequence[str]:
        """Paths of all regular files, sorted."""
        return list(self._entries)

    def read_file(self, path: str) -> bytes | None:
        """The bytes of a regular file, None for anything else; a GitError for an object that is not there."""
        entry = self._entries.get(path)
        return None if entry is None else self._content(path, entry)

    def _content(self, path: str, entry: Entry) -> bytes:
        try:
            found = self._repository.objects.read(entry.sha)
        except GitError as error:
            raise GitError(f"{path!r} of {self._revision} cannot be read: {error}") from error
        if isinstance(found, GitObject):
            return found.content
        raise GitError(
            f"{path!r} of {self._revision} in {self._repository.git_dir} is missing (object {entry.sha}); "
            "the clone is partial or damaged: fetch the missing objects or use a full clone"
        )

    def grep(self, words: Sequence[str], limit: int = 200) -> list[GrepHit]:
        """At most `limit` lines of text files that hold one of the words (fixed text, whole word)."""
        return grep_hits(self._repository, self._place, words, limit)

    def export(self, directory: Path) -> None:
        """Writes all regular files under an empty directory; raises a GitError for hostile names and for size."""
        export_tree(self._exported(), directory)

    def _exported(self) -> list[ExportedFile]:
        return [
            ExportedFile(path, entry.is_executable, lambda path=path, entry=entry: self._content(path, entry))  # type: ignore[misc]
            for path, entry in self._entries.items()
        ]

    def close(self) -> None:
        """Ends the repository's git process; another snapshot that still reads starts it again."""
        self._repository.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class RevisionSnapshot(_ObjectSnapshot):
    """The files of one commit (or tree)."""

    def __init__(self, repository: Repository, sha: Sha) -> None:
        self._sha = Sha(sha)
        super().__init__(repository, self._sha, [self._sha])

    def _listed(self) -> Mapping[str, Entry]:
        return tree_entries(self._repository, self._sha)


class IndexSnapshot(_ObjectSnapshot):
    """The files that the next commit would have; its listing is taken when it is made."""

    def __init__(self, repository: Repository) -> None:
        super().__init__(repository, "index", ["--cached"])
        self._index = index_entries(repository)

    def _listed(self) -> Mapping[str, Entry]:
        return self._index


class EmptySnapshot:
    """No files: stands in where a diff came without a repository, and before the first commit."""

    def __init__(self, revision: str = "") -> None:
        self._revision = revision

    @property
    def revision(self) -> str:
        return self._revision

    def read_file(self, path: str) -> bytes | None:  # noqa: ARG002 - the port's signature
        return None

    def list_files(self) -> Sequence[str]:
        return []

    def grep(self, words: Sequence[str], limit: int = 200) -> list[GrepHit]:  # noqa: ARG002 - the port's signature
        return []

    def export(self, directory: Path) -> None:
        export_tree([], directory)

    def close(self) -> None:
        """Nothing is held."""
