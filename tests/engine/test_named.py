"""What a claim names is put before its refuter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.engine.named import named_code
from reviewbot.testing import MemorySnapshot

STOCK = b"""class Shelf:
    def take_one(self, number):
        return self.left[number]


def restock(shelf):
    shelf.left = []


def Plain():
    pass
"""
TREE = MemorySnapshot({"shop/stock.py": STOCK, "shop/notes.txt": b"take_one is slow\n"})
LIMIT = 1_000


def headings(text: str, shown: str = "", limit: int = LIMIT) -> list[str]:
    return [piece.heading for piece in named_code(text, shown, (TREE,), limit).pieces]


@pytest.mark.parametrize(
    "text",
    [
        "take_one fails",
        "the call of take_one() fails",
        "`take_one` fails",
        "Shelf.take_one fails",
        "Shelf#take_one and Shelf::take_one fail",
    ],
)
def test_a_name_of_code_brings_its_definition(text: str):
    assert headings(text) == ["shop/stock.py:2-3 (head) definition take_one"]


def test_a_word_counts_as_a_name_only_where_it_is_written_like_one():
    assert headings("Plain food and restock of the shelf") == []
    assert headings("`Plain` food and restock(shelf)") == [
        "shop/stock.py:10-11 (head) definition Plain",
        "shop/stock.py:6-7 (head) definition restock",
    ]


def test_a_place_brings_the_lines_around_it():
    assert headings("as shop/stock.py:7 does") == ["shop/stock.py:1-11 (head) code that is named"]
    assert headings("as shop/stock.py:700, ../stock.py:1 and https://shop.py:80 do") == []


def test_what_is_gone_from_the_head_is_shown_as_it_was():
    empty = MemorySnapshot({})

    assert [piece.symbol for piece in named_code("take_one", "", (empty, TREE), LIMIT).pieces] == ["take_one"]


def test_what_the_material_shows_already_is_not_repeated():
    shown = "    2     2   def take_one(self, number):\n    3     3 +     return self.left[number]\n"

    assert headings("take_one", shown) == []
    assert headings("take_one and `restock`", shown) == ["shop/stock.py:6-7 (head) definition restock"]


@given(st.text(max_size=300))
def test_any_text_is_survived_and_the_limit_is_kept(text: str):
    context = named_code(f"{text} take_one restock() shop/stock.py:1 {text}", "", (TREE,), 60)

    assert sum(piece.tokens for piece in context.pieces) <= 60
