"""No configuration, attribute or hook runs a program or bends what is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reviewbot.domain.repository import Sha
from reviewbot.errors import GitError
from reviewbot.git.local import local_change, staged_change
from reviewbot.git.repository import open_repository
from reviewbot.git.snapshot import RevisionSnapshot
from tests.fakes.repositories import RepositoryBuilder

OUTPUT_SETTINGS = {
    "diff.noprefix": "true",
    "diff.mnemonicPrefix": "true",
    "diff.algorithm": "histogram",
    "diff.context": "0",
    "diff.interHunkContext": "50",
    "diff.renames": "false",
    "diff.relative": "true",
    "diff.suppressBlankEmpty": "true",
    "diff.indentHeuristic": "false",
    "diff.submodule": "log",
    "diff.ignoreSubmodules": "all",
    "core.quotePath": "false",
    "core.abbrev": "4",
    "core.bigFileThreshold": "1",
    "color.ui": "always",
    "color.diff": "always",
    "color.grep": "always",
    "grep.column": "true",
    "grep.patternType": "perl",
    "grep.fullName": "false",
    "log.showSignature": "true",
    "log.date": "relative",
    "i18n.logOutputEncoding": "UTF-16",
    "format.pretty": "oneline",
}


@pytest.fixture
def shas(builder: RepositoryBuilder) -> tuple[Sha, Sha]:
    base = builder.write("old.txt", "one\n\ntwo\n" * 20).write("sub/naïve.txt", "word\n").commit("First (#1)")
    builder.git("mv", "old.txt", "new.txt")
    text = ("one\n\ntwo\n" * 20).replace("two", "2", 1)
    return base, builder.write("new.txt", text).write("sub/naïve.txt", "word\nword 2\n").commit("Second (#2)")


def seen(builder: RepositoryBuilder, shas: tuple[Sha, Sha]) -> list[object]:
    with open_repository(builder.path) as repository:
        snapshot = RevisionSnapshot(repository, shas[1])
        local = local_change(builder.path, shas[0])
        staged = staged_change(builder.path)
        answers: list[object] = [
            repository.diff(*shas),
            repository.commit(shas[1]),
            repository.commit_of_pull(1),
            repository.merge_base(*shas),
            snapshot.grep(["word"]),
            snapshot.list_files(),
            local.diff,
            local.untracked_files,
            staged.diff,
        ]
        local.close()
        staged.close()
        return answers


def test_settings_of_the_repository_change_nothing(builder: RepositoryBuilder, shas: tuple[Sha, Sha]) -> None:
    before = seen(builder, shas)
    for name, value in OUTPUT_SETTINGS.items():
        builder.git("config", name, value)
    (builder.path / "order").write_text("sub/*\n")
    builder.git("config", "diff.orderFile", str(builder.path / "order"))
    (builder.path / "order").rename(builder.path.parent / "order")
    assert seen(builder, shas) == before


def test_settings_of_the_user_change_nothing(
    builder: RepositoryBuilder, shas: tuple[Sha, Sha], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = seen(builder, shas)
    home = RepositoryBuilder(tmp_path / "home")
    for name, value in OUTPUT_SETTINGS.items():
        home.git("config", "--file", ".gitconfig", name, value)
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home.path))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_EXTERNAL_DIFF"):
        monkeypatch.setenv(name, "/nonexistent/elsewhere")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home.path / ".gitconfig"))
    assert seen(builder, shas) == before


def test_no_configured_program_is_run(builder: RepositoryBuilder, shas: tuple[Sha, Sha], tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
    evil.chmod(0o755)
    settings = ["diff.external", "diff.evil.command", "diff.evil.textconv", "core.fsmonitor", "core.pager"]
    settings += ["filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "core.sshCommand", "gpg.program"]
    settings += ["core.askPass", "core.alternateRefsCommand", "remote.origin.uploadpack", "filter.with space.clean"]
    for name in settings:
        builder.git("config", name, str(evil))
    builder.git("config", "filter.evil.required", "true")
    builder.git("config", "core.hooksPath", str(tmp_path / "hooks"))
    (tmp_path / "hooks").mkdir()
    for hook in ("post-index-change", "post-checkout", "pre-commit", "reference-transaction", "fsmonitor-watchman"):
        (tmp_path / "hooks" / hook).symlink_to(evil)
    attributes = "*.txt diff=evil filter=evil\n*.md filter=with space\n"
    (builder.path / ".gitattributes").write_text(attributes)
    (builder.path / ".git/info/attributes").write_text(attributes)
    builder.write("new.txt", "changed\n")
    seen(builder, shas)
    assert not marker.exists()


def test_a_change_cannot_hide_its_lines_by_attributes(builder: RepositoryBuilder, tmp_path: Path) -> None:
    base = builder.write("a.txt", "one\n").commit()
    head = builder.write(".gitattributes", "* -diff -text binary\n").write("a.txt", "two\n").commit()
    for path in (builder.path, builder.path / ".git", builder.bare_copy(tmp_path / "bare.git")):
        with open_repository(path) as repository:
            assert b"-one\n+two\n" in repository.diff(base, head).content
            assert [hit.path for hit in RevisionSnapshot(repository, head).grep(["two"])] == ["a.txt"]


def test_a_configured_work_tree_does_not_move_what_is_read(builder: RepositoryBuilder, shas: tuple[Sha, Sha]) -> None:
    builder.git("config", "core.worktree", "/")
    with open_repository(builder.path) as repository:
        assert RevisionSnapshot(repository, shas[1]).list_files() == ["new.txt", "sub/naïve.txt"]
        assert len(RevisionSnapshot(repository, shas[1]).grep(["word"])) == 2
    assert local_change(builder.path, shas[0]).diff.content.count(b"diff --git") == 2


def test_a_missing_object_is_not_fetched(builder: RepositoryBuilder, shas: tuple[Sha, Sha], tmp_path: Path) -> None:
    builder.git("config", "uploadpack.allowFilter", "true")
    partial = builder.bare_copy(tmp_path / "partial.git", "--filter=blob:none")
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    evil.chmod(0o755)
    for name, value in (("remote.origin.uploadpack", str(evil)), ("protocol.file.allow", "always")):
        builder.git("--git-dir", str(partial), "config", name, value)
    with open_repository(partial) as repository, pytest.raises(GitError):
        RevisionSnapshot(repository, shas[1]).read_file("new.txt")
    assert not (tmp_path / "ran").exists()


def test_the_index_is_left_as_it_was(builder: RepositoryBuilder, shas: tuple[Sha, Sha]) -> None:
    os.utime(builder.path / "new.txt", (1_600_000_000, 1_600_000_000))
    before = (builder.path / ".git/index").read_bytes()
    seen(builder, shas)
    assert (builder.path / ".git/index").read_bytes() == before
    assert not (builder.path / ".git/index.lock").exists()
