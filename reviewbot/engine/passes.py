"""The prompts of one review: the same material each time, then what this pass is to look for.

Instructions and material come first and are the same for every pass over the same files, so that a cache of prompts
can serve all but the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reviewbot.dialogue import fenced, load_prompt
from reviewbot.engine.answer import FINDINGS_SCHEMA
from reviewbot.engine.context import gather_context
from reviewbot.engine.effort import Plan
from reviewbot.engine.lenses import ALL_ROUND, Lens
from reviewbot.engine.looks import LOOK_SCHEMA
from reviewbot.engine.prompts import Chunk, chunks_of, context_block, diff_block, guidance_block
from reviewbot.engine.select import risk_rank
from reviewbot.ports import Part, Prompt, ReviewTask, Turn

CONTEXT_SHARE = 0.4
"""Of a prompt's tokens, the part that surroundings may take; the diff comes first."""

GAP = "gap"

_TASK = "Review the change above. Answer with the JSON object of your findings and nothing else.\n"
_LENS_TASK = (
    "Review the change above once more, with nothing but {lenses} in mind; other readers take care of the rest. Report "
    "at most five findings, and only what you can carry to a consequence. Answer with the JSON object of your findings "
    "and nothing else.\n"
)
_GAP_TASK = "Look for what was missed. Answer with the JSON object of your findings and nothing else.\n"


@dataclass(frozen=True, slots=True)
class Batch:
    """Parts of the diff that are read together."""

    chunks: tuple[Chunk, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(chunk.path for chunk in self.chunks))


@dataclass(frozen=True, slots=True)
class Pass:
    """One reading of the material; without lenses it looks at everything. It may look around `looks` times."""

    lenses: tuple[Lens, ...] = ()
    looks: int = 0

    @property
    def name(self) -> str:
        return "+".join(lens.name for lens in self.lenses) or ALL_ROUND


def batches_of(task: ReviewTask) -> tuple[list[Batch], list[str]]:
    """Chunks packed into at most `policy.max_prompts` batches in the order of the paths, and paths that had no room.

    Where not all have room, the riskiest files go first. A path counts as read only when all of its chunks were placed.
    """
    limit = int(task.policy.prompt_tokens * (1 - CONTEXT_SHARE))
    packed, unread = _packed(chunks_of(task.change.diff, task.paths, limit), limit, task.policy.max_prompts)
    if unread:
        wanted = frozenset(task.paths)
        files = sorted((file for file in task.change.diff.files if file.path in wanted), key=risk_rank)
        riskiest = tuple(dict.fromkeys(file.path for file in files))
        packed, unread = _packed(chunks_of(task.change.diff, riskiest, limit), limit, task.policy.max_prompts)
    return packed, unread


def _packed(chunks: Sequence[Chunk], limit: int, most: int) -> tuple[list[Batch], list[str]]:
    packed: list[list[Chunk]] = []
    unread: list[str] = []
    for chunk in chunks:
        if packed and sum(one.tokens for one in packed[-1]) + chunk.tokens <= limit:
            packed[-1].append(chunk)
        elif len(packed) < most:
            packed.append([chunk])
        else:
            unread.append(chunk.path)
    return [Batch(tuple(chunks)) for chunks in packed], list(dict.fromkeys(unread))


def material_of(task: ReviewTask, batch: Batch, plan: Plan) -> tuple[Part, ...]:
    """The diff, its surroundings, and what the policy tells reviewers, which counts against the surroundings."""
    guidance = guidance_block(task.policy, batch.paths)
    used = sum(chunk.tokens for chunk in batch.chunks) + len(guidance) // 4
    most = min(int(task.policy.prompt_tokens * CONTEXT_SHARE), max(plan.context_tokens, used // 2))
    room = max(0, min(most, task.policy.prompt_tokens - used))
    material = diff_block(batch.chunks) + context_block(gather_context(task, batch.paths, room))
    return (Part(material, cacheable=True), *((Part(guidance),) if guidance else ()))


def pass_prompt(task: ReviewTask, material: Sequence[Part], one: Pass) -> Prompt:
    """The prompt of a pass over the material, with the author's claims where a lens of it sees them."""
    if not one.lenses:
        return _prompt(task, material, _TASK, "review", "", one.looks)
    files = [load_prompt(lens.prompt) for lens in one.lenses]
    told = "\n".join(file.text for file in files)
    if any(lens.sees_claims for lens in one.lenses):
        told += fenced("claims", f"{task.change.title}\n\n{task.change.description}")
    which = "this lens" if len(files) == 1 else "these lenses"
    version = ",".join(f"{lens.name}@{file.version}" for lens, file in zip(one.lenses, files, strict=True))
    return _prompt(task, material, f"{told}\n{_LENS_TASK.format(lenses=which)}", "lens", version, one.looks)


def gap_prompt(task: ReviewTask, material: Sequence[Part], titles: Sequence[str], looks: int) -> Prompt:
    """The prompt of the last pass, which sees by title what the others found."""
    file = load_prompt(GAP)
    listed = "\n".join(f"- {title}" for title in titles) or "(nothing)"
    return _prompt(
        task, material, f"{file.text}{fenced('found', listed)}{_GAP_TASK}", GAP, f"gap@{file.version}", looks
    )


def _prompt(task: ReviewTask, material: Sequence[Part], told: str, name: str, version: str, looks: int) -> Prompt:
    instructions = load_prompt("review")
    return Prompt(
        name=name,
        version=",".join(part for part in (instructions.version, version) if part),
        system=instructions.text,
        turns=(Turn("user", (*material, Part(told))),),
        schema=_with_looks(FINDINGS_SCHEMA) if looks else FINDINGS_SCHEMA,
        trial=task.trial,
    )


def _with_looks(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        **schema,
        "properties": {"looks": LOOK_SCHEMA, **schema["properties"]},
        "required": ["looks", *schema["required"]],
    }
