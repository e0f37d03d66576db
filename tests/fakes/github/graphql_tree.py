"""The values that GraphQL queries may select from; a function among them is given the field that asks."""

from __future__ import annotations

from typing import Any

from tests.fakes.github.graphql_syntax import Field, GraphqlError
from tests.fakes.github.pull_views import pull_urls
from tests.fakes.github.state import IssueState, PullState, RepositoryState, ReviewComment, Thread, User, node_id
from tests.fakes.github.web import Visit


def repository_node(visit: Visit, repository: RepositoryState) -> dict[str, Any]:
    def pull(field: Field) -> dict[str, Any]:
        number = field.arguments.get("number")
        if not isinstance(number, int) or number not in repository.pulls:
            message = f"Could not resolve to a PullRequest with the number of {number}."
            raise GraphqlError(message, "NOT_FOUND", field.alias)
        return pull_node(visit, repository, repository.pulls[number])

    def issue(field: Field) -> dict[str, Any]:
        number = field.arguments.get("number")
        found = repository.issues.get(number) if isinstance(number, int) else None
        if found is None or found.is_deleted:
            raise GraphqlError(f"Could not resolve to an Issue with the number of {number}.", "NOT_FOUND", field.alias)
        return _issue_node(visit, repository, found)

    return {
        "__typename": "Repository",
        "id": node_id("R", repository.id),
        "databaseId": repository.id,
        "name": repository.name,
        "nameWithOwner": repository.full_name,
        "isArchived": repository.is_archived,
        "pullRequest": pull,
        "issue": issue,
    }


def _issue_node(visit: Visit, repository: RepositoryState, issue: IssueState) -> dict[str, Any]:
    def closers(field: Field) -> list[dict[str, Any]]:
        with_closed = bool(field.arguments.get("includeClosedPrs"))
        found = [repository.pulls[number] for number in issue.closers]
        return [pull_node(visit, repository, one) for one in found if one.is_open or with_closed]

    return {
        "__typename": "Issue",
        "id": node_id("I", issue.id),
        "number": issue.number,
        "title": issue.title,
        "state": "OPEN" if issue.is_open else "CLOSED",
        "closedByPullRequestsReferences": closers,
    }


def pull_node(visit: Visit, repository: RepositoryState, pull: PullState) -> dict[str, Any]:
    return {
        "__typename": "PullRequest",
        "id": node_id("PR", pull.id),
        "databaseId": pull.id,
        "number": pull.number,
        "title": pull.title,
        "merged": pull.merged_at is not None,
        "mergedAt": None if pull.merged_at is None else visit.world.clock.stamp(pull.merged_at),
        "mergeCommit": None if pull.merge_commit is None else {"oid": pull.merge_commit},
        "repository": lambda field: {"databaseId": repository.id, "nameWithOwner": repository.full_name},
        "state": "MERGED" if pull.merged_at is not None else "OPEN" if pull.is_open else "CLOSED",
        "isDraft": pull.is_draft,
        "headRefOid": pull.head,
        "baseRefOid": pull.base,
        "url": pull_urls(visit.world, repository, pull)[1],
        "author": actor_node(pull.author),
        "reviewThreads": lambda _: _threads(visit, repository, pull),
    }


def _threads(visit: Visit, repository: RepositoryState, pull: PullState) -> list[dict[str, Any]]:
    return [
        thread_node(visit, repository, thread)
        for thread in pull.threads.values()
        if any(visit.sees(one) for one in _comments(pull, thread))
    ]


def thread_node(visit: Visit, repository: RepositoryState, thread: Thread) -> dict[str, Any]:
    pull = repository.pulls[thread.number]
    root = pull.review_comments[thread.root_id]
    return {
        "__typename": "PullRequestReviewThread",
        "id": thread.id,
        "isResolved": thread.is_resolved,
        "isOutdated": root.line is None,
        "isCollapsed": thread.is_resolved,
        "path": root.path,
        "line": root.line,
        "originalLine": root.original_line,
        "startLine": root.start_line,
        "originalStartLine": root.start_line,
        "diffSide": root.side,
        "startDiffSide": root.start_side,
        "subjectType": root.subject.upper(),
        "resolvedBy": actor_node(thread.resolved_by),
        "viewerCanResolve": not thread.is_resolved,
        "viewerCanReply": not pull.is_locked,
        "pullRequest": lambda _: pull_node(visit, repository, pull),
        "comments": lambda _: [
            comment_node(visit, repository, one) for one in _comments(pull, thread) if visit.sees(one)
        ],
    }


def _comments(pull: PullState, thread: Thread) -> list[ReviewComment]:
    return [one for one in pull.review_comments.values() if thread.root_id in (one.id, one.in_reply_to)]


def comment_node(visit: Visit, repository: RepositoryState, comment: ReviewComment) -> dict[str, Any]:
    pull = repository.pulls[comment.number]
    review = pull.reviews[comment.review_id]
    stamp = visit.world.clock.stamp
    reply_to = pull.review_comments.get(comment.in_reply_to or 0)
    return {
        "__typename": "PullRequestReviewComment",
        "id": node_id("PRRC", comment.id),
        "databaseId": comment.id,
        "fullDatabaseId": str(comment.id),
        "author": actor_node(comment.author),
        "body": comment.body,
        "path": comment.path,
        "line": comment.line,
        "originalLine": comment.original_line,
        "outdated": comment.line is None,
        "isMinimized": False,
        "createdAt": stamp(comment.created_at),
        "updatedAt": stamp(comment.updated_at),
        "url": f"{pull_urls(visit.world, repository, pull)[1]}#discussion_r{comment.id}",
        "viewerDidAuthor": comment.author is visit.world.bot,
        "replyTo": None if reply_to is None else lambda _: comment_node(visit, repository, reply_to),
        "commit": {"__typename": "Commit", "oid": comment.commit_id},
        "originalCommit": {"__typename": "Commit", "oid": comment.original_commit_id},
        "pullRequestReview": {
            "__typename": "PullRequestReview",
            "id": node_id("PRR", review.id),
            "databaseId": review.id,
            "state": review.state,
        },
    }


def actor_node(user: User | None) -> dict[str, Any] | None:
    """A person or bot. A bot's login has no `[bot]` here, unlike in REST answers."""
    if user is None:
        return None
    is_bot = user.kind == "Bot"
    return {
        "__typename": user.kind,
        "login": user.login.removesuffix("[bot]") if is_bot else user.login,
        "id": node_id("BOT" if is_bot else "U", user.id),
        "databaseId": user.id,
        "url": f"https://github.example/{user.login}",
    }
