"""What a retro run did not do, in sentences: a figure is only as good as what stands behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from reviewbot.domain.incident import CaseKind, Verdict
from reviewbot.domain.replay import CaseVerdict, Replay
from reviewbot.domain.review import Outcome
from reviewbot.domain.text import shortened
from reviewbot.pipelines.judge.verdicts import NO_JUDGE

_NAMED_CASES = 5
_LONGEST_REASON = 500


def open_work(replays: Sequence[Replay], verdicts: Sequence[CaseVerdict], planned: int, has_judge: bool) -> str:
    """What has been left for later by steps that were not run or were stopped; "" where nothing is left."""
    judged = {one.key for one in verdicts if not has_judge or not _waits_for_judge(one)}
    unjudged = sum(one.kind is CaseKind.INCIDENT and one.key not in judged for one in replays)
    said = []
    if len(replays) < planned:
        said.append(f"{planned - len(replays)} of {planned} replays were not made")
    if unjudged:
        said.append(f"{unjudged} replays of incidents were not judged")
    return ", ".join(said)


def _waits_for_judge(verdict: CaseVerdict) -> bool:
    """Whether no judge has been asked, as against one that gave no usable answer."""
    return verdict.verdict is Verdict.UNJUDGED and not any(one.judge for one in verdict.judgements)


def failure_lines(replays: Iterable[Replay], verdicts: Iterable[CaseVerdict]) -> list[str]:
    """One line for each reason for which reviews failed or were partial, or remarks were not judged."""
    cases: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in replays:
        if one.outcome is Outcome.FAILED and one.head:
            cases[f"{one.arm} failed", _bare_reason(one)].append(one.case)
        elif one.outcome is Outcome.PARTIAL:
            for reason in _reasons_partial(one):
                cases[f"{one.arm} was partial", reason].append(one.case)
    for verdict in verdicts:
        for judgement in verdict.judgements:
            if judgement.failure and judgement.failure != NO_JUDGE:
                what = "the judge failed" if judgement.judge else "could not be judged"
                cases[what, judgement.failure].append(verdict.case)
    return [f"{_named(names)}: {what}: {shortened(why, _LONGEST_REASON)}" for (what, why), names in cases.items()]


def _reasons_partial(replay: Replay) -> list[str]:
    """Failures in their words, files that were not read by the kind of reason: so that many cases make one line."""
    failures = [run.failure for run in replay.runs if run.failure]
    kinds = dict.fromkeys(gap.skipped.words for gap in replay.coverage.gaps if gap.skipped is not None)
    unread = [f"files were not read: {', '.join(kinds)}"] if kinds else []
    return [*failures, *unread] or [replay.reason]


def _bare_reason(replay: Replay) -> str:
    """Without the reviewer's name where it is the only one: the arm is named already."""
    return replay.reason.removeprefix(f"{replay.runs[0].reviewer} failed: ") if len(replay.runs) == 1 else replay.reason


def nothing_was_reviewed(replays: Iterable[Replay]) -> bool:
    return all(one.outcome is Outcome.FAILED for one in replays)


def judge_never_answered(verdicts: Iterable[CaseVerdict]) -> bool:
    """Whether a judge was asked and gave not one usable answer."""
    asked = [one for verdict in verdicts for one in verdict.judgements if one.judge]
    return bool(asked) and all(one.failure for one in asked)


def _named(cases: Sequence[str]) -> str:
    names = sorted(set(cases))
    more = f" and {len(names) - _NAMED_CASES} more" if len(names) > _NAMED_CASES else ""
    return ", ".join(names[:_NAMED_CASES]) + more
