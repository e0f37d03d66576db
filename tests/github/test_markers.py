"""Marks: signed, bound to one key and one part, and found again whatever GitHub does to line ends."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reviewbot.github.comments import render_review
from reviewbot.github.limits import BODY_ROOM, size
from reviewbot.github.markers import MARKER_ROOM, any_marker, found_marker, hashed_key, marker, part_of_marker
from tests.engine.builders import diff, file_diff
from tests.github.rendered_samples import CHARGED_TWICE, FACTS, TWO_FINDINGS, Policy, replace

SECRET, OTHER_SECRET = b"It's a Secret to Everybody", b"another"
KEY = "7:42:13:" + "1f" * 20 + ":5d41402a:0"
PARTS = ["review", "review:in-body", "fixed:9407e46e9407e46e", "9407e46e9407e46e", "answer", "notice:policy"]


@pytest.mark.parametrize("part", PARTS)
def test_a_mark_is_found_by_its_key_and_part_and_by_no_other(part: str):
    body = f"Text\n{marker(SECRET, KEY, part)}"

    assert found_marker(SECRET, KEY, part, body)
    assert part_of_marker(SECRET, KEY, body) == part
    assert any_marker(SECRET, body) == (hashed_key(SECRET, KEY), part)
    assert not found_marker(SECRET, KEY, "other", body)
    assert not found_marker(SECRET, f"{KEY}1", part, body)
    assert part_of_marker(SECRET, f"{KEY}1", body) is None
    assert any_marker(OTHER_SECRET, body) is None


def test_a_mark_with_another_part_or_key_written_into_it_is_none_of_ours():
    mark = marker(SECRET, KEY, "review")

    assert any_marker(SECRET, mark.replace(" review ", " answer ")) is None
    assert any_marker(SECRET, mark.replace(hashed_key(SECRET, KEY), hashed_key(SECRET, "other"))) is None


@pytest.mark.parametrize("position", range(0, 125, 6))
def test_a_mark_with_one_character_changed_is_none_of_ours(position: int):
    mark = marker(SECRET, KEY, "review")
    changed = mark[:position] + ("0" if mark[position] != "0" else "1") + mark[position + 1 :]

    assert any_marker(SECRET, changed) is None


def test_s14_a_pasted_mark_does_not_stand_in_for_the_one_at_the_end():
    pasted, own = marker(SECRET, KEY, "review"), marker(SECRET, KEY, "answer")
    body = f"```diff\n{pasted}\n```\n{own}"

    assert part_of_marker(SECRET, KEY, body) == "answer"
    assert not found_marker(SECRET, KEY, "review", body)


def test_a_mark_quoted_from_the_change_is_not_read_from_our_own_comment():
    pasted = marker(SECRET, KEY, "fixed:1234")
    change = diff(file_diff("shop/payment.py", 38, " a", f"+{pasted}", "+b", "+c"))
    finding = replace(CHARGED_TWICE, explanation=f"see\n\n{pasted}", evidence=(pasted,))
    rendered = render_review(replace(TWO_FINDINGS, to_say=(finding,)), change, Policy(), FACTS)
    assert rendered is not None
    (comment,) = rendered.comments

    assert any_marker(SECRET, comment.body) is None
    assert part_of_marker(SECRET, KEY, f"{comment.body}\n{marker(SECRET, KEY, 'review')}") == "review"


@pytest.mark.parametrize("changed", [lambda body: body.replace("\n", "\r\n"), str.strip, lambda body: body + "\r\n \n"])
def test_line_ends_and_blanks_as_github_stores_them_change_nothing(changed):
    body = f"First\n\nsecond\n{marker(SECRET, KEY, 'review')}\n"

    assert found_marker(SECRET, KEY, "review", changed(body))


def test_a_mark_is_invisible_even_right_after_a_paragraph():
    rendered = MarkdownIt("commonmark", {"html": True}).render(
        f"<sub>small print</sub>\n{marker(SECRET, KEY, 'review')}"
    )

    assert "reviewbot:v1" not in re.sub(r"<!--.*?-->", "", rendered)


def test_a_mark_tells_neither_key_nor_secret():
    mark = marker(SECRET, KEY, "review")

    assert KEY not in mark and "1f1f" not in mark and SECRET.decode() not in mark


@pytest.mark.parametrize("part", ["", "a b", "a--b", "-->", "a\n", "ä", "x" * 201, "a:", "<!--"])
def test_a_part_that_a_comment_could_not_hold_is_refused(part: str):
    with pytest.raises(ValueError, match="no part of a mark"):
        marker(SECRET, KEY, part)


def test_f46_the_longest_mark_fits_beside_the_longest_body():
    mark = marker(SECRET, "k" * 5_000, "x" * 200)

    assert size(f"\n{mark}") <= MARKER_ROOM
    assert BODY_ROOM + MARKER_ROOM <= 65_536


@given(st.text(), st.binary(min_size=1))
def test_no_text_is_taken_for_a_mark_and_none_breaks_the_reader(body: str, secret: bytes):
    assert any_marker(secret, body) is None
    assert found_marker(secret, body, "review", f"{body}\n{marker(secret, body, 'review')}")
