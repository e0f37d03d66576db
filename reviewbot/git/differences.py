"""The diff between two trees, or a tree and the disk, the same on every machine."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reviewbot.domain.repository import Sha
from reviewbot.errors import GitError
from reviewbot.git.command import git_output, run_git

MAX_DIFF_BYTES = 32 * 1024 * 1024
MAX_DIFF_LINES = 2_000_000
"""A diff of very short lines takes a hundred times its bytes once it is read."""
CONTEXT_LINES = 3
_TIMEOUT_SECONDS = 120.0
_FILE_START = b"\ndiff --git "
_OPTIONS = (
    "--patch",
    "--find-renames=50%",
    "-l1000",
    "--full-index",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-relative",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--inter-hunk-context=0",
    "--diff-algorithm=default",
    "--indent-heuristic",
    "--submodule=short",
    "-O/dev/null",
)


@dataclass(frozen=True, slots=True)
class RawDiff:
    """The bytes of a unified diff. `is_cut` means that files at its end were left out, because it was too long.

    What is there is whole: a diff is cut between two files.
    """

    content: bytes
    is_cut: bool = False


def tree_diff(git_dir: Path, base: Sha, head: Sha, context_lines: int, max_bytes: int) -> RawDiff:
    """From one commit or tree to another."""
    return _diff([f"-U{context_lines:d}", "--ignore-submodules=none", base, head], git_dir, None, (), max_bytes)


def work_tree_diff(git_dir: Path, work_tree: Path, base: Sha, context_lines: int, max_bytes: int) -> RawDiff:
    """From a commit or tree to the tracked files on disk; files pass through no filter program."""
    # "dirty" keeps git from running another git inside of submodules.
    arguments = [f"-U{context_lines:d}", "--ignore-submodules=dirty", base]
    settings = filters_off(git_dir, work_tree)
    with _index_copy(git_dir) as index_file:
        return _diff(arguments, git_dir, work_tree, settings, max_bytes, index_file)


@contextmanager
def _index_copy(git_dir: Path) -> Iterator[Path]:
    """A copy of the index to read from: while it compares with the disk, git writes what it learned to the index.

    It is as old as the original: git reads the content of files that are not older than the index, because one of the
    same size may have changed since in the same moment.
    """
    with tempfile.TemporaryDirectory(prefix="reviewbot-") as directory:
        copy = Path(directory) / "index"
        try:
            written = (git_dir / "index").stat()
            shutil.copyfile(git_dir / "index", copy)
            os.utime(copy, ns=(written.st_atime_ns, written.st_mtime_ns))
        except FileNotFoundError:
            pass  # Before the first `git add` there is none, and none is what git shall see.
        except OSError as error:
            raise GitError(
                f"the index of {git_dir} cannot be copied: {error.strerror}; check its permissions and the disk"
            ) from error
        yield copy


def index_diff(git_dir: Path, work_tree: Path, base: Sha, context_lines: int, max_bytes: int) -> RawDiff:
    """From a commit or tree to the index."""
    arguments = ["--cached", f"-U{context_lines:d}", "--ignore-submodules=none", base]
    return _diff(arguments, git_dir, work_tree, (), max_bytes)


def _diff(
    arguments: Sequence[str],
    git_dir: Path,
    work_tree: Path | None,
    settings: Sequence[str],
    max_bytes: int,
    index_file: Path | None = None,
) -> RawDiff:
    output = git_output(
        ["diff", *_OPTIONS, *arguments, "--"],
        git_dir=git_dir,
        work_tree=work_tree,
        index_file=index_file,
        settings=settings,
        timeout_seconds=_TIMEOUT_SECONDS,
        max_output_bytes=max_bytes,
        max_output_lines=MAX_DIFF_LINES,
    )
    if not output.is_cut:
        return RawDiff(output.content)
    end = output.content.rfind(_FILE_START)
    return RawDiff(output.content[: end + 1], is_cut=True)


def filters_off(git_dir: Path, work_tree: Path) -> list[str]:
    """Settings that turn every configured filter program off: `.gitattributes` would choose among them."""
    output = git_output(
        ["config", "--null", "--name-only", "--get-regexp", r"^filter\."],
        git_dir=git_dir,
        work_tree=work_tree,
        accepted_exit_codes=(0, 1),
    )
    names = {key.rpartition(".")[0] for key in output.content.decode("utf-8", "surrogateescape").split("\0") if key}
    for name in names:
        if "=" in name:
            raise GitError(f"{name!r} in the configuration of {git_dir} cannot be turned off; rename the filter")
    return [f"{name}.{value}" for name in sorted(names) for value in ("clean=", "process=", "required=false")]


def unstaged_paths(git_dir: Path, work_tree: Path) -> list[str]:
    """Tracked files whose content on disk is not the one in the index."""
    arguments = ["diff", "--name-only", "-z", "--no-ext-diff", "--no-relative", "--ignore-submodules=dirty", "--"]
    settings = filters_off(git_dir, work_tree)
    with _index_copy(git_dir) as index_file:
        output = git_output(arguments, git_dir=git_dir, work_tree=work_tree, index_file=index_file, settings=settings)
    return _paths(output.content)


def untracked_paths(git_dir: Path, work_tree: Path) -> list[str]:
    """Files on disk that are neither tracked nor ignored by the repository."""
    arguments = ["ls-files", "-z", "--others", "--exclude-standard", "--"]
    return _paths(run_git(arguments, git_dir=git_dir, work_tree=work_tree))


def _paths(content: bytes) -> list[str]:
    return [path.decode("utf-8", "surrogateescape") for path in content.split(b"\0") if path]
