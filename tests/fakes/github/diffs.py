"""The diff of a pull request as GitHub computes it: from the merge base, by git itself, three lines of context."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

from tests.fakes.github.objects import GitStore, run_git

MOST_FILES, MOST_LINES = 300, 20_000
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}


@dataclass(frozen=True)
class FileChange:
    """One file of a diff. `lines` gives for (side, line) the number of its hunk: where a comment may stand."""

    path: str
    old_path: str | None
    status: str
    blob: str
    additions: int
    deletions: int
    patch: str | None
    lines: dict[tuple[str, int], int]
    positions: dict[tuple[str, int], int]


@dataclass(frozen=True)
class PullDiff:
    """What one commit changes against the merge base with another."""

    merge_base: str
    text: bytes
    files: tuple[FileChange, ...]

    def file(self, path: str) -> FileChange | None:
        return next((one for one in self.files if one.path == path), None)

    @property
    def too_large(self) -> str | None:
        """GitHub's reason not to give it as one text."""
        if len(self.files) > MOST_FILES:
            return f"exceeded the maximum number of files ({MOST_FILES})"
        if self.text.count(b"\n") > MOST_LINES:
            return f"exceeded the maximum number of lines ({MOST_LINES})"
        return None


_known: dict[tuple[str, str], PullDiff] = {}
_lock = threading.Lock()


def diff_between(store: GitStore, base: str, head: str) -> PullDiff:
    """The diff of a head; equal commits are asked of git once, whatever world they are in."""
    merge_base = store.merge_base(base, head) or base
    with _lock:
        found = _known.get((merge_base, head))
    if found is None:
        found = _computed(store, merge_base, head)
        with _lock:
            if len(_known) > 2_000:
                _known.clear()
            _known[merge_base, head] = found
    return found


def _computed(store: GitStore, merge_base: str, head: str) -> PullDiff:
    if store.files(merge_base) == store.files(head):
        return PullDiff(merge_base, b"", ())
    options = ("diff", "--no-color", "--no-ext-diff", "--no-textconv", "-M", "-l0")
    text = run_git(store.path, *options, merge_base, head)
    raw = run_git(store.path, *options, "--raw", "-z", "--no-abbrev", merge_base, head).split(b"\0")
    sections = iter(_sections(text))
    files, at = [], 0
    while at < len(raw) - 1:
        _, _, old_blob, blob, letters = raw[at].decode().split()
        is_move = letters[0] in "RC"
        paths = [name.decode("utf-8", "replace") for name in raw[at + 1 : at + (3 if is_move else 2)]]
        at += 3 if is_move else 2
        section = next(sections)
        if letters[0] == "T":
            section += next(sections)
        status = _STATUS[letters[0]]
        old_path = paths[0] if is_move else None
        files.append(_file(paths[-1], old_path, status, old_blob if status == "removed" else blob, section))
    return PullDiff(merge_base, text, tuple(files))


def _sections(text: bytes) -> list[bytes]:
    if not text:
        return []
    return [b"diff --git " + part for part in re.split(rb"^diff --git ", text, flags=re.M)[1:]]


def _file(path: str, old_path: str | None, status: str, blob: str, section: bytes) -> FileChange:
    found = re.search(rb"^@@ ", section, flags=re.M)
    patch = section[found.start() :] if found else b""
    lines: dict[tuple[str, int], int] = {}
    positions: dict[tuple[str, int], int] = {}
    old = new = hunk = additions = deletions = 0
    for position, line in enumerate(patch.split(b"\n")):
        start = _HUNK.match(line)
        if start:
            old, new, hunk = int(start[1]), int(start[3]), hunk + 1
            continue
        if line[:1] not in (b" ", b"+", b"-"):
            continue
        if line[:1] != b"+":
            lines["LEFT", old], positions["LEFT", old] = hunk, position
            old += 1
        if line[:1] != b"-":
            lines["RIGHT", new], positions["RIGHT", new] = hunk, position
            new += 1
        additions += line[:1] == b"+"
        deletions += line[:1] == b"-"
    too_long = len(patch) > 500_000
    shown = None if not patch or too_long else patch.decode("utf-8", "replace").rstrip("\n")
    return FileChange(path, old_path, status, blob, additions, deletions, shown, lines, positions)
