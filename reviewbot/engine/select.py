"""Deciding which files of a diff are read, and saying why the others are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reviewbot.domain.diff import Diff, FileDiff, LineKind
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

    `is_generated` looks into the file itself, before and after the change. Deleted files and lines are read like
    added ones. Where there is not room for all, code goes before tests before prose, and among these the larger change
    before the smaller.
    """
    gone: list[tuple[FileDiff, SkipReason, str]] = []
    wanted: list[FileDiff] = []
    for file in diff.files:
        reason, detail = _reason(file, policy, is_generated)
        if reason is None:
            wanted.append(file)
        else:
            gone.append((file, reason, detail))
    over = _over_limits(wanted, policy)
    gone += [(file, SkipReason.TOO_LARGE, over[id(file)]) for file in wanted if id(file) in over]
    paths = dict.fromkeys(file.path for file in wanted if id(file) not in over)
    # A file that became a symlink stands in the diff twice: it counts as read as soon as one half of it is.
    skipped = {
        file.path: FileCoverage(file.path, 0, len(file.hunks), reason, detail)
        for file, reason, detail in gone
        if file.path not in paths
    }
    order = dict.fromkeys(file.path for file in diff.files)
    return Selection(tuple(paths), tuple(skipped[path] for path in order if path in skipped))


def _reason(
    file: FileDiff, policy: Policy, is_generated: Callable[[str], bool] | None
) -> tuple[SkipReason | None, str]:
    if file.is_submodule:
        return SkipReason.SUBMODULE, ""
    if file.is_binary:
        return SkipReason.BINARY, ""
    if any(glob_matches(pattern, file.path) for pattern in policy.ignored_paths):
        return SkipReason.POLICY, ""
    if policy.only_paths and not any(glob_matches(pattern, file.path) for pattern in policy.only_paths):
        return SkipReason.POLICY, "not among the paths that are reviewed"
    by_name = reason_to_skip(file.path)
    if by_name is not None:
        return by_name, ""
    if _shows_marker(file) or (is_generated is not None and is_generated(file.path)):
        return SkipReason.GENERATED, "says so in its first lines"
    if file.omitted:
        # Also where some hunks are there: half a file would count as a whole one.
        return SkipReason.TOO_LARGE, file.omitted
    if not file.changed_line_count:
        return SkipReason.NO_TEXT_CHANGE, str(file.status).replace("_", " ")
    return None, ""


def _shows_marker(file: FileDiff) -> bool:
    """Whether the head of the file, as far as the diff shows it, said so before the change and still does.

    A marker that the change itself brings is only a claim: it must not hide what else it brings.
    """
    is_gone = file.new_path is None
    first = (
        line.text
        for hunk in file.hunks[:1]
        for line in hunk.lines[: 2 * _FIRST_LINES]
        if (is_gone or line.kind is LineKind.CONTEXT) and (line.old_number or _FIRST_LINES + 1) <= _FIRST_LINES
    )
    return says_generated("\n".join(first))


def _over_limits(files: Sequence[FileDiff], policy: Policy) -> dict[int, str]:
    """The least risky files, which have no room, by their `id` and with the limit that left them out."""
    lines_left, files_left = policy.max_lines, policy.max_files
    over = {}
    for file in sorted(files, key=risk_rank):
        if not files_left:
            over[id(file)] = f"the diff has more than {policy.max_files:,} files to read"
        elif file.changed_line_count > lines_left:
            over[id(file)] = f"the diff has more than {policy.max_lines:,} changed lines to read"
        else:
            lines_left -= file.changed_line_count
            files_left -= 1
    return over


def risk_rank(file: FileDiff) -> tuple[int, int, str]:
    """Sorts the riskiest first: code before tests before prose, and the larger change before the smaller."""
    kind = 2 if is_prose(file.path) else 1 if is_test(file.path) else 0
    return (kind, -file.changed_line_count, file.path)
