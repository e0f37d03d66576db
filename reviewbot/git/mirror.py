"""Clones of repositories that an operator gave the address of."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from tempfile import mkdtemp

from reviewbot.domain.repository import RepoName
from reviewbot.errors import GitError, InputError, RepositoryNotFound
from reviewbot.git.command import git_output
from reviewbot.git.repository import Repository, find_repository

TRANSPORTS = "https:http:ssh:file"
_ADDRESS = re.compile(r"(?:https?|ssh|file)://[^\s-][^\s]*\Z|[\w.-]+@[\w.-]+:[^\s-][^\s]*\Z")
_CLONE_SECONDS = 3_600.0
WHOLE_HISTORY = ("+refs/heads/*:refs/heads/*", "+HEAD:refs/remotes/origin/HEAD")
"""All branches, and the remote's HEAD, which tells its default branch."""


def mirrored(url: str, directory: Path, name: RepoName) -> Repository:
    """The repository below the directory, as `owner/name` or `owner/name.git`; cloned whole if it is not there.

    InputError for an address that is none; GitError, with git's words, where it cannot be cloned. No password is ever
    asked for: a private repository has to be cloned by hand.
    """
    try:
        return find_repository(directory, name)
    except RepositoryNotFound:
        _clone(url, directory / name.owner / f"{name.name}.git")
    return find_repository(directory, name)


def _clone(url: str, target: Path) -> None:
    """Puts a bare clone in place, whole or not at all."""
    if not _ADDRESS.match(url):
        raise InputError(
            f"{url!r} is not the address of a repository; expected https://, ssh://, file:// or git@HOST:PATH"
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        raise InputError(f"cannot write to {target.parent}: {error.strerror}; give another --repos") from error
    try:
        prepare_bare(part)
        fetch = ["fetch", "--quiet", "--no-tags", "--end-of-options", url, *WHOLE_HISTORY]
        git_output(fetch, git_dir=part, transports=TRANSPORTS, timeout_seconds=_CLONE_SECONDS)
        part.replace(target)
    except GitError as error:
        raise GitError(
            f"cannot clone {url}: {error}; or clone it by hand: git clone --mirror {url} {target}"
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def prepare_bare(folder: Path) -> None:
    """Makes an empty bare repository; `git init` would take templates and settings from elsewhere."""
    for name in ("objects", "refs"):
        (folder / name).mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
