"""A snapshot shows regular files of one moment, and nothing else, whatever their names are."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from reviewbot.domain.repository import Sha
from reviewbot.errors import GitError, InputError
from reviewbot.git.objects import Absence, GitObject, ObjectReader
from reviewbot.git.repository import Repository, open_repository
from reviewbot.git.snapshot import EmptySnapshot, IndexSnapshot, RevisionSnapshot
from reviewbot.git.worktree import WorkingTreeSnapshot
from reviewbot.ports import Snapshot
from tests.fakes.repositories import RepositoryBuilder

ODD_NAMES = [b"tab\there", b"line\nfeed", b'quo"te', b"caf\xe9", "naïve".encode(), b" blank ", b"-option", b"a:b", b"*"]


@pytest.fixture
def head(builder: RepositoryBuilder) -> Sha:
    builder.write("src/a.py", "import shop\nshop.open()\n").write("run.sh", "#!/bin/sh\n", executable=True)
    builder.write("empty", "").write("pic.bin", b"\0shop\0").link("link", "src/a.py").link("dir", "src")
    builder.stage()
    builder.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    builder.git("commit", "--quiet", "-m", "First")
    return builder.head


def revision(builder: RepositoryBuilder, sha: Sha) -> RevisionSnapshot:
    return RevisionSnapshot(open_repository(builder.path), sha)


def pid_of(reader: ObjectReader, git_dir: Path) -> int:
    """The git process that serves this repository."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if f"--git-dir={git_dir}".encode() in arguments and b"--batch" in arguments:
                return int(entry.name)
    raise AssertionError("no process")


def test_regular_files_are_read_and_all_else_is_none(builder: RepositoryBuilder, head: Sha) -> None:
    snapshot: Snapshot = revision(builder, head)
    assert snapshot.revision == head
    assert snapshot.list_files() == ["empty", "pic.bin", "run.sh", "src/a.py"]
    assert snapshot.read_file("src/a.py") == b"import shop\nshop.open()\n"
    assert snapshot.read_file("empty") == b""
    for path in ("src", "link", "dir", "dir/a.py", "module", "nowhere", "", "/src/a.py", "../checkout/src/a.py"):
        assert snapshot.read_file(path) is None, path


def test_a_snapshot_does_not_see_what_came_later(builder: RepositoryBuilder, head: Sha) -> None:
    builder.write("src/a.py", "later\n").write("later", "").commit()
    snapshot = revision(builder, head)
    assert snapshot.read_file("src/a.py") == b"import shop\nshop.open()\n"
    assert "later" not in snapshot.list_files()
    assert snapshot.grep(["later"]) == []


def test_odd_names_are_listed_read_and_searched(builder: RepositoryBuilder) -> None:
    for name in ODD_NAMES:
        builder.write(name, b"word in " + name.replace(b"\n", b" "))
    sha = builder.commit()
    names = {name.decode("utf-8", "surrogateescape") for name in ODD_NAMES}
    for snapshot in (
        revision(builder, sha),
        IndexSnapshot(open_repository(builder.path)),
        WorkingTreeSnapshot(builder.path),
    ):
        assert set(snapshot.list_files()) == names
        assert all((snapshot.read_file(name) or b"").startswith(b"word in ") for name in names)
        assert {hit.path for hit in snapshot.grep(["word"])} == names


def test_grep_finds_whole_words_of_fixed_text_in_text_files(builder: RepositoryBuilder) -> None:
    builder.write("a.txt", "foo.bar\nfooXbar\nfoo.bars\n-e dash\nx foo( y\nFOO\n")
    builder.write("b.bin", b"\0foo.bar\n")
    snapshot = revision(builder, builder.commit())
    assert [hit.line for hit in snapshot.grep(["foo.bar"])] == [1]
    assert [hit.line for hit in snapshot.grep(["-e", "foo("])] == [4, 5]
    assert [(hit.path, hit.text) for hit in snapshot.grep(["FOO"])] == [("a.txt", "FOO")]


def test_grep_takes_words_that_match_nothing_or_are_none(builder: RepositoryBuilder, head: Sha) -> None:
    snapshot = revision(builder, head)
    for words in ([], [""], ["nothing"], ["a\nb"], ["a\0b"]):
        assert snapshot.grep(words) == []
    assert len(snapshot.grep(["", "shop"])) == 2


def test_grep_stops_at_its_limit(builder: RepositoryBuilder) -> None:
    builder.write("a.txt", "word\n" * 100_000)
    snapshot = revision(builder, builder.commit())
    assert [hit.line for hit in snapshot.grep(["word"], limit=3)] == [1, 2, 3]
    assert len(snapshot.grep(["word"])) == 200
    assert snapshot.grep(["word"], limit=0) == []


def test_reading_goes_on_after_the_process_was_killed(builder: RepositoryBuilder, head: Sha) -> None:
    with open_repository(builder.path) as repository:
        snapshot = RevisionSnapshot(repository, head)
        assert snapshot.read_file("run.sh") == b"#!/bin/sh\n"
        os.kill(pid_of(repository.objects, repository.git_dir), signal.SIGKILL)
        assert snapshot.read_file("run.sh") == b"#!/bin/sh\n"


def test_many_threads_get_their_own_answers(builder: RepositoryBuilder) -> None:
    for number in range(20):
        builder.write(f"{number}.txt", f"{number}\n" * (number * 3_000 + 1))
    snapshot = revision(builder, builder.commit())
    wrong: list[str] = []

    def read_all() -> None:
        for number in range(20):
            if snapshot.read_file(f"{number}.txt") != f"{number}\n".encode() * (number * 3_000 + 1):
                wrong.append(f"{number}.txt")

    threads = [threading.Thread(target=read_all) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    snapshot.close()
    assert wrong == []


def test_an_object_over_the_limit_is_an_error_and_the_next_read_is_right(builder: RepositoryBuilder, head: Sha) -> None:
    large = builder.blob(b"x" * 5_000).decode()
    reader = ObjectReader(builder.path / ".git", max_object_bytes=1_000)
    with pytest.raises(GitError, match="5000 bytes, more than the 1000"):
        reader.read(large)
    found = reader.read(head)
    assert isinstance(found, GitObject)
    assert (found.sha, found.kind) == (head, "commit")
    reader.close()


def test_names_that_lead_nowhere_are_missing_or_a_git_error(builder: RepositoryBuilder, head: Sha) -> None:
    reader = ObjectReader(builder.path / ".git")
    for name in ("", "a\nb", "a\0b", "nowhere", "HEAD:nowhere", "--batch"):
        assert reader.read(name) is Absence.MISSING
    assert isinstance(reader.read(head), GitObject)
    with pytest.raises(GitError, match="outside repository"):
        reader.read("HEAD:../x")
    assert isinstance(reader.read(head), GitObject)
    reader.close()


def test_a_context_closes_the_process(builder: RepositoryBuilder, head: Sha) -> None:
    repository = open_repository(builder.path)
    with RevisionSnapshot(repository, head) as snapshot:
        snapshot.read_file("run.sh")
        pid_of(repository.objects, repository.git_dir)
    with pytest.raises(AssertionError, match="no process"):
        pid_of(repository.objects, repository.git_dir)


def test_the_index_is_read_and_not_the_disk(builder: RepositoryBuilder, head: Sha) -> None:
    builder.write("src/a.py", "staged\n").stage().write("src/a.py", "on disk\n").write("untracked", "")
    with IndexSnapshot(open_repository(builder.path)) as snapshot:
        assert snapshot.read_file("src/a.py") == b"staged\n"
        assert [hit.text for hit in snapshot.grep(["staged", "disk"])] == ["staged"]
        for path in ("untracked", "link", "module"):
            assert snapshot.read_file(path) is None


def test_the_disk_shows_tracked_files_only(builder: RepositoryBuilder, head: Sha) -> None:
    builder.write("src/a.py", "shop on disk\n").write(".env", "shop secret").remove("empty")
    snapshot = WorkingTreeSnapshot(builder.path)
    assert snapshot.list_files() == ["pic.bin", "run.sh", "src/a.py"]
    assert snapshot.read_file("src/a.py") == b"shop on disk\n"
    assert [hit.path for hit in snapshot.grep(["shop"])] == ["src/a.py"]
    for path in (".env", "empty", "link", "dir/a.py", "../checkout/run.sh", str(builder.path / "run.sh")):
        assert snapshot.read_file(path) is None


def test_the_disk_follows_no_symlink_out_of_the_root(builder: RepositoryBuilder, head: Sha, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.py").write_text("shop outside\n")
    snapshot = WorkingTreeSnapshot(builder.path)
    builder.remove("src").link("src", tmp_path / "outside").remove("run.sh").link("run.sh", tmp_path / "outside/a.py")
    assert snapshot.read_file("src/a.py") is None
    assert snapshot.read_file("run.sh") is None
    assert snapshot.list_files() == ["empty", "pic.bin"]
    assert snapshot.grep(["outside"]) == []


def test_a_pipe_in_place_of_a_file_does_not_hang(builder: RepositoryBuilder, head: Sha) -> None:
    builder.remove("run.sh")
    os.mkfifo(builder.path / "run.sh")
    assert WorkingTreeSnapshot(builder.path).read_file("run.sh") is None


def test_a_bare_repository_has_no_files_on_disk(builder: RepositoryBuilder, head: Sha, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="bare"):
        WorkingTreeSnapshot(builder.bare_copy(tmp_path / "bare.git"))


def test_the_empty_snapshot_holds_nothing(tmp_path: Path) -> None:
    snapshot: Snapshot = EmptySnapshot()
    snapshot.export(tmp_path / "out")
    assert (snapshot.read_file("a"), snapshot.list_files(), snapshot.grep(["a"])) == (None, [], [])
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("kind", ["revision", "index", "disk"])
def test_an_export_holds_regular_files_only_and_keeps_the_executable_bit(
    builder: RepositoryBuilder, head: Sha, tmp_path: Path, kind: str
) -> None:
    repository: Repository = open_repository(builder.path)
    snapshots: dict[str, Snapshot] = {
        "revision": RevisionSnapshot(repository, head),
        "index": IndexSnapshot(repository),
        "disk": WorkingTreeSnapshot(builder.path),
    }
    snapshots[kind].export(tmp_path / "out")
    repository.close()
    written = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert written == {"empty", "pic.bin", "run.sh", "src/a.py"}
    assert os.access(tmp_path / "out/run.sh", os.X_OK)
    assert not os.access(tmp_path / "out/empty", os.X_OK)
