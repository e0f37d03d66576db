"""Findings that were said before, held against a later head: is this the same one, and does it still hold?

Line numbers decide nothing here, because lines move between two heads; texts do. In doubt a finding is still open:
to call one fixed that is not is a lie, the other way round it is a nuisance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from reviewbot.dialogue import neutral
from reviewbot.domain.diff import Diff, FileDiff, FileStatus, LineKind, Side
from reviewbot.domain.finding import Finding, Location
from reviewbot.domain.review import Outcome, Review
from reviewbot.domain.round import Outline
from reviewbot.domain.text import printable
from reviewbot.engine.merge import merge

HeadLines = Callable[[str], tuple[str, ...] | None]
"""The lines of a file at the head; None where there is no such file."""

_NEAR_LINES = 3
_WIDE_LINES = 50
_TELLING_CHARACTERS = 12
_DETERMINISTIC = "static"


class Head:
    """One head of a pull request, as far as findings of earlier heads are concerned."""

    def __init__(self, diff: Diff, head_lines: HeadLines) -> None:
        self._diff = diff
        self._head_lines = head_lines
        self._texts: dict[str, _Texts | None] = {}

    def file(self, path: str) -> FileDiff | None:
        """What the change does to a file of this name or former name; a copy leaves its source alone."""
        file = self._diff.file(path)
        is_source = file is not None and file.status is FileStatus.COPIED and _shown(file.new_path) != printable(path)
        return None if is_source else file

    def path_now(self, path: str) -> str:
        file = self.file(path)
        return path if file is None or file.new_path is None else file.new_path

    def is_gone(self, path: str) -> bool:
        return self._texts_of(path) is None

    def has_line(self, finding: Finding) -> bool:
        """Whether the line of a finding still stands: in the file, or among what the change removes from it.

        A text that could stand anywhere (`}`) has to stand near its former place.
        """
        text, place = normal_text(finding.anchor_text), finding.location
        if place is None or not text:
            return True
        if place.side is Side.LEFT:
            return self._removes(text, place.path)
        texts = self._texts_of(place.path)
        return texts is not None and texts.has(text, place)

    def _removes(self, text: str, path: str) -> bool:
        file = self.file(path)
        hunks = file.hunks if file is not None else ()
        removed = (line for hunk in hunks for line in hunk.lines if line.kind is LineKind.REMOVED)
        return any(normal_text(line.text) == text for line in removed)

    def _texts_of(self, path: str) -> _Texts | None:
        now = self.path_now(path)
        if now not in self._texts:
            lines = self._head_lines(now)
            self._texts[now] = _Texts(lines) if lines is not None else None
        return self._texts[now]


def says_the_same(finding: Finding, said: Finding, head: Head) -> bool:
    """Whether a finding repeats one that was said at an earlier head.

    It does with an equal fingerprint; on the same text with a like title or of one category; and with a like title
    where the former line was rewritten. Where the former line still stands, a like title elsewhere is another finding.
    """
    if finding.fingerprint == said.fingerprint:
        return True
    here, there = finding.location, said.location
    if here is None or there is None or head.path_now(here.path) != head.path_now(there.path):
        return False
    if finding.rule and said.rule and finding.rule != said.rule:
        return False
    text = normal_text(finding.anchor_text)
    if text and text == normal_text(said.anchor_text):
        return finding.category is said.category or _is_alike(finding, said)
    if not _is_alike(finding, said):
        return False
    return not text or here.overlaps(replace(there, path=here.path), _NEAR_LINES) or not head.has_line(said)


@dataclass(frozen=True)
class Recheck:
    """What a later review shows of a finding that was said: whether its head has fixed it."""

    review: Review
    head: Head
    earlier: Outline | None

    def is_named_again(self, said: Finding) -> bool:
        return any(says_the_same(finding, said, self.head) for finding in self._named)

    def is_fixed(self, said: Finding) -> bool:
        """Only what was read, or is no longer there, can be fixed; a model silent on the same line fixes nothing.

        A reviewer that says the same every time is believed when it has read the file and is silent.
        """
        place = said.location
        if place is None or self.is_named_again(said):
            return False
        file = self.head.file(place.path)
        if file is None:
            return self._is_out_of_the_change(said, place)
        if file.new_path is None and place.side is Side.RIGHT:
            return True
        if not self._has_read(file, said.reviewer):
            return False
        return self._is_retracted(said) or not self.head.has_line(said)

    def _is_out_of_the_change(self, said: Finding, place: Location) -> bool:
        """The file is as it is in the base, if the diff is whole; a finding outside the diff never was part of it."""
        if self.head.is_gone(place.path):
            return True
        if self.review.outcome not in (Outcome.COMPLETE, Outcome.SKIPPED):
            return False
        if self.earlier is not None and (place.path in self.earlier.lines or place.path in self.earlier.unread):
            return True
        return place.side is Side.RIGHT and not self.head.has_line(said)

    def _has_read(self, file: FileDiff, reviewer: str) -> bool:
        """Whether the finding's own reviewer has read the file; where it no longer runs, whether another has."""
        path = printable(file.path)
        own = [run for run in self.review.runs if run.reviewer == reviewer]
        if own:
            return any(path in map(printable, run.paths_read) for run in own)
        return any(path == read.path and read.skipped is None for read in self.review.coverage.read)

    def _is_retracted(self, said: Finding) -> bool:
        """Whether its own reviewer has run, and says the same every time."""
        runs = any(run.reviewer == said.reviewer for run in self.review.runs)
        return runs and (said.reviewer == _DETERMINISTIC or said.rule is not None)

    @cached_property
    def _named(self) -> Sequence[Finding]:
        return (*self.review.findings, *(held.finding for held in self.review.held_back))


class _Texts:
    """The lines of a file as findings quote them."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = [normal_text(line) for line in lines]
        self._all = frozenset(self._lines)

    def has(self, text: str, place: Location) -> bool:
        if text not in self._all:
            return False
        first = max(0, place.first_line - 1 - _WIDE_LINES)
        return len(text) >= _TELLING_CHARACTERS or text in self._lines[first : place.last_line + _WIDE_LINES]


def _is_alike(one: Finding, other: Finding) -> bool:
    """Whether one reviewer that said both of one line would be taken to have said one thing twice."""
    return len(merge((one, replace(other, location=one.location, reviewer=one.reviewer))).findings) == 1


def normal_text(text: str) -> str:
    """A line as findings quote it, whatever its indentation."""
    return " ".join(neutral(text.replace("\t", " ").replace("\r", " ")).split())


def _shown(path: str | None) -> str:
    return printable(path or "")
