"""The findings of a head as remarks beside its lines, in portions that GitHub takes (FAULTS.md F46, F47)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Finding, Severity
from reviewbot.domain.markdown_text import bare
from reviewbot.domain.text import printable
from reviewbot.github.finding_text import severity_word, short_id
from reviewbot.github.limits import ANNOTATIONS_PER_REQUEST, MESSAGE_ROOM, TITLE_ROOM, cut

Level = Literal["notice", "warning", "failure"]
_LEVELS: dict[Severity, Level] = {
    Severity.CRITICAL: "failure",
    Severity.HIGH: "failure",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
}


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark beside lines of a file of the head; its texts are shown as they are, not as Markdown."""

    path: str
    start_line: int
    end_line: int
    level: Level
    message: str
    title: str


def annotations_of(findings: Sequence[Finding]) -> tuple[Annotation, ...]:
    """One for each finding on lines that the head has; removed lines and undecodable paths have no place there."""
    return tuple(
        _annotation(finding, finding.location.path, finding.location.first_line, finding.location.last_line)
        for finding in findings
        if finding.location is not None
        and finding.location.side is Side.RIGHT
        and printable(finding.location.path) == finding.location.path
    )


def batches(annotations: Sequence[Annotation], already: int = 0) -> tuple[tuple[Annotation, ...], ...]:
    """What is left to send in portions of fifty; each request appends its own to those that stand there already.

    `already` is how many of these annotations GitHub has: after a lost answer, look before you send (F47).
    """
    left = tuple(annotations[already:])
    return tuple(left[at : at + ANNOTATIONS_PER_REQUEST] for at in range(0, len(left), ANNOTATIONS_PER_REQUEST))


def _annotation(finding: Finding, path: str, first_line: int, last_line: int) -> Annotation:
    title = f"{severity_word(finding.severity)}: {finding.title.strip() or 'a finding without a title'}"
    message = f"{finding.explanation.strip() or 'The reviewer did not say why.'}\n\nFinding {short_id(finding)}"
    return Annotation(
        path=path,
        start_line=first_line,
        end_line=last_line,
        level=_LEVELS[finding.severity],
        message=cut(message, MESSAGE_ROOM, _paragraphs),
        title=cut(title, TITLE_ROOM, bare),
    )


def _paragraphs(text: str) -> str:
    return "\n\n".join(line for part in text.split("\n\n") if (line := bare(part)))
