"""Short ways to write diffs, and what to say of a parsed one."""

from __future__ import annotations

from reviewbot.domain.diff import Diff, FileDiff, LineKind

HEAD = b"diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n"


def names(diff: Diff) -> list[tuple[str | None, str | None, str]]:
    return [(file.old_path, file.new_path, file.status.value) for file in diff.files]


def counts(file: FileDiff) -> tuple[int, int]:
    """Added and removed lines."""
    kinds = [line.kind for hunk in file.hunks for line in hunk.lines]
    return kinds.count(LineKind.ADDED), kinds.count(LineKind.REMOVED)
