"""Learning a general rule from a class of misses: which misses, and what a rule may say."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reviewbot.dialogue import AnswerError, Asked, ask, fenced, json_object, load_prompt
from reviewbot.domain.finding import Finding
from reviewbot.domain.miss import LostBy, Miss, Trait
from reviewbot.domain.text import printable
from reviewbot.errors import InputError
from reviewbot.ports import Model, Part, Prompt, Turn
from reviewbot.retro.judge import CaseMaterial, material_text

FEWEST_MISSES = 2
_MOST_SHOWN = 6
_SHORTEST_RULE, _LONGEST_RULE = 80, 1_600
_NO_RULE_HELPS = (LostBy.REVIEW_FAILED.value, LostBy.HELD_BACK.value, Trait.WITHOUT_PLACE.value)
_TOKEN = re.compile(r"[A-Za-z0-9_./-]*[A-Za-z0-9_]")
_IDENTIFIER = re.compile(r"\w*_\w*|\w*[a-z][A-Z]\w*|\w+\.\w{1,5}|\w*[A-Za-z]\d\w*|[\w.-]+/[\w./-]+")
_TASK = "Write the rule. Answer with the JSON object and nothing else.\n"
LEARN_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("kind", "rule", "blind_spot")},
    "required": ["kind", "rule", "blind_spot"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class MissClass:
    """Misses that share a way of being lost or a trait, called by its words."""

    name: str
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MissedCase:
    """A missed defect as the writer of a rule is shown it."""

    material: CaseMaterial
    said: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class LearnedRule:
    """A rule for a reviewer, with what it is about and what was overlooked."""

    kind: str
    text: str
    blind_spot: str


def is_tuning(incident: str, split: str | None, has_marks: bool) -> bool:
    """Whether a rule may be made from an incident: by its `split` where the file has marks, else by a digest."""
    if has_marks:
        return split == "tune"
    return hashlib.sha256(incident.encode("utf-8", "surrogatepass")).digest()[0] % 2 == 0


def miss_classes(misses: Iterable[Miss]) -> tuple[MissClass, ...]:
    """The classes that a rule could be made for, the largest first; traits before ways of being lost."""
    names: dict[str, list[str]] = {}
    for miss in misses:
        for name in (*(trait.value for trait in miss.traits), miss.lost_by.value):
            if name not in _NO_RULE_HELPS and miss.case not in names.setdefault(name, []):
                names[name].append(miss.case)
    traits = [trait.value for trait in Trait]
    order = sorted(names, key=lambda name: (-len(names[name]), name not in traits, name))
    return tuple(MissClass(name, tuple(names[name])) for name in order)


def chosen_class(classes: Sequence[MissClass], wanted: str | None) -> MissClass:
    """The one whose words hold what is wanted, else the largest; InputError where there is none, or too few misses."""
    found = [one for one in classes if wanted is None or wanted.lower() in one.name.lower()]
    if not found:
        known = ", ".join(f"{one.name!r} ({len(one.cases)})" for one in classes) or "none"
        asked = "a rule could help with" if wanted is None else f"the class {wanted!r} holds"
        raise InputError(f"there is no miss that {asked}; classes on the tune half: {known}")
    if len(found[0].cases) < FEWEST_MISSES:
        raise InputError(
            f"{found[0].name!r} has one miss on the tune half: a rule made from one case is that case. Mark more "
            "incidents `split: tune`, or choose another class"
        )
    return found[0]


def rule_for(
    missed: Sequence[MissedCase], name: str, model: Model, forbidden: Iterable[str] = ()
) -> Asked[LearnedRule]:
    """Has a model write the rule; one that names something of the cases, or a `forbidden` word, is asked for again."""
    shown = missed[:_MOST_SHOWN]
    instructions = load_prompt("learn")
    parts = [Part(f"What they share: {name}\n\n")]
    parts += [Part(_case_text(number, one)) for number, one in enumerate(shown, start=1)]
    prompt = Prompt(
        name="learn",
        version=instructions.version,
        system=instructions.text,
        turns=(Turn("user", (*parts, Part(_TASK))),),
        schema=LEARN_SCHEMA,
        max_output_tokens=2_000,
    )
    sources = "\n".join(f"{one.material.culprit_diff}\n{one.material.fix_diff}" for one in missed)
    return ask(model, prompt, lambda text: _read(text, sources, frozenset(word.lower() for word in forbidden)))


def _case_text(number: int, one: MissedCase) -> str:
    said = "\n".join(f"- {finding.title}: {finding.explanation}" for finding in one.said)
    return f"Defect {number}\n{material_text(one.material)}{fenced('what was said', said or 'nothing')}\n"


def _read(text: str, sources: str, forbidden: frozenset[str]) -> LearnedRule:
    answer = json_object(text)
    for name in ("kind", "rule", "blind_spot"):
        if not isinstance(answer.get(name), str) or not answer[name].strip():
            raise AnswerError(f'The answer has no text "{name}".')
    rule = " ".join(printable(answer["rule"]).split())
    if not _SHORTEST_RULE <= len(rule) <= _LONGEST_RULE:
        raise AnswerError(f"The rule has {len(rule)} characters; it has to have 40 to 150 words.")
    if named := words_of_cases(rule, sources, forbidden):
        raise AnswerError(
            f"The rule names {', '.join(named)}, which is from one of the cases; say it in general words."
        )
    return LearnedRule(printable(answer["kind"]).strip(), rule, printable(answer["blind_spot"]).strip())


def words_of_cases(rule: str, sources: str, forbidden: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """What in a rule can only come from the cases: identifiers and paths that their diffs hold, forbidden words."""
    known = Counter(token for token in _TOKEN.findall(sources))
    found = []
    for token in dict.fromkeys(_TOKEN.findall(rule)):
        is_name = _IDENTIFIER.fullmatch(token) is not None
        if token.lower() in forbidden or (is_name and (token in known or token in sources)):
            found.append(token)
    return tuple(found)


def halves(splits: Mapping[str, tuple[str, str | None]]) -> tuple[frozenset[str], frozenset[str]]:
    """Cases to learn from and cases to check with; `splits` has incident and split by case."""
    has_marks = any(split for _, split in splits.values())
    tuning = frozenset(case for case, (incident, split) in splits.items() if is_tuning(incident, split, has_marks))
    return tuning, frozenset(splits) - tuning
