"""What is heard is what a reader sees somebody say: compared with a reference renderer of Markdown."""

from __future__ import annotations

import random

from markdown_it import MarkdownIt
from markdown_it.token import Token

from reviewbot.github.spoken_lines import spoken_lines

MARK = "@reviewbot pause"
# Left out are elements of HTML, for the reference does not read the text among them, and code that begins within a
# line and ends on a later one, which is heard: who writes that has to look twice himself.
PIECES = [
    *(MARK, MARK, "\n", "\n", "\n\n", "\r\n", "> ", "\n```\n", "\n~~~\n", "\n```` a\n", "\n- ```\n", "<!--", "-->"),
    *("    ", "   ", "  ", " ", "\t", "- ", "1. ", "text", "*", "# ", "---", "|"),
]


def is_heard(body: str) -> bool:
    return any(line.startswith(MARK) for line in spoken_lines(body))


def is_shown(body: str) -> bool:
    """Whether the mark begins a line of text that stands in no quote, no code and no comment."""
    quotes = 0
    for token in MarkdownIt("commonmark").parse(body):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type == "inline" and quotes == 0 and _begins_a_line(token.children or []):
            return True
    return False


def _begins_a_line(children: list[Token]) -> bool:
    is_first = True
    for child in children:
        if child.type == "text" and is_first and child.content.lstrip().startswith(MARK):
            return True
        is_first = child.type in ("softbreak", "hardbreak") or (is_first and not child.content)
    return False


def test_s03_nothing_is_heard_that_is_not_shown_as_said():
    chance = random.Random(20_261_001)
    heard = 0

    for _ in range(8_000):
        body = "".join(chance.choices(PIECES, k=chance.randrange(1, 10)))
        if is_heard(body):
            heard += 1
            assert is_shown(body), body

    assert heard > 500


def test_lines_come_without_their_blanks_and_in_their_order():
    assert list(spoken_lines("  one\r\ntwo \n\n> three\n\n   four <!-- five -->\rsix")) == [
        "one",
        "two ",
        "four ",
        "six",
    ]


def test_an_empty_comment_says_nothing():
    assert list(spoken_lines("")) == []
