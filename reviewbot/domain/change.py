"""What is reviewed: one change of one repository."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reviewbot.domain.diff import Diff
from reviewbot.domain.repository import RepoName, Sha


@dataclass(frozen=True, slots=True)
class Change:
    """A diff and what was known of it at the time; no pull request number, because a local diff has none.

    `repo`, `base` and `head` are None for a diff that came from a file. `title`, `description` and
    `author` are claims of whoever wrote the change. `as_of` is the moment (aware, UTC) that the review
    pretends to happen at. `is_cut` means that the diff was too long and files at its end are missing.
    """

    diff: Diff
    repo: RepoName | None = None
    base: Sha | None = None
    head: Sha | None = None
    title: str = ""
    description: str = ""
    author: str = ""
    as_of: datetime | None = None
    is_cut: bool = False
