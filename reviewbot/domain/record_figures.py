"""The figures of the record over some time: what was reviewed, what was said, what came of it, what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from reviewbot.domain.record import Answer, IncidentRecord, Result

TOLD = (Answer.FLAGGED_AND_IGNORED, Answer.FLAGGED_WITHOUT_EFFECT)
"""The answers that say that the review named the cause in time."""
COUNTED = (*TOLD, Answer.HELD_BACK, Answer.MISSED, Answer.NOT_REVIEWED)
"""The answers on incidents whose cause is a change, and judged as far as there was a review."""


@dataclass(frozen=True, slots=True)
class Fates:
    """What became of findings that were said on merged pull requests.

    `proven` are those that were not addressed and that a later fix proved right; `proven_dismissed` are among them.
    """

    addressed: int = 0
    dismissed: int = 0
    ignored: int = 0
    proven: int = 0
    proven_dismissed: int = 0

    @property
    def said(self) -> int:
        return self.addressed + self.dismissed + self.ignored

    @property
    def acceptance(self) -> float | None:
        """The share that a later push addressed before the merge; None where nothing was said."""
        return self.addressed / self.said if self.said else None

    @property
    def precision(self) -> float | None:
        """Of what people or time have decided on, the share that was right: addressed, or proven right by a later fix.

        Against it counts what was dismissed and not proven right. What was ignored has been decided by nobody.
        """
        right = self.addressed + self.proven
        decided = right + self.dismissed - self.proven_dismissed
        return right / decided if decided else None


@dataclass(frozen=True, slots=True)
class Group:
    """The fates of one repository, reviewer, lens or category; reviews are counted for repositories alone."""

    name: str
    fates: Fates
    reviews: int = 0
    silent: int = 0

    @property
    def silence(self) -> float | None:
        """The share of reviews that said nothing; None where there was none."""
        return self.silent / self.reviews if self.reviews else None


@dataclass(frozen=True, slots=True)
class Month:
    """The incidents of one month, "2026-11", by their answers."""

    name: str
    answers: Mapping[Answer, int]

    @property
    def told(self) -> int:
        return sum(self.answers.get(answer, 0) for answer in TOLD)

    @property
    def counted(self) -> int:
        return sum(self.answers.get(answer, 0) for answer in COUNTED)


@dataclass(frozen=True)
class RecordFigures:
    """Everything that happened from `since` on (unix seconds; 0.0 for ever) until `until`.

    `reviews` counts reviews that were published, `outcomes` them by how complete they were. `cost_usd` is what calls to
    models have cost, as far as prices are known. `unanswered` counts incidents without an answer yet; `incidents` are
    all of them, where they were asked for.
    """

    since: float
    until: float
    reviews: int = 0
    silent: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    findings: int = 0
    cost_usd: Decimal = Decimal(0)
    fates: Fates = Fates()
    groups: Mapping[str, tuple[Group, ...]] = field(default_factory=dict)
    answers: Mapping[Answer, int] = field(default_factory=dict)
    unanswered: int = 0
    incidents: tuple[IncidentRecord, ...] = ()
    months: tuple[Month, ...] = ()

    @property
    def silence(self) -> float | None:
        return self.silent / self.reviews if self.reviews else None

    @property
    def counted(self) -> int:
        """Incidents whose cause is a change and that have an answer which says whether the review named it."""
        return sum(self.answers.get(answer, 0) for answer in COUNTED)

    @property
    def told(self) -> int:
        return sum(self.answers.get(answer, 0) for answer in TOLD)


def fates_of(counts: Mapping[tuple[Result, bool], int]) -> Fates:
    """From how many findings had each result, and whether a later fix has proved them right."""

    def of(result: Result) -> int:
        return sum(count for (found, _), count in counts.items() if found is result)

    proven = sum(count for (result, is_proven), count in counts.items() if is_proven and result is not Result.ADDRESSED)
    refuted = counts.get((Result.DISMISSED, True), 0)
    return Fates(of(Result.ADDRESSED), of(Result.DISMISSED), of(Result.IGNORED), proven, refuted)
