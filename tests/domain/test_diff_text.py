"""Reading and writing diffs: what stands in hunks, limits, and input that is cut, hostile or no diff at all."""

from __future__ import annotations

import time

import pytest

from reviewbot.domain.diff import Diff, LineKind, Side
from reviewbot.domain.diff_text import parse_diff, render_diff
from reviewbot.errors import InputError
from tests.domain.diff_shapes import HEAD, counts, names


def test_nothing_in_is_an_empty_diff():
    assert parse_diff(b"") == Diff()


def test_text_that_is_no_diff_is_refused_with_a_remedy():
    with pytest.raises(InputError, match="give the output of `git diff`"):
        parse_diff(b"hello\nworld\n")


def test_counts_decide_what_is_content_not_the_looks_of_a_line():
    raw = HEAD + b"@@ -1,2 +1,2 @@\n--- a/y\n+++ b/y\n same\n"

    (file,) = parse_diff(raw).files

    assert [(line.kind, line.text) for line in file.hunks[0].lines] == [
        (LineKind.REMOVED, "-- a/y"),
        (LineKind.ADDED, "++ b/y"),
        (LineKind.CONTEXT, "same"),
    ]


def test_lines_are_numbered_on_the_sides_they_stand_on():
    (file,) = parse_diff(HEAD + b"@@ -7,3 +9,2 @@ def f():\n a\n-b\n c\n").files

    assert [(line.old_number, line.new_number) for line in file.hunks[0].lines] == [(7, 9), (8, None), (9, 10)]
    assert file.hunks[0].section == " def f():"
    assert file.line_at(8, Side.LEFT) == file.hunks[0].lines[1]


def test_a_count_that_is_left_out_is_one():
    (file,) = parse_diff(HEAD + b"@@ -1 +1 @@\n-a\n+b\n").files

    assert (file.hunks[0].old_count, file.hunks[0].new_count, counts(file)) == (1, 1, (1, 1))


def test_a_hunk_header_in_another_form_is_kept():
    raw = HEAD + b"@@ -1,1 +01 @@\n-a\n+b\n"

    assert render_diff(parse_diff(raw)) == raw


@pytest.mark.parametrize("line", [b"a\r", b"a\rb", b"a\x0cb", b"a\xc2\x85b", b"\xff\xfe", "a\u2028b".encode(), b"\t"])
def test_only_a_line_feed_ends_a_line(line: bytes):
    raw = HEAD + b"@@ -1 +1 @@\n-" + line + b"\n+b\n"

    diff = parse_diff(raw)

    assert [one.text for one in diff.files[0].hunks[0].lines] == [line.decode("utf-8", "surrogateescape"), "b"]
    assert render_diff(diff) == raw


@pytest.mark.parametrize("ends", [(True, False), (False, True), (True, True)])
def test_a_file_may_end_without_a_line_feed_on_either_side(ends: tuple[bool, bool]):
    mark = b"\\ No newline at end of file\n"
    raw = HEAD + b"@@ -1 +1 @@\n-a\n" + mark * ends[0] + b"+b\n" + mark * ends[1]

    diff = parse_diff(raw)

    assert tuple(line.ends_file for line in diff.files[0].hunks[0].lines) == ends
    assert render_diff(diff) == raw


def test_a_mail_keeps_its_head_and_its_signature():
    raw = b"From 12ab\nSubject: [PATCH] x\n\n---\n x | 2 +-\n\n" + HEAD + b"@@ -1 +1 @@\n-a\n+b\n-- \n2.39.5\n\n"

    diff = parse_diff(raw)

    assert diff.preamble[1] == "Subject: [PATCH] x"
    assert counts(diff.files[0]) == (1, 1)
    assert render_diff(diff) == raw


def test_prose_that_begins_like_a_diff_is_prose():
    raw = b"diff --git is a command\n\nand this is a change\n" + HEAD + b"@@ -1 +1 @@\n-a\n+b\n"

    assert names(parse_diff(raw)) == [("x", "x", "modified")]


def test_a_combined_diff_is_one_file_that_was_not_read():
    combined = b"diff --cc x\nindex 1,2..3\n--- a/x\n+++ b/x\n@@@ -1,2 -1,2 +1,2 @@@\n  a\n--- b\n+++ c\n"
    raw = combined + HEAD.replace(b"/x", b"/y") + b"@@ -1 +1 @@\n-a\n+b\n"

    diff = parse_diff(raw)

    assert [(file.path, file.omitted) for file in diff.files] == [("x", "combined diff of a merge"), ("y", "")]
    assert render_diff(diff) == raw


@pytest.mark.parametrize("size", [b"3", b"2000000000"])
def test_a_hunk_that_is_cut_short_keeps_what_is_there_and_says_so(size: bytes):
    raw = HEAD + b"@@ -1,%s +1,%s @@\n a\n-b\n" % (size, size)

    diff = parse_diff(raw)

    assert diff.files[0].omitted == "the last hunk is cut short"
    assert counts(diff.files[0]) == (0, 1)
    assert render_diff(diff) == raw


def test_a_hunk_with_more_lines_of_one_side_than_promised_ends_where_the_promise_ends():
    diff = parse_diff(HEAD + b"@@ -1 +1,2 @@\n a\n b\n")

    assert [line.text for line in diff.files[0].hunks[0].lines] == ["a"]
    assert diff.files[0].omitted == "the last hunk is cut short"


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        (b"@@ -1 +1 @@\n-a\n+b\n+c\n", "the lines after its last hunk are more than"),
        (b"@@ -1 +1 @@\n-a\n+b\n-c\n@@ -9 +9 @@\n-a\n+b\n", "the lines after its last hunk are more than"),
        (b"", "no hunk follows its header"),
        (b"a word in between\n@@ -1 +1 @@\n-a\n+b\n", "no hunk follows its header"),
    ],
)
def test_changes_that_no_hunk_takes_in_are_not_passed_over_in_silence(rest: bytes, reason: str):
    diff = parse_diff(HEAD + rest)

    assert diff.files[0].omitted.startswith(reason)
    assert render_diff(diff) == HEAD + rest


@pytest.mark.parametrize(
    "after", [b"", b"-- \n2.39.2\n", b"--\n", b"\n", b"Only in b: y\n", b"--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n"]
)
def test_what_may_stand_after_a_hunk_makes_no_file_incomplete(after: bytes):
    diff = parse_diff(HEAD + b"@@ -1 +1 @@\n-a\n+b\n" + after)

    assert {file.omitted for file in diff.files} == {""}


@pytest.mark.parametrize("number", [b"9223372036854775808", b"9" * 5_000, b"-1", b"x", b""])
def test_a_hunk_header_that_cannot_be_is_refused_with_its_line(number: bytes):
    with pytest.raises(InputError, match=r"line 5 of the diff .* expected @@ -START,COUNT \+START,COUNT @@"):
        parse_diff(HEAD + b"@@ -1,%s +1 @@\n a\n" % number)


def test_a_header_that_names_no_file_is_refused_with_its_line():
    with pytest.raises(InputError, match="line 2 of the diff names no file"):
        parse_diff(b"\ndiff --git nothing\nindex 1..2\n")


def _added(path: bytes, lines: int) -> bytes:
    return HEAD.replace(b"/x", b"/" + path) + b"@@ -0,0 +1,%d @@\n" % lines + b"+a\n" * lines


@pytest.mark.parametrize(("lines", "is_kept"), [(10, True), (11, False)])
def test_a_file_with_too_many_lines_is_named_but_not_kept(lines: int, is_kept: bool):
    first, second = parse_diff(_added(b"x", lines) + _added(b"y", 1), max_file_lines=10).files

    assert (bool(first.hunks), first.omitted == "") == (is_kept, is_kept)
    assert first.path == "x"
    assert counts(second) == (1, 0)


def test_lines_of_a_file_count_over_all_of_its_hunks():
    raw = HEAD + b"@@ -0,0 +1,6 @@\n" + b"+a\n" * 6 + b"@@ -9,0 +19,6 @@\n" + b"+a\n" * 6

    (file,) = parse_diff(raw, max_file_lines=10).files

    assert (file.hunks, file.omitted) == ((), "more than 10 lines of diff in this file")


def test_once_the_diff_is_too_long_no_further_file_is_kept():
    files = parse_diff(_added(b"x", 5) + _added(b"y", 8) + _added(b"z", 1), max_lines=10).files

    assert [bool(file.hunks) for file in files] == [True, False, False]
    assert [file.omitted for file in files[1:]] == ["the diff has more than 10 lines"] * 2


@pytest.mark.parametrize(
    "raw",
    [
        b"diff --git a/x b/x\n" + b"index 1..2\n" * 30_000,
        b"diff --git " + b" " * 60_000 + b"x\nindex 1..2\n",
        b"diff --git " + b"/ " * 5_000 + b"x\nindex 1..2\n",
        b'diff --git "' + b"\\" * 60_000 + b"\nindex 1..2\n",
    ],
    ids=["long header", "blanks", "folders", "backslashes"],
)
def test_a_hostile_header_costs_time_in_proportion_to_its_length(raw: bytes):
    start = time.perf_counter()

    try:
        assert render_diff(parse_diff(raw)) == raw
    except InputError as refused:
        assert "names no file" in str(refused)

    assert time.perf_counter() - start < 2.0
