"""How much work a review may make of one change."""

from __future__ import annotations

from enum import StrEnum


class Effort(StrEnum):
    """Tiers of work; `auto` picks one of the others by what a change is.

    quick: one pass, no second look. standard: three passes, and a refuter for the strongest findings. deep: a pass for
    each lens that fits the change, a look around the repository, and a refuter for every finding.
    """

    QUICK = "quick"
    STANDARD = "standard"
    DEEP = "deep"
    AUTO = "auto"
