"""The change that lies in a checkout, for `reviewbot review`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reviewbot.domain.repository import Sha
from reviewbot.errors import GitError, InputError, RepositoryNotFound, RevisionNotFound
from reviewbot.git.differences import (
    CONTEXT_LINES,
    MAX_DIFF_BYTES,
    RawDiff,
    index_diff,
    unstaged_paths,
    untracked_paths,
    work_tree_diff,
)
from reviewbot.git.repository import Repository, open_repository
from reviewbot.git.snapshot import EmptySnapshot, IndexSnapshot, RevisionSnapshot
from reviewbot.git.worktree import WorkingTreeSnapshot
from reviewbot.ports import Snapshot


@dataclass(frozen=True)
class LocalChange:
    """Work that is not in the base yet.

    `base` and `base_snapshot` are the state before; `base` is None before the first commit. `head` is HEAD's
    commit (None likewise), which the diff may go beyond. The counts are of files that the diff leaves out.
    """

    repository: Repository
    root: Path
    diff: RawDiff
    base: Sha | None
    head: Sha | None
    base_snapshot: Snapshot
    head_snapshot: Snapshot
    untracked_files: int = 0
    unstaged_files: int = 0

    def close(self) -> None:
        """Ends the git processes behind the snapshots."""
        self.repository.close()


def local_change(root: Path, base: str | None = None, max_bytes: int = MAX_DIFF_BYTES) -> LocalChange:
    """All tracked work since it left `base` (by default the default branch), committed or not.

    `root` may be any directory of a checkout. An InputError says so where no base can be guessed.
    """
    repository, work_tree = _checkout(root)
    head_snapshot = WorkingTreeSnapshot(work_tree)
    head = _head(repository)
    since = _common_base(repository, head, base)
    start = since or repository.empty_tree
    return LocalChange(
        repository=repository,
        root=work_tree,
        diff=work_tree_diff(repository.git_dir, work_tree, start, CONTEXT_LINES, max_bytes),
        base=since,
        head=head,
        base_snapshot=_before(repository, since),
        head_snapshot=head_snapshot,
        untracked_files=len(untracked_paths(repository.git_dir, work_tree)),
    )


def staged_change(root: Path, max_bytes: int = MAX_DIFF_BYTES) -> LocalChange:
    """What the next commit would hold: the index against HEAD, or against nothing before the first commit."""
    repository, work_tree = _checkout(root)
    head_snapshot = IndexSnapshot(repository)
    head = _head(repository)
    start = head or repository.empty_tree
    return LocalChange(
        repository=repository,
        root=work_tree,
        diff=index_diff(repository.git_dir, work_tree, start, CONTEXT_LINES, max_bytes),
        base=head,
        head=head,
        base_snapshot=_before(repository, head),
        head_snapshot=head_snapshot,
        untracked_files=len(untracked_paths(repository.git_dir, work_tree)),
        unstaged_files=len(unstaged_paths(repository.git_dir, work_tree)),
    )


def _checkout(root: Path) -> tuple[Repository, Path]:
    start = root.absolute()
    place = next((place for place in (start, *start.parents) if (place / ".git").exists()), start)
    try:
        repository = open_repository(place)
    except RepositoryNotFound as error:
        raise RepositoryNotFound(
            f"neither {root} nor a directory above it is a git checkout; go to one, or name it"
        ) from error
    if repository.work_tree is None:
        raise InputError(f"{root} is a bare repository and has no files; go to a checkout, or name it")
    return repository, repository.work_tree


def _head(repository: Repository) -> Sha | None:
    """HEAD's commit; None on a branch that has no commit yet."""
    try:
        return repository.resolve("HEAD")
    except RevisionNotFound:
        return None


def _common_base(repository: Repository, head: Sha | None, base: str | None) -> Sha | None:
    if head is None:
        return repository.resolve(base) if base is not None else None
    name = base if base is not None else repository.default_branch()
    if name is None:
        raise InputError(
            f"cannot guess what the work in {repository.work_tree} is to be compared with: "
            "there is neither origin/HEAD nor a branch main or master; give it with --base"
        )
    tip = repository.resolve(name)
    common = repository.merge_base(tip, head)
    if common is None:
        raise GitError(
            f"HEAD and {name} have no common commit in {repository.git_dir}; "
            "fetch more history (`git fetch --unshallow`) or give another --base"
        )
    return common


def _before(repository: Repository, base: Sha | None) -> Snapshot:
    return EmptySnapshot() if base is None else RevisionSnapshot(repository, base)
