"""Pull requests are fetched as far as a review needs them, with the right merge base, and whatever the cache holds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from reviewbot.domain.pull import PullRequest
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.errors import GitError
from reviewbot.git.live import CommitGone, FetchFailed, LiveCache, git_address
from reviewbot.git.remote import Cause, branch_refspec
from reviewbot.git.snapshot import RevisionSnapshot
from tests.git.pulls import SHOP, PullServer

TOKEN = "ghs_" + "q7" * 18


@pytest.fixture
def server(tmp_path: Path) -> PullServer:
    return PullServer(tmp_path / "server")


@pytest.fixture
def cache(tmp_path: Path) -> LiveCache:
    return LiveCache(tmp_path / "cache")


def address(server: PullServer) -> str:
    return git_address(str(server.root), SHOP)


def paths(cache: LiveCache, server: PullServer, pull: PullRequest) -> list[str]:
    """The changed files that the diff of a pull request names."""
    with cache.change(pull, address(server), None) as change:
        lines = change.diff.content.decode().splitlines()
        return [line.removeprefix("+++ b/") for line in lines if line.startswith("+++ b/")]


def test_a_pull_request_comes_with_its_merge_base_its_diff_and_the_commit_that_decides_the_policy(
    server: PullServer, cache: LiveCache
) -> None:
    pull = server.open_pull()
    tip = server.builder.write("main.txt", "moved on\n").commit("Main moves on")

    with cache.change(replace(pull, base=tip), address(server), None) as change:
        assert (change.base, change.head, change.policy_commit) == (server.fork_point, pull.head, tip)
        assert b"+x = 0" in change.diff.content
        assert b"moved on" not in change.diff.content
        assert RevisionSnapshot(change.repository, pull.head).read_file("new.py") == b"x = 0\n"
        assert change.repository.work_tree is None


def test_the_policy_comes_from_the_default_branch_also_where_the_base_is_another(
    server: PullServer, cache: LiveCache
) -> None:
    pull = server.open_pull()
    server.builder.branch("release").write("release.txt", "1\n")
    release = server.builder.commit("Release")
    main = server.builder.switch("main").write("main.txt", "later\n").commit("Later")

    with cache.change(replace(pull, base=release, base_branch="release"), address(server), None) as change:
        assert change.policy_commit == main
        assert change.base == server.fork_point


def test_a_short_change_of_a_long_history_is_fetched_shallow(tmp_path: Path, cache: LiveCache) -> None:
    server = PullServer(tmp_path / "server", commits=90)
    pull = server.open_pull()

    with cache.change(pull, address(server), None) as change:
        assert (change.repository.git_dir / "shallow").exists()


def test_a_merge_base_that_lies_deep_is_found_by_fetching_deeper(tmp_path: Path, cache: LiveCache) -> None:
    server = PullServer(tmp_path / "server", commits=2)
    pull = server.open_pull(commits=70)

    with cache.change(pull, address(server), None) as change:
        assert change.base == server.fork_point


def test_a_common_ancestor_beyond_which_history_was_cut_off_is_not_taken_for_the_merge_base(
    tmp_path: Path, cache: LiveCache
) -> None:
    server = PullServer(tmp_path / "server", commits=2)
    old = server.fork_point
    newest = server.grow(100, "other.txt", "Somebody else's")
    pull = server.open_pull(commits=70)
    # a merge of something ancient makes `old` a common ancestor that is seen before the true one
    for number, first_parent in ((8, newest), (9, pull.head)):
        tree = server.builder.git("rev-parse", f"{first_parent}^{{tree}}").strip()
        merge = server.builder.git("commit-tree", tree, "-p", first_parent, "-p", old, "-m", "Merge").strip()
        server.builder.git("update-ref", f"refs/pull/{number}/head", merge)
    base = Sha(server.builder.git("rev-parse", "refs/pull/8/head").strip())
    head = Sha(server.builder.git("rev-parse", "refs/pull/9/head").strip())

    with cache.change(server.pull(9, head, base), address(server), None) as change:
        assert change.base == newest
        assert b"other.txt" not in change.diff.content


def test_a_second_review_adds_what_is_new(server: PullServer, cache: LiveCache) -> None:
    first = server.open_pull(7)
    assert paths(cache, server, first) == ["new.py"]

    second = server.open_pull(8, name="second.py")

    assert paths(cache, server, second) == ["second.py"]
    assert paths(cache, server, first) == ["new.py"]


def test_f36_a_head_that_was_pushed_over_is_reviewed_while_the_server_still_has_it(
    server: PullServer, cache: LiveCache
) -> None:
    old = server.open_pull()
    server.builder.git("update-ref", "-d", "refs/pull/7/head")
    server.open_pull(7, name="newer.py")

    assert paths(cache, server, old) == ["new.py"]


def test_f39_the_head_of_a_deleted_fork_is_had_from_the_pull_requests_own_ref(
    server: PullServer, cache: LiveCache
) -> None:
    pull = server.open_pull()
    server.collect_garbage()

    assert paths(cache, server, pull) == ["new.py"]


def test_f39_a_head_that_was_collected_is_gone(server: PullServer, cache: LiveCache) -> None:
    pull = server.open_pull()
    server.forget(7)

    with (
        pytest.raises(CommitGone, match="read the pull request again") as caught,
        cache.change(pull, address(server), None),
    ):
        pass
    assert caught.value.commit == pull.head


def test_f39_a_head_that_is_gone_from_the_server_is_still_reviewed_from_the_cache(
    server: PullServer, cache: LiveCache
) -> None:
    pull = server.open_pull()
    assert paths(cache, server, pull) == ["new.py"]
    server.builder.git("update-ref", "-d", "refs/pull/7/head")
    server.open_pull(7, name="newer.py")
    server.collect_garbage()

    assert paths(cache, server, pull) == ["new.py"]


def test_histories_without_a_common_commit_have_no_change(server: PullServer, cache: LiveCache) -> None:
    server.builder.git("switch", "--quiet", "--orphan", "other")
    head = server.builder.write("a.py", "1\n").commit("Another beginning")
    server.builder.git("update-ref", "refs/pull/7/head", head)
    server.builder.switch("main")

    with (
        pytest.raises(FetchFailed, match="no commit in common") as caught,
        cache.change(server.pull(7, head), address(server), None),
    ):
        pass
    assert not caught.value.is_transient


def test_commits_alone_are_fetched_once_and_then_need_no_server(server: PullServer, cache: LiveCache) -> None:
    wants = [server.fork_point, server.open_pull().head]
    with cache.opened(4711, address(server), None, wants) as repository:
        assert repository.commit(wants[1]).subject == "Topic 0"

    with cache.opened(4711, "https://nobody.invalid/acme/shop.git", None, wants) as again:
        assert again.resolve(wants[0]) == wants[0]
    with pytest.raises(CommitGone), cache.opened(4711, address(server), None, [Sha("1" * 40)]):
        pass


def test_a_server_that_is_not_there_is_worth_another_try_and_the_cache_is_kept(
    server: PullServer, cache: LiveCache
) -> None:
    pull = server.open_pull()
    paths(cache, server, pull)
    packs = set(cache.directory.rglob("*.pack"))

    with pytest.raises(FetchFailed) as caught, cache.change(pull, "http://127.0.0.1:9/acme/shop.git", TOKEN):
        pass

    assert caught.value.cause is Cause.UNREACHABLE
    assert caught.value.is_transient
    assert str(cache.directory) not in str(caught.value), "strangers may read it on the check run"
    assert set(cache.directory.rglob("*.pack")) == packs


@pytest.mark.parametrize("damage", ["packs", "shallow.lock", "config", "head", "everything"])
def test_a_damaged_cache_is_thrown_away_and_fetched_anew(tmp_path: Path, cache: LiveCache, damage: str) -> None:
    server = PullServer(tmp_path / "server", commits=80)
    pull = server.open_pull()
    paths(cache, server, pull)
    git_dir = cache.directory / "4711.git"
    match damage:
        case "packs":
            for pack in git_dir.glob("objects/pack/*.pack"):
                pack.chmod(0o600)
                os.truncate(pack, 100)
        case "shallow.lock":
            (git_dir / "shallow.lock").touch()
        case "config":
            (git_dir / "config").write_text("[core\n")
        case "head":
            (git_dir / "HEAD").write_text("?")
        case _:
            for file in git_dir.rglob("*"):
                if file.is_file():
                    file.unlink()

    assert paths(cache, server, pull) == ["new.py"]


def test_damage_that_shows_in_the_middle_of_a_review_costs_that_review_and_no_other(
    server: PullServer, cache: LiveCache
) -> None:
    pull = server.open_pull()
    with pytest.raises(GitError), cache.change(pull, address(server), None) as change:
        for file in (cache.directory / "4711.git" / "objects").rglob("*"):
            if file.is_file():
                file.unlink()
        change.repository.close()
        RevisionSnapshot(change.repository, pull.head).read_file("new.py")

    with cache.change(pull, address(server), None) as change:
        assert RevisionSnapshot(change.repository, pull.head).read_file("main.txt") == b"2\n"


def test_an_error_of_whoever_reviews_passes_through_unchanged(server: PullServer, cache: LiveCache) -> None:
    with pytest.raises(ConnectionResetError), cache.change(server.open_pull(), address(server), None):
        raise ConnectionResetError


def test_threads_that_want_the_same_repository_all_get_it(server: PullServer, cache: LiveCache) -> None:
    pulls = [server.open_pull(number, name=f"file{number}.py") for number in range(1, 9)]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda pull: paths(cache, server, pull), pulls))

    assert found == [[f"file{number}.py"] for number in range(1, 9)]


def test_processes_that_want_the_same_repository_all_get_it(server: PullServer, cache: LiveCache) -> None:
    commit = server.open_pull().head
    program = (
        "import sys; from pathlib import Path; from reviewbot.domain.repository import Sha\n"
        "from reviewbot.git.live import LiveCache\n"
        "with LiveCache(Path(sys.argv[1])).opened(1, sys.argv[2], None, [Sha(sys.argv[3])]) as repository:\n"
        "    print(repository.commit(Sha(sys.argv[3])).subject)\n"
    )
    command = [sys.executable, "-c", program, str(cache.directory), address(server), commit]

    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]

    assert [one.communicate(timeout=60)[0] for one in running] == ["Topic 0\n"] * 3


def test_the_longest_unused_repositories_are_pruned_first_and_none_that_is_in_use(
    server: PullServer, cache: LiveCache
) -> None:
    commit = server.fork_point
    for repo_id in (1, 2, 3):
        with cache.opened(repo_id, address(server), None, [commit]):
            pass
        age = time.time() - 1_000 + repo_id
        os.utime(cache.directory / f"{repo_id}.use", (age, age))
    one = sum(file.stat().st_size for file in (cache.directory / "3.git").rglob("*") if file.is_file())

    assert cache.prune(max_bytes=int(2.5 * one)) == 1
    assert sorted(place.name for place in cache.directory.glob("*.git")) == ["2.git", "3.git"]
    with cache.opened(2, address(server), None, [commit]) as repository:
        assert cache.prune(max_bytes=0) == 1
        assert repository.resolve(commit) == commit
    assert cache.prune(max_bytes=10**9, unused_since=time.time() - 500) == 0
    assert cache.prune(max_bytes=10**9, unused_since=time.time() + 1) == 1
    with cache.opened(2, address(server), None, [commit]) as repository:
        assert repository.resolve(commit) == commit


def test_pruning_where_there_is_no_cache_does_nothing(tmp_path: Path) -> None:
    assert LiveCache(tmp_path / "none").prune(0) == 0


def test_a_repository_of_very_many_packs_is_started_over(server: PullServer, cache: LiveCache) -> None:
    pull = server.open_pull()
    paths(cache, server, pull)
    packs = cache.directory / "4711.git" / "objects" / "pack"
    for number in range(101):
        (packs / f"pack-{number:040d}.pack").touch()

    assert paths(cache, server, pull) == ["new.py"]
    assert len(list(packs.glob("*.pack"))) < 10


def test_headers_of_old_histories_are_no_reason_to_refuse_them(server: PullServer, cache: LiveCache) -> None:
    blob = server.builder.blob(b"y = 1\n").decode()
    tree = server.builder.git("mktree", stdin=f"100644 blob {blob}\told.py\n".encode()).strip()
    people = "author Ada <ada@example.org> 1 +51800\ncommitter <ada> 1 +0000"
    raw = f"tree {tree}\nparent {server.fork_point}\n{people}\n\nx\n"
    head = Sha(
        server.builder.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=raw.encode()).strip()
    )
    server.builder.git("update-ref", "refs/pull/7/head", head)

    with cache.change(server.pull(7, head), address(server), None) as change:
        assert change.base == server.fork_point


def test_s22_a_tree_with_a_name_that_leads_out_of_it_is_refused_and_nothing_is_tried_again(
    server: PullServer, cache: LiveCache
) -> None:
    blob = server.builder.blob(b"#!/bin/sh\n")
    inner = server.builder.commit_of_tree(b"100755 blob " + blob + b"\tpost-checkout")
    tree = server.builder.git("rev-parse", f"{inner}^{{tree}}").strip().encode()
    head = server.builder.commit_of_tree(b"040000 tree " + tree + b"\t.git")
    server.builder.git("update-ref", "refs/pull/7/head", head)

    with pytest.raises(FetchFailed) as caught, cache.change(server.pull(7, head), address(server), None):
        pass
    assert caught.value.cause is Cause.REFUSED
    assert str(cache.directory) not in str(caught.value)
    assert not caught.value.is_transient


@pytest.mark.parametrize("branch", ["-x", "a:b", "a b", "a..b", "a*", "a\nb", "", "x.lock", "a@{1}", "a/"])
def test_s23_a_name_that_is_no_branch_never_reaches_git(branch: str) -> None:
    with pytest.raises(GitError):
        branch_refspec(branch, "refs/reviewbot/default")


def test_s23_a_branch_that_looks_like_an_option_is_only_a_name(server: PullServer, cache: LiveCache) -> None:
    pull = server.open_pull()
    server.builder.git("update-ref", "refs/heads/x/--upload-pack=touch", server.fork_point)

    with cache.change(replace(pull, default_branch="x/--upload-pack=touch"), address(server), None) as change:
        assert change.policy_commit == server.fork_point


@pytest.mark.parametrize(
    ("git_url", "expected"),
    [
        ("https://github.com", "https://github.com/acme/shop.git"),
        ("https://git.example.org/base/", "https://git.example.org/base/acme/shop.git"),
        ("/srv/a b%20", "file:///srv/a%20b%2520/acme/shop.git"),
        ("file:///srv/git", "file:///srv/git/acme/shop.git"),
    ],
)
def test_the_address_of_a_repository_stands_below_the_setting(git_url: str, expected: str) -> None:
    assert git_address(git_url, RepoName("acme", "shop")) == expected


@pytest.mark.parametrize("unsafe", ["ext::sh -c true", "ssh://host/acme/shop.git", "--upload-pack=x"])
def test_only_web_and_file_addresses_are_fetched(server: PullServer, cache: LiveCache, unsafe: str) -> None:
    with pytest.raises(Exception, match="REVIEWBOT_GITHUB_GIT_URL"), cache.change(server.open_pull(), unsafe, None):
        pass


def test_a_directory_that_cannot_be_written_is_named_with_the_setting(server: PullServer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(FetchFailed, match="REVIEWBOT_CACHE_DIRECTORY") as caught,
        LiveCache(tmp_path / "file").change(server.open_pull(), address(server), None),
    ):
        pass
    assert caught.value.cause is Cause.DISK
