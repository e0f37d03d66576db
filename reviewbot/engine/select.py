"""Deciding which files of a diff are read, and saying why the others are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reviewbot.domain.diff import Diff, FileDiff
from reviewbot.domain.policy import Policy
from reviewbot.domain.review import FileCoverage, SkipReason
from reviewbot.engine.file_kinds import is_prose, is_test, reason_to_skip, says_generated
from reviewbot.engine.globs import glob_matches

_FIRST_LINES = 12


@dataclass(frozen=True, slots=True)
class Selection:
    """Paths to read, in the order of the diff, and the others with the reason."""

    paths: tuple[str, ...]
    skipped: tuple[FileCoverage, ...]


def pick_paths(diff: Diff, policy: Policy, is_generated: Callable[[str], bool] | None = None) -> Selection:
    """Leaves out what nobody wrote or nothing changed in, and then the least risky files above the size limits.

    `is_generated` looks into the file itself. Deleted files and lines are read like added ones. Where there is not
    room for all, code goes before tests before prose, and among these the larger change before the smaller.
    """
    skipped: dict[str, FileCoverage] = {}
    wanted: list[FileDiff] = []
    for file in diff.files:
        reason, detail = _reason(file, policy, is_generated)
        if reason is None:
            wanted.append(file)
        else:
            skipped[file.path] = FileCoverage(file.path, 0, len(file.hunks), reason, detail)
    for file in _beyond_limits(wanted, policy):
        detail = f"more than {policy.max_files} files or {policy.max_lines} changed lines"
        skipped[file.path] = FileCoverage(file.path, 0, len(file.hunks), SkipReason.TOO_LARGE, detail)
    paths = tuple(dict.fromkeys(file.path for file in wanted if file.path not in skipped))
    return Selection(paths, tuple(skipped.values()))


def _reason(
    file: FileDiff, policy: Policy, is_generated: Callable[[str], bool] | None
) -> tuple[SkipReason | None, str]:
    if file.is_submodule:
        return SkipReason.SUBMODULE, ""
    if file.is_binary:
        return SkipReason.BINARY, ""
    if any(glob_matches(pattern, file.path) for pattern in policy.ignored_paths):
        return SkipReason.POLICY, ""
    by_name = reason_to_skip(file.path)
    if by_name is not None:
        return by_name, ""
    if file.omitted and not file.hunks:
        return SkipReason.TOO_LARGE, file.omitted
    if not file.changed_line_count:
        return SkipReason.NO_TEXT_CHANGE, str(file.status).replace("_", " ")
    if _shows_marker(file) or (is_generated is not None and is_generated(file.path)):
        return SkipReason.GENERATED, "says so in its first lines"
    return None, ""


def _shows_marker(file: FileDiff) -> bool:
    first = (
        line.text
        for hunk in file.hunks[:1]
        for line in hunk.lines[:_FIRST_LINES]
        if (line.new_number or line.old_number or 0) <= _FIRST_LINES
    )
    return says_generated("\n".join(first))


def _beyond_limits(files: Sequence[FileDiff], policy: Policy) -> list[FileDiff]:
    """Files that have no room, the least risky ones."""
    room = policy.max_lines
    beyond = []
    for rank, file in enumerate(sorted(files, key=_risk)):
        if rank >= policy.max_files or file.changed_line_count > room:
            beyond.append(file)
        else:
            room -= file.changed_line_count
    return beyond


def _risk(file: FileDiff) -> tuple[int, int, str]:
    kind = 2 if is_prose(file.path) else 1 if is_test(file.path) else 0
    return (kind, -file.changed_line_count, file.path)
