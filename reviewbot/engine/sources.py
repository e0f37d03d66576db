"""Files of a snapshot, read and parsed once each, as far as a work limit allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from reviewbot.domain.diff import FileDiff, LineKind
from reviewbot.engine.languages import Language, language_of
from reviewbot.engine.symbols import Symbol
from reviewbot.engine.syntax import SyntaxTree, parse_source
from reviewbot.ports import GrepHit, Snapshot

_FOREIGN_BYTES = 250_000


class SourceFile:
    """One file at one revision."""

    def __init__(self, path: str, source: bytes) -> None:
        self.path = path
        self.source = source

    @cached_property
    def lines(self) -> list[str]:
        text = self.source.decode("utf-8", "replace").removeprefix("\ufeff")
        return text.removesuffix("\n").split("\n") if text else []

    @cached_property
    def tree(self) -> SyntaxTree | None:
        return parse_source(self.path, self.source)

    @cached_property
    def definitions(self) -> list[Symbol]:
        return self.tree.definitions() if self.tree is not None else []

    @cached_property
    def language(self) -> Language | None:
        return language_of(self.path, self.source)


class Sources:
    """Files read from one snapshot; `foreign` stops giving files once enough bytes of others were parsed."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._files: dict[str, SourceFile | None] = {}
        self._bytes_left = _FOREIGN_BYTES

    def file(self, path: str) -> SourceFile | None:
        if path not in self._files:
            source = self._snapshot.read_file(path)
            self._files[path] = SourceFile(path, source) if source is not None else None
        return self._files[path]

    def grep(self, words: Sequence[str], limit: int) -> list[GrepHit]:
        return self._snapshot.grep(words, limit)

    def foreign(self, path: str) -> SourceFile | None:
        """A file that the change does not touch; None when reading it would cost too much work."""
        if path in self._files:
            return self._files[path]
        if self._bytes_left <= 0:
            return None
        file = self.file(path)
        size = len(file.source) if file is not None else 0
        if size > self._bytes_left:
            self._files[path] = None
            return None
        self._bytes_left -= size
        return file


@dataclass(frozen=True)
class ChangedFile:
    """One file of the diff with both its versions; None where there is none or it is not text."""

    diff: FileDiff
    head: SourceFile | None
    base: SourceFile | None

    @property
    def path(self) -> str:
        return self.diff.path

    @cached_property
    def added(self) -> frozenset[int]:
        return frozenset(n for hunk in self.diff.hunks for line in hunk.changed_lines if (n := line.new_number))

    @cached_property
    def removed(self) -> frozenset[int]:
        return frozenset(n for hunk in self.diff.hunks for line in hunk.changed_lines if (n := line.old_number))

    @cached_property
    def shown_head(self) -> frozenset[int]:
        return frozenset(n for hunk in self.diff.hunks for line in hunk.lines if (n := line.new_number))

    @cached_property
    def shown_base(self) -> frozenset[int]:
        return frozenset(n for hunk in self.diff.hunks for line in hunk.lines if (n := line.old_number))

    @cached_property
    def gaps(self) -> frozenset[int]:
        """Lines of the head after which something was removed and nothing was put in its place."""
        found = set[int]()
        for hunk in self.diff.hunks:
            previous: int | None = None
            pending = False
            for line in hunk.lines:
                if line.kind is LineKind.REMOVED:
                    pending = True
                    continue
                if pending and line.kind is LineKind.CONTEXT and line.new_number is not None:
                    found.add(previous if previous is not None else line.new_number)
                previous, pending = line.new_number, False
            if pending and previous is not None:
                found.add(previous)
        return frozenset(found)

    @cached_property
    def changed_texts(self) -> tuple[str, ...]:
        return tuple(line.text[:2000] for hunk in self.diff.hunks for line in hunk.changed_lines)
