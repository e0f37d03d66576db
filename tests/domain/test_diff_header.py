"""Names and modes in the header of a file: every prefix, every quoting, every kind of change that git knows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reviewbot.domain.diff import Diff
from reviewbot.domain.diff_text import parse_diff, render_diff
from tests.domain.diff_shapes import counts, names
from tests.fakes.repositories import RepositoryBuilder

ODD_NAMES = [
    "a b",
    "b/ b/x",
    "x b/x",
    'quo"te',
    "back\\slash",
    "tab\there",
    "line\nfeed",
    "ä/ö",
    "nul\udcff",
    " lead",
    "--- a",
]


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryBuilder:
    return RepositoryBuilder(tmp_path / "checkout")


def _difference(repository: RepositoryBuilder, *options: str) -> Diff:
    """The last commit, read from what git prints; fails unless it can be written again byte for byte."""
    raw = os.fsencode(repository.git("diff", *options, "HEAD~", "HEAD"))
    diff = parse_diff(raw)
    assert render_diff(diff) == raw
    return diff


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("options", [(), ("--no-prefix",), ("--src-prefix=before/it/", "--dst-prefix=after/")])
def test_odd_names_survive_an_edit_a_new_mode_and_a_new_and_an_old_empty_file(
    repository: RepositoryBuilder, name: str, options: tuple[str, ...]
):
    paths = [f"{name}.{kind}" for kind in ("edited", "empty", "gone", "mode")]
    repository.write(paths[0], "a\n").write(paths[2], "").write(paths[3], "m\n").commit()
    repository.write(paths[0], "b\n").write(paths[1], "").remove(paths[2]).write(
        paths[3], "m\n", executable=True
    ).commit()

    diff = _difference(repository, *options, "--no-renames")

    assert names(diff) == [
        (paths[0], paths[0], "modified"),
        (None, paths[1], "added"),
        (paths[2], None, "removed"),
        (paths[3], paths[3], "mode_changed"),
    ]
    assert (diff.files[3].old_mode, diff.files[3].new_mode) == ("100644", "100755")


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("setting", ["core.quotePath=false", "diff.mnemonicPrefix=true", "diff.noprefix=true"])
def test_odd_names_survive_settings_of_git(repository: RepositoryBuilder, name: str, setting: str):
    repository.write(name, "a\n").commit()
    repository.write(name, "b\n").stage()

    for arguments in (("--cached",), ("-R", "--cached")):
        raw = os.fsencode(repository.git("-c", setting, "diff", *arguments))
        assert names(parse_diff(raw)) == [(name, name, "modified")]
        assert render_diff(parse_diff(raw)) == raw


@pytest.mark.parametrize("content", ["one\ntwo\nthree\nfour\n", "one\ntwo\nthree\nfive\n"])
def test_a_rename_has_both_names_whether_or_not_lines_changed(repository: RepositoryBuilder, content: str):
    repository.write("dir a/old b/name", "one\ntwo\nthree\nfour\n").commit()
    repository.remove("dir a").write("b/new\tname", content).commit()

    diff = _difference(repository)

    assert names(diff) == [("dir a/old b/name", "b/new\tname", "renamed")]


def test_a_copy_has_both_names(repository: RepositoryBuilder):
    repository.write("a b", "one\ntwo\n").commit()
    repository.write("c d", "one\ntwo\n").commit()

    assert names(_difference(repository, "--find-copies-harder")) == [("a b", "c d", "copied")]


@pytest.mark.parametrize("options", [(), ("--binary",)])
def test_binaries_are_marked_and_do_not_swallow_the_next_file(repository: RepositoryBuilder, options: tuple[str, ...]):
    repository.write("a.bin", bytes(range(256)) * 9).write("b", "x\n").commit()
    repository.write("a.bin", bytes(range(255, -1, -1)) * 9).write("b", "y\n").write("c.bin", b"\0").commit()

    diff = _difference(repository, *options)

    assert [(file.path, file.is_binary) for file in diff.files] == [("a.bin", True), ("b", False), ("c.bin", True)]


def test_a_file_that_became_a_symlink_stands_there_twice(repository: RepositoryBuilder):
    repository.write("x", "a\n").commit()
    repository.remove("x").link("x", "elsewhere").commit()

    diff = _difference(repository)

    assert names(diff) == [("x", None, "removed"), (None, "x", "added")]
    assert [file.is_symlink for file in diff.files] == [False, True]


def test_a_submodule_is_marked(repository: RepositoryBuilder):
    first = repository.write("x", "a\n").commit()
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{first},sub")
    repository.git("commit", "--quiet", "-m", "Add a submodule")

    (file,) = _difference(repository).files

    assert (file.path, file.is_submodule) == ("sub", True)


def test_a_removed_file_keeps_its_lines(repository: RepositoryBuilder):
    repository.write("x", "a\nb").commit()
    repository.remove("x").commit()

    (file,) = _difference(repository).files

    assert counts(file) == (0, 2)
    assert file.hunks[0].lines[1].ends_file


def test_blank_lines_without_their_space_are_written_so_again(repository: RepositoryBuilder):
    repository.write("x", "a\n\nb\n").commit()
    repository.write("x", "a\n\nc\n").commit()
    raw = os.fsencode(repository.git("-c", "diff.suppressBlankEmpty=true", "diff", "HEAD~", "HEAD"))
    assert b"\n\n" in raw

    assert render_diff(parse_diff(raw)) == raw


def test_a_series_of_mails_can_be_read(repository: RepositoryBuilder):
    repository.write("x", "a\n").commit()
    repository.write("x", "b\n").commit("Change x")
    repository.write("y z", "").commit("Add y z")
    raw = os.fsencode(repository.git("format-patch", "--stdout", "HEAD~2"))

    diff = parse_diff(raw)

    assert names(diff) == [("x", "x", "modified"), (None, "y z", "added")]
    assert render_diff(diff) == raw


def test_a_conflicting_merge_is_read_as_combined(repository: RepositoryBuilder):
    repository.write("x", "a\n").commit()
    repository.branch("topic").write("x", "b\n").commit()
    repository.switch("main").write("x", "c\n").commit()
    repository.git("merge", "--quiet", "-s", "ours", "-m", "Merge", "topic")
    repository.write("x", "d\n").stage()
    repository.git("commit", "--quiet", "--amend", "--no-edit")
    raw = os.fsencode(repository.git("show", "--cc", "HEAD"))

    diff = parse_diff(raw)

    assert [(file.path, file.omitted) for file in diff.files] == [("x", "combined diff of a merge")]
    assert render_diff(diff) == raw


def test_two_files_outside_of_a_repository_have_a_name_each():
    raw = b"diff --git a/o/x b/n/y\nindex 1..2 100644\n--- a/o/x\n+++ b/n/y\n@@ -1 +1 @@\n-a\n+b\n"

    assert names(parse_diff(raw)) == [("o/x", "n/y", "modified")]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"x.py\t2024-01-01 00:00:00 +0000", b"x.py\t2024-01-02", ("x.py", "x.py", "modified")),
        (b"a/x y\t2024", b"b/x y\t2024", ("x y", "x y", "modified")),
        (b"/dev/null\t1970", b"new/x\t2024", (None, "new/x", "added")),
        (b"a/x\t2024", b"/dev/null\t1970", ("x", None, "removed")),
        (b'"a/\\303\\244\\tb"', b'"b/\\303\\244\\tb"', ("ä\tb", "ä\tb", "modified")),
    ],
)
def test_a_plain_diff_is_read_by_its_two_names(old: bytes, new: bytes, expected: tuple[str, str, str]):
    raw = b"diff -u old new\n--- %s\n+++ %s\n@@ -1 +1 @@\n-a\n+b\n" % (old, new)

    diff = parse_diff(raw)

    assert names(diff) == [expected]
    assert render_diff(diff) == raw
