"""Why an incident was not caught: the stage that lost it, and what is special about its cause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LostBy(StrEnum):
    """How a cause was lost, from the first chance to the last."""

    REVIEW_FAILED = "the review failed"
    OUTSIDE = "the recorded cause is not in the diff"
    NOT_READ = "its file was not read"
    NEVER_SURFACED = "no reviewer raised it"
    HALF_SEEN = "seen in part: another mechanism or place"
    HELD_BACK = "raised and held back"


class Trait(StrEnum):
    """What sets a cause apart, as far as the diff and the recorded places tell; one cause may have several."""

    OUTSIDE = "the recorded cause is not in the diff"
    REMOVED_CODE = "removed code"
    FEW_LINES = "five changed lines or fewer"
    MANY_LINES = "more than 500 changed lines"
    MANY_FILES = "more than ten files"
    CONFIGURATION = "configuration, dependency or query lines"
    FRONT_END = "front-end code"
    STORED_DATA = "schema or stored data"
    WITHOUT_PLACE = "no place recorded"


@dataclass(frozen=True, slots=True)
class Miss:
    """An incident's change that an arm usually does not catch. `rule` is the reason of the stage that held it back."""

    case: str
    lost_by: LostBy
    stage: str = ""
    rule: str = ""
    traits: tuple[Trait, ...] = ()
