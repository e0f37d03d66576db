"""What a review came to in one line: what it found, and whether it read everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from reviewbot.domain.finding import Finding, Severity
from reviewbot.domain.markdown_text import bare, prose_line
from reviewbot.domain.review import Coverage, FileCoverage, Outcome
from reviewbot.domain.round import Fate, KnownFinding, Round
from reviewbot.github.limits import TITLE_ROOM, counted, cut, size

_REASON_ROOM = 1_500


@dataclass(frozen=True, slots=True)
class Headline:
    """The line in its parts: words of ours, a reason that may be of unknown origin, and words of ours again."""

    before: str
    reason: str = ""
    after: str = ""

    @property
    def title(self) -> str:
        """For a place that shows no Markdown, at most 255 bytes; what does not fit is cut out of the reason."""
        reason = _stopped(self.reason.replace("`", ""))
        if not reason:
            return cut(self.before, TITLE_ROOM, bare)
        room = TITLE_ROOM - size(f"{self.before}  {self.after}")
        return " ".join(part for part in (self.before, cut(reason, room, bare), self.after) if part)

    @property
    def markdown(self) -> str:
        reason = cut(_stopped(self.reason), _REASON_ROOM, prose_line)
        return f"**{' '.join(part for part in (self.before, reason, self.after) if part)}**"


def headline_of(round_: Round) -> Headline:
    """What was found and whether everything was read."""
    review = round_.review
    found, read = found_words(round_), coverage_words(review.coverage)
    match review.outcome:
        case Outcome.COMPLETE:
            return Headline(f"{sentence(found)} {sentence(read)}")
        case Outcome.PARTIAL if review.looked_at_nothing:
            return Headline("Partial: nothing was read, so this says nothing about the change.")
        case Outcome.PARTIAL if review.coverage.gaps:
            return Headline(f"Partial: {found} in what was read, but {sentence(read)}")
        case Outcome.PARTIAL:
            return Headline(f"Partial: {found}, but the review was not complete.")
        case _:
            return headline_without(review.outcome, review.reason)


def headline_without(outcome: Outcome, reason: str) -> Headline:
    """Why nothing was reviewed."""
    repeats = reason.lower().startswith(outcome.value)
    reason = f"{reason[:1].upper()}{reason[1:]}" if repeats else reason or "no reason was given"
    before = "" if repeats else f"{outcome.value.capitalize()}:"
    match outcome:
        case Outcome.SKIPPED:
            return Headline(before, reason, "Nothing was read.")
        case Outcome.SUPERSEDED:
            return Headline(before, reason, "The newer head is reviewed instead." if repeats else "Nothing was read.")
        case Outcome.DEFERRED:
            return Headline(before, reason, "Nothing was read yet.")
        case Outcome.FAILED | Outcome.COMPLETE | Outcome.PARTIAL:
            return Headline(before, reason, "Nothing was reviewed.")
        case _:
            assert_never(outcome)


def found_words(round_: Round) -> str:
    """`2 findings (1 high, 1 medium)`; in later rounds what is new, what is still open and what is fixed."""
    still, fixed = len(open_known(round_)), len(round_.fixed)
    is_first = round_.number <= 1 and not still and not fixed
    if is_first:
        return _counted_findings(round_.to_say) if round_.to_say else "nothing found"
    parts = [_counted_findings(round_.to_say, "new ") if round_.to_say else "nothing new"]
    if still:
        parts.append(f"{still:,} still open")
    if fixed:
        parts.append(f"{fixed:,} fixed")
    return ", ".join(parts)


def coverage_words(coverage: Coverage) -> str:
    """Whether everything was read: `all 3 files were read`, or how many were not; why others did not have to be."""
    count, gaps = len(coverage.files), len(coverage.gaps)
    if not count:
        return "no files were read"
    if gaps:
        return f"{gaps:,} of {counted(count, 'file')} {_were(gaps)} not read in full"
    if coverage.skipped:
        read, why = count - len(coverage.skipped), _skip_counts(coverage.skipped)
        if not read:
            return f"nothing was left to read: {why}"
        return f"everything to review was read: {read:,} of {counted(count, 'file')} (the others: {why})"
    return {1: "the one file was read", 2: "both files were read"}.get(count, f"all {count:,} files were read")


def open_known(round_: Round) -> tuple[KnownFinding, ...]:
    """What was said before and still holds; a person may have settled the others meanwhile."""
    return tuple(known for known in round_.still_open if known.fate is Fate.OPEN)


def open_findings(round_: Round) -> tuple[Finding, ...]:
    return (*round_.to_say, *(known.finding for known in open_known(round_)))


def sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    return _stopped(f"{text[:1].upper()}{text[1:]}")


def _stopped(text: str) -> str:
    return f"{text.rstrip('. ')}." if text.strip() else ""


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _skip_counts(files: Sequence[FileCoverage]) -> str:
    counts = Counter(file.skipped for file in files if file.skipped)
    return ", ".join(f"{count:,} × {reason.words}" for reason, count in counts.most_common())


def _counted_findings(findings: Sequence[Finding], new: str = "") -> str:
    counts = Counter(finding.severity for finding in findings)
    kinds = [(counts[severity], severity.value) for severity in Severity if counts[severity]]
    if len(kinds) == 1:
        count, severity = kinds[0]
        return counted(count, f"{new}{severity} finding")
    return f"{counted(len(findings), f'{new}finding')} ({', '.join(f'{count} {word}' for count, word in kinds)})"
