"""Writing to one repository. Whether a write is sent again is for the outbox to decide: nothing here repeats one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from reviewbot.domain.events import CommentPlace
from reviewbot.github.answers import CheckRun, PostedComment, PostedReview, ReviewComment
from reviewbot.github.call import Call
from reviewbot.github.graphql import resolve_question
from reviewbot.github.parsing import check_of, comment_of, review_of
from reviewbot.github.repository_reads import RepositoryReads, comment_path


class RepositoryClient(RepositoryReads):
    """All that is read of and written to one repository, with a token for it alone. Safe to use from several threads.

    A write is sent once; where its answer is lost it raises Unreachable with `maybe_applied`. A write that meets a
    redirect of the same host (the repository was renamed) is sent to the new place, and so is one after a refused
    token, since neither was carried out.
    """

    def create_check(
        self,
        *,
        name: str,
        head_sha: str,
        status: str | None = None,
        external_id: str | None = None,
        details_url: str | None = None,
        started_at: str | None = None,
        conclusion: str | None = None,
        completed_at: str | None = None,
        output: Mapping[str, object] | None = None,
        actions: Sequence[Mapping[str, object]] | None = None,
    ) -> CheckRun:
        """A new check run; the arguments are those of GitHub's API."""
        body = {
            "name": name,
            "head_sha": head_sha,
            "status": status,
            "external_id": external_id,
            "details_url": details_url,
            "started_at": started_at,
            "conclusion": conclusion,
            "completed_at": completed_at,
            "output": output,
            "actions": actions,
        }
        return self._calls.write("POST", "/check-runs", _without_none(body), check_of)

    def update_check(self, check_id: int, **changes: object) -> CheckRun:
        """Changes a check run; the names are those of GitHub's API, and annotations are added to those it has."""
        return self._calls.write("PATCH", f"/check-runs/{check_id}", _without_none(changes), check_of)

    def create_review(
        self, number: int, commit_id: str, body: str, comments: Sequence[ReviewComment] = ()
    ) -> PostedReview:
        """A review of that commit, visible at once; never an approval. All comments are taken, or Refused is raised."""
        content = {
            "commit_id": commit_id,
            "body": body,
            "event": "COMMENT",
            "comments": [_without_none(asdict(comment)) for comment in comments],
        }
        posted = self._calls.write("POST", f"/pulls/{number}/reviews", content, review_of)
        self._app.learn_bot(posted.author)
        return posted

    def delete_pending_review(self, number: int, review_id: int) -> None:
        """Takes away a review that was begun and never became visible."""
        path = self._calls.at(f"/pulls/{number}/reviews/{review_id}")
        self._calls.exchange(Call("DELETE", path, is_write=True), lambda _: None)

    def comment(self, number: int, body: str) -> PostedComment:
        """A comment in the conversation of a pull request."""
        return self._posted(f"/issues/{number}/comments", body)

    def update_comment(self, comment_id: int, body: str) -> PostedComment:
        """Other words for a comment of the conversation."""
        path = comment_path(CommentPlace.CONVERSATION, comment_id)
        return self._calls.write("PATCH", path, {"body": body}, comment_of)

    def reply(self, number: int, comment_id: int, body: str) -> PostedComment:
        """An answer in the thread that `comment_id`, its first comment, has begun."""
        return self._posted(f"/pulls/{number}/comments/{comment_id}/replies", body)

    def resolve(self, thread_id: str) -> None:
        """Resolves a thread.

        GitHub wants `contents: write` for this, which the App does not ask for: expect Forbidden from installations
        that have not granted it on their own.
        """
        self._calls.ask(resolve_question(thread_id), lambda _: None, is_write=True)

    def react(self, place: CommentPlace, comment_id: int, content: str) -> None:
        """A reaction of ours to a comment, such as `eyes`; a second one of its kind changes nothing."""
        path = f"{comment_path(place, comment_id)}/reactions"
        self._calls.write("POST", path, {"content": content}, lambda _: None)

    def _posted(self, path: str, body: str) -> PostedComment:
        posted = self._calls.write("POST", path, {"body": body}, comment_of)
        self._app.learn_bot(posted.author)
        return posted


def _without_none(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}
