"""The fake GitHub's git side: real repositories, fetched by file or HTTP, and the diffs that follow from them."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

import pytest

from tests.fakes.github import Kind, Repository, World
from tests.fakes.github.plain_client import PlainClient
from tests.fakes.repositories import RepositoryBuilder

SHOP = "/repos/octo/shop"
DIFF = {"Accept": "application/vnd.github.diff"}


def git(directory: Path, *arguments: str, token: str = "") -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_TERMINAL_PROMPT": "0"}
    if token:
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        environment |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraHeader"}
        environment |= {"GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}"}
    return subprocess.run(["git", "-C", str(directory), *arguments], env=environment, capture_output=True, timeout=30)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--bare")
    return tmp_path


@pytest.mark.parametrize("is_file", [True, False])
def test_a_pull_request_is_fetched_by_its_ref_and_by_sha(
    clone: Path, client: PlainClient, shop: Repository, is_file: bool
):
    pull = shop.pull(files={"b.py": "b = 2\n"}, from_fork=True)
    address = shop.file_url if is_file else shop.git_url
    token = client.token(shop, contents="read")

    for name in ("refs/pull/1/head", pull.head, pull.base):
        fetched = git(clone, "fetch", "--depth=1", address, name, token=token)
        assert fetched.returncode == 0, fetched.stderr

    assert git(clone, "show", f"{pull.head}:b.py").stdout == b"b = 2\n"
    assert git(clone, "fsck", "--strict").returncode == 0
    assert shop.world.violations == []


@pytest.mark.parametrize("permissions", [None, {"pull_requests": "read"}])
def test_git_over_http_wants_a_token_for_contents(
    clone: Path, client: PlainClient, shop: Repository, permissions: dict | None
):
    token = client.token(shop, **permissions) if permissions else ""

    assert git(clone, "fetch", shop.git_url, "HEAD", token=token).returncode != 0


def test_a_token_in_the_arguments_of_git_is_a_violation(clone: Path, shop: Repository, token: str):
    git(clone, "fetch", shop.git_url.replace("://", f"://x-access-token:{token}@"), "HEAD")

    assert "a token in the arguments of a process" in shop.world.violations


def test_pushing_is_a_violation(clone: Path, client: PlainClient, shop: Repository, token: str):
    git(clone, "fetch", shop.git_url, "HEAD", token=token)

    pushed = git(clone, "push", shop.git_url, "FETCH_HEAD:refs/heads/evil", token=token)

    assert pushed.returncode != 0
    assert any("only fetching" in one for one in shop.world.violations)


@pytest.mark.parametrize("kind", [Kind.RESET_BEFORE, Kind.ERROR_BEFORE, Kind.HTML, Kind.CUT, Kind.NOT_FOUND])
def test_git_over_http_can_break(clone: Path, shop: Repository, token: str, kind: Kind):
    shop.world.fault("POST", "/git/**", kind, times=None)

    assert git(clone, "fetch", shop.git_url, "HEAD", token=token).returncode != 0


def test_f39_collected_commits_cannot_be_fetched(clone: Path, shop: Repository):
    pull = shop.pull(files={"b.py": "b = 2\n"})
    old = pull.head
    pull.force_push(files={"b.py": "b = 3\n"})
    assert git(clone, "fetch", shop.file_url, old).returncode == 0

    assert shop.collect_garbage() == [old]

    fresh = clone / "fresh"
    fresh.mkdir()
    git(fresh, "init", "--quiet", "--bare")
    assert git(fresh, "fetch", shop.file_url, old).returncode != 0
    assert git(fresh, "fetch", shop.file_url, "refs/pull/1/head").returncode == 0


def test_f39_the_head_of_a_deleted_fork_is_still_there(clone: Path, client: PlainClient, shop: Repository, token: str):
    pull = shop.pull(files={"b.py": "b = 2\n"}, from_fork=True)
    shown = client.request("GET", f"{SHOP}/pulls/1", token=token).json
    assert shown["head"]["repo"]["full_name"] == "ada/shop"

    pull.delete_fork()

    assert client.request("GET", f"{SHOP}/pulls/1", token=token).json["head"]["repo"] is None
    assert git(clone, "fetch", shop.file_url, "refs/pull/1/head").returncode == 0


def test_the_diff_is_against_the_merge_base(client: PlainClient, shop: Repository, token: str):
    pull = shop.pull(files={"b.py": "b = 2\n"})
    shop.commit({"other.py": "1\n"})

    shown = client.request("GET", f"{SHOP}/pulls/1", token=token).json
    text = client.request("GET", f"{SHOP}/pulls/1", token=token, headers=DIFF).body

    assert (shown["changed_files"], shown["base"]["sha"]) == (1, shop.head)
    assert b"other.py" not in text
    assert b"-b = 1\n+b = 2\n" in text
    assert pull.rebase().payload["pull_request"]["changed_files"] == 1


def test_f40_files_of_every_kind_have_their_status(client: PlainClient, shop: Repository, token: str):
    shop.commit({"old.txt": "one\ntwo\nthree\nfour\n", "gone.txt": "going\n", "run.sh": "echo\n", "image": b"\0\1"})
    shop.pull(
        files={
            "new.txt": "one\ntwo\nthree\nfour\n",
            "old.txt": None,
            "gone.txt": None,
            "run.sh": ("100755", "echo\n"),
            "image": b"\0\2",
            "link": ("120000", "a.py"),
            "module": ("160000", "1" * 40),
            "ümlaut\t.txt": "x\n",
            "crlf": "a\r\nb",
        }
    )

    files = {one["filename"]: one for one in client.request("GET", f"{SHOP}/pulls/1/files", token=token).json}

    assert {name: one["status"] for name, one in files.items()} == {
        "new.txt": "renamed",
        "gone.txt": "removed",
        "run.sh": "modified",
        "image": "modified",
        "link": "added",
        "module": "added",
        "ümlaut\t.txt": "added",
        "crlf": "added",
    }
    assert files["new.txt"]["previous_filename"] == "old.txt"
    assert [name for name, one in files.items() if "patch" not in one] == ["image", "new.txt", "run.sh"]
    assert files["crlf"]["patch"].endswith("\\ No newline at end of file")


@pytest.mark.parametrize(("count", "status"), [(300, 200), (301, 406)])
def test_f33_a_diff_of_more_than_300_files_is_too_large(
    client: PlainClient, shop: Repository, token: str, count: int, status: int
):
    shop.pull(files={f"f{number}": "x\n" for number in range(count)})

    answer = client.request("GET", f"{SHOP}/pulls/1", token=token, headers=DIFF)

    assert answer.status == status
    if status == 406:
        assert answer.json["errors"] == [{"resource": "PullRequest", "field": "diff", "code": "too_large"}]
        assert "maximum number of files (300)" in answer.json["message"]


def test_f33_a_diff_of_more_than_20000_lines_is_too_large(client: PlainClient, shop: Repository, token: str):
    shop.pull(files={"long": "x\n" * 20_001})

    answer = client.request("GET", f"{SHOP}/pulls/1", token=token, headers=DIFF)

    assert (answer.status, "maximum number of lines (20000)" in answer.json["message"]) == (406, True)


def test_f34_no_more_than_3000_files_are_listed(client: PlainClient, shop: Repository, token: str):
    shop.pull(files={f"d{number % 50}/f{number}": "x\n" for number in range(3_050)})

    counts = [
        len(client.request("GET", f"{SHOP}/pulls/1/files?per_page=100&page={page}", token=token).json)
        for page in (1, 30, 31)
    ]

    assert counts == [100, 100, 0]
    assert client.request("GET", f"{SHOP}/pulls/1", token=token).json["changed_files"] == 3_050


def test_content_is_read_at_a_ref(client: PlainClient, shop: Repository, token: str):
    pull = shop.pull(files={"dir/new.py": "new\n", "big": "x" * 1_000_001})
    path = f"{SHOP}/contents"

    found = client.request("GET", f"{path}/dir/new.py?ref={pull.head}", token=token).json
    assert base64.b64decode(found["content"]) == b"new\n"
    raw = {"Accept": "application/vnd.github.raw+json"}
    assert client.request("GET", f"{path}/dir/new.py?ref={pull.head}", token=token, headers=raw).body == b"new\n"
    assert client.request("GET", f"{path}/dir/new.py", token=token).status == 404
    assert client.request("GET", f"{path}/big?ref={pull.head}", token=token).json["encoding"] == "none"
    assert [one["path"] for one in client.request("GET", f"{path}/dir?ref={pull.head}", token=token).json] == [
        "dir/new.py"
    ]
    blob = client.request("GET", f"{SHOP}/git/blobs/{found['sha']}", token=token).json
    assert base64.b64decode(blob["content"]) == b"new\n"


def test_two_commits_are_compared(client: PlainClient, shop: Repository, token: str):
    pull = shop.pull(files={"b.py": "b = 2\n"})
    shop.commit({"other.py": "1\n"})

    compared = client.request("GET", f"{SHOP}/compare/main...{pull.head}", token=token).json

    assert (compared["status"], compared["ahead_by"], compared["behind_by"]) == ("diverged", 1, 1)
    assert [one["filename"] for one in compared["files"]] == ["b.py"]
    assert compared["merge_base_commit"]["sha"] != pull.base


def test_a_repository_can_be_taken_from_a_builder(tmp_path: Path, world: World, client: PlainClient):
    builder = RepositoryBuilder(tmp_path / "checkout")
    builder.write("a.py", "x = 1\n").commit("Add a")
    builder.branch("topic").write("a.py", "x = 2\n")
    head = builder.commit("Change a")
    builder.switch("main")

    taken = world.repository("octo/taken", origin=builder.path)
    pull = taken.pull(head=str(head), branch="topic")
    text = client.request("GET", "/repos/octo/taken/pulls/1", token=client.token(taken), headers=DIFF).body

    assert b"-x = 1\n+x = 2\n" in text
    assert pull.push(files={"a.py": "x = 3\n"}).payload["before"] == str(head)


def test_the_same_steps_give_the_same_shas(world: World):
    one, two = (world.repository(name, files={"a": "1\n"}).pull(files={"a": "2\n"}) for name in ("octo/a", "octo/b"))

    assert (one.head, one.base) == (two.head, two.base)
