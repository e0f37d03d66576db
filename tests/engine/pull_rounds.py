"""A pull request in memory: files before and after, pushes, and what was said of them so far."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reviewbot.domain.change import Change
from reviewbot.domain.diff import Diff, Side
from reviewbot.domain.diff_text import parse_diff
from reviewbot.domain.finding import Category, Finding, Location, Severity
from reviewbot.domain.policy import Policy
from reviewbot.domain.repository import Sha
from reviewbot.domain.review import Review, ReviewerRun
from reviewbot.domain.round import Fate, KnownFinding, Outline, Round
from reviewbot.engine.review import Reviewable, review
from reviewbot.engine.rounds import new_part, round_of
from reviewbot.ports import Reviewer, ReviewTask
from reviewbot.testing import MemorySnapshot

Files = Mapping[str, str]


def diff_of(base: Files, head: Files) -> Diff:
    """The diff between two sets of files, as git would write it."""
    return parse_diff("".join(_file_text(path, base, head) for path in sorted({*base, *head})).encode())


def _file_text(path: str, base: Files, head: Files) -> str:
    before, after = base.get(path), head.get(path)
    if before == after:
        return ""
    kind = "new file mode 100644\n" if before is None else "deleted file mode 100644\n" if after is None else ""
    old, new = (f"a/{path}" if before is not None else "/dev/null"), (f"b/{path}" if after is not None else "/dev/null")
    lines = difflib.unified_diff((before or "").splitlines(), (after or "").splitlines(), old, new, lineterm="")
    return "\n".join([f"diff --git a/{path} b/{path}\n{kind}".rstrip("\n"), *lines]) + "\n"


def snapshot_of(files: Files) -> MemorySnapshot:
    return MemorySnapshot({path: text.encode() for path, text in files.items()})


@dataclass(frozen=True)
class Finder:
    """A reviewer that names every line of the files it reads that holds one of these words, with the title given."""

    titles: Mapping[str, str]
    name: str = "llm"
    severity: Severity = Severity.HIGH
    severities: Mapping[str, Severity] = field(default_factory=dict)
    rule: str | None = None
    unread: Collection[str] = ()
    read: list[str] = field(default_factory=list)

    def review(self, task: ReviewTask) -> ReviewerRun:
        paths = [path for path in task.paths if path not in self.unread]
        self.read.extend(paths)
        found = [one for path in paths for one in self._findings(task, path)]
        failure = "no answer" if len(paths) < len(task.paths) else None
        return ReviewerRun(self.name, tuple(found), frozenset(paths), failure=failure)

    def _findings(self, task: ReviewTask, path: str) -> list[Finding]:
        file = task.change.diff.file(path)
        assert file is not None
        shown = [
            (line, side) for hunk in file.hunks for line in hunk.changed_lines for side in Side if line.number(side)
        ]
        return [
            self._finding(path, line.number(side) or 0, side, line.text, word)
            for line, side in shown
            for word in self.titles
            if word in line.text.split()
        ]

    def _finding(self, path: str, number: int, side: Side, text: str, word: str) -> Finding:
        return Finding(
            title=self.titles[word],
            explanation="It fails.",
            severity=self.severities.get(word, self.severity),
            confidence=0.9,
            category=Category.CORRECTNESS,
            location=Location(path, number, number, side),
            reviewer=self.name,
            evidence=(text,),
            rule=self.rule,
        )


@dataclass
class Pull:
    """Pushes one head after another, and remembers what a store would remember."""

    base: Files
    policy: Policy = field(default_factory=Policy)
    known: list[KnownFinding] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)
    outline: Outline | None = None
    number: int = 0
    said: list[Finding] = field(default_factory=list)

    def push(self, head: Files, *reviewers: Reviewer, full: bool = False, is_cut: bool = False) -> Round:
        self.number += 1
        diff = diff_of(self.base, head)
        earlier = None if full else self.outline
        change = Change(diff, head=Sha(f"{self.number:040x}"), is_cut=is_cut)
        reviewable = Reviewable(change, snapshot_of(self.base), snapshot_of(head))
        made = review(reviewable, reviewers, self.policy, part=new_part(diff, earlier))
        return self._remember(self.round(made, diff, head, earlier), change.head)

    def round(self, made: Review, diff: Diff, head: Files, earlier: Outline | None) -> Round:
        def lines(path: str) -> tuple[str, ...] | None:
            return tuple(head[path].split("\n")) if path in head else None

        return round_of(made, diff, self.number, earlier, tuple(self.known), self.ignored, self.policy, lines)

    def settle(self, title: str, fate: Fate) -> None:
        self.known = [replace(one, fate=fate) if one.finding.title == title else one for one in self.known]

    def _remember(self, made: Round, head: Sha | None) -> Round:
        assert head is not None
        fixed = {one.fingerprint for one in made.fixed}
        new = {one.fingerprint for one in made.to_say}
        self.known = [
            replace(one, fate=Fate.FIXED) if one.fingerprint in fixed else one
            for one in self.known
            if one.fingerprint not in new
        ]
        self.known += [KnownFinding(one, head) for one in made.to_say]
        self.outline = made.outline
        self.said += made.to_say
        return made


def titles(findings: Sequence[Finding] | Sequence[KnownFinding]) -> list[str]:
    return [one.title if isinstance(one, Finding) else one.finding.title for one in findings]


def lines(*texts: str) -> str:
    return "".join(f"{text}\n" for text in texts)
