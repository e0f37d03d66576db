"""From a repair to the change that it repairs: which commits are candidates, and how much each is worth.

What a text names outright comes first. Else the lines that the repair took away are blamed; where it took none away,
the three lines around what it put in. On 748 pairs that developers labelled, exactly one blamed commit is right seven
times in ten, one of several about every second time, and one that is blamed for the surroundings alone three times in
ten. So the tier is part of the answer, and a person confirms it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reviewbot.domain.repository import Sha

MOST_CANDIDATES = 3
CONTEXT_LINES = 3
"""So many lines above and below count as the surroundings of what a repair put in."""

_WEEK_SECONDS = 7 * 24 * 3_600


class Tier(StrEnum):
    """What a candidate rests on, the best first."""

    NAMED = "named"
    """The repair's message, or the incident's text, names it."""
    SINGLE = "single"
    """Every line that the repair took away comes from this one commit."""
    SEVERAL = "several"
    """It wrote some of the lines that the repair took away."""
    CONTEXT = "context"
    """It wrote lines around what the repair changed."""

    @property
    def is_sure_enough(self) -> bool:
        """Whether it may be accepted in bulk, where somebody asks for that."""
        return self in (Tier.NAMED, Tier.SINGLE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A commit that may have caused what a repair repaired; `evidence` is one line for a person."""

    commit: Sha
    tier: Tier
    evidence: str


@dataclass(frozen=True, slots=True)
class BlamedFile:
    """One file of a repair: who wrote each line that it took away, and who the lines around its changes.

    `around_additions` are the lines around hunks that only add; `around` those around all of them.
    """

    path: str
    is_code: bool
    removed: tuple[Sha, ...] = ()
    around_additions: tuple[Sha, ...] = ()
    around: tuple[Sha, ...] = ()


def candidates(
    named: Mapping[Sha, str],
    files: Sequence[BlamedFile],
    committed_at: Mapping[Sha, int],
    fixed_at: int,
    is_possible: Callable[[Sha], bool] = lambda _: True,
) -> tuple[Candidate, ...]:
    """Up to three candidates, the best first.

    `named` maps commits to the words that name them; `committed_at` and `fixed_at` are in unix seconds. What is not
    possible, because it came after the incident or is the repair itself, counts nowhere.
    """
    blamed = {one.commit: one for one in _blamed(_Votes(files, is_possible), committed_at, fixed_at)}
    told = [
        Candidate(sha, Tier.NAMED, f"{words}; {blamed[sha].evidence}" if sha in blamed else words)
        for sha, words in named.items()
        if is_possible(sha)
    ]
    rest = (one for one in blamed.values() if one.commit not in named)
    return (*told, *rest)[:MOST_CANDIDATES]


class _Votes:
    """The blamed lines of a repair, counted by commit: its code first, all files only where that gives nothing."""

    def __init__(self, files: Sequence[BlamedFile], is_possible: Callable[[Sha], bool]) -> None:
        self._is_possible = is_possible
        code = [file for file in files if file.is_code]
        self._groups = (code, list(files))

    def of(self, lines: Callable[[BlamedFile], Sequence[Sha]]) -> Counter[Sha]:
        for files in self._groups:
            counts = Counter(sha for file in files for sha in lines(file) if self._is_possible(sha))
            if counts:
                return counts
        return Counter()


def _blamed(votes: _Votes, committed_at: Mapping[Sha, int], fixed_at: int) -> list[Candidate]:
    """All commits that wrote lines of interest, the best first."""
    removed = votes.of(lambda file: file.removed)
    additions = votes.of(lambda file: file.around_additions)
    around = votes.of(lambda file: file.around)

    def ranked(counts: Mapping[Sha, int]) -> list[Sha]:
        """Who wrote many of the lines, and lately: a defect shows soon. An age counts from a week on."""
        ages = {sha: max(_WEEK_SECONDS, fixed_at - committed_at.get(sha, 0)) for sha in counts}
        return sorted(counts, key=lambda sha: (-counts[sha] / ages[sha], sha))

    def candidate(sha: Sha) -> Candidate:
        if sha not in removed:
            return Candidate(
                sha, Tier.CONTEXT, f"wrote {_lines(around[sha] or additions[sha])} around what was changed"
            )
        if len(removed) == 1:
            return Candidate(sha, Tier.SINGLE, f"wrote all that the fix took away: {_lines(removed[sha])}")
        return Candidate(sha, Tier.SEVERAL, f"wrote {removed[sha]} of {_lines(removed.total())} that the fix took away")

    first = list(removed) if len(removed) == 1 else ranked(removed + additions)
    return [candidate(sha) for sha in dict.fromkeys((*first, *ranked(around)))]


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"
