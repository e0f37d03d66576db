"""What people say on a pull request: comments, reviews, thumbs, resolved threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes.github.events import Event, comment_event, review_comment_event, review_event, thread_event
from tests.fakes.github.state import Comment, PullState, Reaction, Review, ReviewComment, Thread, node_id
from tests.fakes.github.writing import place_of

if TYPE_CHECKING:
    from tests.fakes.github.repositories import Repository


class Conversation:
    """The half of a pull request that people write with words."""

    def __init__(self, repository: Repository, state: PullState) -> None:
        self.repository, self.state, self.world = repository, state, repository.world

    def comment(self, author: str, body: str) -> Event:
        """A comment in the conversation."""
        with self.world.lock:
            made = Comment(**self._new(author), body=body, number=self.state.number)
            self.state.comments[made.id] = made
            return comment_event(self.world, self.repository.state, self.state, made)

    def reply(self, author: str, to: int, body: str) -> Event:
        """A reply in the thread of a review comment."""
        with self.world.lock:
            first = self.state.review_comments[to]
            root = self.state.review_comments[first.in_reply_to or first.id]
            around = self._around(author)
            made = ReviewComment(
                **self._new(author),
                body=body,
                number=self.state.number,
                review_id=around.id,
                in_reply_to=root.id,
                **place_of(root),
            )
            self.state.review_comments[made.id] = made
            return review_comment_event(self.world, self.repository.state, self.state, made)

    def line_comment(self, author: str, path: str, line: int, body: str, side: str = "RIGHT") -> Event:
        """A person starts a thread on a line."""
        with self.world.lock:
            head = self.state.head
            made = ReviewComment(
                **self._new(author),
                body=body,
                number=self.state.number,
                review_id=self._around(author).id,
                path=path,
                line=line,
                original_line=line,
                side=side,
                commit_id=head,
                original_commit_id=head,
                diff_hunk="@@ -1 +1 @@",
                position=1,
                original_position=1,
            )
            self.state.review_comments[made.id] = made
            thread = Thread(node_id("PRRT", made.id), self.state.number, made.id)
            self.state.threads[thread.id] = thread
            return review_comment_event(self.world, self.repository.state, self.state, made)

    def review(self, author: str, body: str = "Fine.", state: str = "COMMENTED") -> Event:
        """A review by a person, without comments."""
        with self.world.lock:
            made = self._around(author, body=body, state=state, is_implicit=False)
            return review_event(self.world, self.repository.state, self.state, made)

    def react(self, author: str, comment_id: int, content: str = "+1") -> None:
        """A person's thumb on a comment of either kind; GitHub sends no event for it."""
        self._said(comment_id).reactions.append(Reaction(**self._new(author), content=content))

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
        self._said(comment_id).is_deleted = True

    @property
    def reviews(self) -> list[Review]:
        """Reviews of the App, without those that GitHub makes around single comments."""
        return [one for one in self.state.reviews.values() if one.by_app and not one.is_implicit and not one.is_deleted]

    @property
    def inline_comments(self) -> list[ReviewComment]:
        """Comments of the App on lines, its replies included."""
        return [one for one in self.state.review_comments.values() if one.by_app and not one.is_deleted]

    @property
    def answers(self) -> list[Comment]:
        """Comments of the App in the conversation."""
        return [one for one in self.state.comments.values() if one.by_app and not one.is_deleted]

    def thread_of(self, comment_id: int) -> Thread:
        comment = self.state.review_comments[comment_id]
        return next(one for one in self.state.threads.values() if one.root_id == (comment.in_reply_to or comment.id))

    def _said(self, comment_id: int) -> Comment:
        return self.state.comments.get(comment_id) or self.state.review_comments[comment_id]

    def _around(self, author: str, body: str = "", state: str = "COMMENTED", is_implicit: bool = True) -> Review:
        review = Review(
            **self._new(author),
            body=body,
            state=state,
            commit_id=self.state.head,
            number=self.state.number,
            submitted_at=self.world.clock.now(),
            is_implicit=is_implicit,
        )
        self.state.reviews[review.id] = review
        return review

    def _new(self, author: str) -> dict[str, Any]:
        now, user = self.world.clock.now(), self.world.user(author)
        return {"id": self.world.next_id(), "author": user, "created_at": now, "updated_at": now}
