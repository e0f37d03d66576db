"""The half of an incident that a reviewer may know, and what a judge makes of a review."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reviewbot.domain.repository import RepoName


class CaseKind(StrEnum):
    """Whether a replayed change caused an incident or is a quiet one, to count false alarms on."""

    INCIDENT = "incident"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Exposure:
    """One change to replay: where it stands, and nothing of what came of it.

    `case` is unique in its file; an incident with several causes has one exposure each ("INC-1", "INC-1#2").
    One of `commit` (a sha as written, perhaps abbreviated) and `pull` is given. `as_of` bounds what may be known.
    """

    case: str
    repo: RepoName
    commit: str | None = None
    pull: int | None = None
    as_of: datetime | None = None


class Verdict(StrEnum):
    """What a case came to. UNJUDGED is a verdict of its own, never a missing number."""

    CAUGHT = "caught"
    PARTIAL = "partial"
    MISSED = "missed"
    UNJUDGED = "unjudged"


class LocationClass(StrEnum):
    """How near a finding stands to the recorded cause; never sufficient, never required."""

    EXACT = "exact"
    SAME_FUNCTION = "same_function"
    SAME_FILE = "same_file"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"
