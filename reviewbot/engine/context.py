"""What surrounds a change: everything a careful reviewer would open beside the diff, within a budget."""

from __future__ import annotations

from collections.abc import Sequence

from reviewbot.domain.diff import FileDiff
from reviewbot.engine.file_kinds import is_prose, is_test
from reviewbot.engine.mentions import related_pieces
from reviewbot.engine.pieces import Context, ContextPiece, PieceKind, within_budget
from reviewbot.engine.sources import ChangedFile, Sources
from reviewbot.engine.surroundings import surrounding_pieces
from reviewbot.ports import ReviewTask

__all__ = ["Context", "ContextPiece", "PieceKind", "gather_context"]


def gather_context(task: ReviewTask, paths: Sequence[str], budget_tokens: int) -> Context:
    """The surroundings of these files of the change, most useful first; the hunks themselves are not repeated.

    The order of use is that of `PieceKind`, and within a kind that of `paths`, tests last.
    The same task gives the same context.
    """
    head, base = Sources(task.head), Sources(task.base)
    diffs = [diff for path in dict.fromkeys(paths) if (diff := task.change.diff.file(path)) is not None]
    files = [_changed_file(diff, head, base) for diff in diffs if diff.hunks and not diff.is_binary]
    files.sort(key=lambda file: is_test(file.path))
    pieces = [piece for file in files if not is_prose(file.path) for piece in surrounding_pieces(file)]
    return within_budget([*pieces, *related_pieces(files, head)], budget_tokens)


def _changed_file(diff: FileDiff, head: Sources, base: Sources) -> ChangedFile:
    return ChangedFile(
        diff,
        head.file(diff.new_path) if diff.new_path is not None else None,
        base.file(diff.old_path) if diff.old_path is not None else None,
    )
