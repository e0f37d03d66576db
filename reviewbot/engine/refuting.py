"""The second look at a finding: one refuter in a fresh context, and what its answer is held against."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from reviewbot.dialogue import AnswerError, Asked, fenced, json_object, load_prompt
from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Finding, Origin
from reviewbot.domain.remark import Remark
from reviewbot.domain.text import printable, shortened
from reviewbot.engine.anchor import SourceLines
from reviewbot.engine.context import gather_context
from reviewbot.engine.exploring import ask_with_looks
from reviewbot.engine.looks import LOOK_SCHEMA, Window
from reviewbot.engine.named import named_code
from reviewbot.engine.prompts import Chunk, chunks_of, context_block, diff_block
from reviewbot.ports import Model, Part, Prompt, ReviewTask, Turn

_DIFF_SHARE = 0.6
"""Of a refuter's material, the part that the diff may take; the rest is for what surrounds it."""

_NAMED_SHARE = 0.4
"""How much the code that the claim names may take, on top: a refuter that cannot see it can only call it unproven."""

_MAX_QUOTES = 6
_LONGEST_REMARK = 400
_REMARKS = (
    "Others have remarked on the change already, numbered on from the claims; same_as may name one of these too. What "
    "they say is no evidence.\n"
)
_E = TypeVar("_E", bound=StrEnum)


class Ruling(StrEnum):
    """What became of a claim."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNPROVEN = "unproven"


class Harm(StrEnum):
    """What happens when the trigger occurs."""

    DATA_LOSS = "data-loss"
    SECURITY = "security"
    OUTAGE = "outage"
    FAILURE = "failure"
    DEGRADED = "degraded"
    COSMETIC = "cosmetic"


class Reach(StrEnum):
    """How many meet the trigger."""

    MOST = "most"
    SOME = "some"
    FEW = "few"


class Worth(StrEnum):
    """What the author would do about it before merging."""

    STOP = "stop"
    FIX = "fix"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Quote:
    """A line that a refuter says it read."""

    path: str
    side: Side
    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """A refuter's answer. `is_argued`: trigger, mechanism and consequence are all named; `same_as` counts from 1."""

    ruling: Ruling
    reason: str
    is_argued: bool
    quotes: tuple[Quote, ...]
    origin: Origin
    harm: Harm
    reach: Reach
    worth: Worth = Worth.FIX
    same_as: int = 0

    def quotes_found(self, source_lines: SourceLines) -> int:
        """How many quotes stand in the file they name, spaces aside, on either side."""
        return sum(1 for quote in self.quotes if _stands(quote, source_lines))


def _string() -> dict[str, Any]:
    return {"type": "string"}


def _one_of(kind: type[StrEnum]) -> dict[str, Any]:
    return {"type": "string", "enum": [member.value for member in kind]}


_CHECK: dict[str, Any] = {
    "looks": LOOK_SCHEMA,
    "verdict": _one_of(Ruling),
    "reason": _string(),
    "trigger": _string(),
    "mechanism": _string(),
    "consequence": _string(),
    "quotes": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"path": _string(), "side": _one_of(Side), "text": _string()},
            "required": ["path", "side", "text"],
            "additionalProperties": False,
        },
    },
    "origin": _one_of(Origin),
    "harm": _one_of(Harm),
    "reach": _one_of(Reach),
    "worth": _one_of(Worth),
    "same_as": {"type": "integer"},
}
CHECK_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": _CHECK,
    "required": list(_CHECK),
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class AlreadySaid:
    """What a claim may repeat: the other claims of the review, and after them in its count what others remarked."""

    claims: tuple[Finding, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def block(self) -> str:
        claims = "\n".join(f"{number}. {one.title}" for number, one in enumerate(self.claims, 1))
        first = len(self.claims) + 1
        remarks = "\n".join(
            f"{number}. {shortened(printable(one.words), _LONGEST_REMARK)}"
            for number, one in enumerate(self.remarks, first)
        )
        told = fenced("other claims", claims) if claims else ""
        return told + (f"{_REMARKS}{fenced('remarks of others', remarks)}" if remarks else "")


def refute(
    task: ReviewTask, finding: Finding, said: AlreadySaid, model: Model, tokens: int, looks: int
) -> Asked[Check]:
    """Puts one claim to a refuter with so much material, that may look around `looks` times."""
    prompt = refuter_prompt(task, finding, said, tokens)
    return ask_with_looks(model, prompt, read_check, Window(task.head, task.base), looks)


def refuter_prompt(task: ReviewTask, finding: Finding, said: AlreadySaid, tokens: int) -> Prompt:
    """The material first, which refuters of the same file share, then what the claim names, and the claim."""
    instructions = load_prompt("verify")
    chunks = _chunks_near(task, finding, int(tokens * _DIFF_SHARE))
    path = finding.location.path if finding.location else None
    paths = tuple(dict.fromkeys([*([path] if path else []), *(chunk.path for chunk in chunks)]))
    material = diff_block(chunks) + context_block(
        gather_context(task, paths, tokens - sum(chunk.tokens for chunk in chunks))
    )
    named = named_code(_claim(finding), material, (task.head, task.base), int(tokens * _NAMED_SHARE))
    return Prompt(
        name="verify",
        version=instructions.version,
        system=instructions.text,
        turns=(
            Turn(
                "user",
                (
                    Part(material, cacheable=True),
                    Part(context_block(named) + fenced("claim", _claim(finding)) + said.block),
                    Part("Try to disprove the claim. Answer with the JSON object and nothing else.\n"),
                ),
            ),
        ),
        schema=CHECK_SCHEMA,
        max_output_tokens=4_000,
        trial=task.trial,
    )


def read_check(text: str) -> Check:
    """The check of an answer; AnswerError where its verdict, origin, harm, reach or worth is none of its words."""
    answer = json_object(text)
    rows = answer.get("quotes")
    rows = rows if isinstance(rows, list) else []
    return Check(
        ruling=_member(Ruling, answer, "verdict"),
        reason=shortened(printable(_said(answer, "reason")), 600),
        is_argued=all(_said(answer, key) for key in ("trigger", "mechanism", "consequence")),
        quotes=tuple(quote for row in rows[:_MAX_QUOTES] if (quote := _quote(row)) is not None),
        origin=_member(Origin, answer, "origin"),
        harm=_member(Harm, answer, "harm"),
        reach=_member(Reach, answer, "reach"),
        worth=_member(Worth, answer, "worth"),
        same_as=_number(answer.get("same_as")),
    )


def _claim(finding: Finding) -> str:
    quotes = "\n".join(finding.evidence)
    place = str(finding.location) if finding.location else "no place given"
    return f"title: {finding.title}\nplace: {place}\nline: {quotes}\nexplanation: {finding.explanation}"


def _chunks_near(task: ReviewTask, finding: Finding, limit_tokens: int) -> list[Chunk]:
    """The diff of the finding's file, and of the others as far as there is room, in the order of the diff."""
    diff = task.change.diff
    path = finding.location.path if finding.location else None
    chunks = chunks_of(diff, tuple(dict.fromkeys(file.path for file in diff.files if file.hunks)), limit_tokens // 2)
    order = sorted(range(len(chunks)), key=lambda at: (_distance(chunks[at], finding, path), at))
    room, taken = limit_tokens, []
    for at in order:
        if chunks[at].tokens <= room:
            taken.append(at)
            room -= chunks[at].tokens
    return [chunks[at] for at in sorted(taken)]


def _distance(chunk: Chunk, finding: Finding, path: str | None) -> int:
    """0 for the part of the file that the finding points at, 1 for the rest of that file, 2 for the others."""
    if path is None or chunk.path != path:
        return 2
    quotes = [quote.strip() for quote in finding.evidence if quote.strip()]
    return 0 if any(quote in chunk.text for quote in (*quotes, finding.anchor_text.strip() or "\0")) else 1


def _stands(quote: Quote, source_lines: SourceLines) -> bool:
    wanted = "".join(quote.text.lstrip("+-").split())
    if len(wanted) < 2:
        return False
    for side in (quote.side, Side.LEFT if quote.side is Side.RIGHT else Side.RIGHT):
        lines = source_lines(quote.path, side)
        if lines is not None and any(wanted in "".join(line.split()) for line in lines):
            return True
    return False


def _quote(row: object) -> Quote | None:
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not isinstance(row.get("path"), str):
        return None
    text = next((line for line in str(row["text"]).splitlines() if line.strip()), "")
    side = Side.LEFT if str(row.get("side")).upper() == "LEFT" else Side.RIGHT
    return Quote(str(row["path"]).strip(), side, text.strip()) if text else None


def _said(answer: dict[str, Any], key: str) -> str:
    value = answer.get(key)
    return value.strip() if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1_000 else 0


def _member(kind: type[_E], answer: dict[str, Any], key: str) -> _E:
    try:
        return kind(str(answer.get(key)).lower().replace("_", "-"))
    except ValueError:
        expected = " | ".join(member.value for member in kind)
        raise AnswerError(f"{key} is {answer.get(key)!r}; it has to be {expected}.") from None
