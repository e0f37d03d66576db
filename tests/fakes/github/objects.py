"""Bare git repositories written object by object: real ones for git, and cheap enough for thousands of scenarios."""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

FIRST_SECOND = 1_700_000_000
_CONFIG = """[core]
	repositoryformatversion = 0
	bare = true
[uploadpack]
	allowAnySHA1InWant = true
	allowFilter = true
[http]
	receivepack = false
"""

Content = str | bytes | tuple[str, str | bytes]
"""A file's content; or its git mode with the content: ("100755", ...), a link ("120000", target), a submodule
("160000", sha)."""

Files = Mapping[str, Content | None]
"""Files by path; None takes one away."""

Tree = Mapping[str, tuple[str, str]]
"""All files of a commit: path to mode and sha of the blob."""


class GitStore:
    """One bare repository. It remembers what was written, so that reading back needs no process.

    Shas are the same on every run: each commit is a minute after the one before, the first of 2023-11-14.
    """

    def __init__(self, path: Path, shares: GitStore | None = None) -> None:
        self.path = path
        self._blobs: dict[str, bytes] = shares._blobs if shares else {}
        self._trees: dict[str, Tree] = shares._trees if shares else {}
        self.parents: dict[str, tuple[str, ...]] = shares.parents if shares else {}
        self.messages: dict[str, str] = shares.messages if shares else {}
        self.refs: dict[str, str] = {}
        self._seconds = FIRST_SECOND
        self._lock = threading.Lock()
        path.mkdir(parents=True)
        (path / "refs").mkdir()
        if shares:
            (path / "objects").symlink_to(shares.path / "objects", target_is_directory=True)
        else:
            (path / "objects").mkdir()
        (path / "HEAD").write_text("ref: refs/heads/main\n")
        (path / "config").write_text(_CONFIG)

    def commit(self, files: Files, parents: Iterable[str] = (), message: str = "Change", onto: str = "") -> str:
        """A commit whose tree is that of `onto` (else of the first parent) with `files` changed."""
        parents = tuple(parents)
        origin = onto or (parents[0] if parents else "")
        tree = dict(self.files(origin)) if origin else {}
        for path, content in files.items():
            if content is None:
                tree.pop(path, None)
            else:
                tree[path] = self._entry(content)
        self._seconds += 60
        who = f"Ada <ada@example.org> {self._seconds} +0000"
        lines = [f"tree {self._tree(tree)}", *(f"parent {one}" for one in parents), f"author {who}", f"committer {who}"]
        sha = self._write("commit", ("\n".join(lines) + f"\n\n{message}\n").encode("utf-8", "surrogateescape"))
        self._trees[sha], self.parents[sha], self.messages[sha] = tree, parents, message
        return sha

    def point(self, ref: str, sha: str | None) -> None:
        """Sets a ref such as `refs/heads/main`, or takes it away."""
        target = self.path / ref
        if sha is None:
            self.refs.pop(ref, None)
            target.unlink(missing_ok=True)
            return
        self.refs[ref] = sha
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(target.name + ".fresh")
        fresh.write_text(sha + "\n")
        fresh.replace(target)

    def adopt(self, path: Path) -> None:
        """Takes all objects and branches of another repository, for content that only git itself can make."""
        run_git(self.path, "fetch", "--quiet", f"file://{path}", "+refs/heads/*:refs/heads/*")
        listed = run_git(self.path, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads")
        for line in listed.decode().splitlines():
            ref, sha = line.split()
            self.refs[ref] = sha
        self.learn()

    def learn(self) -> None:
        """Reads the history of commits that were not written here."""
        for line in run_git(self.path, "rev-list", "--all", "--parents").decode().splitlines():
            sha, *parents = line.split()
            self.parents.setdefault(sha, tuple(parents))
            self.messages.setdefault(sha, "Change")

    def collect_garbage(self) -> list[str]:
        """Takes away the commits that no ref of this repository leads to; gives their shas."""
        kept = set().union(*(self.ancestors(sha) for sha in self.refs.values()))
        lost = [sha for sha in self.parents if sha not in kept]
        for sha in lost:
            del self.parents[sha]
            (self.path / "objects" / sha[:2] / sha[2:]).unlink(missing_ok=True)
        return lost

    def files(self, commit: str) -> Tree:
        if commit not in self._trees:
            tree = {}
            for line in run_git(self.path, "ls-tree", "-r", "-z", commit).split(b"\0")[:-1]:
                entry, _, path = line.partition(b"\t")
                mode, _, sha = entry.decode().split()
                tree[os.fsdecode(path)] = (mode, sha)
            self._trees[commit] = tree
        return self._trees[commit]

    def blob(self, sha: str) -> bytes | None:
        if sha not in self._blobs:
            try:
                self._blobs[sha] = run_git(self.path, "cat-file", "blob", sha)
            except subprocess.CalledProcessError:
                return None
        return self._blobs[sha]

    def commit_named(self, name: str) -> str | None:
        """The full sha of a branch, a ref or a full sha; None where there is none."""
        for ref in (f"refs/heads/{name}", name, f"refs/{name}"):
            if ref in self.refs:
                return self.refs[ref]
        return name if name in self.parents else None

    def ancestors(self, commit: str) -> set[str]:
        """The commit and all that lead to it."""
        found, open_ends = {commit}, [commit]
        while open_ends:
            for parent in self.parents.get(open_ends.pop(), ()):
                if parent not in found:
                    found.add(parent)
                    open_ends.append(parent)
        return found

    def merge_base(self, one: str, other: str) -> str | None:
        common = self.ancestors(one) & self.ancestors(other)
        older = set().union(*(self.ancestors(parent) for each in common for parent in self.parents.get(each, ())))
        return min(common - older, default=None)

    def between(self, base: str, head: str) -> list[str]:
        """Commits of the head that the base has not, oldest first."""
        missing = self.ancestors(head) - self.ancestors(base)
        return sorted(missing, key=lambda commit: (len(self.ancestors(commit)), commit))

    def _entry(self, content: Content) -> tuple[str, str]:
        mode, inner = content if isinstance(content, tuple) else ("100644", content)
        if mode == "160000":
            return mode, str(inner)
        raw = inner.encode("utf-8", "surrogateescape") if isinstance(inner, str) else inner
        sha = self._write("blob", raw)
        self._blobs[sha] = raw
        return mode, sha

    def _tree(self, files: Tree) -> str:
        entries: dict[bytes, tuple[bytes, str]] = {}
        below: dict[str, dict[str, tuple[str, str]]] = {}
        for path, entry in files.items():
            first, slash, rest = path.partition("/")
            if slash:
                below.setdefault(first, {})[rest] = entry
            else:
                name = os.fsencode(first)
                entries[name] = (entry[0].encode() + b" " + name, entry[1])
        for first, inner in below.items():
            name = os.fsencode(first)
            entries[name + b"/"] = (b"40000 " + name, self._tree(inner))
        return self._write("tree", b"".join(e[0] + b"\0" + bytes.fromhex(e[1]) for _, e in sorted(entries.items())))

    def _write(self, kind: str, raw: bytes) -> str:
        content = f"{kind} {len(raw)}\0".encode() + raw
        sha = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        directory = self.path / "objects" / sha[:2]
        target = directory / sha[2:]
        with self._lock:
            if not target.exists():
                directory.mkdir(exist_ok=True)
                target.write_bytes(zlib.compress(content, 1))
        return sha


def run_git(path: Path, *arguments: str) -> bytes:
    """What a git command in a bare repository prints; raises CalledProcessError."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "LC_ALL": "C",
    }
    command = ["git", f"--git-dir={path}", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, timeout=60, check=True).stdout
