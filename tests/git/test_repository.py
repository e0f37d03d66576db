"""Commits are found by every name they have, and by no name that could mean something else."""

from __future__ import annotations

import subprocess
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reviewbot.domain.repository import RepoName, Sha
from reviewbot.errors import GitError, InputError, RepositoryNotFound, RevisionNotFound
from reviewbot.git.repository import Repository, find_repository, open_repository
from reviewbot.git.snapshot import RevisionSnapshot
from tests.fakes.repositories import RepositoryBuilder


@pytest.fixture
def first(builder: RepositoryBuilder) -> Sha:
    return builder.write("a.txt", "one\n").commit("Add a\n\nBecause.\n\nSigned-off-by: Ada")


def many_commits(builder: RepositoryBuilder, count: int) -> None:
    stream = "".join(
        f"commit refs/heads/many\ncommitter Ada <a@b> {1_700_000_000 + n} +0000\ndata 1\nx\n" for n in range(count)
    )
    builder.git("fast-import", "--quiet", stdin=stream.encode())


def test_every_kind_of_repository_opens(builder: RepositoryBuilder, first: Sha, tmp_path: Path) -> None:
    builder.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    bare = builder.bare_copy(tmp_path / "bare.git")
    for path in (builder.path, builder.path / ".git", bare, tmp_path / "linked"):
        with open_repository(path) as repository:
            assert repository.resolve("HEAD") == first
    assert open_repository(builder.path).work_tree == builder.path.resolve()
    assert open_repository(builder.path / ".git").work_tree is None
    assert open_repository(tmp_path / "linked").work_tree == (tmp_path / "linked").resolve()


def test_a_directory_inside_a_checkout_is_no_repository(builder: RepositoryBuilder, first: Sha) -> None:
    builder.write("sub/b.txt", "")
    with pytest.raises(RepositoryNotFound, match=r"sub is not a git repository"):
        open_repository(builder.path / "sub")


def test_a_dangling_git_file_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nonexistent/elsewhere\n")
    with pytest.raises(RepositoryNotFound):
        open_repository(tmp_path)


def test_repositories_are_found_by_name_plain_or_bare(builder: RepositoryBuilder, first: Sha, tmp_path: Path) -> None:
    builder.bare_copy(tmp_path / "root" / "acme" / "bare.git")
    builder.bare_copy(tmp_path / "root" / "acme" / "plain")
    for name in ("acme/bare", "acme/plain"):
        assert find_repository(tmp_path / "root", RepoName.parse(name)).resolve(first) == first


def test_a_repository_that_is_not_there_is_reported_with_both_places(tmp_path: Path) -> None:
    with pytest.raises(RepositoryNotFound) as caught:
        find_repository(tmp_path, RepoName("acme", "shop"))
    for part in (str(tmp_path / "acme" / "shop"), str(tmp_path / "acme" / "shop.git"), "git clone --mirror"):
        assert part in str(caught.value)
    assert isinstance(caught.value, InputError)


def test_names_of_all_kinds_lead_to_the_commit(builder: RepositoryBuilder, first: Sha) -> None:
    builder.git("tag", "-a", "v1", "-m", "one")
    builder.git("tag", "-a", "v1-again", "-m", "a tag of a tag", "v1")
    second = builder.write("a.txt", "two\n").commit("Change a")
    repository = open_repository(builder.path)
    for name in (first, first[:7], first[:10].upper(), "v1", "v1-again", "HEAD~1", "main^", f"{first}^0"):
        assert repository.resolve(name) == first, name
    assert repository.resolve("main") == second


def test_an_unknown_commit_is_reported_with_a_way_to_fetch_it(builder: RepositoryBuilder, first: Sha) -> None:
    with pytest.raises(RevisionNotFound, match=r"no commit dddddddd.* fetch"):
        open_repository(builder.path).resolve("d" * 40)


def test_a_tree_or_blob_is_not_taken_for_a_commit(builder: RepositoryBuilder, first: Sha) -> None:
    repository = open_repository(builder.path)
    for name, kind in (("HEAD^{tree}", "tree"), ("HEAD:a.txt", "blob")):
        sha = builder.git("rev-parse", name).strip()
        with pytest.raises(RevisionNotFound, match=f"is a {kind}, not a commit"):
            repository.resolve(sha)


@pytest.mark.parametrize(
    "name", ["", "-", "--upload-pack=x", "-h", "HEAD:a.txt", "a b", "HEAD\nHEAD", "HEAD:../x", ":/Add", "x\0y", "abc"]
)
def test_names_that_are_no_revision_are_refused(builder: RepositoryBuilder, first: Sha, name: str) -> None:
    repository = open_repository(builder.path)
    with pytest.raises(RevisionNotFound):
        repository.resolve(name)
    assert repository.resolve("HEAD") == first


def test_an_ambiguous_abbreviation_lists_its_candidates(builder: RepositoryBuilder) -> None:
    many_commits(builder, 1_500)
    shas = builder.git("rev-list", "many").split()
    prefix, count = Counter(sha[:4] for sha in shas).most_common(1)[0]
    assert count > 1, "two commits share four digits"
    with pytest.raises(RevisionNotFound, match="is ambiguous in") as caught:
        open_repository(builder.path).resolve(prefix)
    for sha in shas:
        assert (sha in str(caught.value)) == sha.startswith(prefix)


def test_a_commit_says_who_when_and_why(builder: RepositoryBuilder, first: Sha) -> None:
    record = open_repository(builder.path).commit(first)
    assert (record.sha, record.parents, record.author) == (first, (), "Ada")
    assert record.subject == "Add a"
    assert record.body == "Because.\n\nSigned-off-by: Ada"
    assert record.author_date == record.committer_date == datetime(2023, 11, 14, 22, 14, 20, tzinfo=UTC)


def test_a_merge_has_its_parents_in_order(builder: RepositoryBuilder, first: Sha) -> None:
    topic = builder.branch("topic").write("b.txt", "b\n").commit("Topic")
    builder.switch("main")
    main = builder.write("c.txt", "c\n").commit("Main")
    merge = builder.merge("topic", "Merge it")
    repository = open_repository(builder.path)
    assert repository.commit(merge).parents == (main, topic)
    assert repository.merge_base(main, topic) == first


def test_unrelated_histories_have_no_merge_base(builder: RepositoryBuilder, first: Sha) -> None:
    builder.git("switch", "--quiet", "--orphan", "other")
    other = builder.write("z.txt", "z\n").commit("Other")
    assert open_repository(builder.path).merge_base(first, other) is None


def test_a_diff_is_the_bytes_of_git_with_renames_and_full_names(builder: RepositoryBuilder) -> None:
    base = builder.write("old name.txt", "line\n" * 20).write("b.bin", b"\0\1").commit()
    builder.git("mv", "old name.txt", "naïve.txt")
    head = builder.write("b.bin", b"\0\2").write("c.txt", b"caf\xe9\r\n").commit()
    diff = open_repository(builder.path).diff(base, head)
    assert not diff.is_cut
    assert b'rename from old name.txt\nrename to "na\\303\\257ve.txt"\n' in diff.content
    assert b"Binary files a/b.bin and b/b.bin differ" in diff.content
    assert b"+caf\xe9\r\n" in diff.content
    assert b"index 0000000000000000000000000000000000000000.." in diff.content


def test_the_first_commit_differs_from_the_empty_tree(builder: RepositoryBuilder, first: Sha) -> None:
    repository = open_repository(builder.path)
    assert b"new file mode 100644" in repository.diff(repository.empty_tree, first).content


def test_a_diff_over_the_limit_is_cut_between_files_and_says_so(builder: RepositoryBuilder, first: Sha) -> None:
    head = builder.write("b.txt", "b\n").write("c.txt", "diff --git a/x b/x\n" * 1_000).commit()
    repository = open_repository(builder.path)
    whole = repository.diff(first, head)
    cut = repository.diff(first, head, max_bytes=3_000)
    assert cut.is_cut
    assert whole.content.startswith(cut.content)
    assert whole.content[len(cut.content) :].startswith(b"diff --git a/c.txt b/c.txt\n")
    assert cut.content.endswith(b"+b\n")


def test_context_lines_are_as_many_as_asked_for(builder: RepositoryBuilder) -> None:
    base = builder.write("a.txt", "".join(f"{n}\n" for n in range(30))).commit()
    head = builder.write("a.txt", "".join(f"{n}\n" for n in range(30)).replace("15\n", "x\n")).commit()
    repository = open_repository(builder.path)
    assert b"@@ -16 +16 @@" in repository.diff(base, head, context_lines=0).content
    assert b"@@ -13,7 +13,7 @@" in repository.diff(base, head).content


def test_the_commit_of_a_pull_request_is_found_by_its_subject(builder: RepositoryBuilder, first: Sha) -> None:
    squashed = builder.write("a.txt", "two\n").commit("Speed up (#12)")
    builder.write("a.txt", "one\n").commit('Revert "Speed up (#12)" (#13)')
    builder.write("a.txt", "3\n").commit("Mention\n\nFollows up on (#14), Merge pull request #15 from x")
    builder.branch("topic").write("b.txt", "b\n").commit("Part of it (#16)")
    builder.switch("main")
    merged = builder.merge("topic", "Merge pull request #16 from ada/topic")
    builder.write("a.txt", "4\n").commit("Speed up (#12)")
    repository = open_repository(builder.path)
    assert repository.commit_of_pull(12) == squashed
    assert repository.commit_of_pull(16) == merged
    assert [repository.commit_of_pull(number) for number in (1, 2, 14, 15, 120)] == [None] * 5


def test_the_default_branch_is_guessed_from_origin_before_local_names(
    builder: RepositoryBuilder, first: Sha, tmp_path: Path
) -> None:
    assert open_repository(builder.path).default_branch() == "refs/heads/main"
    builder.git("branch", "develop")
    builder.git("symbolic-ref", "HEAD", "refs/heads/develop")
    builder.git("clone", "--quiet", str(builder.path), str(tmp_path / "clone"))
    assert open_repository(tmp_path / "clone").default_branch() == "refs/remotes/origin/HEAD"
    assert open_repository(builder.bare_copy(tmp_path / "bare.git")).default_branch() == "HEAD"
    assert open_repository(RepositoryBuilder(tmp_path / "empty").path).default_branch() is None


def test_a_shallow_repository_reads_and_names_what_it_lacks(
    builder: RepositoryBuilder, first: Sha, tmp_path: Path
) -> None:
    second = builder.write("a.txt", "two\n").commit("Second")
    repository = open_repository(builder.bare_copy(tmp_path / "shallow.git", "--depth=1"))
    assert repository.commit(second).parents == (first,)
    with pytest.raises(RevisionNotFound, match="fetch"):
        repository.resolve(first)


def test_an_object_that_a_partial_clone_lacks_is_a_clear_error(
    builder: RepositoryBuilder, first: Sha, tmp_path: Path
) -> None:
    second = builder.write("a.txt", "two\n").commit("Second")
    builder.git("config", "uploadpack.allowFilter", "true")
    repository = open_repository(builder.bare_copy(tmp_path / "partial.git", "--filter=blob:none"))
    with pytest.raises(GitError, match=r"'a\.txt' of .*(missing|could not fetch).*partial"):
        RevisionSnapshot(repository, second).read_file("a.txt")
    with pytest.raises(GitError, match="objects are missing"):
        repository.diff(first, second)


def test_a_sha256_repository_works_too(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "new", "--object-format=sha256")
    head = builder.write("a.txt", "a\n").commit()
    repository = open_repository(builder.path)
    assert len(head) == 64
    assert repository.resolve(head[:8]) == head
    assert b"+a\n" in repository.diff(repository.empty_tree, head).content


def test_replaced_objects_do_not_change_what_is_read(builder: RepositoryBuilder, first: Sha) -> None:
    second = builder.write("a.txt", "two\n").commit("Second")
    builder.git("replace", second, first)
    assert open_repository(builder.path).commit(second).subject == "Second"


def test_no_process_is_left_after_close(builder: RepositoryBuilder, first: Sha) -> None:
    repository = open_repository(builder.path)
    repository.resolve("HEAD")
    assert children_of_git_dir(repository)
    repository.close()
    assert not children_of_git_dir(repository)
    assert repository.resolve("HEAD") == first
    repository.close()


def children_of_git_dir(repository: Repository) -> list[str]:
    listed = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if f"--git-dir={repository.git_dir} " in line]
