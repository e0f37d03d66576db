"""Words that only the fix could have lent to a finding."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.retro.overlap import borrowed_words

CHANGE = "+    key = fresh_key()\n+    return gateway.charge(order.total, key)\n"
FIX = "-    key = fresh_key()\n+    key = order.payment_intent.idempotency_key or remembered_key(order)\n"


def test_a_run_of_six_words_of_the_fix_is_told_in_lower_case() -> None:
    said = "Use `order.payment_intent.idempotency_key or remembered_key(order)` here."

    assert borrowed_words(said, FIX, CHANGE) == "order payment_intent idempotency_key or remembered_key order"


def test_five_words_are_no_sign() -> None:
    assert borrowed_words("payment_intent.idempotency_key or remembered_key(order)", FIX, CHANGE) == ""


def test_words_of_the_change_are_nobodys_secret() -> None:
    said = "key = fresh_key() return gateway.charge(order.total, key)"

    assert borrowed_words(said, FIX + CHANGE, CHANGE) == ""


def test_the_longest_run_is_told() -> None:
    fix = "a b c d e f x 1 2 3 4 5 6 7 8 y"

    assert borrowed_words("a b c d e f, then 1 2 3 4 5 6 7 8", fix, "") == "1 2 3 4 5 6 7 8"


@given(st.lists(st.sampled_from("abcdef"), max_size=30), st.lists(st.sampled_from("abcdef"), max_size=30))
def test_what_is_told_stands_in_both_and_never_in_the_change(said: list[str], fix: list[str]) -> None:
    found = borrowed_words(" ".join(said), " ".join(fix), "")

    assert found == "" or (found in " ".join(said) and len(found.split()) >= 6)
    assert borrowed_words(" ".join(said), " ".join(fix), " ".join(fix)) == ""
    if not found:
        runs = {tuple(fix[at : at + 6]) for at in range(len(fix) - 5)}
        assert not any(tuple(said[at : at + 6]) in runs for at in range(len(said) - 5))
