from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.finding import Category, Finding, Location, Severity
from reviewbot.domain.repository import Sha
from reviewbot.domain.round import Fate, KnownFinding
from reviewbot.store.plain_values import as_json, from_json, packed, unpacked


@dataclass(frozen=True)
class Inner:
    price: Decimal
    head: Sha
    pairs: tuple[tuple[str, Fate], ...] = ()


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner | None
    names: frozenset[str] = frozenset()
    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ratio: float = 0.5


text = st.text(st.characters(), max_size=8)
shas = st.text("0123456789abcdef", min_size=40, max_size=40).map(Sha)
inners = st.builds(
    Inner,
    price=st.decimals(allow_nan=False, allow_infinity=False),
    head=shas,
    pairs=st.lists(st.tuples(text, st.sampled_from(Fate)), max_size=3).map(tuple),
)
outers = st.builds(
    Outer,
    name=text,
    inner=st.none() | inners,
    names=st.frozensets(text, max_size=4),
    lines=st.dictionaries(text, st.lists(text, max_size=2).map(tuple), max_size=3),
    ratio=st.floats(allow_nan=False, allow_infinity=False),
)


@given(outers)
def test_a_value_is_read_as_it_was_written(value: Outer):
    assert from_json(Outer, as_json(value)) == value
    assert unpacked(Outer, packed(value)) == value
    assert as_json(value).isascii()


def test_types_are_those_of_the_fields():
    value = from_json(Outer, as_json(Outer("x", Inner(Decimal("1.10"), Sha("a" * 40), (("y", Fate.OPEN),)), ratio=1)))

    assert value.inner is not None
    assert type(value.inner.head) is Sha
    assert value.inner.pairs[0][1] is Fate.OPEN
    assert (str(value.inner.price), type(value.ratio)) == ("1.10", float)


def test_f66_fields_of_a_later_version_are_passed_over_and_those_of_an_earlier_have_their_default():
    assert from_json(Outer, '{"name": "x", "inner": null, "brand_new": [1]}') == Outer("x", None)


places = st.builds(Location, text, st.just(3), st.just(9))
findings = st.builds(
    Finding,
    title=text,
    explanation=text,
    severity=st.sampled_from(Severity),
    confidence=st.floats(0, 1),
    category=st.sampled_from(Category),
    location=st.none() | places,
    reviewer=text,
    suggestion=st.none() | text,
    anchor_text=text,
)


@given(findings)
def test_a_finding_keeps_its_fingerprint(finding: Finding):
    known = KnownFinding(finding, Sha("a" * 40), comment_id=2**40)

    read = from_json(KnownFinding, as_json(known))

    assert read == known
    assert read.fingerprint == known.fingerprint


def test_what_cannot_be_stored_is_named():
    with pytest.raises(TypeError, match="a object cannot be stored"):
        as_json(object())
