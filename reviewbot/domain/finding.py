"""What a reviewer says is wrong, and where."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from reviewbot.domain.diff import Side


class Severity(StrEnum):
    """By consequence in production, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def weight(self) -> int:
        """4 for critical down to 1 for low."""
        return {"critical": 4, "high": 3, "medium": 2, "low": 1}[self.value]

    def at_least(self, other: Severity) -> bool:
        return self.weight >= other.weight


class Category(StrEnum):
    """What kind of defect it is."""

    CORRECTNESS = "correctness"
    ERROR_HANDLING = "error-handling"
    CONCURRENCY = "concurrency"
    RESOURCE = "resource"
    SECURITY = "security"
    DATA = "data"
    COMPATIBILITY = "compatibility"
    CONFIGURATION = "configuration"
    PERFORMANCE = "performance"
    OTHER = "other"


class Origin(StrEnum):
    """Whether the change brought the defect or it stood there before."""

    INTRODUCED = "introduced"
    PRE_EXISTING = "pre-existing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A run of lines of one file, first and last included, counted from 1 on one side of the diff."""

    path: str
    first_line: int
    last_line: int
    side: Side = Side.RIGHT

    def __post_init__(self) -> None:
        if not 1 <= self.first_line <= self.last_line:
            raise ValueError(f"{self.path}: lines {self.first_line} to {self.last_line} are not a range")

    def overlaps(self, other: Location, slack: int = 0) -> bool:
        """Whether the two share a line, or stand within `slack` lines of each other, on the same side."""
        return (
            (self.path, self.side) == (other.path, other.side)
            and self.first_line <= other.last_line + slack
            and other.first_line <= self.last_line + slack
        )

    def __str__(self) -> str:
        lines = str(self.first_line) if self.first_line == self.last_line else f"{self.first_line}-{self.last_line}"
        return f"{self.path}:{lines}" + (" (before)" if self.side is Side.LEFT else "")


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect. `confidence` runs from 0 to 1; `evidence` are verbatim quotes of the code.

    `anchor_text` is the text of the line it was anchored to, "" before anchoring.
    `location` is None where the reviewer named no place that exists. `agreed_by` are the sources that named the same
    cause, this one among them.
    """

    title: str
    explanation: str
    severity: Severity
    confidence: float
    category: Category
    location: Location | None
    reviewer: str
    evidence: tuple[str, ...] = ()
    suggestion: str | None = None
    origin: Origin = Origin.UNKNOWN
    rule: str | None = None
    anchor_text: str = ""
    agreed_by: tuple[str, ...] = ()
    lens: str = ""

    @property
    def source(self) -> str:
        """Who found it, as one of several independent readers: a reviewer, or one lens of a reviewer."""
        return f"{self.reviewer}/{self.lens}" if self.lens else self.reviewer

    @property
    def is_of_a_rule(self) -> bool:
        """Whether our own rules found it, alone or with others: they obey no text in the lines that they read."""
        return "static" in (self.reviewer, *self.agreed_by)

    @property
    def fingerprint(self) -> str:
        """16 hex digits that stay the same when lines move: path, category, title and text, never a number."""
        path = self.location.path if self.location else ""
        title = re.sub(r"[^a-z0-9]+", " ", self.title.lower()).strip()
        text = " ".join(self.anchor_text.split())
        parts = "\x1f".join((path, self.category.value, title, text))
        return hashlib.sha256(parts.encode("utf-8", "replace")).hexdigest()[:16]
