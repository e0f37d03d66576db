"""What something without any understanding achieves on the same changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from reviewbot.domain.incident import CaseKind
from reviewbot.domain.replay import CaseVerdict, Replay
from reviewbot.domain.scorecard import Baseline
from reviewbot.retro.statistics import clustered_rate

_GATED_PER_CENT = (10, 20, 50)


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
        clustered_rate(_flagged([(repo, size) for (repo, _), size in largest.items()], least)),
        clustered_rate(_flagged([(one.repo, one.changed_lines) for one in quiet], least)),
    )


def _flagged(sizes: Iterable[tuple[str, int]], least: int) -> Mapping[str, list[float]]:
    groups: dict[str, list[float]] = defaultdict(list)
    for repo, size in sizes:
        groups[repo].append(float(size >= least))
    return groups


def located_by_chance(verdicts: Iterable[CaseVerdict], findings: Mapping[tuple[str, str, int], int]) -> float:
    """How many cases as many findings on random changed lines would locate, in the mean over trials."""
    by_case: dict[str, list[float]] = defaultdict(list)
    for one in verdicts:
        by_case[one.case].append(1 - (1 - one.chance) ** findings.get(one.key, 0))
    return sum(sum(shares) / len(shares) for shares in by_case.values())
