"""Pull requests as tests move them: every step gives the webhook that GitHub would send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes.github.conversation import Conversation
from tests.fakes.github.events import Event, check_event, pull_event, suite_event
from tests.fakes.github.objects import Files, GitStore
from tests.fakes.github.state import Check, PullState

if TYPE_CHECKING:
    from tests.fakes.github.repositories import Repository


class Pull(Conversation):
    """A pull request in a test's hand; `state` is what the fake knows of it, `opened` its first event."""

    opened: Event

    def __init__(self, repository: Repository, state: PullState) -> None:
        super().__init__(repository, state)
        self._point()

    @property
    def number(self) -> int:
        return self.state.number

    @property
    def head(self) -> str:
        return self.state.head

    @property
    def base(self) -> str:
        return self.state.base

    @property
    def checks(self) -> list[Check]:
        """The checks of the head that the pull request has now."""
        return [check for check in self.repository.checks if check.head == self.head]

    def push(self, files: Files | None = None, message: str = "More", sender: str | None = None) -> Event:
        """Another commit on top of the head."""
        return self.move_to(self._store.commit(files or {}, (self.head,), message), sender)

    def force_push(self, files: Files | None = None, message: str = "Anew", sender: str | None = None) -> Event:
        """A new commit on the base in the place of all others; with no files it changes nothing against the base."""
        return self.move_to(self._store.commit(files or {}, (self.base,), message), sender)

    def rebase(self, sender: str | None = None) -> Event:
        """The same changes, on the base as it is now."""
        before = self._store.files(self._store.merge_base(self.base, self.head) or self.base)
        after = self._store.files(self.head)
        changed: dict[str, Any] = {
            path: (mode, sha if mode == "160000" else self._store.blob(sha) or b"")
            for path, (mode, sha) in after.items()
            if before.get(path) != (mode, sha)
        }
        changed |= {path: None for path in before if path not in after}
        return self.move_to(self._store.commit(changed, (self.base,), "Rebased"), sender)

    def move_to(self, commit: str, sender: str | None = None) -> Event:
        """The head becomes a commit that is there already."""
        with self.world.lock:
            before, self.state.head = self.head, commit
            self.state.heads.append((self.world.calls.step(), commit))
            self._touched()
            self._point()
            self._outdate(before)
            event = self._event("synchronize", sender, before=before, after=commit)
            if self.world.announces_suites:
                self._suite("requested", sender or self.state.author.login)
        return event

    def close(self, sender: str | None = None) -> Event:
        with self.world.lock:
            self.state.is_open, self.state.closed_at = False, self._touched()
            self.state.closed_in_call = self.world.calls.step()
            return self._event("closed", sender)

    def merge(self, sender: str | None = None) -> Event:
        with self.world.lock:
            sha = self._store.commit({}, (self.base, self.head), f"Merge #{self.number}", onto=self.head)
            self.state.merge_commit, self.state.merged_at = sha, self.world.clock.now()
            self.state.is_open = False
            self.repository.state.move_branch(self.state.base_branch, sha)
            return self.close(sender)

    def reopen(self, sender: str | None = None) -> Event:
        with self.world.lock:
            self.state.is_open, self.state.closed_at, self.state.closed_in_call = True, None, None
            self._touched()
            return self._event("reopened", sender)

    def to_draft(self) -> Event:
        self.state.is_draft = True
        return self._event("converted_to_draft")

    def ready(self) -> Event:
        self.state.is_draft = False
        return self._event("ready_for_review")

    def lock(self) -> Event:
        self.state.is_locked = True
        return self._event("locked")

    def unlock(self) -> Event:
        self.state.is_locked = False
        return self._event("unlocked")

    def edit(self, title: str | None = None, body: str | None = None) -> Event:
        changes = {}
        if title is not None:
            changes["title"], self.state.title = {"from": self.state.title}, title
        if body is not None:
            changes["body"], self.state.body = {"from": self.state.body or ""}, body
        return self._event("edited", changes=changes)

    def retarget(self, branch: str) -> Event:
        """The pull request goes into another branch from now on."""
        with self.world.lock:
            changes = {"base": {"ref": {"from": self.state.base_branch}, "sha": {"from": self.base}}}
            self.state.base_branch = branch
            self.state.base = self._store.refs[f"refs/heads/{branch}"]
            return self._event("edited", changes=changes)

    def delete_fork(self) -> None:
        """The repository of the head is gone: `head.repo` is null, refs/pull/N/head stays."""
        assert self.state.head_repository is not self.repository.state
        if self.state.head_repository is not None:
            self.state.head_repository.is_deleted = True

    def lose_author(self) -> None:
        """The author's account is gone: `user` is null."""
        self.state.has_author = False

    def request_review(self) -> Event:
        """Somebody asked the App for a review through the page."""
        bot = {"login": self.world.bot.login, "id": self.world.bot.id}
        return self._event("review_requested", requested_reviewer=bot)

    def rerun_check(self, check: Check, sender: str = "ada") -> Event:
        """Somebody pressed "Re-run" on a check."""
        return check_event(self.world, self.repository.state, check, self.world.user(sender), "rerequested")

    def rerun_suite(self, sender: str = "ada") -> Event:
        """Somebody pressed "Re-run all checks"."""
        return self._suite("rerequested", sender)

    @property
    def _store(self) -> GitStore:
        return self.repository.state.store

    def _event(self, action: str, sender: str | None = None, **more: Any) -> Event:
        user = self.world.user(sender) if sender else None
        return pull_event(self.world, self.repository.state, self.state, action, user, **more)

    def _suite(self, action: str, sender: str) -> Event:
        return suite_event(self.world, self.repository.state, self.state, self.world.user(sender), action)

    def _touched(self) -> float:
        self.state.updated_at = self.world.clock.now()
        return self.state.updated_at

    def _point(self) -> None:
        self._store.point(f"refs/pull/{self.number}/head", self.head)
        source = self.state.head_repository
        if source is not None:
            source.store.point(f"refs/heads/{self.state.head_branch}", self.head)

    def _outdate(self, before: str) -> None:
        old, new = self._store.files(before), self._store.files(self.head)
        for comment in self.state.review_comments.values():
            if old.get(comment.path) != new.get(comment.path):
                comment.line = comment.position = None
            else:
                comment.commit_id = self.head
