"""The files of a tree or of the index: path, mode and object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reviewbot.domain.repository import Sha
from reviewbot.errors import InputError
from reviewbot.git.command import run_git
from reviewbot.git.repository import Repository

MAX_LISTING_BYTES = 256 * 1024 * 1024
_REGULAR_MODES = frozenset({"100644", "100664", "100755"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A regular file: no symlink, no submodule."""

    sha: str
    is_executable: bool


def tree_entries(repository: Repository, sha: Sha) -> Mapping[str, Entry]:
    """The regular files of a commit or tree by path, sorted."""
    arguments = ["ls-tree", "-r", "-z", "--full-tree", Sha(sha)]
    listing = run_git(arguments, git_dir=repository.git_dir, max_output_bytes=MAX_LISTING_BYTES)
    found: dict[str, Entry] = {}
    for line in listing.decode("utf-8", "surrogateescape").split("\0"):
        head, tab, path = line.partition("\t")
        if tab:
            mode, _, object_sha = head.split(" ")
            if mode in _REGULAR_MODES:
                found[path] = Entry(object_sha, mode == "100755")
    return dict(sorted(found.items()))


def index_entries(repository: Repository) -> Mapping[str, Entry]:
    """The regular files of the index by path, sorted; an InputError in the middle of a merge with conflicts."""
    listing = run_git(
        ["ls-files", "--stage", "-z", "--full-name", "--"],
        git_dir=repository.git_dir,
        work_tree=repository.work_tree,
        max_output_bytes=MAX_LISTING_BYTES,
    )
    found: dict[str, Entry] = {}
    for line in listing.decode("utf-8", "surrogateescape").split("\0"):
        head, tab, path = line.partition("\t")
        if tab:
            mode, object_sha, stage = head.split(" ")
            if stage != "0":
                raise InputError(f"{path!r} has an unresolved merge conflict; resolve it and `git add` it")
            if mode in _REGULAR_MODES:
                found[path] = Entry(object_sha, mode == "100755")
    return dict(sorted(found.items()))
