"""Repositories whose history was cut off: how deep to fetch, and what can be known all the same."""

from __future__ import annotations

from typing import Final

from reviewbot.domain.repository import Sha
from reviewbot.git.command import git_output
from reviewbot.git.repository import Repository

DEPTHS: Final = (64, 512, 4_096, None)
"""How many commits to fetch from each tip, until it is enough; None for all."""

_MOST_COMMITS_WALKED: Final = 200_000


def first_depth(repository: Repository) -> int | None:
    """A new or a shallow repository is deepened step by step; to one that is whole only news are added."""
    is_empty = not any((repository.git_dir / "objects" / "pack").glob("*.pack"))
    return DEPTHS[0] if is_empty or _cuts(repository) else None


def certain_merge_base(repository: Repository, first: Sha, second: Sha) -> Sha | None:
    """The merge base, unless history that is not here could hold a better one.

    A common ancestor in a shallow repository may be older than the true merge base, and the diff from there would show
    other people's changes. It is the true one if no history was cut off between it and the two tips.
    """
    found = repository.merge_base(first, second)
    cuts = _cuts(repository)
    if found is None or not cuts:
        return found
    between = git_output(
        ["rev-list", first, second, f"^{found}", "--"],
        git_dir=repository.git_dir,
        max_output_lines=_MOST_COMMITS_WALKED,
    )
    if between.is_cut or not cuts.isdisjoint(between.content.decode("ascii").split()):
        return None
    return found


def _cuts(repository: Repository) -> frozenset[str]:
    """The commits whose parents were not fetched."""
    try:
        return frozenset((repository.git_dir / "shallow").read_text("ascii").split())
    except FileNotFoundError:
        return frozenset()
