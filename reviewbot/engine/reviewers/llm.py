"""A reviewer that asks a language model: one pass or several over the same material, each in a fresh context."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import monotonic

from reviewbot.dialogue import Asked, ask, load_prompt, stand_ins
from reviewbot.domain.effort import Effort
from reviewbot.domain.finding import Finding
from reviewbot.domain.review import ReviewerRun, SkipReason
from reviewbot.engine.answer import read_findings
from reviewbot.engine.effort import Plan, plan_for
from reviewbot.engine.exploring import ask_with_looks
from reviewbot.engine.looks import Window
from reviewbot.engine.passes import GAP, Batch, Pass, batches_of, gap_prompt, material_of, pass_prompt
from reviewbot.errors import ReviewCancelled
from reviewbot.ports import Completion, Model, Part, Prompt, ReviewTask
from reviewbot.telemetry import carried

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class _Reading:
    """One pass over one batch, and what came of it."""

    batch: Batch
    name: str
    asked: Asked[tuple[Finding, ...]]


@dataclass(frozen=True, slots=True)
class _StoppableModel:
    """A model that is not called any more once the review was given up."""

    model: Model
    is_stopped: Callable[[], bool]

    @property
    def name(self) -> str:
        return self.model.name

    def complete(self, prompt: Prompt) -> Completion:
        if self.is_stopped():
            raise ReviewCancelled(f"{self.name} was not asked: the review was given up")
        return self.model.complete(prompt)


class LlmReviewer:
    """Reads the diff and its surroundings in as many passes as its effort allows.

    Blind to title, description and author but for one lens, because framing costs detections: what a change claims to
    do makes a reader overlook what it does.
    """

    def __init__(self, model: Model, name: str = "llm", effort: Effort = Effort.QUICK) -> None:
        self._model = model
        self._name = name
        self._effort = effort

    @property
    def name(self) -> str:
        return self._name

    def stopping(self, is_stopped: Callable[[], bool]) -> LlmReviewer:
        """The same reviewer; it raises ReviewCancelled where it would begin a call after `is_stopped`."""
        return LlmReviewer(_StoppableModel(self._model, is_stopped), self._name, self._effort)

    def review(self, task: ReviewTask) -> ReviewerRun:
        started = monotonic()
        files = [file for file in task.change.diff.files if file.path in task.paths]
        plan = plan_for(self._effort, files, bool(task.change.title or task.change.description))
        batches, unread = batches_of(task)

        def gathered(batch: Batch) -> tuple[Part, ...]:
            return material_of(task, batch, plan)

        def first_read(each: tuple[Batch, tuple[Part, ...], Pass]) -> _Reading:
            return self._read(task, *each)

        def read_again(each: tuple[Batch, tuple[Part, ...]]) -> _Reading:
            return self._read_again(task, *each, titles, plan.looks)

        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            materials = list(pool.map(carried(gathered), batches))
            passes = [Pass(looks=plan.looks), *(Pass(lenses) for lenses in plan.lens_passes)]
            todo = [
                (batch, material, one) for batch, material in zip(batches, materials, strict=True) for one in passes
            ]
            read = list(pool.map(carried(first_read), todo))
            if plan.has_gap_pass:
                titles = _titles(read)
                read += pool.map(carried(read_again), zip(batches, materials, strict=True))
        return self._run(read, batches, unread, plan, monotonic() - started)

    def _read(self, task: ReviewTask, batch: Batch, material: Sequence[Part], one: Pass) -> _Reading:
        lens = one.name if one.lenses else ""
        return _Reading(batch, one.name, self._asked(task, pass_prompt(task, material, one), lens, one.looks))

    def _read_again(
        self, task: ReviewTask, batch: Batch, material: tuple[Part, ...], titles: Sequence[str], looks: int
    ) -> _Reading:
        return _Reading(batch, GAP, self._asked(task, gap_prompt(task, material, titles, looks), GAP, looks))

    def _asked(self, task: ReviewTask, prompt: Prompt, lens: str, looks: int) -> Asked[tuple[Finding, ...]]:
        def read(text: str) -> tuple[Finding, ...]:
            return tuple(replace(finding, lens=lens) for finding in read_findings(text, self.name))

        if not looks:
            return ask(self._model, prompt, read)
        return ask_with_looks(self._model, prompt, read, Window(task.head, task.base), looks)

    def _run(
        self, read: Sequence[_Reading], batches: Sequence[Batch], unread: Sequence[str], plan: Plan, seconds: float
    ) -> ReviewerRun:
        lost = [
            batch for batch in batches if not any(one.batch is batch and one.asked.answer is not None for one in read)
        ]
        failed_paths = [path for batch in lost for path in batch.paths]
        missed = {**dict.fromkeys(unread, SkipReason.BUDGET), **dict.fromkeys(failed_paths, SkipReason.REVIEWER_FAILED)}
        calls = tuple(call for one in read for call in one.asked.calls)
        return ReviewerRun(
            reviewer=self.name,
            findings=tuple(finding for one in read for finding in one.asked.answer or ()),
            paths_read=frozenset(path for batch in batches for path in batch.paths) - frozenset(missed),
            paths_unread=tuple(sorted(missed.items())),
            calls=calls,
            model=calls[-1].model if calls else self._model.name,
            prompt_version=f"review@{load_prompt('review').version}",
            failure=_failure(read),
            seconds=seconds,
            notes=(*_notes(read, plan), *stand_ins(self._model.name, calls)),
        )


def _titles(read: Sequence[_Reading]) -> list[str]:
    return list(dict.fromkeys(finding.title for one in read for finding in one.asked.answer or ()))


def _notes(read: Sequence[_Reading], plan: Plan) -> tuple[str, ...]:
    """What was read through which lens; nothing where there was but one pass."""
    names = list(dict.fromkeys(one.name for one in read))
    return (f"{plan.effort}: {', '.join(names)}",) if len(names) > 1 else ()


def _failure(read: Sequence[_Reading]) -> str | None:
    """One sentence for all prompts that failed; the same reason is said once."""
    reasons = Counter(one.asked.failure for one in read if one.asked.failure)
    if not reasons:
        return None
    said = "; ".join(str(reason) for reason in reasons)
    return said if len(read) == 1 else f"{reasons.total()} of {len(read)} prompts failed: {said}"
