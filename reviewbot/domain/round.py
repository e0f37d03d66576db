"""The rounds of a pull request: what was said of it before, and what became of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from reviewbot.domain.finding import Finding
from reviewbot.domain.repository import Sha
from reviewbot.domain.review import Review


class Fate(StrEnum):
    """What became of a finding that was said."""

    OPEN = "open"
    FIXED = "fixed"
    """A later push took it away; we say so and resolve its thread."""
    RESOLVED = "resolved"
    """A person resolved its thread."""
    IGNORED = "ignored"
    """A person told us to, with a reason; holds for the repository."""


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """A finding that was said on a pull request, and where.

    `said_at` is the head it was first said at. `comment_id` is None for one that stands in the review's body, and
    `comment_node` likewise. `fate_note` is the reason that somebody gave, or the commit that fixed it.
    """

    finding: Finding
    said_at: Sha
    fate: Fate = Fate.OPEN
    fate_note: str = ""
    comment_id: int | None = None

    @property
    def fingerprint(self) -> str:
        return self.finding.fingerprint


@dataclass(frozen=True, slots=True)
class Outline:
    """What a round has read of a pull request, small enough to keep: per file the digests of its changed lines.

    Two rounds are compared by it, also after a rebase or a force-push, when the old commits are gone.
    `unread` are the paths that should have been read and were not.
    """

    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Citation:
    """A past incident whose mechanism a finding repeats; `link` is where people read of it, "" where there is none."""

    fingerprint: str
    name: str
    title: str
    link: str = ""


@dataclass(frozen=True)
class Round:
    """One review of a pull request at one head: what the engine found, and what of it is to be said.

    `to_say` are the new findings; `fixed` the known ones that this head takes away; `still_open` the others.
    """

    review: Review
    outline: Outline
    number: int = 1
    to_say: tuple[Finding, ...] = ()
    fixed: tuple[KnownFinding, ...] = ()
    still_open: tuple[KnownFinding, ...] = ()
    citations: tuple[Citation, ...] = ()
