"""The rules of looking around: what is shown, how little, and that nothing but the two trees can be seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.diff import Side
from reviewbot.engine.looks import MAX_LOOKS_AT_ONCE, Look, Tool, Window, read_looks
from reviewbot.testing import MemorySnapshot

SHOP = b"""import os


def price(item):
    return item.cost * 2


def total(items):
    return sum(price(one) for one in items)
"""
FILES = {
    "shop/price.py": SHOP,
    "shop/cart.py": b"from shop.price import price\n\nprint(price(1))\n",
    "long.py": b"".join(b"line %d\n" % number for number in range(1, 501)),
    "logo.png": b"\x89PNG\0\0",
}
WINDOW = Window(MemorySnapshot(FILES), MemorySnapshot({"shop/price.py": b"def price(item):\n    return item.cost\n"}))


def see(tool: Tool, path: str = "", text: str = "", first: int = 1, last: int = 120, side: Side = Side.RIGHT) -> str:
    return WINDOW.see(Look(tool, path, text, first, last, side))


def test_a_file_is_shown_with_its_line_numbers_on_either_side():
    assert "5" in see(Tool.READ_FILE, "shop/price.py") and "item.cost * 2" in see(Tool.READ_FILE, "shop/price.py")
    assert "* 2" not in see(Tool.READ_FILE, "shop/price.py", side=Side.LEFT)


def test_a_long_file_is_shown_in_part_and_says_how_long_it_is():
    shown = see(Tool.READ_FILE, "long.py", first=100, last=110)

    assert "line 100" in shown and "line 110" in shown and "line 111" not in shown
    assert "the file has 500 lines" in shown


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "shop/../../x", ".git/config", "nothing.py"])
def test_what_is_not_in_the_tree_is_not_there(path: str):
    assert see(Tool.READ_FILE, path).startswith("There is no such file.")


def test_a_wrong_folder_is_answered_with_files_of_that_name():
    assert "shop/price.py" in see(Tool.READ_FILE, "store/price.py")


def test_a_binary_file_is_not_shown():
    assert see(Tool.READ_FILE, "logo.png") == "This is not a text file."


def test_a_word_is_found_in_a_folder_or_everywhere():
    everywhere, below = see(Tool.GREP, text="price"), see(Tool.GREP, "shop/cart.py", "price")

    assert "shop/price.py:4" in everywhere and "shop/cart.py:1" in everywhere
    assert "shop/price.py:4" not in below and "shop/cart.py:3" in below


def test_a_definition_is_shown_whole_and_callers_are_shown_without_it():
    definition, callers = see(Tool.DEFINITION, text="shop.price(item)"), see(Tool.CALLERS, text="price")

    assert "return item.cost * 2" in definition and "def total" not in definition
    assert "shop/cart.py:3" in callers and "shop/price.py:9" in callers and "shop/price.py:4" not in callers


def test_folders_are_listed_one_level_deep():
    assert see(Tool.LIST).splitlines() == ["logo.png", "long.py", "shop/"]
    assert see(Tool.LIST, "shop").splitlines() == ["cart.py", "price.py"]
    assert see(Tool.LIST, "nowhere") == "There is no such folder."


@given(st.lists(st.one_of(st.none(), st.integers(), st.text(), st.dictionaries(st.text(), st.text()))))
def test_what_is_no_look_is_left_out(rows: list[object]):
    assert read_looks(rows) == ()


values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20))


@given(st.sampled_from([tool.value for tool in Tool]), values, values, values, values, values)
def test_whatever_is_asked_for_the_answer_is_short(
    tool: str, path: object, text: object, first: object, last: object, side: object
):
    row = {"tool": tool, "path": path, "text": text, "first_line": first, "last_line": last, "side": side}

    looks = read_looks([row] * 9)

    assert len(looks) <= min(1, MAX_LOOKS_AT_ONCE)
    for look in looks:
        assert len(WINDOW.see(look)) < 40_000 and "\n" not in look.words
