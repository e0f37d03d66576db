from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.errors import FileProblems, InputError, Problem
from reviewbot.yaml_document import MAX_NODES, Document, Entries, Items, Scalar, load_document, parse_document

LOADERS = [loader for loader in (yaml.SafeLoader, getattr(yaml, "CSafeLoader", None)) if loader is not None]


def problem_of(text: str, loader: type = yaml.SafeLoader) -> Problem:
    with pytest.raises(FileProblems) as refused:
        parse_document(text, "x.yaml", loader)
    return refused.value.problems[0]


def test_every_value_knows_its_line_and_column() -> None:
    document = parse_document("a: 1\nb:\n  - 'ü': x\n", "x.yaml")

    assert document.root == Entries(
        (
            (Scalar("a", True, 1, 1), Scalar("1", True, 1, 4)),
            (
                Scalar("b", True, 2, 1),
                Items((Entries(((Scalar("ü", False, 3, 5), Scalar("x", True, 3, 10)),), 3, 5),), 3, 3),
            ),
        ),
        1,
        1,
    )


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("text", ["2026-02-30", "12e4567", "0o17", "yes", "1_000", "0x1F", "1:30", ".inf", "="])
def test_no_scalar_is_converted(text: str, loader: type) -> None:
    root = parse_document(f"a: {text}", "x.yaml", loader).root

    assert isinstance(root, Entries)
    assert root.pairs[0][1] == Scalar(text, True, 1, 4)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "line", "column", "what"),
    [
        ("a: 1\nb: *x\n", 2, 4, "alias *x"),
        ("a: &x 1\n", 1, 4, "anchor &x"),
        ("a: &x [1]\n", 1, 4, "anchor &x"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, 4, "the tag "),
        ("a: !!str 1\n", 1, 4, "the tag "),
        ("a: 1\n---\nb: 1\n", 2, 1, "second document"),
        ("? [a]\n: b\n", 1, 3, "is no key"),
        ("a:\n\tb: 1\n", 2, 1, "a tab stands in the indentation"),
        ("a: b: c\n", 1, 5, "not YAML"),
        ("a: x\n b\x07: 1\n", 2, 3, "the character '<U+0007>'"),
        ('a: "\\0"\n', 1, 4, "U+0000"),
        ("", 1, 1, "empty"),
        ("# nothing\n", 1, 1, "empty"),
        ("---\n", 1, 1, "empty"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_at_its_place(
    text: str, line: int, column: int, what: str, loader: type
) -> None:
    problem = problem_of(text, loader)

    assert (problem.line, problem.column) == (line, column)
    assert what in problem.what
    assert problem.expected


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("text", ['"\\UFFFFFFFF"', '"\\uD800"', "%YAML " + "9" * 5000 + ".1\n---\na", "[1,", "'", "%"])
def test_errors_of_any_yaml_library_become_one_typed_error(text: str, loader: type) -> None:
    assert problem_of(text, loader).file == "x.yaml"


def test_a_key_that_stands_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: 1\nb: {c: 1, c: 2}\na: 3\n")

    with pytest.raises(FileProblems) as refused:
        load_document(path)

    assert [(one.line, one.column) for one in refused.value.problems] == [(2, 11), (3, 1)]
    assert "'a' stands twice in one mapping, first in line 1" in refused.value.problems[1].what


def test_a_file_that_is_not_utf8_is_refused_at_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("a: ü\nb: ü".encode() + "ü".encode("latin-1"))

    with pytest.raises(FileProblems) as refused:
        load_document(path)

    assert str(refused.value.problems[0]).startswith(f"{path}:2:5: the byte 0xfc is not UTF-8")


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("\ufeffa: 1\r\nb: 2\r\n".encode())

    assert load_document(path).root == parse_document("a: 1\nb: 2\n", "x.yaml").root


def test_a_file_that_cannot_be_read_is_bad_input(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            load_document(path)


def test_twenty_levels_are_read_and_twenty_one_are_not() -> None:
    assert parse_document("[" * 20 + "]" * 20, "x.yaml")
    assert problem_of("[" * 21 + "]" * 21).column == 21


LOLS = "".join(f"l{n}: &l{n} [*l{n - 1}, *l{n - 1}, *l{n - 1}]\n" for n in range(1, 30))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("l0: &l0 [x, x]\n" + LOLS, id="aliases"),
        pytest.param("[" * 1_000_000, id="deep lists"),
        pytest.param("{a: " * 300_000, id="deep mappings"),
        pytest.param("- " * 500_000 + "x", id="deep block lists"),
        pytest.param("".join(" " * n + "a:\n" for n in range(900)), id="deep block mappings"),
        pytest.param("{? " * 300_000, id="deep keys"),
    ],
)
def test_a_bomb_is_refused_within_a_tenth_of_a_second(text: str) -> None:
    begun = time.process_time()

    with pytest.raises(FileProblems) as refused:
        parse_document(text, "x.yaml")

    assert time.process_time() - begun < 0.1
    assert len(str(refused.value)) < 500


def test_a_hundred_thousand_keys_are_read_and_more_values_than_allowed_are_not() -> None:
    document = parse_document("\n".join(f"k{n}: 1" for n in range(99_000)), "x.yaml")

    assert isinstance(document.root, Entries) and len(document.root.pairs) == 99_000
    assert "too many values" in problem_of("\n".join(["- 1"] * (MAX_NODES + 1)), LOADERS[-1]).what


def test_a_huge_scalar_is_text_and_a_huge_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: " + "9" * 3_000_000)

    root = load_document(path).root

    assert isinstance(root, Entries) and len(root.pairs[0][1].text) == 3_000_000  # type: ignore[union-attr]
    path.write_text("a: " + "9" * 4_500_000)
    with pytest.raises(FileProblems, match="too large"):
        load_document(path)


YAML_PIECES = st.sampled_from(
    [
        *"-:?[]{},&*!|>'\"%@`#\\ \n\t~<=",
        "a",
        "1",
        "- ",
        ": ",
        "---",
        "...",
        "\r\n",
        "\u2028",
        "\x85",
        "é",
        "%YAML 1.2",
        "\0",
    ]
)


@settings(max_examples=400, deadline=100)
@given(st.text() | st.lists(YAML_PIECES, max_size=60).map("".join), st.sampled_from(LOADERS))
def test_any_text_ends_in_a_document_or_in_problems(text: str, loader: type) -> None:
    try:
        document = parse_document(text, "x.yaml", loader)
    except FileProblems as refused:
        assert all(problem.line >= 1 and problem.column >= 1 for problem in refused.problems)
    else:
        assert isinstance(document, Document)


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_end_in_a_document_or_in_problems(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)

    try:
        load_document(path)
    except FileProblems as refused:
        assert refused.problems
