"""A repository on this machine: names of commits, what they say, and the diff between two of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from reviewbot.domain.repository import RepoName, Sha
from reviewbot.errors import GitError, RepositoryNotFound, RevisionNotFound
from reviewbot.git.command import git_output, run_git
from reviewbot.git.commits import CommitRecord, parse_commit
from reviewbot.git.differences import CONTEXT_LINES, MAX_DIFF_BYTES, RawDiff, tree_diff
from reviewbot.git.objects import GitObject, ObjectReader

_EMPTY_TREES = {
    "sha1": Sha("4b825dc642cb6eb9a060e54bf8d69288fbee4904"),
    "sha256": Sha("6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"),
}
_ABBREVIATED = re.compile(r"[0-9a-fA-F]{4,64}\Z")
# A colon would lead to files and to searches, a blank or a control character to no revision at all.
_NO_REVISION = re.compile(r"-|.*[\s:\x00-\x1f\x7f]", re.S)
_SUBJECTS = (
    *("log", "-z", "--format=%H %s", "--no-color", "--no-show-signature", "--no-mailmap"),
    *("--no-decorate", "--no-notes", "--no-patch", "--fixed-strings"),
)
_IN_WORK_TREE = ("refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master")
_CANDIDATES_SHOWN = 10


@dataclass(frozen=True)
class Repository:
    """A bare mirror, or the repository behind a checkout. Safe to share between threads.

    One git process answers most questions; `close` ends it, and the next question starts another.
    `work_tree` is None for a bare repository, `graph_directory` where no graph was made of its history.
    """

    git_dir: Path
    work_tree: Path | None = None
    name: RepoName | None = None
    graph_directory: Path | None = field(default=None, compare=False)
    objects: ObjectReader = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "objects", ObjectReader(self.git_dir))

    def resolve(self, revision: str) -> Sha:
        """The full name of a commit; tags lead to what they mark. Raises RevisionNotFound."""
        return self._commit_object(revision).sha

    def commit(self, sha: Sha) -> CommitRecord:
        """What a commit says of itself; raises RevisionNotFound."""
        found = self._commit_object(sha)
        return parse_commit(found.sha, found.content)

    def _commit_object(self, revision: str) -> GitObject:
        if not revision or _NO_REVISION.match(revision):
            raise RevisionNotFound(f"{revision!r} is not the name of a commit; give a sha, a branch or a tag")
        found = self.objects.read(f"{revision}^{{commit}}")
        if isinstance(found, GitObject):
            return found
        raise RevisionNotFound(self._why_not_found(revision))

    def _why_not_found(self, revision: str) -> str:
        # git calls an ambiguous name missing as soon as a kind is asked for.
        candidates = self._candidates(revision)
        commits = [sha for sha, kind in candidates if kind == "commit"]
        if commits:
            shown = ", ".join(commits[:_CANDIDATES_SHOWN])
            rest = f" and {len(commits) - _CANDIDATES_SHOWN} more" if len(commits) > _CANDIDATES_SHOWN else ""
            return f"{revision} is ambiguous in {self.git_dir}: {shown}{rest}; give more digits"
        if candidates:
            kinds = " or ".join(sorted({kind for _, kind in candidates}))
            return f"{revision} in {self.git_dir} is a {kinds}, not a commit; give the sha of a commit"
        return (
            f"there is no commit {revision} in {self.git_dir}; "
            f"fetch it (`git --git-dir={self.git_dir} fetch REMOTE {revision}`) or correct the name"
        )

    def _candidates(self, abbreviated: str) -> list[tuple[str, str]]:
        """Sha and kind of every object whose name starts with these digits."""
        if not _ABBREVIATED.match(abbreviated):
            return []
        # rev-parse prints nothing for prefixes that lead nowhere, and a full name even if there is no such object.
        names = run_git(["rev-parse", f"--disambiguate={abbreviated.lower()}"], git_dir=self.git_dir)
        arguments = ["cat-file", "--batch-check=%(objectname) %(objecttype)"]
        lines = run_git(arguments, git_dir=self.git_dir, stdin=names).decode("ascii", "replace").splitlines()
        pairs = [(sha, kind) for sha, _, kind in (line.partition(" ") for line in lines)]
        return [(sha, kind) for sha, kind in pairs if kind != "missing"]

    def diff(
        self, base: Sha, head: Sha, context_lines: int = CONTEXT_LINES, max_bytes: int = MAX_DIFF_BYTES
    ) -> RawDiff:
        """The unified diff between two commits (or trees), renames found; whole files only, up to `max_bytes`."""
        return tree_diff(self.git_dir, Sha(base), Sha(head), context_lines, max_bytes)

    def merge_base(self, first: Sha, second: Sha) -> Sha | None:
        """The best common ancestor; None where the histories, as far as they are here, share none."""
        output = git_output(
            ["merge-base", Sha(first), Sha(second)], git_dir=self.git_dir, accepted_exit_codes=(0, 1)
        ).content.decode("ascii")
        return Sha(output.split()[0]) if output.strip() else None

    def default_branch(self) -> str | None:
        """The full ref name of the branch that changes go into, as far as it can be guessed offline."""
        refs = [*_IN_WORK_TREE, "refs/heads/main", "refs/heads/master"]
        if self.work_tree is None:
            refs.insert(1, "HEAD")
        return next((ref for ref in refs if isinstance(self.objects.read(f"{ref}^{{commit}}"), GitObject)), None)

    def commit_of_pull(self, number: int) -> Sha | None:
        """The commit that brought a pull request into the default branch, by its subject; None if none is known.

        A merge commit wins over `... (#N)`; of several the oldest wins, for later ones repeat its subject.
        """
        branch = self.default_branch() or "HEAD"
        start = self.objects.read(f"{branch}^{{commit}}")
        if not isinstance(start, GitObject):
            return None
        squashed, merged = f"(#{number:d})", f"Merge pull request #{number:d} from "
        output = run_git(
            [*_SUBJECTS, f"--grep={squashed}", f"--grep={merged.strip()}", start.sha, "--"],
            git_dir=self.git_dir,
        ).decode("utf-8", "replace")
        pairs = [(sha, subject) for sha, _, subject in (entry.partition(" ") for entry in output.split("\0")) if sha]
        merges = [sha for sha, subject in pairs if subject.startswith(merged)]
        squashes = [sha for sha, subject in pairs if subject.endswith(squashed)]
        return Sha((merges or squashes)[-1]) if merges or squashes else None

    def commits_between(self, base: Sha, tip: Sha) -> tuple[Sha, ...]:
        """The commits that are in the history of a tip and not in that of a base."""
        output = run_git(["rev-list", f"{Sha(base)}..{Sha(tip)}", "--"], git_dir=self.git_dir)
        return tuple(Sha(name) for name in output.decode("ascii").split())

    @property
    def empty_tree(self) -> Sha:
        """The tree without files, which stands for the base of a first commit."""
        answer = run_git(["rev-parse", "--show-object-format"], git_dir=self.git_dir).decode("ascii", "replace").strip()
        if answer not in _EMPTY_TREES:
            raise GitError(f"{self.git_dir} names its objects by {answer!r}; reviewbot knows sha1 and sha256")
        return _EMPTY_TREES[answer]

    def close(self) -> None:
        """Ends the git process that answers questions, if one runs."""
        self.objects.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def open_repository(path: Path, name: RepoName | None = None) -> Repository:
    """The repository at exactly this path: bare, a `.git` directory, a checkout or a linked work tree.

    Directories above are not searched. Raises RepositoryNotFound.
    """
    found = _repository_at(path, name)
    if found is None:
        raise RepositoryNotFound(f"{path} is not a git repository; give the directory of a clone or of a bare mirror")
    return found


def find_repository(root: Path, name: RepoName) -> Repository:
    """The repository of this name below a directory of repositories; raises RepositoryNotFound."""
    plain, bare = root / name.owner / name.name, root / name.owner / f"{name.name}.git"
    found = _repository_at(plain, name) or _repository_at(bare, name)
    if found is None:
        raise RepositoryNotFound(
            f"no repository {name}: neither {plain} nor {bare} is one; "
            f"clone it with `git clone --mirror URL {bare}` or give another root"
        )
    return found


def _repository_at(path: Path, name: RepoName | None) -> Repository | None:
    path = path.absolute()
    dot_git = path / ".git"
    if _is_git_dir(dot_git):
        return Repository(dot_git.resolve(), path.resolve(), name)
    if dot_git.is_file():
        linked = _linked_git_dir(dot_git)
        return Repository(linked, path.resolve(), name) if _is_git_dir(linked) else None
    return Repository(path.resolve(), None, name) if _is_git_dir(path) else None


def _linked_git_dir(dot_git: Path) -> Path:
    with dot_git.open("rb") as file:
        first_line = file.read(8_192).split(b"\n", 1)[0].decode("utf-8", "surrogateescape")
    target = first_line.removeprefix("gitdir:").strip().replace("\0", "")
    return (dot_git.parent / target).resolve()


def _is_git_dir(path: Path) -> bool:
    head = path / "HEAD"
    if not (head.is_file() or head.is_symlink()):
        return False
    return (path / "commondir").is_file() or ((path / "objects").is_dir() and (path / "refs").is_dir())
