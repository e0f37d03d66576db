"""Short ways to write the values that engine tests talk about."""

from __future__ import annotations

from reviewbot.domain.diff import Diff, FileDiff, FileStatus, Hunk, Line, LineKind, Side
from reviewbot.domain.finding import Category, Finding, Location, Origin, Severity


def finding(
    title: str = "Null order crashes checkout",
    path: str | None = "app.py",
    lines: tuple[int, int] = (10, 10),
    side: Side = Side.RIGHT,
    quote: str = "",
    severity: Severity = Severity.HIGH,
    confidence: float = 0.8,
    category: Category = Category.CORRECTNESS,
    reviewer: str = "llm",
    origin: Origin = Origin.INTRODUCED,
) -> Finding:
    return Finding(
        title=title,
        explanation="When the order is missing, the handler fails.",
        severity=severity,
        confidence=confidence,
        category=category,
        location=Location(path, *lines, side) if path is not None else None,
        reviewer=reviewer,
        evidence=(quote,) if quote else (),
        origin=origin,
    )


def file_diff(path: str, start: int, *signed: str, status: FileStatus = FileStatus.MODIFIED) -> FileDiff:
    """One hunk whose first line has the number `start` on both sides; each text begins with its sign."""
    lines = []
    old = new = start
    for text in signed:
        kind = LineKind(text[0])
        has_old, has_new = kind is not LineKind.ADDED, kind is not LineKind.REMOVED
        lines.append(Line(kind, text[1:], old if has_old else None, new if has_new else None))
        old, new = old + has_old, new + has_new
    hunk = Hunk(start, old - start, start, new - start, "", tuple(lines))
    return FileDiff(path, path, status, (hunk,))


def diff(*files: FileDiff) -> Diff:
    return Diff(files)
