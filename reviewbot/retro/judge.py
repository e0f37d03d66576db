"""Judging one finding against one incident, by a model that sees the answer key but not who made the finding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from reviewbot.dialogue import AnswerError, Asked, ask, fenced, json_object, load_prompt
from reviewbot.domain.finding import Finding
from reviewbot.domain.replay import Label
from reviewbot.domain.text import printable
from reviewbot.ports import Model, Part, Prompt, Turn
from reviewbot.retro.answers import AnswerKey

_LONGEST_DIFF = 40_000
"""Characters of each diff that a judge gets to see; a cut is marked."""

_SHORTEST_QUOTE = 3
"""Characters; less than that stands in every change and shows nothing."""

_TEXTS = ("incident_mechanism", "finding_mechanism", "counter_argument", "quote")

JUDGEMENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        **{name: {"type": "string"} for name in _TEXTS},
        "verdict": {"type": "string", "enum": [Label.HIT.value, Label.PARTIAL.value, Label.MISS.value]},
    },
    "required": [*_TEXTS, "verdict"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class CaseMaterial:
    """What a judge is shown of a case besides the finding: the answer key and the two diffs as text.

    `fix_message` is what the fix's author wrote, which no judge is shown: findings are compared with it.
    """

    answer: AnswerKey
    culprit_diff: str
    fix_diff: str
    fix_message: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A judge's checked answer."""

    label: Label
    incident_mechanism: str
    finding_mechanism: str
    counter_argument: str
    quote: str


def opinion_on(finding: Finding, material: CaseMaterial, judge: Model, trial: int = 1) -> Asked[Opinion]:
    """Asks the judge; a quote that stands in neither diff makes the answer unusable (it is asked once more).

    `trial` counts the opinions of one judge on one finding, from 1.
    """
    sources = f"{_flat(material.culprit_diff)}\n{_flat(material.fix_diff)}"
    return ask(judge, replace(judge_prompt(finding, material), trial=trial), lambda text: _read(text, sources))


def judge_prompt(finding: Finding, material: CaseMaterial) -> Prompt:
    """The request to the judge: nothing in it tells reviewer, model, confidence or severity."""
    instructions = load_prompt("judge")
    shared = material_text(material)
    return Prompt(
        name="judge",
        version=instructions.version,
        system=instructions.text,
        turns=(Turn("user", (Part(shared, cacheable=True), Part(fenced("remark", _remark(finding)) + _TASK))),),
        schema=JUDGEMENT_SCHEMA,
        max_output_tokens=2_000,
    )


def material_text(material: CaseMaterial) -> str:
    """The answer key and the two changes, fenced."""
    key = material.answer
    incident = f"Root cause: {key.root_cause or 'not written down'}\n" + (
        f"Summary: {key.summary}\n" if key.summary else ""
    )
    return (
        fenced("incident", incident)
        + fenced("causing change", _cut(material.culprit_diff))
        + fenced("fixing change", _cut(material.fix_diff) or "not known")
    )


_TASK = "Judge the remark. Answer with the JSON object and nothing else.\n"


def _remark(finding: Finding) -> str:
    quotes = "\n".join(finding.evidence)
    return (
        f"Place: {finding.location or 'none given'}\nTitle: {finding.title}\n"
        f"Explanation: {finding.explanation}\nQuoted code: {quotes or 'none'}\n"
    )


def _read(text: str, sources: str) -> Opinion:
    answer = json_object(text)
    for name in _TEXTS:
        if not isinstance(answer.get(name), str) or not answer[name].strip():
            raise AnswerError(f'The answer has no text "{name}".')
    quote = printable(answer["quote"])
    if not _stands_in(quote, sources):
        raise AnswerError("The quote stands in neither of the two changes; copy one line of them, verbatim.")
    try:
        label = Label(str(answer.get("verdict")).lower())
    except ValueError:
        label = Label.UNJUDGED
    if label is Label.UNJUDGED:
        raise AnswerError(f"The verdict is {answer.get('verdict')!r}; it has to be hit | partial | miss.")
    return Opinion(
        label=label,
        incident_mechanism=printable(answer["incident_mechanism"]),
        finding_mechanism=printable(answer["finding_mechanism"]),
        counter_argument=printable(answer["counter_argument"]),
        quote=quote,
    )


def _stands_in(quote: str, sources: str) -> bool:
    """Whether the quote, with or without the sign of a diff line, is part of the two changes."""
    words = " ".join(quote.split())
    unsigned = words[1:].strip() if words[:1] in ("+", "-") else words
    return any(len(text) >= _SHORTEST_QUOTE and text in sources for text in (words, unsigned))


def _flat(diff: str) -> str:
    """The diff without signs and with its white space folded, so that a quote is compared by its words."""
    lines = (line[1:] if line[:1] in "+- " else line for line in printable(diff).splitlines())
    return " ".join(word for line in lines for word in line.split())


def _cut(diff: str) -> str:
    text = printable(diff)
    if len(text) <= _LONGEST_DIFF:
        return text
    return f"{text[:_LONGEST_DIFF]}\n[cut here: {len(text) - _LONGEST_DIFF} more characters]"
