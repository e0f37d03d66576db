"""`report.html`: a retro run as one page that needs nothing from anywhere."""

from __future__ import annotations

from html import escape

from reviewbot.report.retro_terminal import terminal_summary
from reviewbot.report.values import RetroReport


def html_report(report: RetroReport) -> str:
    """One self-contained page."""
    return f"<!doctype html><html lang=en><meta charset=utf-8><pre>{escape(terminal_summary(report))}</pre></html>\n"
