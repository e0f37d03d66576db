"""What only GitHub's GraphQL API knows: the threads of a pull request, and resolving them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from reviewbot.domain.repository import RepoName
from reviewbot.github.answers import Author, ClosingPull
from reviewbot.github.fields import Fields

_THREADS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) {
        nodes {
          id
          isResolved
          comments(first: 100) {
            nodes {
              databaseId
              body
              author { __typename login ... on Bot { databaseId } ... on User { databaseId } }
            }
          }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""
_CLOSERS = """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    issue(number: $number) {
      closedByPullRequestsReferences(first: 20, includeClosedPrs: true) {
        nodes { number merged mergedAt mergeCommit { oid } repository { databaseId nameWithOwner } }
      }
    }
  }
}
"""
_RESOLVE = """
mutation($id: ID!) {
  resolveReviewThread(input: {threadId: $id}) { thread { id isResolved } }
}
"""


@dataclass(frozen=True, slots=True)
class Question:
    """A GraphQL document with its variables; nothing is ever pasted into the document."""

    document: str
    variables: Mapping[str, object] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, object]:
        return {"query": self.document, "variables": dict(self.variables)}


@dataclass(frozen=True, slots=True)
class ThreadComment:
    """A comment of a thread; `id` is its number in the REST API."""

    id: int
    body: str
    author: Author
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread of review comments, the first first; of very long ones the first hundred."""

    id: str
    is_resolved: bool
    comments: tuple[ThreadComment, ...]


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """Some of a pull request's threads; `after` is where the next page begins, None after the last."""

    threads: tuple[Thread, ...]
    after: str | None


def threads_question(repo: RepoName, number: int, after: str | None) -> Question:
    return Question(_THREADS, {"owner": repo.owner, "name": repo.name, "number": number, "after": after})


def resolve_question(thread_id: str) -> Question:
    return Question(_RESOLVE, {"id": thread_id})


def closers_question(repo: RepoName, number: int) -> Question:
    return Question(_CLOSERS, {"owner": repo.owner, "name": repo.name, "number": number})


def closers_of(content: Fields) -> tuple[ClosingPull, ...]:
    """The merged pull requests that closed an issue, the first first, from the `data` of an answer."""
    found = content.part("repository").part("issue").part("closedByPullRequestsReferences").parts("nodes")
    merged = (_closer_of(node) for node in found if node.flag("merged"))
    return tuple(sorted(merged, key=lambda one: (one.merged_at, one.number)))


def _closer_of(node: Fields) -> ClosingPull:
    repo, commit = node.part("repository"), node.maybe_part("mergeCommit")
    return ClosingPull(
        repo.number("databaseId"),
        RepoName.parse(repo.text("nameWithOwner")),
        node.number("number"),
        commit.text("oid") if commit is not None else "",
        node.text_or("mergedAt"),
    )


def thread_page_of(content: Fields) -> ThreadPage:
    """A page of threads from the `data` of an answer; whose they are is not said yet."""
    found = content.part("repository").part("pullRequest").part("reviewThreads")
    page = found.part("pageInfo")
    threads = tuple(_thread_of(node) for node in found.parts("nodes"))
    return ThreadPage(threads, page.text("endCursor") if page.flag("hasNextPage") else None)


def marked(thread: Thread, is_ours: Callable[[Author], bool]) -> Thread:
    """The same thread, each comment of ours marked as such."""
    return replace(thread, comments=tuple(replace(one, is_ours=is_ours(one.author)) for one in thread.comments))


def _thread_of(node: Fields) -> Thread:
    comments = tuple(_comment_of(one) for one in node.part("comments").parts("nodes"))
    return Thread(node.text("id"), node.flag("isResolved"), comments)


def _comment_of(node: Fields) -> ThreadComment:
    author = _author_of(node.maybe_part("author"))
    return ThreadComment(node.number("databaseId"), node.text_or("body"), author, is_ours=False)


def _author_of(actor: Fields | None) -> Author:
    if actor is None:
        return Author(None, "ghost", False)
    return Author(actor.maybe_number("databaseId"), actor.text("login"), actor.text("__typename") == "Bot")
