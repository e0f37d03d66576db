"""Which misses a rule may be made from, and what it may say."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.miss import LostBy, Miss, Trait
from reviewbot.errors import InputError
from reviewbot.retro.learning import (
    MissClass,
    MissedCase,
    chosen_class,
    halves,
    miss_classes,
    rule_for,
    words_of_cases,
)
from tests.retro.test_judge import MATERIAL, Judge

RULE = (
    "Where a change repeats a call that has an effect outside of the program, look for the key by which the other side "
    "knows a repetition, and compare where it is made with where the repetition begins. Speak where it is made anew."
)


def answer(rule: str = RULE) -> str:
    return json.dumps({"kind": "repeated effects", "rule": rule, "blind_spot": "It read one attempt only."})


def miss(case: str, lost_by: LostBy = LostBy.NEVER_SURFACED, *traits: Trait) -> Miss:
    return Miss(case, lost_by, traits=traits)


def test_classes_are_ordered_by_size_and_traits_come_before_ways_of_being_lost() -> None:
    misses = [
        miss("A", LostBy.NEVER_SURFACED, Trait.REMOVED_CODE),
        miss("B", LostBy.NEVER_SURFACED, Trait.REMOVED_CODE, Trait.FEW_LINES),
        miss("C", LostBy.REVIEW_FAILED),
    ]

    assert miss_classes(misses) == (
        MissClass("removed code", ("A", "B")),
        MissClass("no reviewer raised it", ("A", "B")),
        MissClass("five changed lines or fewer", ("B",)),
    )


def test_what_no_rule_helps_is_no_class() -> None:
    assert miss_classes([miss("A", LostBy.REVIEW_FAILED), miss("B", LostBy.HELD_BACK, Trait.WITHOUT_PLACE)]) == ()


def test_the_largest_class_is_taken_or_the_one_that_is_asked_for() -> None:
    classes = (MissClass("removed code", ("A", "B", "C")), MissClass("front-end code", ("A", "D")))

    assert chosen_class(classes, None).name == "removed code"
    assert chosen_class(classes, "FRONT").name == "front-end code"


@pytest.mark.parametrize(
    "classes, wanted, said",
    [
        ((), None, "there is no miss that a rule could help with"),
        ((MissClass("removed code", ("A", "B")),), "front", "classes on the tune half: 'removed code' \\(2\\)"),
        ((MissClass("removed code", ("A",)),), None, "a rule made from one case is that case"),
    ],
)
def test_too_little_to_learn_from_is_said(classes: tuple[MissClass, ...], wanted: str | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        chosen_class(classes, wanted)


def test_a_rule_in_general_words_is_taken() -> None:
    model = Judge(answer())

    rule = rule_for([MissedCase(MATERIAL, ())], "removed code", model).answer

    assert rule is not None and rule.text == RULE and rule.kind == "repeated effects"
    told = "".join(turn.text for turn in model.prompts[0].turns)
    assert "removed code" in told and "A new key on each retry." in told and "nothing" in told


@pytest.mark.parametrize(
    "bad, said",
    [
        (RULE.replace("the other side", "pay.py"), "names pay.py"),
        (RULE.replace("the program", "Shop"), "names Shop"),
        ("Be careful.", "has 11 characters"),
        ("x" * 2000, "has 2000 characters"),
    ],
)
def test_a_rule_that_names_a_case_or_says_too_little_or_too_much_is_asked_for_again(bad: str, said: str) -> None:
    model = Judge(answer(bad), answer())

    assert rule_for([MissedCase(MATERIAL, ())], "x", model, ["acme", "shop"]).answer is not None
    assert said in "".join(turn.text for turn in model.prompts[1].turns)
    refused = rule_for([MissedCase(MATERIAL, ())], "x", Judge(answer(bad)), ["acme", "shop"])
    assert refused.answer is None and said in (refused.failure or "")


@pytest.mark.parametrize("name", ["fresh_key", "chargeCard", "pay.py", "src/pay.py", "sha256"])
def test_identifiers_and_paths_of_a_case_are_its_words(name: str) -> None:
    assert words_of_cases(f"Look at {name} twice.", f"+    {name}(order)") == (name,)


def test_plain_words_are_nobodys_even_where_the_code_has_them() -> None:
    assert words_of_cases("Look at the order and its key.", "order key look") == ()
    assert words_of_cases("Search for snake_case names.", "+    fresh_key()") == ()


@given(
    st.dictionaries(st.text(max_size=5), st.tuples(st.text(max_size=5), st.sampled_from([None, "tune", "held-out"])))
)
def test_each_case_is_in_one_half_and_a_mark_decides(splits: dict[str, tuple[str, str | None]]) -> None:
    tuning, held_out = halves(splits)

    assert tuning | held_out == set(splits) and not tuning & held_out
    if any(split for _, split in splits.values()):
        assert tuning == {case for case, (_, split) in splits.items() if split == "tune"}


def test_without_marks_a_digest_takes_about_half_and_all_causes_of_an_incident() -> None:
    names = [f"INC-{number}" for number in range(40)]

    tuning, _ = halves({name + cause: (name, None) for name in names for cause in ("", "#2")})

    assert 10 <= len(tuning) / 2 <= 30
    assert {name for name in names if name in tuning} == {name for name in names if name + "#2" in tuning}
