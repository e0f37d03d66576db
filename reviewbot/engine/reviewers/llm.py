"""A reviewer that asks a language model: one prompt for a change of ordinary size, a few for a large one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic

from reviewbot.dialogue import Asked, ask, load_prompt
from reviewbot.domain.finding import Finding
from reviewbot.domain.review import ReviewerRun, SkipReason
from reviewbot.engine.answer import FINDINGS_SCHEMA, read_findings
from reviewbot.engine.context import gather_context
from reviewbot.engine.prompts import Chunk, chunks_of, context_block, diff_block, guidance_block
from reviewbot.errors import ReviewCancelled
from reviewbot.ports import Completion, Model, Part, Prompt, ReviewTask, Turn

_CONTEXT_SHARE = 0.4
"""Of a prompt's tokens, the part that surroundings may take; the diff comes first."""

_TASK = "Review the change above. Answer with the JSON object of your findings and nothing else.\n"


@dataclass(frozen=True, slots=True)
class _Batch:
    chunks: tuple[Chunk, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(chunk.path for chunk in self.chunks))


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
    """Reads the diff and its surroundings in a single pass, blind to title, description and author.

    Blind, because framing costs detections: what a change claims to do makes a reader overlook what it does.
    """

    def __init__(self, model: Model, name: str = "llm") -> None:
        self._model = model
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def stopping(self, is_stopped: Callable[[], bool]) -> LlmReviewer:
        """The same reviewer; it raises ReviewCancelled where it would begin a call after `is_stopped`."""
        return LlmReviewer(_StoppableModel(self._model, is_stopped), self._name)

    def review(self, task: ReviewTask) -> ReviewerRun:
        started = monotonic()
        batches, unread = _batches(task)
        with ThreadPoolExecutor(max_workers=max(1, len(batches))) as pool:
            asked = list(pool.map(lambda batch: self._ask(task, batch), batches))
        failed_paths = [
            path for batch, result in zip(batches, asked, strict=True) if result.failure for path in batch.paths
        ]
        missed = {**dict.fromkeys(unread, SkipReason.BUDGET), **dict.fromkeys(failed_paths, SkipReason.REVIEWER_FAILED)}
        calls = tuple(call for result in asked for call in result.calls)
        return ReviewerRun(
            reviewer=self.name,
            findings=tuple(finding for result in asked for finding in result.answer or ()),
            paths_read=frozenset(path for batch in batches for path in batch.paths) - frozenset(missed),
            paths_unread=tuple(sorted(missed.items())),
            calls=calls,
            model=calls[-1].model if calls else self._model.name,
            prompt_version=f"review@{load_prompt('review').version}",
            failure=_failure(asked),
            seconds=monotonic() - started,
        )

    def _ask(self, task: ReviewTask, batch: _Batch) -> Asked[tuple[Finding, ...]]:
        return ask(self._model, review_prompt(task, batch.chunks), lambda text: read_findings(text, self.name))


def review_prompt(task: ReviewTask, chunks: Sequence[Chunk]) -> Prompt:
    """The prompt for part of a change; the material comes first, so that further prompts can share it in the cache.

    What the policy tells reviewers follows it, and counts against the tokens that surroundings may take.
    """
    instructions = load_prompt("review")
    paths = tuple(dict.fromkeys(chunk.path for chunk in chunks))
    guidance = guidance_block(task.policy, paths)
    used = sum(chunk.tokens for chunk in chunks) + len(guidance) // 4
    room = max(0, min(int(task.policy.prompt_tokens * _CONTEXT_SHARE), task.policy.prompt_tokens - used))
    material = diff_block(chunks) + context_block(gather_context(task, paths, room))
    told = (Part(guidance),) if guidance else ()
    return Prompt(
        name="review",
        version=instructions.version,
        system=instructions.text,
        turns=(Turn("user", (Part(material, cacheable=True), *told, Part(_TASK))),),
        schema=FINDINGS_SCHEMA,
        trial=task.trial,
    )


def _batches(task: ReviewTask) -> tuple[list[_Batch], list[str]]:
    """Chunks packed into at most `policy.max_prompts` prompts in the diff's order, and the paths that had no room.

    A path counts as read only when all of its chunks were placed.
    """
    limit = int(task.policy.prompt_tokens * (1 - _CONTEXT_SHARE))
    packed: list[list[Chunk]] = []
    unread: list[str] = []
    for chunk in chunks_of(task.change.diff, task.paths, limit):
        if packed and sum(one.tokens for one in packed[-1]) + chunk.tokens <= limit:
            packed[-1].append(chunk)
        elif len(packed) < task.policy.max_prompts:
            packed.append([chunk])
        else:
            unread.append(chunk.path)
    return [_Batch(tuple(chunks)) for chunks in packed], list(dict.fromkeys(unread))


def _failure(asked: Sequence[Asked[tuple[Finding, ...]]]) -> str | None:
    """One sentence for all prompts that failed; the same reason is said once."""
    reasons = Counter(result.failure for result in asked if result.failure)
    if not reasons:
        return None
    said = "; ".join(str(reason) for reason in reasons)
    return said if len(asked) == 1 else f"{reasons.total()} of {len(asked)} prompts failed: {said}"
