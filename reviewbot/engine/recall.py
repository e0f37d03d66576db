"""Past incidents that a finding may repeat: found by the words they share, the rare ones weighing most.

Shared words only say where to look. Whether the mechanism is the same is for a model to say.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reviewbot.domain.finding import Finding

_WORD = re.compile(r"[A-Za-z][a-z]+|[A-Z]{2,}|\d{3}")
_EMPTY = frozenset(
    "the and for with that this from are was were not but has have had its then than when where which while after "
    "before into onto over under they them their there here can could would should will may might must does did done "
    "one two also only just more most some any all each other such same very what who why how because since until so "
    "if in on of to is it as at be by or an a no we our you your incident issue pull request change fix bug error "
    "fail failed failure".split()
)
_LEAST = 0.08
_MOST = 3


@dataclass(frozen=True, slots=True)
class PastIncident:
    """An incident as a review may know it. `opened_at` is in unix seconds; `link` may be ""."""

    name: str
    title: str
    text: str
    opened_at: float
    link: str = ""


def alike(finding: Finding, incidents: Sequence[PastIncident]) -> tuple[PastIncident, ...]:
    """At most three incidents that share telling words with a finding, the nearest first.

    The measure is the cosine of word counts weighed by rarity among the incidents; 0.08 is enough to be looked at.
    """
    texts = [_words(f"{one.title}\n{one.text}") for one in incidents]
    said = _words(f"{finding.title}\n{finding.explanation}")
    frequency = Counter(word for text in (*texts, said) for word in text)
    weight = {word: math.log((1 + len(texts) + 1) / count) for word, count in frequency.items()}
    scored = [(_cosine(said, text, weight), one) for text, one in zip(texts, incidents, strict=True)]
    near = [pair for pair in scored if pair[0] >= _LEAST]
    near.sort(key=lambda pair: (-pair[0], pair[1].name))
    return tuple(one for _, one in near[:_MOST])


def _words(text: str) -> Counter[str]:
    """Words in lower case without their plural s; names in code count by their parts."""
    found = (match[0].lower() for match in _WORD.finditer(text))
    return Counter(word.rstrip("s") or word for word in found if word not in _EMPTY and len(word) > 2)


def _cosine(one: Counter[str], other: Counter[str], weight: dict[str, float]) -> float:
    def value(words: Counter[str], word: str) -> float:
        return (1 + math.log(words[word])) * weight[word] if words[word] else 0.0

    shared = sum(value(one, word) * value(other, word) for word in one.keys() & other.keys())
    lengths = [math.sqrt(sum(value(words, word) ** 2 for word in words)) for words in (one, other)]
    return shared / (lengths[0] * lengths[1]) if all(lengths) else 0.0
