"""A graph beside a repository: the same answers, nothing written to the repository, and no harm where none can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewbot.domain.repository import RepoName, Sha
from reviewbot.git.blame import blame
from reviewbot.git.commit_graph import with_commit_graph
from reviewbot.git.merges import pull_of_commit
from reviewbot.git.repository import Repository, open_repository
from reviewbot.pipelines.link import prepared
from reviewbot.retro.answers import AnswerKey, ChangeRef
from tests.fakes.repositories import RepositoryBuilder

NAME = RepoName("acme", "shop")


@pytest.fixture
def builder(tmp_path: Path) -> RepositoryBuilder:
    builder = RepositoryBuilder(tmp_path / "checkout")
    for number in range(6):
        builder.write("a.py", "".join(f"line {one} of {number if one == number else 0}\n" for one in range(8)))
        builder.commit(f"Change {number}")
    return builder


@pytest.fixture
def repository(builder: RepositoryBuilder) -> Repository:
    return open_repository(builder.path, NAME)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_graph_changes_no_answer_and_nothing_in_the_repository(repository: Repository, tmp_path: Path) -> None:
    before = files(repository.git_dir)
    head = repository.resolve("HEAD")

    quick = with_commit_graph(repository, tmp_path / "graph")

    assert quick.graph_directory == tmp_path / "graph"
    assert (tmp_path / "graph" / "info" / "commit-graph").exists()
    assert blame(quick, head, "a.py", [(1, 8)]) == blame(repository, head, "a.py", [(1, 8)])
    record = repository.commit(head)
    assert pull_of_commit(quick, record) == pull_of_commit(repository, record)
    assert files(repository.git_dir) == before
    assert quick == repository


def test_a_linked_work_tree_has_its_objects_elsewhere(
    builder: RepositoryBuilder, repository: Repository, tmp_path: Path
) -> None:
    builder.git("worktree", "add", "-q", str(tmp_path / "second"), "HEAD")
    linked = open_repository(tmp_path / "second", NAME)

    quick = with_commit_graph(linked, tmp_path / "graph")

    head = linked.resolve("HEAD")
    assert quick.graph_directory is not None
    assert blame(quick, head, "a.py", [(1, 3)]) == blame(repository, head, "a.py", [(1, 3)])


def test_where_no_graph_can_be_made_the_repository_stays_as_it_was(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")

    assert with_commit_graph(repository, tmp_path / "taken").graph_directory is None
    assert with_commit_graph(Repository(tmp_path / "nowhere"), tmp_path / "graph").graph_directory is None


@pytest.mark.parametrize("count, has_graph", [(19, False), (20, True)])
def test_a_graph_is_made_only_where_many_fixes_are_to_be_blamed(
    repository: Repository, tmp_path: Path, count: int, has_graph: bool
) -> None:
    fix = ChangeRef(NAME, Sha("a" * 40))
    incidents = [AnswerKey(id=f"INC-{number}", repo=NAME, fixed=(fix,)) for number in range(count)]

    find = prepared(incidents, lambda name: repository, tmp_path / "graphs")

    assert (find(NAME).graph_directory is not None) == has_graph
    assert find(RepoName("acme", "other")).graph_directory is None
