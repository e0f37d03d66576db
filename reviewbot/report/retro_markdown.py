"""`report.md`: a retro run as GitHub Markdown."""

from __future__ import annotations

from reviewbot.report.retro_terminal import terminal_summary
from reviewbot.report.values import RetroReport


def markdown_report(report: RetroReport) -> str:
    """The same facts as the page."""
    return "\n".join(f"    {line}" for line in terminal_summary(report).splitlines()) + "\n"
