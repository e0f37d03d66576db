"""Repositories and pull requests as tests move them: every step gives the webhook that GitHub would send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes.github.events import (
    Event,
    check_event,
    comment_event,
    pull_event,
    repository_event,
    review_comment_event,
    review_event,
    suite_event,
    thread_event,
)
from tests.fakes.github.objects import Files, GitStore
from tests.fakes.github.state import (
    Check,
    Comment,
    PullState,
    Reaction,
    RepositoryState,
    Review,
    ReviewComment,
    Thread,
    User,
    node_id,
)

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

    def allow(self, login: str, permission: str) -> User:
        """Gives a user admin, maintain, write, triage, read or none."""
        user = self.world.user(login)
        self.state.permissions[login.lower()] = permission
        return user

    def commit(self, files: Files, branch: str | None = None, message: str = "Change") -> str:
        """A commit on a branch (the default one), made from there where it is new. Open pull requests see the new base."""
        name = branch or self.state.default_branch
        with self.world.lock:
            tip = self.state.store.refs.get(f"refs/heads/{name}", self.head)
            sha = self.state.store.commit(files, (tip,), message)
            self.state.store.point(f"refs/heads/{name}", sha)
            for pull in self.state.pulls.values():
                if pull.base_branch == name and pull.is_open:
                    pull.base = sha
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
            number = max(state.pulls, default=0) + 1
            base_branch = base or state.default_branch
            tip = state.store.refs[f"refs/heads/{base_branch}"]
            sha = head or state.store.commit(files or {}, (tip,), title)
            now, name = world.clock.now(), branch or f"topic-{number}"
            user = world.user(author)
            source = self._fork(user) if from_fork else state
            made = PullState(
                world.next_id(),
                number,
                user,
                title,
                body,
                sha,
                name,
                source,
                base_branch,
                tip,
                now,
                now,
                draft,
                **options,
            )
            made.heads.append((world.calls.step(), sha))
            state.pulls[number] = made
            pull = Pull(self, made)
            pull._point()
            pull.opened = pull_event(world, state, made, "opened")
        return pull

    def rename(self, full_name: str) -> Event:
        """Another name or owner: the old one answers with 301."""
        old = self.full_name
        owner, _, name = full_name.partition("/")
        with self.world.lock:
            self.state.former_names.append(old.lower())
            target = self.state.store.path.parents[1] / f"{full_name}.git"
            target.parent.mkdir(parents=True, exist_ok=True)
            self.state.store.path = self.state.store.path.rename(target)
            is_moved = owner != self.state.owner.login
            self.state.owner, self.state.name = self.world.user(owner, "Organization"), name
            changes = {"repository": {"name": {"from": old.partition("/")[2]}}}
            if is_moved:
                changes = {"owner": {"from": {"organization": {"login": old.partition("/")[0]}}}}
            return repository_event(self.world, self.state, "transferred" if is_moved else "renamed", changes)

    def archive(self) -> Event:
        self.state.is_archived = True
        return repository_event(self.world, self.state, "archived", {})

    def delete(self) -> Event:
        event = repository_event(self.world, self.state, "deleted", {})
        self.state.is_deleted = True
        return event

    @property
    def checks(self) -> list[Check]:
        return list(self.state.checks.values())

    def _fork(self, owner: User) -> RepositoryState:
        name = f"{owner.login}/{self.state.name}"
        found = self.world.find_repository(name)
        if found is not None:
            return found
        store = GitStore(self.world.root / "git" / f"{name}.git", shares=self.state.store)
        fork = RepositoryState(self.world.next_id(), owner, self.state.name, store, None, is_fork=True)
        self.world.repositories[fork.id] = fork
        return fork


class Pull:
    """A pull request in a test's hand; `state` is what the fake knows of it, `opened` its first event."""

    opened: Event

    def __init__(self, repository: Repository, state: PullState) -> None:
        self.repository, self.state, self.world = repository, state, repository.world

    @property
    def number(self) -> int:
        return self.state.number

    @property
    def head(self) -> str:
        return self.state.head

    @property
    def base(self) -> str:
        return self.state.base

    def push(self, files: Files | None = None, message: str = "More", sender: str | None = None) -> Event:
        """Another commit on top of the head."""
        return self._move(self._store.commit(files or {}, (self.head,), message), sender)

    def force_push(self, files: Files | None = None, message: str = "Anew", sender: str | None = None) -> Event:
        """A new commit on the base in the place of all others; with no files it changes nothing against the base."""
        return self._move(self._store.commit(files or {}, (self.base,), message), sender)

    def rebase(self, sender: str | None = None) -> Event:
        """The same files, on the base as it is now."""
        before = dict(self._store.files(self._store.merge_base(self.base, self.head) or self.base))
        after = self._store.files(self.head)
        changed: dict[str, Any] = {
            path: (mode, sha if mode == "160000" else self._store.blob(sha) or b"")
            for path, (mode, sha) in after.items()
            if before.get(path) != (mode, sha)
        }
        changed |= {path: None for path in before if path not in after}
        return self._move(self._store.commit(changed, (self.base,), "Rebased"), sender)

    def move_to(self, commit: str, sender: str | None = None) -> Event:
        """The head becomes a commit that is there already."""
        return self._move(commit, sender)

    def close(self, sender: str | None = None) -> Event:
        with self.world.lock:
            self.state.is_open = False
            self.state.closed_at = self._touched()
            self.state.closed_in_call = self.world.calls.step()
            return self._event("closed", sender)

    def merge(self, sender: str | None = None) -> Event:
        with self.world.lock:
            store, base = self._store, self.state.base_branch
            sha = store.commit({}, (self.base, self.head), f"Merge #{self.number}", onto=self.head)
            store.point(f"refs/heads/{base}", sha)
            self.state.merge_commit, self.state.merged_at = sha, self.world.clock.now()
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
            changes["body"], self.state.body = {"from": self.state.body}, body
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

    def request_review(self) -> Event:
        """Somebody asked the App for a review through the page."""
        return self._event(
            "review_requested", requested_reviewer={"login": self.world.bot.login, "id": self.world.bot.id}
        )

    def comment(self, author: str, body: str) -> Event:
        """A comment in the conversation."""
        with self.world.lock:
            made = Comment(**self._new(author), body=body, number=self.number)
            self.state.comments[made.id] = made
            return comment_event(self.world, self.repository.state, self.state, made)

    def reply(self, author: str, to: int, body: str) -> Event:
        """A reply in the thread of a review comment."""
        with self.world.lock:
            first = self.state.review_comments[to]
            root = self.state.review_comments[first.in_reply_to or first.id]
            review = Review(
                **self._new(author),
                body="",
                state="COMMENTED",
                commit_id=self.head,
                number=self.number,
                submitted_at=self.world.clock.now(),
                is_implicit=True,
            )
            self.state.reviews[review.id] = review
            copied = {name: getattr(root, name) for name in _PLACE}
            made = ReviewComment(
                **self._new(author), body=body, number=self.number, review_id=review.id, in_reply_to=root.id, **copied
            )
            self.state.review_comments[made.id] = made
            return review_comment_event(self.world, self.repository.state, self.state, made)

    def review(self, author: str, body: str = "Fine.", state: str = "COMMENTED", **options: Any) -> Event:
        """A review by a person, without comments."""
        now = self.world.clock.now()
        with self.world.lock:
            made = Review(
                **self._new(author, **options),
                body=body,
                state=state,
                commit_id=self.head,
                number=self.number,
                submitted_at=now,
            )
            self.state.reviews[made.id] = made
            return review_event(self.world, self.repository.state, self.state, made)

    def line_comment(self, author: str, path: str, line: int, body: str, side: str = "RIGHT") -> Event:
        """A person starts a thread on a line."""
        with self.world.lock:
            now = self.world.clock.now()
            review = Review(
                **self._new(author), body="", state="COMMENTED", commit_id=self.head, number=self.number,
                submitted_at=now, is_implicit=True,
            )  # fmt: skip
            made = ReviewComment(
                **self._new(author), body=body, number=self.number, review_id=review.id, path=path, line=line,
                original_line=line, side=side, commit_id=self.head, original_commit_id=self.head,
                diff_hunk="@@ -1 +1 @@",
            )  # fmt: skip
            self.state.reviews[review.id] = review
            self.state.review_comments[made.id] = made
            thread = Thread(node_id("PRRT", made.id), self.number, made.id)
            self.state.threads[thread.id] = thread
            return review_comment_event(self.world, self.repository.state, self.state, made)

    def react(self, author: str, comment_id: int, content: str = "+1") -> None:
        """A person's thumb on a comment of either kind; GitHub sends no event for it."""
        said = self.state.comments.get(comment_id) or self.state.review_comments[comment_id]
        said.reactions.append(Reaction(**self._new(author), content=content))

    def resolve(self, comment_id: int, sender: str = "ada", resolved: bool = True) -> Event:
        """A person resolves the thread of a comment, or opens it again."""
        with self.world.lock:
            comment = self.state.review_comments[comment_id]
            root = comment.in_reply_to or comment.id
            thread = next(one for one in self.state.threads.values() if one.root_id == root)
            user = self.world.user(sender)
            thread.is_resolved, thread.resolved_by = resolved, user if resolved else None
            return thread_event(self.world, self.repository.state, self.state, thread, user)

    def delete_comment(self, comment_id: int) -> None:
        """A maintainer deletes a comment of either kind."""
        said = self.state.comments.get(comment_id) or self.state.review_comments[comment_id]
        said.is_deleted = True

    def rerun_check(self, check: Check, sender: str = "ada") -> Event:
        """Somebody pressed "Re-run" on a check."""
        return check_event(self.world, self.repository.state, check, self.world.user(sender), "rerequested")

    def rerun_suite(self, sender: str = "ada") -> Event:
        return suite_event(self.world, self.repository.state, self.state, self.world.user(sender), "rerequested")

    @property
    def checks(self) -> list[Check]:
        """The checks of the head that the pull request has now."""
        return [check for check in self.repository.checks if check.head == self.head]

    @property
    def reviews(self) -> list[Review]:
        """Reviews of the App, as they were made."""
        return [one for one in self.state.reviews.values() if one.by_app and not one.is_implicit and not one.is_deleted]

    @property
    def inline_comments(self) -> list[ReviewComment]:
        return [one for one in self.state.review_comments.values() if one.by_app and not one.is_deleted]

    @property
    def answers(self) -> list[Comment]:
        """Comments of the App in the conversation."""
        return [one for one in self.state.comments.values() if one.by_app and not one.is_deleted]

    @property
    def _store(self) -> GitStore:
        return self.repository.state.store

    def _event(self, action: str, sender: str | None = None, **more: Any) -> Event:
        user = self.world.user(sender) if sender else None
        return pull_event(self.world, self.repository.state, self.state, action, user, **more)

    def _touched(self) -> float:
        self.state.updated_at = self.world.clock.now()
        return self.state.updated_at

    def _move(self, sha: str, sender: str | None) -> Event:
        with self.world.lock:
            before, self.state.head = self.head, sha
            self.state.heads.append((self.world.calls.step(), sha))
            self._touched()
            self._point()
            self._outdate(before)
            return self._event("synchronize", sender, before=before, after=sha)

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

    def _new(self, author: str, **options: Any) -> dict[str, Any]:
        now, user = self.world.clock.now(), self.world.user(author)
        return {"id": self.world.next_id(), "author": user, "created_at": now, "updated_at": now} | options


_PLACE = (
    "path", "commit_id", "original_commit_id", "diff_hunk", "line", "original_line", "side", "start_line",
    "start_side", "position", "original_position",
)  # fmt: skip
