"""Making one finding out of several that name the same cause."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reviewbot.domain.finding import Finding
from reviewbot.domain.review import HeldBack, Stage

_NEAR_LINES = 3
_ALIKE = 0.5
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]+")
_STOP_WORDS = frozenset(
    "the a an of in on to is are be and or not no when if for with by it its as at from that this".split()
)


@dataclass(frozen=True, slots=True)
class Merged:
    """One finding per cause, and the others with the name of the one they were merged into."""

    findings: tuple[Finding, ...]
    held_back: tuple[HeldBack, ...]


def merge(findings: Sequence[Finding]) -> Merged:
    """Groups findings by cause and keeps the strongest of each; the order they come in does not matter.

    The same cause: lines at most 3 apart and titles that share half of their words; or, between different sources,
    one category on the same lines. One source that names two things on a line means two things. Every source of a
    group is recorded as agreeing.
    """
    ordered = sorted(findings, key=_rank)
    kept: list[Finding] = []
    held: list[HeldBack] = []
    for group in _groups(ordered):
        best, *others = group
        agreed = tuple(sorted({finding.source for finding in group} | set(best.agreed_by)))
        kept.append(replace(best, agreed_by=agreed))
        held.extend(HeldBack(other, Stage.MERGE, f"says the same as “{best.title}”") for other in others)
    return Merged(tuple(sorted(kept, key=_rank)), tuple(held))


def _rank(finding: Finding) -> tuple[object, ...]:
    """Gravest and surest first; the rest of the key makes the order total."""
    place = finding.location
    where = (place.path, place.first_line, place.last_line, place.side.value) if place else ("", 0, 0, "")
    return (
        -finding.severity.weight,
        -finding.confidence,
        where,
        finding.category.value,
        finding.title,
        finding.explanation,
        finding.source,
        finding.evidence,
        finding.suggestion or "",
        finding.origin.value,
        finding.rule or "",
    )


def _groups(ordered: list[Finding]) -> list[list[Finding]]:
    """Connected sets of findings with the same cause, each in the order of rank."""
    leader = list(range(len(ordered)))

    def lead(index: int) -> int:
        while leader[index] != index:
            index = leader[index]
        return index

    for first, second in _near_pairs(ordered):
        if _same_cause(ordered[first], ordered[second]):
            low, high = sorted((lead(first), lead(second)))
            leader[high] = low
    groups: dict[int, list[Finding]] = defaultdict(list)
    for index, finding in enumerate(ordered):
        groups[lead(index)].append(finding)
    return list(groups.values())


def _near_pairs(ordered: Sequence[Finding]) -> Iterator[tuple[int, int]]:
    """Pairs of findings that stand near enough to be compared; a long list far apart costs no time."""
    by_file: dict[object, list[tuple[int, int, int]]] = defaultdict(list)
    for index, finding in enumerate(ordered):
        place = finding.location
        if place is None:
            by_file[finding.fingerprint].append((0, 0, index))
        else:
            by_file[place.path, place.side].append((place.first_line, place.last_line, index))
    for places in by_file.values():
        places.sort()
        for at, (_, last_line, index) in enumerate(places):
            for first_line, _, other in places[at + 1 :]:
                if first_line > last_line + _NEAR_LINES:
                    break
                yield index, other


def _same_cause(one: Finding, other: Finding) -> bool:
    if one.location is None or other.location is None:
        return one.fingerprint == other.fingerprint
    if not one.location.overlaps(other.location, _NEAR_LINES):
        return False
    if _likeness(one.title, other.title) >= _ALIKE:
        return True
    return one.source != other.source and one.category is other.category and one.location.overlaps(other.location)


def _likeness(one: str, other: str) -> float:
    """Jaccard index of the words of two titles, 0 to 1."""
    first, second = _words(one), _words(other)
    return len(first & second) / len(first | second) if first | second else 0.0


def _words(title: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(title)} - _STOP_WORDS
