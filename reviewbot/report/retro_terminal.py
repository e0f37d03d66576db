"""What a retro run says at its end on a terminal."""

from __future__ import annotations

from reviewbot.domain.text import revealed
from reviewbot.report.values import RetroReport
from reviewbot.report.words import interval, percent, share_of


def terminal_summary(report: RetroReport) -> str:
    """The figures at a glance, as plain text."""
    lines = []
    for arm in report.scorecard.arms:
        strict = arm.rates["strict"]
        lines.append(
            f"{arm.label}: caught {share_of(strict)} {percent(strict.rate)} {interval(strict.low, strict.high)}"
        )
    return revealed("\n".join(lines))
