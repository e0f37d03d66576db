"""How a review ended, in sentences; none of them says more than was looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from reviewbot.domain.review import FileCoverage, Outcome, Review, SkipReason
from reviewbot.report.words import counted, dollars, number, one_line


def outcome_line(review: Review) -> str:
    """One line that is true: what was read, what was found, and why it was less than everything."""
    files = review.coverage.read
    hunks = sum(file.hunks_read for file in files)
    found = counted(len(review.findings), "finding")
    match review.outcome:
        case Outcome.COMPLETE if review.findings:
            return f"Reviewed {counted(len(files), 'file')} ({counted(hunks, 'hunk')}): {found}."
        case Outcome.COMPLETE:
            return f"Nothing found in {counted(len(files), 'file')} ({counted(hunks, 'hunk')})."
        case Outcome.PARTIAL if review.looked_at_nothing:
            return f"PARTIAL: {_reason(review)}. This says nothing about the change."
        case Outcome.PARTIAL:
            return f"PARTIAL: {_partly(review)}; {found} in what was read."
        case Outcome.FAILED:
            tail = f" {found} made before that." if review.findings else " This says nothing about the change."
            return f"FAILED: nothing was reviewed: {_reason(review)}.{tail}"
        case Outcome.SKIPPED:
            return f"SKIPPED: {_reason(review)}. Nothing was read."
        case Outcome.SUPERSEDED:
            return f"SUPERSEDED: {_reason(review)}. A newer head is reviewed instead."
        case Outcome.DEFERRED:
            return f"DEFERRED: {_reason(review)}. Nothing was read yet."
        case _:
            assert_never(review.outcome)


def unread_lines(files: Sequence[FileCoverage]) -> list[str]:
    """`path: reason` for each file that was not read, or not wholly."""
    lines = []
    for file in files:
        partly = f" ({file.hunks_read} of {counted(file.hunks, 'hunk')} read)" if file.hunks_read else ""
        lines.append(one_line(f"{file.path}: {skip_words(file)}{partly}"))
    return lines


def skip_words(file: FileCoverage) -> str:
    """Why a file was not read; the detail where there is one."""
    reason = file.skipped.words if isinstance(file.skipped, SkipReason) else "not read"
    return f"{reason}: {file.detail}" if file.detail else reason


def cost_line(review: Review) -> str:
    """What the models cost; "" where none was asked."""
    if not review.calls:
        return ""
    usage = review.usage
    models = ", ".join(sorted({call.model for call in review.calls}))
    cost = "cost unknown (no price known for the model)" if review.cost_usd is None else dollars(review.cost_usd)
    tokens = f"{number(usage.input_tokens)} tokens in, {number(usage.output_tokens)} out"
    return f"{models}: {counted(len(review.calls), 'call')}, {tokens}, {cost}."


def _partly(review: Review) -> str:
    unread = review.coverage.gaps
    if not unread:
        return _reason(review)
    of_files = counted(len(review.coverage.files), "file")
    return f"{len(unread)} of {of_files} {'was' if len(unread) == 1 else 'were'} not read in full"


def _reason(review: Review) -> str:
    return one_line(review.reason).rstrip(". ") or "no reason was given"
