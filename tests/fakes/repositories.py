"""Real git repositories for tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from reviewbot.domain.repository import Sha

FIRST_SECOND = 1_700_000_000


class RepositoryBuilder:
    """A repository made step by step, the same shas on every run.

    `write`, `remove` and `link` change files of the checkout; `commit` adds everything and moves the clock on
    by one minute (the first commit is of 2023-11-14 22:14:20 UTC); `branch` starts and enters a branch, `switch`
    enters one, `merge` always makes a merge commit. `git` runs any other command and returns what it printed.
    The user's configuration does not count. With `bare_copy` a mirror is made, as `root/owner/name.git`.

        builder = RepositoryBuilder(tmp_path / "checkout")
        first = builder.write("a.py", "x = 1\\n").commit("Add a")
        builder.branch("topic").write("a.py", "x = 2\\n").commit("Change a")
        builder.switch("main").merge("topic", "Merge pull request #7 from someone/topic")
    """

    def __init__(self, path: Path, *options: str) -> None:
        self.path = path
        self._seconds = FIRST_SECOND
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", *options)

    def git(self, *arguments: str | bytes, stdin: bytes = b"") -> str:
        """What a git command in the checkout prints; the test fails if the command does."""
        date = f"{self._seconds} +0000"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_DATE": date,
            "GIT_ALLOW_PROTOCOL": "file",
        }
        command: list[str | bytes] = ["git", "-c", "protocol.file.allow=always", *arguments]
        answer = subprocess.run(command, cwd=self.path, env=environment, input=stdin, capture_output=True, timeout=60)
        assert answer.returncode == 0, f"git {arguments!r}: {answer.stderr.decode(errors='replace')}"
        return answer.stdout.decode("utf-8", "surrogateescape")

    def write(self, path: str | bytes, content: str | bytes, executable: bool = False) -> RepositoryBuilder:
        target = self.path / os.fsdecode(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))
        target.chmod(0o755 if executable else 0o644)
        return self

    def link(self, path: str, target: str | Path) -> RepositoryBuilder:
        (self.path / path).symlink_to(target)
        return self

    def remove(self, path: str) -> RepositoryBuilder:
        target = self.path / path
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink()
        return self

    def stage(self) -> RepositoryBuilder:
        self.git("add", "--all")
        return self

    def commit(self, message: str = "Change") -> Sha:
        """Commits all files as they are, changed or not."""
        self._seconds += 60
        self.stage()
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", "--file=-", stdin=message.encode())
        return self.head

    def commit_of_tree(self, *lines: bytes) -> Sha:
        """A commit, on no branch, of a tree given as lines of `git ls-tree`, which no index would take."""
        self._seconds += 60
        tree = self.git("mktree", "-z", "--missing", stdin=b"".join(line + b"\0" for line in lines)).strip()
        return Sha(self.git("commit-tree", tree, "-m", "A tree").strip())

    def blob(self, content: bytes) -> bytes:
        """The sha, as bytes, of a new blob."""
        return self.git("hash-object", "-w", "--stdin", "--no-filters", stdin=content).strip().encode()

    def branch(self, name: str) -> RepositoryBuilder:
        self.git("switch", "--quiet", "--create", name)
        return self

    def switch(self, name: str) -> RepositoryBuilder:
        self.git("switch", "--quiet", name)
        return self

    def merge(self, name: str, message: str) -> Sha:
        self._seconds += 60
        self.git("merge", "--quiet", "--no-ff", "-m", message, name)
        return self.head

    def bare_copy(self, path: Path, *options: str) -> Path:
        """A mirror of this repository at `path`; options such as `--depth=1` are for `git clone`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.git("clone", "--quiet", "--mirror", *options, f"file://{self.path}", str(path))
        return path

    @property
    def head(self) -> Sha:
        return Sha(self.git("rev-parse", "HEAD").strip())
