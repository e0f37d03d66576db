"""Reviews the change of a working copy, or a diff from a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reviewbot.domain.change import Change
from reviewbot.domain.diff_text import parse_diff
from reviewbot.domain.policy import Policy
from reviewbot.domain.review import Review
from reviewbot.engine.review import Reviewable, SecondLook, review
from reviewbot.errors import GitError, InputError
from reviewbot.git.local import LocalChange, local_change, staged_change
from reviewbot.git.snapshot import EmptySnapshot
from reviewbot.ports import Reviewer


@dataclass(frozen=True, slots=True)
class LocalChoice:
    """Which change: a given diff, what is staged, or everything since `base` (None: since the default branch)."""

    base: str | None = None
    diff: bytes | None = None
    staged: bool = False


@contextmanager
def opened_local_change(directory: Path, choice: LocalChoice) -> Iterator[tuple[Reviewable, tuple[str, ...]]]:
    """The change with the files around it, and sentences on what is not part of it."""
    if choice.diff is not None:
        with _around(directory) as around:
            yield _given(choice.diff, around)
        return
    local = staged_change(directory) if choice.staged else local_change(directory, choice.base)
    try:
        change = Change(diff=parse_diff(local.diff.content), base=local.base, head=local.head, is_cut=local.diff.is_cut)
        yield Reviewable(change, local.base_snapshot, local.head_snapshot), _notes(local)
    finally:
        local.close()


def review_local(
    reviewable: Reviewable,
    reviewers: Sequence[Reviewer],
    policy: Policy | None = None,
    second_look: SecondLook | None = None,
) -> Review:
    """The review of an opened change."""
    return review(reviewable, reviewers, policy, second_look=second_look)


@contextmanager
def _around(directory: Path) -> Iterator[LocalChange | None]:
    """The checkout that a given diff was probably made in; None where there is none."""
    try:
        local = local_change(directory, "HEAD")
    except (GitError, InputError):
        yield None
        return
    try:
        yield local
    finally:
        local.close()


def _given(diff: bytes, around: LocalChange | None) -> tuple[Reviewable, tuple[str, ...]]:
    change = Change(diff=parse_diff(diff))
    if around is None:
        return Reviewable(change, EmptySnapshot(), EmptySnapshot()), (
            "No checkout here: the diff is reviewed alone, without the files around it.",
        )
    return Reviewable(change, around.base_snapshot, around.head_snapshot), ()


def _notes(local: LocalChange) -> tuple[str, ...]:
    notes = []
    if local.untracked_files:
        notes.append(f"{local.untracked_files} untracked files are not part of it (git add -N FILE takes one in).")
    if local.unstaged_files:
        notes.append(f"{local.unstaged_files} files have unstaged changes, which are not part of it.")
    return tuple(notes)
