"""A graph of a repository's history beside it: blaming many files is several times quicker with one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reviewbot.errors import GitError
from reviewbot.git.command import git_output
from reviewbot.git.repository import Repository

_TIMEOUT_SECONDS = 120.0


def with_commit_graph(repository: Repository, directory: Path) -> Repository:
    """The same repository with a graph in an empty directory of ours, which has to stay as long as it is used.

    The graph tells git which commits touch a path. Nothing is written to the repository itself. Where no graph can be
    made (an old git, a history that takes more than two minutes) the repository is returned as it was.
    """
    try:
        place = ["rev-parse", "--path-format=absolute", "--git-path", "objects"]
        objects = git_output(place, git_dir=repository.git_dir).content.decode().removesuffix("\n")
        if "\n" in objects or objects.startswith(("#", '"')):
            return repository
        (directory / "info").mkdir(parents=True)
        (directory / "info" / "alternates").write_text(f"{objects}\n")
        git_output(
            ["commit-graph", "write", "--reachable", "--changed-paths", "--no-progress"],
            git_dir=repository.git_dir,
            object_directory=directory,
            timeout_seconds=_TIMEOUT_SECONDS,
        )
    except (GitError, OSError, UnicodeDecodeError):
        return repository
    return replace(repository, graph_directory=directory)
