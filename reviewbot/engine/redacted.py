"""A change as models may see it, and as it is quoted: with markers in the place of secrets, line by line as before.

Everything the engine compares is compared in these texts, so that a quote of a marker is found where it stands.
Programs that run on an exported tree get the files as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reviewbot.domain.change import Change
from reviewbot.domain.diff import Diff, FileDiff, Hunk, Side
from reviewbot.domain.finding import Finding
from reviewbot.domain.secret_text import Hidden, hidden, without_secrets
from reviewbot.ports import GrepHit, Snapshot

_MOST_KEPT_BYTES = 4_000_000


@dataclass
class HiddenSecrets:
    """Which secrets were hidden from a review, by digests that tell them apart and nothing else."""

    digests: set[str] = field(default_factory=set)

    def note(self, result: Hidden) -> str:
        self.digests |= result.secrets
        return result.text

    @property
    def words(self) -> str:
        """One sentence for the receipt; "" where nothing was hidden."""
        count = len(self.digests)
        if not count:
            return ""
        return f"{count:,} secret{' was' if count == 1 else 's were'} hidden from the models"


class RedactedSnapshot:
    """A snapshot whose files are read without their secrets; an export has them as they are."""

    def __init__(self, snapshot: Snapshot, secrets: HiddenSecrets) -> None:
        self._snapshot = snapshot
        self._read: dict[str, bytes | None] = {}
        self._room = _MOST_KEPT_BYTES
        self.secrets = secrets

    @property
    def revision(self) -> str:
        return self._snapshot.revision

    def read_file(self, path: str) -> bytes | None:
        if path in self._read:
            return self._read[path]
        content = self._snapshot.read_file(path)
        if content is not None:
            content = self._without_secrets(content)
        size = len(content or b"")
        if size <= self._room:
            self._room -= size
            self._read[path] = content
        return content

    def list_files(self) -> Sequence[str]:
        return self._snapshot.list_files()

    def grep(self, words: Sequence[str], limit: int = 200) -> list[GrepHit]:
        hits = self._snapshot.grep(words, limit)
        return [replace(hit, text=self.secrets.note(hidden(hit.text))) for hit in hits]

    def export(self, directory: Path) -> None:
        self._snapshot.export(directory)

    def _without_secrets(self, content: bytes) -> bytes:
        text = content.decode("utf-8", "surrogateescape")
        shown = self.secrets.note(hidden(text))
        return content if shown == text else shown.encode("utf-8", "surrogateescape")


def redacted_change(change: Change, secrets: HiddenSecrets) -> Change:
    """The change with the secrets of its lines and of its author's words hidden; paths stay as they are."""
    files = tuple(_file(file, secrets) for file in change.diff.files)
    is_same = all(new is old for new, old in zip(files, change.diff.files, strict=True))
    return replace(
        change,
        diff=change.diff if is_same else Diff(files, change.diff.preamble),
        title=secrets.note(hidden(change.title)),
        description=secrets.note(hidden(change.description)),
    )


def redacted_finding(finding: Finding) -> Finding:
    """The finding as it may be stored and said: a reviewer that reads files by itself may have quoted a secret."""
    return replace(
        finding,
        title=without_secrets(finding.title),
        explanation=without_secrets(finding.explanation),
        evidence=tuple(map(without_secrets, finding.evidence)),
        suggestion=None if finding.suggestion is None else without_secrets(finding.suggestion),
    )


def _file(file: FileDiff, secrets: HiddenSecrets) -> FileDiff:
    hunks = tuple(_hunk(hunk, secrets) for hunk in file.hunks)
    trailer = tuple(map(without_secrets, file.trailer))
    if trailer == file.trailer and all(new is old for new, old in zip(hunks, file.hunks, strict=True)):
        return file
    return replace(file, hunks=hunks, trailer=trailer)


def _hunk(hunk: Hunk, secrets: HiddenSecrets) -> Hunk:
    """Each side is read as one text, so that a key over several lines is seen as one."""
    texts = {at: line.text for at, line in enumerate(hunk.lines)}
    for side in Side:
        numbered = [at for at, line in enumerate(hunk.lines) if line.number(side) is not None]
        whole = "\n".join(hunk.lines[at].text for at in numbered)
        shown = secrets.note(hidden(whole)).split("\n") if numbered else []
        texts.update((at, text) for at, text in zip(numbered, shown, strict=True) if text != hunk.lines[at].text)
    section, header = without_secrets(hunk.section), without_secrets(hunk.header)
    if all(line.text == texts[at] for at, line in enumerate(hunk.lines)) and section == hunk.section:
        return hunk
    lines = tuple(replace(line, text=texts[at]) for at, line in enumerate(hunk.lines))
    return replace(hunk, lines=lines, section=section, header=header)
