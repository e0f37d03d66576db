"""For authors of reviewers: a snapshot without git, and the conformance test of the `Reviewer` port."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reviewbot.ports import GrepHit


class MemorySnapshot:
    """A `Snapshot` of files given as bytes by path, for tests that need no repository."""

    def __init__(self, files: Mapping[str, bytes] | None = None, revision: str = "0" * 40) -> None:
        self._files = dict(sorted((files or {}).items()))
        self._revision = revision

    @property
    def revision(self) -> str:
        return self._revision

    def read_file(self, path: str) -> bytes | None:
        return self._files.get(path)

    def list_files(self) -> Sequence[str]:
        return list(self._files)

    def grep(self, words: Sequence[str], limit: int = 200) -> list[GrepHit]:
        if not words:
            return []
        pattern = re.compile(r"(?<!\w)(?:" + "|".join(re.escape(word) for word in words) + r")(?!\w)")
        hits: list[GrepHit] = []
        for path, number, text in self._lines():
            if len(hits) >= limit:
                break
            if pattern.search(text):
                hits.append(GrepHit(path, number, text))
        return hits

    def _lines(self) -> Iterator[tuple[str, int, str]]:
        for path, content in self._files.items():
            if b"\0" in content:
                continue
            for number, line in enumerate(content.decode("utf-8", "surrogateescape").split("\n"), start=1):
                yield path, number, line

    def export(self, directory: Path) -> None:
        for path, content in self._files.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
