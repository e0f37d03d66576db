from __future__ import annotations

import pytest

from reviewbot.errors import GitError
from reviewbot.git.blame import blame, ignored_revisions
from reviewbot.git.merges import pull_of_commit
from reviewbot.git.repository import open_repository
from tests.fakes.repositories import FIRST_SECOND, RepositoryBuilder


def numbered(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


def test_each_line_that_is_asked_for_has_its_commit_and_when_that_was_made(builder: RepositoryBuilder):
    first = builder.write("a b.py", numbered("one", "two", "three", "four")).commit()
    second = builder.write("a b.py", numbered("one", "2", "three", "four")).commit()

    found = blame(open_repository(builder.path), second, "a b.py", [(2, 3)])

    assert found.lines == {2: second, 3: first}
    assert found.committed_at == {first: FIRST_SECOND + 60, second: FIRST_SECOND + 120}


def test_ranges_may_overlap_and_reach_beyond_both_ends(builder: RepositoryBuilder):
    first = builder.write("a.py", "one\ntwo").commit()

    found = blame(open_repository(builder.path), first, "a.py", [(-3, 1), (1, 9), (7, 9)])

    assert found.lines == {1: first, 2: first}
    assert blame(open_repository(builder.path), first, "a.py", [(7, 9)]).lines == {}


def test_more_ranges_than_a_command_line_holds(builder: RepositoryBuilder):
    first = builder.write("a.py", numbered(*map(str, range(1_200)))).commit()
    odd = [(number, number) for number in range(1, 1_200, 2)]

    assert blame(open_repository(builder.path), first, "a.py", odd).lines == {number: first for number, _ in odd}


def test_a_revision_that_the_repository_ignores_is_looked_through(builder: RepositoryBuilder):
    first = builder.write("a.py", numbered("x=1", "y=2")).commit()
    style = builder.write("a.py", numbered("x = 1", "y = 2")).commit("Format")
    named = f"# formatting\n{style}  # all files\nnonsense\n{'0' * 40}\n"
    head = builder.write(".git-blame-ignore-revs", named).commit()
    repository = open_repository(builder.path)

    ignored = ignored_revisions(repository, head)

    assert ignored == (style,)
    assert set(blame(repository, head, "a.py", [(1, 2)], ignored).lines.values()) == {first}
    assert set(blame(repository, head, "a.py", [(1, 2)]).lines.values()) == {style}
    assert ignored_revisions(repository, first) == ()


def test_a_file_that_is_not_there_is_named(builder: RepositoryBuilder):
    first = builder.write("a.py", "x\n").commit()

    with pytest.raises(GitError, match=r"b\.py is no file in"):
        blame(open_repository(builder.path), first, "b.py", [(1, 1)])


def test_the_pull_request_of_a_squashed_commit_stands_in_its_subject(builder: RepositoryBuilder):
    repository = open_repository(builder.path)
    squashed = builder.write("a", "1").commit("Add a (#12)")
    plain = builder.write("a", "2").commit("Change a, see (#12) too")

    assert pull_of_commit(repository, repository.commit(squashed)) == 12
    assert pull_of_commit(repository, repository.commit(plain)) is None


def test_the_pull_request_of_a_merged_commit_is_that_of_the_merge_which_brought_it(builder: RepositoryBuilder):
    builder.write("a", "1").commit("Start")
    builder.branch("topic").write("b", "1")
    inside = builder.commit("Add b")
    builder.switch("main").write("a", "2")
    direct = builder.commit("Pushed without a pull request")
    merged = builder.merge("topic", "Merge pull request #7 from ada/topic")
    builder.branch("later").write("c", "1").commit("Add c")
    builder.switch("main").merge("later", "Merge pull request #8 from ada/later")
    repository = open_repository(builder.path)

    pulls = [pull_of_commit(repository, repository.commit(sha)) for sha in (inside, direct, merged)]

    assert pulls == [7, None, 7]
