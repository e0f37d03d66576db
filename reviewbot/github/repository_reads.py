"""Reading one repository: its pull requests, and what was written about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol
from urllib.parse import quote

from reviewbot.domain.events import CommentPlace
from reviewbot.domain.pull import PullRequest
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.github.answers import (
    Author,
    ChangedFile,
    CheckRun,
    ClosingPull,
    Issue,
    OpenPull,
    OpenPulls,
    PostedAnnotation,
    PostedComment,
    PostedReview,
    Reaction,
)
from reviewbot.github.call import DIFF, Call, all_pages, json_by
from reviewbot.github.connection import Answer
from reviewbot.github.failures import NotThere, TooLarge, Unreachable
from reviewbot.github.fields import Fields, parts_of
from reviewbot.github.graphql import (
    Thread,
    closers_of,
    closers_question,
    marked,
    thread_page_of,
    threads_question,
)
from reviewbot.github.parsing import (
    annotation_of,
    changed_file_of,
    check_of,
    comment_of,
    file_of,
    issue_of,
    merge_base_of,
    open_pull_of,
    pull_of,
    reaction_of,
    review_of,
    sha_of,
)
from reviewbot.github.repository_calls import RepositoryCalls

ANNOUNCED_DELAYS_SECONDS = (0.5, 1.0, 2.0)
"""A pull request that a webhook has just announced may be unknown to the API for a moment (FAULTS.md F32)."""
MOST_FILES = 3000
MOST_DIFF_BYTES = 20_000_000


class OwnApp(Protocol):
    """What a repository has to know of the App."""

    @property
    def app_id(self) -> int: ...

    def bot_id(self, calls: RepositoryCalls) -> int: ...

    def learn_bot(self, author: Author) -> None: ...


class RepositoryReads:
    """All that is read of one repository. Each method raises a GitHubFailure; what may pass is tried four times."""

    def __init__(self, app: OwnApp, calls: RepositoryCalls, repo_id: int) -> None:
        self.repo_id = repo_id
        self._app = app
        self._calls = calls

    @property
    def repo(self) -> RepoName:
        """Its name, which follows renames as they are noticed."""
        return self._calls.repo

    @property
    def calls(self) -> int:
        """How many HTTP requests were made, those for tokens included."""
        return self._calls.channel.calls

    @property
    def lacking(self) -> frozenset[str]:
        """Permissions that a review could use and that the installation has not granted; known after a request."""
        return self._calls.tokens.lacking

    def token(self) -> str:
        """The installation token, good for five more minutes: for git, never for a URL or a log."""
        return self._calls.tokens.current().value

    def pull(self, number: int) -> PullRequest:
        """The pull request as it stands now; raises NotThere also where another repository has got the name."""
        pull = self._announced(number)
        if pull.ref.repo_id != self.repo_id:
            raise NotThere(f"{self.repo} is another repository now: {pull.ref.repo_id}, not {self.repo_id}")
        self._calls.repo = pull.repo
        return pull

    def pull_with(self, commit: str) -> int | None:
        """The number of the pull request that brought a commit, a merged one before others; None where none did."""

        def number_of(one: Fields) -> tuple[bool, int]:
            return one.maybe_text("merged_at") is None, one.number("number")

        found = sorted(self._calls.listed(f"/commits/{commit}/pulls", number_of))
        return found[0][1] if found else None

    def issue(self, number: int) -> Issue:
        """An issue as it stands now; NotThere for one that was deleted or moved to another repository."""
        return self._calls.read(f"/issues/{number}", issue_of)

    def issues_labelled(self, label: str, since: str = "") -> Iterator[Issue]:
        """Issues with a label, open or not, the latest made first; `since` (ISO 8601) bounds their last update."""
        bounds = {"since": since} if since else {}
        for one in self._calls.listed("/issues", issue_of, labels=label, state="all", **bounds):
            if not one.is_pull:
                yield one

    def closers(self, number: int) -> tuple[ClosingPull, ...]:
        """The merged pull requests that closed an issue, the first first."""
        return self._calls.ask(closers_question(self.repo, number), closers_of)

    def changed_files(self, number: int) -> tuple[ChangedFile, ...]:
        """The files of a pull request, at most 3,000: compare with its `changed_files`."""
        found: list[ChangedFile] = []
        for file in self._calls.listed(f"/pulls/{number}/files", changed_file_of):
            found.append(file)
            if len(found) == MOST_FILES:
                break
        return tuple(found)

    def diff(self, number: int) -> bytes:
        """The whole diff; raises TooLarge where GitHub does not give it in one piece."""
        call = Call("GET", self._calls.at(f"/pulls/{number}"), accept=DIFF)

        def diff_of(answer: Answer) -> bytes:
            if len(answer.body) > MOST_DIFF_BYTES:
                raise TooLarge(f"{call.what}: a diff of {len(answer.body)} bytes")
            if answer.body and not answer.body.startswith(b"diff --git "):
                raise Unreachable(f"{call.what}: GitHub's answer is no diff: check any proxy on the way")
            return answer.body

        return self._calls.exchange(call, diff_of)

    def merge_base(self, base: str, head: str) -> Sha:
        """The commit from which both came; raises NotThere where one of them is gone."""
        return self._calls.read(f"/compare/{base}...{head}", merge_base_of, {"per_page": "1"})

    def tip(self, branch: str) -> Sha:
        return self._calls.read(f"/commits/{quote(branch, safe='')}", lambda found: sha_of(found, "sha"))

    def file(self, path: str, ref: str) -> bytes | None:
        """A regular file at a revision, None where there is none; raises TooLarge above a megabyte."""
        call = Call("GET", self._calls.at(f"/contents/{quote(path)}"), {"ref": ref})

        def content_of(content: object) -> bytes | None:
            if isinstance(content, list):
                return None
            answer = Fields(content)
            if answer.text_or("encoding") == "none":
                raise TooLarge(f"{call.what}: more than a megabyte")
            return file_of(answer)

        try:
            return self._calls.exchange(call, json_by(call, content_of))
        except NotThere:
            return None

    def check(self, check_id: int) -> CheckRun:
        return self._calls.read(f"/check-runs/{check_id}", check_of)

    def annotations(self, check_id: int) -> tuple[PostedAnnotation, ...]:
        return tuple(self._calls.listed(f"/check-runs/{check_id}/annotations", annotation_of))

    def checks(self, head: str, name: str) -> tuple[CheckRun, ...]:
        """Our App's check runs of that name on a commit, older ones included."""
        query = {"check_name": name, "filter": "all", "app_id": str(self._app.app_id)}
        found = self._calls.listed(f"/commits/{head}/check-runs", check_of, "check_runs", **query)
        return tuple(check for check in found if check.app_id == self._app.app_id and check.name == name)

    def reviews(self, number: int) -> tuple[PostedReview, ...]:
        return tuple(self._calls.listed(f"/pulls/{number}/reviews", review_of))

    def review_comments(self, number: int, review_id: int) -> tuple[PostedComment, ...]:
        """The inline comments of one review, without their lines."""
        return tuple(self._calls.listed(f"/pulls/{number}/reviews/{review_id}/comments", comment_of))

    def thread_comments(self, number: int) -> tuple[PostedComment, ...]:
        """All inline comments of a pull request, replies included."""
        return tuple(self._calls.listed(f"/pulls/{number}/comments", comment_of))

    def conversation(self, number: int) -> tuple[PostedComment, ...]:
        """The comments under a pull request that belong to no line."""
        return tuple(self._calls.listed(f"/issues/{number}/comments", comment_of))

    def threads(self, number: int) -> tuple[Thread, ...]:
        """The threads of a pull request, resolved ones included."""
        found: list[Thread] = []
        after: str | None = None
        while True:
            page = self._calls.ask(threads_question(self.repo, number, after), thread_page_of)
            found += page.threads
            if page.after is None or page.after == after:
                return tuple(marked(thread, self.is_ours) for thread in found)
            after = page.after

    def reactions(self, comment_id: int, place: CommentPlace = CommentPlace.THREAD) -> tuple[Reaction, ...]:
        return tuple(self._calls.listed(f"{comment_path(place, comment_id)}/reactions", reaction_of))

    def permission(self, login: str, user_id: int | None = None) -> str:
        """What a person may do: admin, write, read or none; "none" also where the name is another account's by now."""
        try:
            return self._calls.read(
                f"/collaborators/{quote(login, safe='')}/permission", lambda found: _permission_of(found, user_id)
            )
        except NotThere:
            return "none"

    def open_pulls(self, etag: str = "") -> OpenPulls:
        """The open pull requests; costs nothing at GitHub where none has changed since the answer with that etag.

        The last changed come first, so that any change also changes the first page, whose etag it is.
        """
        query = {"state": "open", "sort": "updated", "direction": "desc", "per_page": "100"}
        call = Call("GET", self._calls.at("/pulls"), query, etag=etag or None)
        read = json_by(call, _open_pulls_of)
        first, pulls = self._calls.exchange(call, lambda answer: (answer, [] if answer.status == 304 else read(answer)))
        if first.status == 304:
            return OpenPulls((), etag, unchanged=True)
        following = call.after(first)
        if following is not None:
            for page in all_pages(self._calls.exchange, replace(following, etag=None), _open_pulls_of):
                pulls += page
        # A list that changes while it is read may show one pull request on two pages.
        return OpenPulls(tuple({pull.number: pull for pull in pulls}.values()), first.headers.get("etag", ""))

    def is_ours(self, author: Author) -> bool:
        """Whether our App wrote it: by the App's id where GitHub names it, else by its account's, never by a name.

        Reviews and inline comments name no App, so that GitHub is asked for the account once in a process's life.
        """
        if not author.is_bot or author.id is None:
            return False
        if author.app_id is not None:
            return author.app_id == self._app.app_id
        return author.id == self._app.bot_id(self._calls)

    def _announced(self, number: int) -> PullRequest:
        for delay in ANNOUNCED_DELAYS_SECONDS:
            try:
                return self._calls.read(f"/pulls/{number}", pull_of)
            except NotThere as failure:
                if failure.status != 404:
                    raise
                self._calls.sleep(delay)
        return self._calls.read(f"/pulls/{number}", pull_of)


def comment_path(place: CommentPlace, comment_id: int) -> str:
    return f"/{'issues' if place is CommentPlace.CONVERSATION else 'pulls'}/comments/{comment_id}"


def _permission_of(found: Fields, user_id: int | None) -> str:
    # Read first: an answer that is none at all must not look like that of a person without rights.
    level = found.text("permission")
    user = found.maybe_part("user")
    if user_id is not None and (user is None or user.number("id") != user_id):
        return "none"
    return {"maintain": "write", "triage": "read"}.get(level, level)


def _open_pulls_of(content: object) -> list[OpenPull]:
    return [open_pull_of(one) for one in parts_of(content)]
