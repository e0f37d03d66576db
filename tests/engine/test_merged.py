"""What counts as a fix, and when it touches the lines of a finding: rules by values."""

from __future__ import annotations

import pytest

from reviewbot.domain.diff_text import parse_diff
from reviewbot.domain.record import Outcome, Result
from reviewbot.engine.merged import is_called_a_fix, touches

WARNED = ("total = price * count",)


def diff_of(*lines: str) -> str:
    old = sum(line[0] in " -" for line in lines)
    new = sum(line[0] in " +" for line in lines)
    body = "\n".join(lines)
    return f"diff --git a/app.py b/app.py\n--- a/app.py\n+++ b/app.py\n@@ -1,{old} +1,{new} @@\n{body}\n"


def is_touched(text: str, lines: tuple[str, ...] = WARNED, path: str = "app.py") -> bool:
    return touches(parse_diff(text.encode()), Outcome("f" * 16, Result.IGNORED, path=path, lines=lines))


@pytest.mark.parametrize(
    "title",
    ["Fix the total", "fixes #12", "hotfix: rounding", "Bugfix", "Revert the new cart", "Handle the crash in checkout"],
)
def test_a_fix_says_so(title: str):
    assert is_called_a_fix(title)


@pytest.mark.parametrize(
    "title", ["Add a prefix to names", "Fixtures for the cart", "Show the total", "", "debug output"]
)
def test_other_changes_do_not(title: str):
    assert not is_called_a_fix(title)


def test_a_line_that_is_taken_away_is_touched():
    assert is_touched(diff_of(" a = 1", "-    total = price * count", "+    total = price * count / 100", " b = 2"))


def test_a_guard_right_before_or_after_it_touches_it():
    assert is_touched(diff_of(" a = 1", "+if not count:", "+    return 0", " total = price * count", " b = 2"))
    assert is_touched(diff_of(" total = price * count", "+assert total >= 0", " b = 2"))


def test_a_change_further_away_does_not():
    assert not is_touched(diff_of("-a = 1", "+a = 2", " b = 2", " total = price * count", " c = 3"))


def test_adding_the_same_text_elsewhere_does_not():
    assert not is_touched(diff_of(" a = 1", "+total = price * count", " b = 2"))


def test_another_file_and_a_text_that_says_nothing_prove_nothing():
    taken = diff_of(" a = 1", "-total = price * count", "-}", " b = 2")
    assert not is_touched(taken, path="other.py")
    assert not is_touched(taken, lines=("}",))
    assert not is_touched(taken, lines=())
