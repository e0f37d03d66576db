"""The lenses: narrow questions about a change, each asked only where the change gives it something to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reviewbot.engine import kinds_of_change as kinds
from reviewbot.engine.kinds_of_change import KindsOfChange

ALL_ROUND = "all-round"
"""The first pass of every effort, which has no lens before it."""

CORRECTNESS = "correctness"
_LEAST_FIT = 0.08


@dataclass(frozen=True, slots=True)
class Lens:
    """A prompt file under `prompts/lenses/`, and how well it fits a change: from 0, not at all, to about 1."""

    name: str
    fit: Callable[[KindsOfChange], float]
    sees_claims: bool = False

    @property
    def prompt(self) -> str:
        return f"lenses/{self.name}"


LENSES = (
    Lens(CORRECTNESS, lambda _: 0.3),
    Lens("error-paths", lambda change: 1.5 * change.share(kinds.ERRORS)),
    Lens("concurrency", lambda change: 2.5 * change.share(kinds.CONCURRENCY)),
    Lens("contracts", lambda change: 1.2 * change.share(kinds.CONTRACTS) + 0.1 * min(3, change.folders - 1)),
    Lens("removed-code", lambda change: change.removed_share + (0.2 if change.guards_removed else 0.0)),
    Lens("data-rollout", lambda change: 1.8 * change.share(kinds.DATA) + 0.5 * (change.stored_lines > 0)),
    Lens("security", lambda change: 1.2 * change.share(kinds.SECURITY)),
    Lens("numbers-time", lambda change: 1.5 * change.share(kinds.NUMBERS)),
    Lens("front-end", lambda change: change.front_end_lines / max(1, change.line_count)),
    Lens(
        "small-change",
        lambda change: 0.7 * change.is_small + change.configuration_lines / max(1, change.line_count),
    ),
)
INTENT = Lens("intent", lambda _: 0.5, sees_claims=True)


def fitting_lenses(change: KindsOfChange) -> tuple[Lens, ...]:
    """The lenses that have something to look at, the best fitting first; those that see claims are not among them."""
    if not change.line_count:
        return ()
    fits = {lens.name: lens.fit(change) for lens in LENSES}
    fitting = [lens for lens in LENSES if fits[lens.name] >= _LEAST_FIT]
    return tuple(sorted(fitting, key=lambda lens: -fits[lens.name]))
