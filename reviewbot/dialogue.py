"""One structured question to a model: a prompt file, fenced material, a checked answer, at most one repair."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from reviewbot.domain.review import ModelCall
from reviewbot.domain.secret_text import without_secrets
from reviewbot.domain.text import printable, revealed
from reviewbot.errors import InputError, ReviewbotError
from reviewbot.ports import Completion, Model, ModelAnswerUnusable, ModelError, Part, Prompt, Turn

T = TypeVar("T")

_CHAT_TOKEN = re.compile(r"<(\|[a-z_]{2,24}\|)>|\[(/?INST)\]|<(/?(?:s|SYS))>")
_PROMPT_FOLDERS = (Path(__file__).parent / "_prompts", Path(__file__).parent.parent / "prompts")


class AnswerError(ReviewbotError):
    """An answer of the wrong form; the text says what is wrong, in words that the model can act on."""


@dataclass(frozen=True, slots=True)
class PromptFile:
    """Instructions from `prompts/NAME.md`; the version is in its first line."""

    name: str
    version: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked(Generic[T]):
    """What came of a question: the answer, or why there is none; and every call that was made for it."""

    answer: T | None
    calls: tuple[ModelCall, ...]
    failure: str | None = None


@cache
def load_prompt(name: str) -> PromptFile:
    """The prompt file of this name, as shipped with the product."""
    for folder in _PROMPT_FOLDERS:
        path = folder / f"{name}.md"
        if path.is_file():
            first, _, text = path.read_text(encoding="utf-8").partition("\n")
            if not re.fullmatch(r"version: \d+", first.strip()):
                raise InputError(f"{path}:1: the first line of a prompt file is `version: N`, not {first!r}")
            return PromptFile(name, first.split()[1], text.strip() + "\n")
    raise InputError(f"no prompt named {name!r}; looked in {', '.join(str(folder) for folder in _PROMPT_FOLDERS)}")


@cache
def prompts_digest() -> str:
    """12 hex digits that change with any of the prompt files: reviews by other prompts are other reviews."""
    folder = next(folder for folder in _PROMPT_FOLDERS if folder.is_dir())
    texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.md")}
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:12]


def fenced(label: str, text: str) -> str:
    """Untrusted text between two lines that it cannot contain: they carry a digest of the text itself.

    Hidden characters are written out and the control tokens of chat templates broken up (FAULTS.md S13, S14).
    """
    safe = neutral(text)
    mark = hashlib.sha256(f"{label}\0{safe}".encode()).hexdigest()[:12]
    return f"<<<<< {label} {mark}\n{safe.rstrip(chr(10))}\n>>>>> end of {label} {mark}\n"


def neutral(text: str) -> str:
    """The text as a model gets to see it."""
    shown = "\n".join(revealed(line) for line in printable(text).split("\n"))
    return _CHAT_TOKEN.sub(lambda match: f"< {next(group for group in match.groups() if group)} >", shown)


def stand_ins(name: str, calls: Sequence[ModelCall]) -> tuple[str, ...]:
    """Which of several models that stand in for each other has answered, in one sentence; nothing where it is one."""
    if " | " not in name:
        return ()
    answered = Counter(call.model for call in calls)
    counts = ", ".join(f"{model} × {count}" for model, count in answered.items()) or "none"
    return (f"models in this order: {name}; answered: {counts}",)


def ask(model: Model, prompt: Prompt, read: Callable[[str], T]) -> Asked[T]:
    """Asks, reads the answer with `read` (which raises AnswerError), and asks once more if it cannot be read.

    A ModelError becomes a failure; BudgetExhausted and StoreError pass through, because they end the whole run.
    This is the one way to a model, so that no secret that can be recognised gets past it (FAULTS.md S20).
    """
    calls: list[ModelCall] = []
    prompt = _redacted(prompt)
    current, complaint = prompt, ""
    for _ in range(2):
        text = ""
        try:
            completion = model.complete(current)
        except ModelAnswerUnusable as error:
            complaint = str(error)
            calls.append(_failed_call(model, current, error))
        except ModelError as error:
            return Asked(None, (*calls, _failed_call(model, current, error)), str(error))
        else:
            try:
                answer = read(_whole(completion))
            except AnswerError as error:
                complaint, text = str(error), completion.text
                calls.append(_call(model, current, completion, failure=complaint))
            else:
                return Asked(answer, (*calls, _call(model, current, completion)))
        current = _repair_of(prompt, complaint, text)
    # The rest of a complaint tells the model what to do about it.
    why = complaint.removeprefix(f"{model.name}: ").partition(". ")[0]
    return Asked(None, tuple(calls), f"{model.name} gave no usable answer, even after one repair: {why}")


def _redacted(prompt: Prompt) -> Prompt:
    turns = tuple(
        replace(turn, parts=tuple(replace(part, text=without_secrets(part.text)) for part in turn.parts))
        for turn in prompt.turns
    )
    return replace(prompt, turns=turns)


def json_object(text: str) -> dict[str, Any]:
    """The one JSON object of an answer, with or without a code fence around it; AnswerError otherwise."""
    stripped = text.strip()
    fence = re.match(r"```[a-zA-Z]*\n(.*?)\n?```", stripped, re.DOTALL)
    body = fence.group(1) if fence else stripped[stripped.find("{") :] if "{" in stripped else stripped
    if not body.strip():
        raise AnswerError("The answer was empty. Answer with one JSON object.")
    try:
        value, _ = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_constant=_no_constant).raw_decode(
            body.strip()
        )
    except (ValueError, RecursionError) as error:
        raise AnswerError(f"The answer is not one JSON object: {error}.") from error
    if not isinstance(value, dict):
        raise AnswerError("The answer is JSON but not an object.")
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("a key stands twice in one object")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _whole(completion: Completion) -> str:
    if completion.truncated:
        raise AnswerError("The answer was cut off at its length limit. Answer again, shorter: the gravest points only.")
    return completion.text


def _repair_of(prompt: Prompt, complaint: str, text: str) -> Prompt:
    said = (Turn("assistant", (Part(text),)),) if text.strip() else ()
    again = f"{complaint}\nAnswer again with exactly one JSON object of the demanded form and nothing else."
    if not said:
        last = prompt.turns[-1]
        return replace(prompt, turns=(*prompt.turns[:-1], replace(last, parts=(*last.parts, Part(f"\n{again}\n")))))
    return replace(prompt, turns=(*prompt.turns, *said, Turn("user", (Part(again),))))


def _call(model: Model, prompt: Prompt, completion: Completion, failure: str | None = None) -> ModelCall:
    return ModelCall(
        model=completion.model or model.name,
        prompt=prompt.name,
        prompt_version=prompt.version,
        request_hash=prompt.request_hash(model.name),
        usage=completion.usage,
        cost_usd=completion.cost_usd,
        seconds=completion.seconds,
        failure=failure,
    )


def _failed_call(model: Model, prompt: Prompt, error: ModelError) -> ModelCall:
    return ModelCall(
        model=model.name,
        prompt=prompt.name,
        prompt_version=prompt.version,
        request_hash=prompt.request_hash(model.name),
        usage=error.usage,
        cost_usd=error.cost_usd,
        seconds=0.0,
        failure=str(error),
    )
