"""The work in a checkout is compared with where it left the base."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reviewbot.errors import GitError, InputError, RepositoryNotFound, RevisionNotFound
from reviewbot.git.local import local_change, staged_change
from tests.fakes.repositories import RepositoryBuilder


def test_committed_staged_and_unstaged_work_since_the_base_is_in_the_diff(builder: RepositoryBuilder) -> None:
    base = builder.write("a.txt", "a\n").write("b.txt", "b\n").commit()
    head = builder.branch("topic").write("a.txt", "committed\n").commit()
    builder.switch("main")
    builder.write("main.txt", "later on main\n").commit()
    builder.switch("topic").write("staged.txt", "staged\n").stage().write("b.txt", "unstaged\n").write("new.txt", "n\n")
    change = local_change(builder.path)
    assert (change.base, change.head) == (base, head)
    for line in (b"+committed\n", b"+staged\n", b"+unstaged\n"):
        assert line in change.diff.content
    assert b"later on main" not in change.diff.content
    assert b"new.txt" not in change.diff.content
    assert (change.untracked_files, change.unstaged_files) == (1, 0)
    assert change.base_snapshot.read_file("a.txt") == b"a\n"
    assert change.head_snapshot.read_file("b.txt") == b"unstaged\n"
    change.close()


def test_a_given_base_wins_over_the_default_branch(builder: RepositoryBuilder) -> None:
    first = builder.write("a.txt", "1\n").commit()
    builder.write("a.txt", "2\n").commit()
    change = local_change(builder.path, "HEAD~1")
    assert change.base == first
    assert b"-1\n+2\n" in change.diff.content
    change.close()


def test_any_directory_of_a_checkout_stands_for_the_whole(builder: RepositoryBuilder) -> None:
    builder.write("a.txt", "a\n").write("sub/b.txt", "b\n").commit()
    builder.write("a.txt", "changed\n")
    change = local_change(builder.path / "sub")
    assert change.root == builder.path.resolve()
    assert b"a/a.txt" in change.diff.content
    change.close()


def test_a_linked_work_tree_has_its_own_change(builder: RepositoryBuilder, tmp_path: Path) -> None:
    builder.write("a.txt", "a\n").commit()
    builder.git("worktree", "add", "--quiet", "-b", "topic", str(tmp_path / "linked"))
    (tmp_path / "linked/a.txt").write_text("linked\n")
    change = local_change(tmp_path / "linked")
    assert b"+linked\n" in change.diff.content
    assert local_change(builder.path).diff.content == b""
    change.close()


def test_without_a_base_to_guess_the_user_is_asked_for_one(builder: RepositoryBuilder) -> None:
    builder.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    builder.write("a.txt", "a\n").commit()
    with pytest.raises(InputError, match="--base"):
        local_change(builder.path)


def test_an_unknown_base_is_an_error(builder: RepositoryBuilder) -> None:
    builder.write("a.txt", "a\n").commit()
    with pytest.raises(RevisionNotFound, match="no commit nowhere"):
        local_change(builder.path, "nowhere")


def test_histories_that_share_nothing_are_an_error(builder: RepositoryBuilder) -> None:
    builder.write("a.txt", "a\n").commit()
    builder.git("switch", "--quiet", "--orphan", "other")
    builder.write("b.txt", "b\n").commit()
    with pytest.raises(GitError, match="no common commit"):
        local_change(builder.path)


def test_outside_of_a_checkout_there_is_no_change(builder: RepositoryBuilder, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(RepositoryNotFound, match="above it"):
        local_change(tmp_path / "plain")
    builder.write("a.txt", "a\n").commit()
    with pytest.raises(InputError):
        local_change(builder.bare_copy(tmp_path / "bare.git"))


def test_staged_work_is_compared_with_head(builder: RepositoryBuilder) -> None:
    head = builder.write("a.txt", "a\n").commit()
    builder.write("a.txt", "staged\n").stage().write("a.txt", "unstaged\n").write("new.txt", "n\n")
    change = staged_change(builder.path)
    assert (change.base, change.head) == (head, head)
    assert b"+staged\n" in change.diff.content
    assert b"unstaged" not in change.diff.content
    assert change.head_snapshot.read_file("a.txt") == b"staged\n"
    assert (change.untracked_files, change.unstaged_files) == (1, 1)
    change.close()


@pytest.mark.parametrize("kind", ["staged", "local"])
def test_before_the_first_commit_everything_staged_is_new(builder: RepositoryBuilder, kind: str) -> None:
    builder.write("a.txt", "a\n").stage()
    change = staged_change(builder.path) if kind == "staged" else local_change(builder.path)
    assert (change.base, change.head) == (None, None)
    assert b"new file mode 100644" in change.diff.content
    assert change.base_snapshot.list_files() == []
    assert change.head_snapshot.list_files() == ["a.txt"]
    change.close()


def test_nothing_changed_is_an_empty_diff(builder: RepositoryBuilder) -> None:
    builder.write("a.txt", "a\n").commit()
    os.utime(builder.path / "a.txt", (1_600_000_000, 1_600_000_000))
    assert local_change(builder.path).diff.content == b""
    assert staged_change(builder.path).diff.content == b""


def test_an_unresolved_conflict_has_to_be_resolved_first(builder: RepositoryBuilder) -> None:
    builder.write("a.txt", "a\n").commit()
    blob = builder.blob(b"x").decode()
    builder.git("update-index", "--index-info", stdin=f"0 {'0' * 40}\ta.txt\n100644 {blob} 2\ta.txt\n".encode())
    for change in (local_change, staged_change):
        with pytest.raises(InputError, match="unresolved merge conflict"):
            change(builder.path)


def test_a_diff_over_the_limit_says_so(builder: RepositoryBuilder) -> None:
    builder.write("a.txt", "a\n").write("b.txt", "b\n").commit()
    builder.write("a.txt", "A\n").write("b.txt", "B\n" * 500)
    diff = local_change(builder.path, max_bytes=500).diff
    assert diff.is_cut
    assert b"a.txt" in diff.content
    assert b"b.txt" not in diff.content


def test_a_change_of_the_same_size_in_the_moment_of_the_last_commit_is_in_the_diff(builder: RepositoryBuilder) -> None:
    builder.git("config", "core.trustCtime", "false")
    builder.git("config", "core.checkStat", "minimal")
    moment = (1_700_000_000, 1_700_000_000)
    os.utime(builder.write("a.txt", "1\n").path / "a.txt", moment)
    builder.commit()
    builder.write("a.txt", "2\n")
    for path in ("a.txt", ".git/index"):
        os.utime(builder.path / path, moment)

    change = local_change(builder.path, "HEAD")

    assert b"-1\n+2\n" in change.diff.content
    change.close()
