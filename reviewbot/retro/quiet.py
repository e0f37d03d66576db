"""Which quiet changes resemble a culprit enough to stand beside it as controls."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log
from pathlib import PurePosixPath

from reviewbot.retro.incident_keys import MatchKey

FIX_WORDS = (
    r"\b(bug|hot)?fix(e[sd]|ing)?\b",
    r"\bbugs?\b",
    r"\brevert",
    r"\bregress",
    r"\bbroken?\b",
    r"\bcrash",
    r"\brepair",
)
"""What the message of a later change that may repair something says, as extended regular expressions."""

_REVERTING = re.compile(r"\brevert", re.IGNORECASE)
_MOST_TIMES = 3.0
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Shape:
    """What a change looks like from outside: its lines, its files, and when it was committed."""

    lines: int
    paths: tuple[str, ...]
    committed_at: datetime


def looks_like(culprit: Shape, other: Shape, keys: Collection[MatchKey]) -> float | None:
    """How far a change is from a culprit, 0 being the same; None where it does not resemble it in one of these.

    `size`: at most three times as many lines, or as few. `path`: they share a folder, or a kind of file at the least.
    `month`: the same month in UTC.
    """
    distance = 0.0
    if MatchKey.MONTH in keys and _month(culprit) != _month(other):
        return None
    if MatchKey.SIZE in keys:
        times = log(max(1, other.lines) / max(1, culprit.lines))
        if abs(times) > log(_MOST_TIMES) + _ROUNDING:
            return None
        distance += abs(times) / log(_MOST_TIMES)
    if MatchKey.PATH in keys:
        shared = _shared_places(culprit.paths, other.paths)
        if not shared:
            return None
        distance += 1 - shared
    return distance


def is_ordinary(message: str) -> bool:
    """Whether a change was meant to bring something: a revert repairs what went wrong, and is no quiet change."""
    return not _REVERTING.search(message.partition("\n")[0])


def _month(shape: Shape) -> tuple[int, int]:
    return shape.committed_at.year, shape.committed_at.month


def _shared_places(first: Sequence[str], second: Sequence[str]) -> float:
    """The share of folders in common; half a share for the same kinds of files elsewhere."""
    folders = _shared({PurePosixPath(path).parent for path in first}, {PurePosixPath(path).parent for path in second})
    tops = _shared({_top(path) for path in first}, {_top(path) for path in second})
    kinds = _shared({PurePosixPath(path).suffix for path in first}, {PurePosixPath(path).suffix for path in second})
    return (folders + tops + kinds) / 3 if kinds else 0.0


def _shared(first: Iterable[object], second: Iterable[object]) -> float:
    one, other = set(first), set(second)
    return len(one & other) / len(one | other) if one | other else 0.0


def _top(path: str) -> str:
    return PurePosixPath(path).parts[0] if path else ""
