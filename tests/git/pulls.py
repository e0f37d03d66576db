"""A server's repository with a pull request, and the pull request as GitHub tells of it."""

from __future__ import annotations

from pathlib import Path

from reviewbot.domain.pull import PullRef, PullRequest
from reviewbot.domain.repository import RepoName, Sha
from tests.fakes.repositories import FIRST_SECOND, RepositoryBuilder

SHOP = RepoName("acme", "shop")


class PullServer:
    """`main` with some commits; each pull request has its head at `refs/pull/N/head` alone, as at GitHub."""

    def __init__(self, root: Path, commits: int = 3) -> None:
        self.root = root
        self.builder = RepositoryBuilder(root / "acme" / "shop.git")
        self.fork_point = self.grow(commits)

    def grow(self, commits: int, path: str = "main.txt", subject: str = "Main") -> Sha:
        """Adds commits to `main`, each with another line in the file."""
        has_parent = bool(self.builder.git("for-each-ref", "refs/heads/main").strip())
        head = self._imported("refs/heads/main", commits, path, subject, "{}", has_parent)
        self.builder.git("reset", "--quiet", "--hard", "main")
        return head

    def open_pull(self, number: int = 7, commits: int = 1, name: str = "new.py") -> PullRequest:
        ref = f"refs/pull/{number}/head"
        self.builder.git("update-ref", ref, "refs/heads/main")
        return self.pull(number, self._imported(ref, commits, name, "Topic", "x = {}", has_parent=True))

    def _imported(self, ref: str, commits: int, path: str, subject: str, line: str, has_parent: bool) -> Sha:
        """Makes many commits at once, which git does in a moment that way."""
        parts = []
        for number in range(commits):
            parent = f"from {ref}^0\n" if has_parent and number == 0 else ""
            message, content = f"{subject} {number}", f"{line.format(number)}\n"
            who = f"committer Ada <ada@example.org> {FIRST_SECOND + number} +0000"
            file = f"M 100644 inline {path}\ndata {len(content)}\n{content}"
            parts.append(f"commit {ref}\n{who}\ndata {len(message)}\n{message}\n{parent}{file}\n")
        self.builder.git("fast-import", "--quiet", "--force", stdin="".join(parts).encode())
        return Sha(self.builder.git("rev-parse", ref).strip())

    def pull(self, number: int, head: Sha, base: Sha | None = None) -> PullRequest:
        return PullRequest(
            ref=PullRef(4711, number),
            repo=SHOP,
            default_branch="main",
            head=head,
            base=base or self.builder.head,
            base_branch="main",
            is_open=True,
            is_draft=False,
            is_locked=False,
            changed_files=1,
            author_id=5,
            author="ada",
            title="A change",
            description="",
            head_repo=None,
        )

    def forget(self, number: int) -> None:
        """The pull request's ref and its commits go, as GitHub's collection of garbage takes them."""
        self.builder.git("update-ref", "-d", f"refs/pull/{number}/head")
        self.collect_garbage()

    def collect_garbage(self) -> None:
        self.builder.git("reflog", "expire", "--expire=now", "--all")
        self.builder.git("gc", "--quiet", "--prune=now")
