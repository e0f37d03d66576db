"""git runs with nothing of the user's in it, within limits, and says what went wrong."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from reviewbot.errors import GitError, InputError
from reviewbot.git.command import git_output, git_program, run_git
from tests.fakes.repositories import RepositoryBuilder


@pytest.fixture
def git_dir(builder: RepositoryBuilder) -> Path:
    builder.write("a.txt", "word\n" * 50_000).commit("First")
    return builder.path / ".git"


def program(directory: Path, text: str) -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / "git"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_failure_names_gits_words_the_repository_and_a_remedy(git_dir: Path) -> None:
    with pytest.raises(GitError, match=r"fatal: not a tree object") as caught:
        run_git(["ls-tree", "f" * 40], git_dir=git_dir)
    assert str(git_dir) in str(caught.value)
    assert "fsck" in str(caught.value)


def test_missing_objects_are_told_from_other_failures(git_dir: Path) -> None:
    with pytest.raises(GitError, match="objects are missing"):
        run_git(["diff", "a" * 40, "b" * 40, "--"], git_dir=git_dir)


def test_output_over_the_limit_is_an_error_and_not_a_shorter_answer(git_dir: Path) -> None:
    with pytest.raises(GitError, match="more than 1000 bytes"):
        run_git(["cat-file", "blob", "HEAD:a.txt"], git_dir=git_dir, max_output_bytes=1_000)


def test_a_cut_output_holds_no_more_than_the_limit_and_says_so(git_dir: Path) -> None:
    output = git_output(["cat-file", "blob", "HEAD:a.txt"], git_dir=git_dir, max_output_bytes=1_001)
    assert (len(output.content), output.is_cut) == (1_001, True)


def test_git_is_stopped_after_enough_lines(git_dir: Path) -> None:
    output = git_output(["cat-file", "blob", "HEAD:a.txt"], git_dir=git_dir, max_output_lines=10)
    assert output.is_cut
    assert output.content.count(b"\n") >= 10


def test_all_of_a_long_input_reaches_git(git_dir: Path) -> None:
    names = b"HEAD\n" * 40_000
    output = run_git(["cat-file", "--batch-check=%(objecttype)"], git_dir=git_dir, stdin=names)
    assert output == b"commit\n" * 40_000


def test_a_slow_git_is_ended_with_its_children(tmp_path: Path, git_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = 'case "$1" in --version) echo git version 2.40.0; exit;; esac'
    program(tmp_path / "slow", f"{version}\nsleep 20 & echo $! >{tmp_path}/child; wait")
    monkeypatch.setenv("PATH", f"{tmp_path / 'slow'}:{os.environ['PATH']}")
    started = time.monotonic()
    with pytest.raises(GitError, match=r"did not finish within 0\.2 seconds"):
        run_git(["status"], git_dir=git_dir, timeout_seconds=0.2)
    child = int((tmp_path / "child").read_text())
    while is_alive(child) and time.monotonic() - started < 5:
        time.sleep(0.01)
    assert not is_alive(child)


def is_alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("said", ["git version 2.20.1", "git version 1.9", "hello"])
def test_an_old_git_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    program(tmp_path / "old", f"echo {said}")
    monkeypatch.setenv("PATH", f"{tmp_path / 'old'}:{os.environ['PATH']}")
    with pytest.raises(InputError, match=r"too old; install git 2\.30"):
        git_program()


def test_apples_and_windows_version_lines_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(tmp_path / "apple", "echo 'git version 2.39.5 (Apple Git-154)'")
    monkeypatch.setenv("PATH", str(path.parent))
    assert git_program() == str(path)


def test_a_missing_git_is_an_input_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="git was not found"):
        git_program()


def test_nothing_of_the_environment_reaches_git(tmp_path: Path, git_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = 'case "$1" in --version) echo git version 2.40.0; exit;; esac'
    program(tmp_path / "spy", f"{version}\nenv")
    for name in ("GIT_DIR", "GIT_EXTERNAL_DIFF", "GIT_TRACE", "SECRET_TOKEN", "LD_PRELOAD_X", "GIT_SSH_COMMAND"):
        monkeypatch.setenv(name, "of-the-user")
    monkeypatch.setenv("PATH", f"{tmp_path / 'spy'}:{os.environ['PATH']}")
    seen = run_git(["status"], git_dir=git_dir).decode()
    assert "of-the-user" not in seen
    assert "HOME=/nonexistent" in seen
    assert "GIT_TERMINAL_PROMPT=0" in seen
