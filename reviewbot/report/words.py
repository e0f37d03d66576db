"""Figures as people read them: the same words in every report."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from reviewbot.domain.scorecard import Rate
from reviewbot.domain.text import revealed

UNKNOWN = "unknown"
# a no-break space, so that a line never begins with the sign
_PER_CENT = "\u00a0%"


def one_line(text: str) -> str:
    """The text on the line where it begins: a line break or a carriage return in it could forge another line."""
    return " ".join(revealed(text).split())


def counted(count: float, singular: str, plural: str = "") -> str:
    """`1 finding`, `2 findings`, `0.3 findings`."""
    return f"{number(count)} {singular if count == 1 else plural or singular + 's'}"


def number(value: float) -> str:
    """With thousands separators; fractions (means over trials) with the digits that tell something."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if value >= 0.95 else f"{value:.2f}"


def percent(share: float | None) -> str:
    """A share of 0 to 1 as whole per cent; never 0 or 100 unless it is."""
    if share is None:
        return "–"
    if 0 < share < 0.01:
        return f"<1{_PER_CENT}"
    if 0.99 < share < 1:
        return f">99{_PER_CENT}"
    return f"{share * 100:.0f}{_PER_CENT}"


def p_value(p: float) -> str:
    """`0.375`, `<0.001`: never 0."""
    return "<0.001" if p < 0.0005 else f"{p:.3f}"


def interval(low: float | None, high: float | None) -> str:
    """`14–61 %`."""
    return "–" if low is None or high is None else f"{percent(low).removesuffix(_PER_CENT)}–{percent(high)}"


def share_of(rate: Rate) -> str:
    """`4/12`; `–/12` where nothing was judged."""
    return f"{'–' if rate.k is None else number(rate.k)}/{rate.n}"


def dollars(cost: Decimal | None) -> str:
    """US dollars with cents, or with more digits where cents would say nothing."""
    if cost is None:
        return UNKNOWN
    if cost == 0:
        return "$0"
    return f"${cost:,.2f}" if cost >= Decimal("0.095") else f"${cost:.4f}"


def day(moment: datetime | None) -> str:
    """The date in UTC, as 2026-03-04."""
    return "–" if moment is None else _in_utc(moment).strftime("%Y-%m-%d")


def minute(moment: datetime | None) -> str:
    """The date and time in UTC."""
    return "–" if moment is None else _in_utc(moment).strftime("%Y-%m-%d %H:%M UTC")


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment
