"""What each tier of effort spends on a change: passes, surroundings, second looks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reviewbot.domain.diff import FileDiff
from reviewbot.domain.effort import Effort
from reviewbot.engine.kinds_of_change import KindsOfChange, kinds_of_change
from reviewbot.engine.lenses import CORRECTNESS, INTENT, Lens, fitting_lenses

_LARGE_LINES = 400
_ORDINARY_LINES, _REFUTED, _MOST_REFUTED = 300, 5, 12
"""Up to so many lines a standard review checks so many findings; beyond, one more for each hundred, up to the most."""
_MANY_FOLDERS = 6
_GRAVE_PATHS = re.compile(
    r"(?:^|/)(?:auth\w*|security|crypto|payments?|billing|migrations?|permissions?|locks?|scheduler|replication|storage"
    r"|consensus|transactions?)(?:/|[_.-])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The limits of one tier for one change.

    `lens_passes` are the passes beside the all-round one; each is the lenses that share its prompt. `context_tokens` is
    what surroundings may take of one prompt. `refuted` is how many findings get a second look, at most, and
    `refuter_tokens` what diff and surroundings may take of its prompt. `looks` is how often a pass, `refuter_looks` how
    often a refuter may ask to see more before it has to answer; few refuters share `refuter_calls` for that.
    """

    effort: Effort
    lens_passes: tuple[tuple[Lens, ...], ...]
    has_gap_pass: bool
    context_tokens: int
    refuted: int
    refuter_tokens: int = 0
    looks: int = 0
    refuter_looks: int = 0
    refuter_calls: int = 0


def plan_for(effort: Effort, files: Sequence[FileDiff], has_claims: bool) -> Plan:
    """The plan of a tier for these files; `auto` is settled first. `has_claims`: a title or description is known."""
    change = kinds_of_change(files)
    settled = settled_effort(effort, change)
    fitting = fitting_lenses(change)
    match settled:
        case Effort.QUICK:
            return Plan(settled, (), has_gap_pass=False, context_tokens=24_000, refuted=0)
        case Effort.STANDARD:
            # The all-round pass looks at correctness anyway: that lens takes a place that no other needs.
            narrow = tuple(sorted(fitting, key=lambda lens: lens.name == CORRECTNESS))[:3]
            passes = (narrow,) if narrow else ()
            return Plan(
                settled,
                passes,
                has_gap_pass=True,
                context_tokens=5_000,
                refuted=min(_MOST_REFUTED, _REFUTED + max(0, change.line_count - _ORDINARY_LINES) // 100),
                refuter_tokens=3_400,
                refuter_calls=_REFUTED,
            )
        case _:
            alone = tuple((lens,) for lens in (*fitting[:7], *((INTENT,) if has_claims else ())))
            return Plan(
                settled,
                alone,
                has_gap_pass=True,
                context_tokens=20_000,
                refuted=20,
                refuter_tokens=8_000,
                looks=4,
                refuter_looks=3,
            )


def settled_effort(effort: Effort, change: KindsOfChange) -> Effort:
    """What `auto` means for a change: quick without code, deep where it is large, wide or at a grave place."""
    if effort is not Effort.AUTO:
        return effort
    if change.is_tests_or_prose or not change.line_count:
        return Effort.QUICK
    is_grave = any(_GRAVE_PATHS.search(file.path) for file in change.files)
    is_wide = change.line_count > _LARGE_LINES or change.folders >= _MANY_FOLDERS
    return Effort.DEEP if is_wide or (is_grave and not change.is_small) else Effort.STANDARD
