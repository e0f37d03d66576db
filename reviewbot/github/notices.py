"""Comments about the ways of the reviewer rather than about the code: said once, and hard to overlook."""

from __future__ import annotations

from collections.abc import Sequence

from reviewbot.domain.markdown_text import code, plain
from reviewbot.github.limits import cut

_ROOM = 2_000
_MOST_PATHS = 20


def instructions_notice(paths: Sequence[str]) -> str:
    """For a change that edits what reviewers are told: it has no say in its own review."""
    shown = ", ".join(code(path) for path in paths[:_MOST_PATHS])
    return (
        f"**This change edits what the reviewer is told:** {shown}. It was reviewed by the default branch's version; "
        "the new one counts once it is merged there. Please read these lines as you would read a change of permissions."
    )


def invalid_policy_notice(problem: str) -> str:
    """For a policy file that cannot be used; said on the first pull request that meets it."""
    return (
        f"**The policy file could not be used:** {cut(problem, _ROOM, plain)}. Reviews go on meanwhile. "
        f"{code('reviewbot config check-policy FILE')} shows every problem in it. This is said once."
    )
