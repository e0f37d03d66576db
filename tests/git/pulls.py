"""A server's repository with a pull request, and the pull request as GitHub tells of it."""

from __future__ import annotations

from pathlib import Path

from reviewbot.domain.pull import PullRef, PullRequest
from reviewbot.domain.repository import RepoName, Sha
from tests.fakes.repositories import RepositoryBuilder

SHOP = RepoName("acme", "shop")


class PullServer:
    """`main` with some commits; each pull request has its head at `refs/pull/N/head` alone, as at GitHub."""

    def __init__(self, root: Path, commits: int = 3) -> None:
        self.root = root
        self.builder = RepositoryBuilder(root / "acme" / "shop.git")
        for number in range(commits):
            self.builder.write("main.txt", f"{number}\n").commit(f"Main {number}")
        self.fork_point = self.builder.head

    def open_pull(self, number: int = 7, commits: int = 1, name: str = "new.py") -> PullRequest:
        self.builder.branch(f"topic-{number}")
        for count in range(commits):
            self.builder.write(name, f"x = {count}\n").commit(f"Topic {count}")
        head = self.builder.head
        self.builder.git("update-ref", f"refs/pull/{number}/head", head)
        self.builder.switch("main")
        self.builder.git("branch", "-D", f"topic-{number}")
        return self.pull(number, head)

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
