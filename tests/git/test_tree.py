"""No name in a repository leads out of the directory it is exported to."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewbot.errors import GitError
from reviewbot.git.repository import open_repository
from reviewbot.git.snapshot import RevisionSnapshot
from reviewbot.git.tree import ExportedFile, export_tree, hostility
from tests.fakes.repositories import RepositoryBuilder

HOSTILE = [
    "/etc/passwd",
    "../up",
    "a/../../up",
    "a//b",
    "./a",
    "a/.",
    "",
    ".git/config",
    "sub/.GIT/hooks/post-checkout",
    ".Git",
    "git~1/config",
    "GIT~1",
    ".git./config",
    ".git ",
    ".git::$INDEX_ALLOCATION/config",
    ".g\u200cit/config",
    "a\\..\\..\\b",
    "nul\0",
    "x/" * 2_000 + "x",
]


def file(path: str, content: bytes = b"x") -> ExportedFile:
    return ExportedFile(path, False, lambda: content)


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_path_is_refused_and_writes_nothing(tmp_path: Path, path: str) -> None:
    with pytest.raises(GitError, match="cannot be exported"):
        export_tree([file(path)], tmp_path / "out")
    assert [str(found) for found in tmp_path.rglob("*")] == [str(tmp_path / "out")]


@pytest.mark.parametrize(
    "path", [".gitignore", ".github/x", "a..b", "...x", "git~2", "tab\there", "a b", "naïve", "é\udcff"]
)
def test_an_odd_but_harmless_path_is_written(tmp_path: Path, path: str) -> None:
    assert hostility(path) == ""
    export_tree([file(path)], tmp_path / "out")
    assert [found.read_bytes() for found in tmp_path.rglob("*") if found.is_file()] == [b"x"]


def test_a_hostile_tree_in_a_repository_is_refused(builder: RepositoryBuilder, tmp_path: Path) -> None:
    blob = builder.blob(b"[core]")
    inner = builder.git("mktree", "-z", stdin=b"100644 blob " + blob + b"\tconfig\0").strip().encode()
    for name in (b".git", b"..", b".GIT"):
        sha = builder.commit_of_tree(b"040000 tree " + inner + b"\t" + name)
        with pytest.raises(GitError, match="cannot be exported"):
            RevisionSnapshot(open_repository(builder.path), sha).export(tmp_path / f"out{name.decode()}")
    assert not list(tmp_path.rglob("out*/**/config"))


def test_files_and_bytes_are_limited(tmp_path: Path) -> None:
    files = [file(str(number), b"x" * 10) for number in range(5)]
    with pytest.raises(GitError, match="more than 4 files"):
        export_tree(files, tmp_path / "many", max_files=4)
    with pytest.raises(GitError, match="more than 49 bytes"):
        export_tree(files, tmp_path / "large", max_bytes=49)
    export_tree(files, tmp_path / "fits", max_files=5, max_bytes=50)


def test_one_name_for_two_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="cannot be written"):
        export_tree([file("a"), file("a")], tmp_path / "out")
    with pytest.raises(GitError, match="cannot be written"):
        export_tree([file("a"), file("a/b")], tmp_path / "out2")


def test_a_directory_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("")
    with pytest.raises(GitError, match="not empty"):
        export_tree([], tmp_path)


def test_attributes_do_not_shape_an_export(builder: RepositoryBuilder, tmp_path: Path) -> None:
    builder.write(".gitattributes", "* export-ignore export-subst ident eol=crlf filter=evil\n")
    builder.write("a.txt", "$Id$ $Format:%H$\n")
    sha = builder.commit()
    RevisionSnapshot(open_repository(builder.path), sha).export(tmp_path / "out")
    assert (tmp_path / "out/a.txt").read_bytes() == b"$Id$ $Format:%H$\n"
