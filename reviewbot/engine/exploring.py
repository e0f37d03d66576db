"""A question to a model that may look around before it answers: so many steps, and then it has to answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Generic, TypeVar

from reviewbot.dialogue import Asked, ask, fenced, json_object
from reviewbot.domain.review import ModelCall
from reviewbot.engine.looks import Look, Window, read_looks, shown
from reviewbot.ports import Model, Part, Prompt, Turn

T = TypeVar("T")

_MUST_ANSWER = "Give your answer now, with looks []: there is nothing more to see. What cannot be settled stays open.\n"


@dataclass(frozen=True, slots=True)
class _Answer(Generic[T]):
    looks: tuple[Look, ...]
    value: T


def ask_with_looks(model: Model, prompt: Prompt, read: Callable[[str], T], window: Window, steps: int) -> Asked[T]:
    """As `ask`, but an answer with `looks` is followed by what they show, at most `steps` times.

    The schema of the prompt has to hold `looks`. The answer to the last question counts, whatever else it wants to see.
    """
    calls: tuple[ModelCall, ...] = ()
    current = _told(prompt, steps)
    while True:
        asked = ask(model, current, lambda text: _Answer(read_looks(json_object(text).get("looks")), read(text)))
        calls = (*calls, *asked.calls)
        if asked.answer is None:
            return Asked(None, calls, asked.failure)
        if not steps or not asked.answer.looks:
            return Asked(asked.answer.value, calls)
        steps -= 1
        current = _continued(current, asked.answer.looks, window, steps)


def _told(prompt: Prompt, steps: int) -> Prompt:
    last = prompt.turns[-1]
    return replace(prompt, turns=(*prompt.turns[:-1], replace(last, parts=(*last.parts, Part(_words(steps))))))


def _continued(prompt: Prompt, looks: Sequence[Look], window: Window, steps: int) -> Prompt:
    wish = json.dumps({"looks": [asdict(look) for look in looks]})
    seen = fenced("looks", shown(looks, window))
    return replace(
        prompt,
        turns=(
            *prompt.turns,
            Turn("assistant", (Part(wish),)),
            Turn("user", (Part(seen, cacheable=True), Part(_words(steps)))),
        ),
    )


def _words(steps: int) -> str:
    if not steps:
        return _MUST_ANSWER
    times = "once" if steps == 1 else f"{steps} times"
    return f"You may ask to look at more before you answer, {times} at most, with up to four looks at a time.\n"
