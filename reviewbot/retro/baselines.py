"""What something without any understanding achieves on the same changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from reviewbot.domain.incident import CaseKind
from reviewbot.domain.replay import CaseVerdict, Replay
from reviewbot.domain.scorecard import Baseline
from reviewbot.retro.statistics import clustered_rate

_GATED_PER_CENT = (10, 20, 50)
_REMARKS = (1, 3)


def size_gates(replays: Iterable[Replay], incidents: Mapping[str, str]) -> tuple[Baseline, ...]:
    """Flagging the largest tenth, fifth and half of the quiet changes, and every incident's change that is as large.

    `incidents` maps cases to incidents; one with several causes is flagged by any of them. None where no quiet change,
    or no size, is known.
    """
    changes = {one.case: one for one in replays if one.changed_lines}
    quiet = [one for one in changes.values() if one.kind is CaseKind.CONTROL]
    culprits = [one for one in changes.values() if one.kind is CaseKind.INCIDENT and one.case in incidents]
    if not quiet or not culprits:
        return ()
    by_size = sorted((one.changed_lines for one in quiet), reverse=True)
    return tuple(_gate(share, by_size, quiet, culprits, incidents) for share in _GATED_PER_CENT)


def random_remarks(
    verdicts: Iterable[CaseVerdict], replays: Iterable[Replay], incidents: Mapping[str, str]
) -> tuple[Baseline, ...]:
    """One remark, and three, on random changed lines of every change: what they locate, saying nothing of use.

    `incidents` maps cases to incidents; of several causes the one that is located most easily counts. None where no
    place of a cause is recorded.
    """
    repos = {one.case: one.repo for one in replays}
    quiet = {one.case: one.repo for one in replays if one.kind is CaseKind.CONTROL and one.head}
    chances: dict[str, tuple[str, float]] = {}
    for one in verdicts:
        if one.case in incidents and one.case in repos:
            repo, best = chances.get(incidents[one.case], (repos[one.case], 0.0))
            chances[incidents[one.case]] = repo, max(best, one.chance)
    if not any(chance for _, chance in chances.values()):
        return ()
    flagged = _grouped((repo, 1.0) for repo in quiet.values())
    return tuple(
        Baseline(
            f"{count} {'remark' if count == 1 else 'remarks'} on random changed lines of each (located)",
            clustered_rate(_grouped((repo, 1 - (1 - chance) ** count) for repo, chance in chances.values())),
            clustered_rate(flagged),
        )
        for count in _REMARKS
    )


def _grouped(values: Iterable[tuple[str, float]]) -> Mapping[str, list[float]]:
    groups: dict[str, list[float]] = defaultdict(list)
    for repo, value in values:
        groups[repo].append(value)
    return groups


def _gate(
    per_cent: int,
    by_size: Sequence[int],
    quiet: Sequence[Replay],
    culprits: Sequence[Replay],
    incidents: Mapping[str, str],
) -> Baseline:
    least = by_size[max(1, round(len(by_size) * per_cent / 100)) - 1]
    largest: dict[tuple[str, str], int] = defaultdict(int)
    for one in culprits:
        key = (one.repo, incidents[one.case])
        largest[key] = max(largest[key], one.changed_lines)
    return Baseline(
        f"the largest {per_cent} % of changes (from {least} changed lines)",
        clustered_rate(_grouped((repo, float(size >= least)) for (repo, _), size in largest.items())),
        clustered_rate(_grouped((one.repo, float(one.changed_lines >= least)) for one in quiet)),
    )


def located_by_chance(verdicts: Iterable[CaseVerdict], findings: Mapping[tuple[str, str, int], int]) -> float:
    """How many cases as many findings on random changed lines would locate, in the mean over trials."""
    by_case: dict[str, list[float]] = defaultdict(list)
    for one in verdicts:
        by_case[one.case].append(1 - (1 - one.chance) ** findings.get(one.key, 0))
    return sum(sum(shares) / len(shares) for shares in by_case.values())
