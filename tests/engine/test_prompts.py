"""The diff as a model reads it."""

from __future__ import annotations

from reviewbot.domain.diff import FileStatus
from reviewbot.engine.prompts import chunks_of, diff_block
from tests.engine.builders import diff, file_diff


def test_each_line_carries_its_numbers_on_both_sides_and_its_sign():
    (chunk,) = chunks_of(diff(file_diff("a.py", 9, " x", "-old", "+new")), ["a.py"], 1_000)

    assert chunk.text.splitlines() == [
        "### a.py (modified)",
        "@@ -9,2 +9,2 @@",
        "    9     9   x",
        "   10       - old",
        "         10 + new",
    ]


def test_a_path_that_stands_twice_in_a_diff_is_shown_with_both_halves():
    became_link = diff(
        file_diff("a.py", 1, "-import os", status=FileStatus.REMOVED),
        file_diff("a.py", 1, "+b.py", status=FileStatus.ADDED),
    )

    text = diff_block(chunks_of(became_link, ["a.py"], 1_000))

    assert "- import os" in text and "+ b.py" in text


def test_files_come_in_the_order_of_the_paths_and_no_others():
    change = diff(file_diff("a.py", 1, "+a"), file_diff("b.py", 1, "+b"), file_diff("c.py", 1, "+c"))

    assert [chunk.path for chunk in chunks_of(change, ["c.py", "a.py"], 1_000)] == ["c.py", "a.py"]


def test_a_hunk_over_the_limit_is_cut_between_its_lines_and_loses_none():
    signed = [f"+line {number} of a long file" for number in range(200)]

    chunks = chunks_of(diff(file_diff("a.py", 1, *signed)), ["a.py"], 300)

    assert len(chunks) > 1
    assert all(chunk.tokens <= 320 for chunk in chunks)
    shown = "".join(chunk.text for chunk in chunks)
    assert all(line[1:] in shown for line in signed)
