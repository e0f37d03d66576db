"""Rounds of a pull request: of what a review found, what is said, what was said before, and what has been fixed.

After the first round little is worth saying: what is grave, and new or worse. Nothing is said twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from reviewbot.domain.diff import Diff
from reviewbot.domain.finding import Finding
from reviewbot.domain.policy import Policy
from reviewbot.domain.review import HeldBack, Review, Stage
from reviewbot.domain.round import Fate, KnownFinding, Outline, Round
from reviewbot.domain.text import printable
from reviewbot.engine.choose import choose
from reviewbot.engine.known import Head, Recheck, says_the_same
from reviewbot.engine.outline import NewLines, NewPart, new_lines, new_part, outline_of

__all__ = ["NewPart", "new_part", "outline_of", "round_of"]


def round_of(
    review: Review,
    diff: Diff,
    number: int,
    earlier: Outline | None,
    known: Sequence[KnownFinding],
    ignored: Collection[str],
    policy: Policy,
    head_lines: Callable[[str], tuple[str, ...] | None],
) -> Round:
    """The round that a review makes; `diff` is the whole change, `ignored` are fingerprints.

    Without an `earlier` outline everything counts as new, as in a first review and in a full one that somebody asked
    for. What is not said is held back with the reason; repeats leave their room under the cap to what is new.
    """
    head = Head(diff, head_lines)
    memory = _Memory(head, new_lines(diff, earlier), known, frozenset(ignored), policy, earlier)
    chosen, held_back = _said_and_unsaid(review, memory)
    recheck = Recheck(review, head, earlier)
    open_before = [one for one in known if one.fate is Fate.OPEN and one.fingerprint not in memory.ignored]
    fixed = tuple(one for one in open_before if recheck.is_fixed(one.finding))
    replaced = [one for one in known if any(says_the_same(finding, one.finding, head) for finding in chosen)]
    still_open = [one for one in open_before if one not in fixed and one not in replaced]
    back = [one for one in known if one.fate is Fate.FIXED and one not in replaced and memory.is_back(one, review)]
    return Round(
        review=replace(review, findings=chosen, held_back=held_back),
        outline=outline_of(diff, review.coverage),
        number=number,
        to_say=chosen,
        fixed=fixed,
        still_open=(*still_open, *(replace(one, fate=Fate.OPEN) for one in back)),
    )


@dataclass(frozen=True)
class _Memory:
    """What is known of a pull request when a finding comes up."""

    head: Head
    new: NewLines
    known: Sequence[KnownFinding]
    ignored: frozenset[str]
    policy: Policy
    earlier: Outline | None

    def reason_against(self, finding: Finding) -> str | None:
        """Why a finding that clears all thresholds is not said; None where it is.

        One that was fixed and is back is news.
        """
        said = [one for one in self.known if says_the_same(finding, one.finding, self.head)]
        if finding.fingerprint in self.ignored or any(one.fate is Fate.IGNORED for one in said):
            return "somebody said to ignore it"
        standing = [one for one in said if one.fate is not Fate.FIXED]
        if any(one.finding.severity.at_least(finding.severity) for one in standing):
            return f"was said at {standing[0].said_at[:10]}"
        if self._is_first_reading(finding):
            return None
        least = self.policy.later_severity
        if not finding.severity.at_least(least):
            return f"severity {finding.severity} is below {least}, which later rounds ask for"
        if finding.location is not None and not self.new.touches(finding.location):
            return "stands at lines that an earlier round has read"
        return None

    def _is_first_reading(self, finding: Finding) -> bool:
        """Whether no round has read the file although one should have: what is found now is not late."""
        if self.earlier is None:
            return True
        return finding.location is not None and printable(finding.location.path) in self.earlier.unread

    def is_back(self, fixed: KnownFinding, review: Review) -> bool:
        """Whether a finding that was fixed is named again, although it is not said again."""
        again = [one for one in review.findings if says_the_same(one, fixed.finding, self.head)]
        others = [one for one in self.known if one.fate is not Fate.FIXED]
        return any(
            finding.fingerprint not in self.ignored
            and not any(says_the_same(finding, other.finding, self.head) for other in others)
            for finding in again
        )


def _said_and_unsaid(review: Review, memory: _Memory) -> tuple[tuple[Finding, ...], tuple[HeldBack, ...]]:
    """Chooses once more, with the cap on what is new alone."""
    cut = [held for held in review.held_back if held.stage is Stage.CHOOSE]
    candidates = (*review.findings, *(held.finding for held in cut))
    cleared = choose(candidates, replace(memory.policy, max_findings=len(candidates)))
    new: dict[str, Finding] = {}
    unsaid: list[HeldBack] = []
    for finding in cleared.findings:
        reason = memory.reason_against(finding)
        if reason is None and finding.fingerprint in new:
            reason = "says the same of another line with the same text"
        if reason is None:
            new[finding.fingerprint] = finding
        else:
            unsaid.append(HeldBack(finding, Stage.ROUND, reason))
    chosen = choose(tuple(new.values()), memory.policy)
    before = (held for held in review.held_back if held.stage is not Stage.CHOOSE)
    return chosen.findings, (*before, *cleared.held_back, *unsaid, *chosen.held_back)
