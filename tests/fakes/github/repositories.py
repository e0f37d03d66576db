"""Repositories as tests move them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tests.fakes.github.events import Event, issue_event, organisation_view, pull_event, repository_event, suite_event
from tests.fakes.github.issues import Issue
from tests.fakes.github.objects import Files, GitStore
from tests.fakes.github.pulls import Pull
from tests.fakes.github.state import Check, IssueState, PullState, RepositoryState, User

if TYPE_CHECKING:
    from tests.fakes.github.world import World


class Repository:
    """A repository in a test's hand; `state` is what the fake knows of it."""

    def __init__(self, world: World, state: RepositoryState) -> None:
        self.world, self.state = world, state

    @property
    def id(self) -> int:
        return self.state.id

    @property
    def full_name(self) -> str:
        return self.state.full_name

    @property
    def git_url(self) -> str:
        return f"{self.world.git_url}/{self.full_name}.git"

    @property
    def file_url(self) -> str:
        return f"{self.world.file_url}/{self.full_name}.git"

    @property
    def head(self) -> str:
        return self.state.store.refs[f"refs/heads/{self.state.default_branch}"]

    @property
    def checks(self) -> list[Check]:
        return list(self.state.checks.values())

    def allow(self, login: str, permission: str) -> User:
        """Gives a user admin, maintain, write, triage, read or none."""
        user = self.world.user(login)
        self.state.permissions[login.lower()] = permission
        return user

    def commit(self, files: Files, branch: str | None = None, message: str = "Change") -> str:
        """A commit on a branch (the default one), made from there where it is new.

        Open pull requests into that branch have the new base from then on.
        """
        name = branch or self.state.default_branch
        with self.world.lock:
            tip = self.state.store.refs.get(f"refs/heads/{name}", self.head)
            sha = self.state.store.commit(files, (tip,), message)
            self.state.move_branch(name, sha)
        return sha

    def pull(
        self,
        files: Files | None = None,
        *,
        author: str = "ada",
        title: str = "Change the shop",
        body: str | None = "Why not.",
        base: str | None = None,
        branch: str | None = None,
        from_fork: bool = False,
        draft: bool = False,
        head: str | None = None,
        **options: Any,
    ) -> Pull:
        """A pull request of one commit with these files changed, or of a commit `head` that is there already."""
        world, state = self.world, self.state
        with world.lock:
            number = state.next_number
            base_branch = base or state.default_branch
            tip = state.store.refs[f"refs/heads/{base_branch}"]
            sha = head or state.store.commit(files or {}, (tip,), title)
            user = world.user(author)
            made = PullState(
                id=world.next_id(),
                number=number,
                author=user,
                title=title,
                body=body,
                head=sha,
                head_branch=branch or f"topic-{number}",
                head_repository=self._fork(user) if from_fork else state,
                base_branch=base_branch,
                base=tip,
                created_at=world.clock.now(),
                updated_at=world.clock.now(),
                is_draft=draft,
                **options,
            )
            made.heads.append((world.calls.step(), sha))
            state.pulls[number] = made
            pull = Pull(self, made)
            pull.opened = pull_event(world, state, made, "opened")
            if world.announces_suites:
                suite_event(world, state, made, user, "requested")
        return pull

    def issue(
        self, title: str, body: str | None = None, labels: Sequence[str] = ("incident",), author: str = "ada"
    ) -> Issue:
        """An issue; `opened` is its first event."""
        world, now = self.world, self.world.clock.now()
        with world.lock:
            number, user = self.state.next_number, world.user(author)
            made = IssueState(world.next_id(), number, user, title, body, now, now, list(labels))
            self.state.issues[number] = made
            issue = Issue(self, made)
            issue.opened = issue_event(world, self.state, made, "opened")
        return issue

    def rename(self, full_name: str) -> Event:
        """Another name or owner: the old one answers with 301."""
        old, before = self.full_name, self.state.owner
        owner, _, name = full_name.partition("/")
        with self.world.lock:
            self.state.former_names.append(old.lower())
            target = self.state.store.path.parents[1] / f"{full_name}.git"
            target.parent.mkdir(parents=True, exist_ok=True)
            self.state.store.path = self.state.store.path.rename(target)
            self.state.owner, self.state.name = self.world.user(owner, "Organization"), name
            if owner == before.login:
                changes = {"repository": {"name": {"from": old.partition("/")[2]}}}
                return repository_event(self.world, self.state, "renamed", changes)
            moved = {"owner": {"from": {"organization": organisation_view(self.world, before)}}}
            return repository_event(self.world, self.state, "transferred", moved)

    def archive(self) -> Event:
        self.state.is_archived = True
        return repository_event(self.world, self.state, "archived", {})

    def unarchive(self) -> Event:
        self.state.is_archived = False
        return repository_event(self.world, self.state, "unarchived", {})

    def delete(self) -> Event:
        event = repository_event(self.world, self.state, "deleted", {})
        self.state.is_deleted = True
        return event

    def collect_garbage(self) -> list[str]:
        """Takes away the commits that no ref leads to, such as heads before a force-push; gives their shas."""
        with self.world.lock:
            return self.state.store.collect_garbage()

    def _fork(self, owner: User) -> RepositoryState:
        name = f"{owner.login}/{self.state.name}"
        found = self.world.find_repository(name)
        if found is not None:
            return found
        store = GitStore(self.world.root / "git" / f"{name}.git", shares=self.state.store)
        fork = RepositoryState(self.world.next_id(), owner, self.state.name, store, None, is_fork=True)
        self.world.repositories[fork.id] = fork
        return fork
