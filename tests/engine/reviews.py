"""Changes in memory, and reviewers and models that do as they are told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from reviewbot.domain.change import Change
from reviewbot.domain.diff import Diff, FileDiff
from reviewbot.domain.finding import Finding
from reviewbot.domain.policy import Policy
from reviewbot.domain.review import ReviewerRun, SkipReason, Usage
from reviewbot.engine.review import Reviewable
from reviewbot.ports import Completion, Prompt, ReviewTask
from reviewbot.testing import MemorySnapshot


def reviewable(*files: FileDiff, is_cut: bool = False) -> Reviewable:
    """A change without the files around it."""
    return Reviewable(Change(Diff(files), is_cut=is_cut), MemorySnapshot({}), MemorySnapshot({}))


def task(*files: FileDiff, policy: Policy | None = None, trial: int = 1) -> ReviewTask:
    opened = reviewable(*files)
    paths = tuple(dict.fromkeys(file.path for file in files))
    return ReviewTask(opened.change, opened.head, opened.base, policy or Policy(), paths, trial)


@dataclass(frozen=True)
class Saying:
    """A reviewer that reads some paths (all, where none are named) and says what it was given to say."""

    name: str = "saying"
    findings: tuple[Finding, ...] = ()
    reads: tuple[str, ...] | None = None
    unread: tuple[tuple[str, SkipReason], ...] = ()
    failure: str | None = None

    def review(self, task: ReviewTask) -> ReviewerRun:
        read = frozenset(task.paths if self.reads is None else self.reads)
        return ReviewerRun(self.name, self.findings, read, self.unread, failure=self.failure)


@dataclass(frozen=True)
class Doing:
    """A reviewer that does something else than reviewing."""

    act: Callable[[], object]
    name: str = "doing"

    def review(self, task: ReviewTask) -> ReviewerRun:
        return self.act()  # type: ignore[return-value]


@dataclass
class Answering:
    """A model that answers each prompt by a function, and keeps the prompts."""

    answer: Callable[[Prompt], str] = lambda prompt: '{"findings": []}'
    name: str = "compatible:open-model@http://127.0.0.1:1/v1"
    prompts: list[Prompt] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def complete(self, prompt: Prompt) -> Completion:
        with self._lock:
            self.prompts.append(prompt)
        return Completion(self.answer(prompt), "open-model", Usage(100, 10), Decimal("0.001"))

    @property
    def texts(self) -> list[str]:
        return ["".join(turn.text for turn in prompt.turns) for prompt in self.prompts]


def findings_json(titles: Sequence[str], path: str = "app.py", line: int = 10) -> str:
    said = {"explanation": "It fails.", "severity": "high", "confidence": 0.8, "category": "correctness"}
    place = {"path": path, "first_line": line, "last_line": line, "side": "RIGHT", "origin": "introduced"}
    return json.dumps({"findings": [{"title": title, **said, **place} for title in titles]})
