"""Two policies on the same changes of the record, case by case."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from reviewbot.domain.incident import CaseKind, Verdict


@dataclass(frozen=True, slots=True)
class BacktestCase:
    """One change under both policies: how much was said, and for an incident's cause the verdicts."""

    name: str
    kind: CaseKind
    said_before: int
    said_after: int
    verdict_before: Verdict | None = None
    verdict_after: Verdict | None = None
    is_reviewed: bool = True
    """Whether both policies led to a review: a case that failed, or for which no budget was left, counts nowhere."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """All cases, what they cost in US dollars (None where no price is known), and what they might have."""

    cases: tuple[BacktestCase, ...]
    cost_usd: Decimal | None
    budget_usd: Decimal
    is_judged: bool = True

    @property
    def incidents(self) -> tuple[BacktestCase, ...]:
        return tuple(one for one in self.cases if one.kind is CaseKind.INCIDENT and one.is_reviewed)

    @property
    def controls(self) -> tuple[BacktestCase, ...]:
        return tuple(one for one in self.cases if one.kind is CaseKind.CONTROL and one.is_reviewed)

    @property
    def unreviewed(self) -> tuple[BacktestCase, ...]:
        return tuple(one for one in self.cases if not one.is_reviewed)

    @property
    def gained(self) -> tuple[BacktestCase, ...]:
        """Incidents that only the new policy catches."""
        return tuple(one for one in self.incidents if _caught(one) == (False, True))

    @property
    def lost(self) -> tuple[BacktestCase, ...]:
        """Incidents that only the old policy catches."""
        return tuple(one for one in self.incidents if _caught(one) == (True, False))


def _caught(one: BacktestCase) -> tuple[bool, bool]:
    return one.verdict_before is Verdict.CAUGHT, one.verdict_after is Verdict.CAUGHT
