"""Reviewers for live tests that say what the changed lines tell them to: real ports, no model."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from reviewbot.domain.diff import LineKind, Side
from reviewbot.domain.finding import Category, Finding, Location, Severity
from reviewbot.domain.policy import Policy
from reviewbot.domain.review import ReviewerRun
from reviewbot.pipelines.live import Panel
from reviewbot.ports import Model, ReviewTask

_MARK = re.compile(r"BUG-(?P<severity>[a-z]+)(?:-(?P<name>\w+))?")


@dataclass
class MarkReader:
    """Finds `BUG-high-name` on added lines; `during` is called in the middle of each review."""

    name: str = "marks"
    during: Callable[[ReviewTask], None] | None = None
    reads: list[tuple[str, ...]] = field(default_factory=list)
    failure: str | None = None

    def review(self, task: ReviewTask) -> ReviewerRun:
        self.reads.append(task.paths)
        if self.during is not None:
            self.during(task)
        if self.failure is not None:
            return ReviewerRun(self.name, failure=self.failure)
        return ReviewerRun(self.name, findings=tuple(_findings(task, self.name)), paths_read=frozenset(task.paths))


def _findings(task: ReviewTask, name: str) -> list[Finding]:
    found = []
    for file in task.change.diff.files:
        for hunk in file.hunks:
            for line in hunk.lines:
                mark = _MARK.search(line.text)
                if mark is None or line.kind is not LineKind.ADDED or file.path not in task.paths:
                    continue
                assert line.new_number is not None
                found.append(
                    Finding(
                        title=f"{mark['name'] or 'it'} fails",
                        explanation="The line says so. Whoever runs it will see it fail.",
                        severity=Severity(mark["severity"]),
                        confidence=0.9,
                        category=Category.CORRECTNESS,
                        location=Location(file.path, line.new_number, line.new_number, Side.RIGHT),
                        reviewer=name,
                        evidence=(line.text.strip(),),
                        rule="marks",
                    )
                )
    return found


@dataclass
class Factory:
    """Gives the same reviewers to every review."""

    reviewers: tuple[MarkReader, ...] = field(default_factory=lambda: (MarkReader(),))
    answerer: Model | None = None
    judge: Model | None = None

    def panel(self, policy: Policy, budget_usd: Decimal | None, tell_cost: Callable[[Decimal], None]) -> Panel:
        return Panel(self.reviewers, None, tuple(reviewer.name for reviewer in self.reviewers))

    def model(self, tell_cost: Callable[[Decimal], None]) -> Model | None:
        return self.answerer

    def judges(self, tell_cost: Callable[[Decimal], None]) -> tuple[Model, ...]:
        return (self.judge,) if self.judge is not None else ()
