"""What was said of a cause on its pull request, out of the record."""

from __future__ import annotations

from reviewbot.domain.pull import PullRef
from reviewbot.domain.record_answer import Then
from reviewbot.domain.review import HeldBack, Outcome, Stage
from reviewbot.pipelines.live import Live

_COUNTED = (Stage.ANCHOR, Stage.VERIFY, Stage.CHOOSE, Stage.ROUND)
"""Where a finding can be lost. What was merged lives on in the finding it was merged into."""


def said_then(live: Live, ref: PullRef | None) -> Then:
    """All that the reviews of a pull request found, said and unsaid; `ref` None for a change that had none."""
    if ref is None:
        return Then(unreviewed="the change came without a pull request, and only pull requests are reviewed")
    rounds = live.rounds.said(ref)
    work = live.pulls.work(ref)
    if not rounds:
        return Then(unreviewed=_why_not(live, ref))
    said = live.rounds.known(ref)
    names = {known.fingerprint for known in said}
    held: dict[str, HeldBack] = {}
    for _, round_ in rounds:
        for one in round_.review.held_back:
            if one.stage in _COUNTED and one.finding.fingerprint not in names:
                held[one.finding.fingerprint] = one
    outcomes = {one.fingerprint: one for one in live.outcomes.of(ref)}
    last = rounds[-1][1].review
    shortfall = "" if last.outcome is Outcome.COMPLETE else f"the last review was {last.outcome.value}: {last.reason}"
    if work is not None and work.head is not None and rounds[-1][0].head != work.head and not shortfall:
        shortfall = "the head that was merged was not reviewed"
    return Then(said, tuple(held.values()), outcomes, shortfall=shortfall)


def _why_not(live: Live, ref: PullRef) -> str:
    work = live.pulls.work(ref)
    if work is None:
        return f"nothing is on record of #{ref.number}: the App was not installed there, or had not heard of it"
    if work.outcome is None:
        return f"no review of #{ref.number} had come to an end"
    reason = f": {work.reason}" if work.reason else ""
    return f"#{ref.number} ended as {work.outcome}{reason}"
