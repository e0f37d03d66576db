"""How comments, reviews and reactions look in REST answers and webhooks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.fakes.github.pull_views import association, pull_urls
from tests.fakes.github.state import Comment, Reaction, RepositoryState, Review, ReviewComment, node_id
from tests.fakes.github.views import app_view, user_view

if TYPE_CHECKING:
    from tests.fakes.github.world import World

REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def reactions_view(url: str, reactions: list[Reaction]) -> dict[str, Any]:
    counts = Counter(one.content for one in reactions if not one.is_deleted)
    return {
        "url": f"{url}/reactions",
        "total_count": sum(counts.values()),
        **{kind: counts[kind] for kind in REACTIONS},
    }


def reaction_view(world: World, reaction: Reaction) -> dict[str, Any]:
    return {
        "id": reaction.id,
        "node_id": node_id("REA", reaction.id),
        "user": user_view(world, reaction.author),
        "content": reaction.content,
        "created_at": world.clock.stamp(reaction.created_at),
    }


def comment_view(world: World, repository: RepositoryState, comment: Comment) -> dict[str, Any]:
    base = f"{world.api_url}/repos/{repository.full_name}/issues"
    url = f"{base}/comments/{comment.id}"
    return {
        "url": url,
        "html_url": f"{world.web_url}/{repository.full_name}/pull/{comment.number}#issuecomment-{comment.id}",
        "issue_url": f"{base}/{comment.number}",
        "id": comment.id,
        "node_id": node_id("IC", comment.id),
        "user": user_view(world, comment.author),
        "created_at": world.clock.stamp(comment.created_at),
        "updated_at": world.clock.stamp(comment.updated_at),
        "body": comment.body,
        "author_association": association(repository, comment.author),
        "reactions": reactions_view(url, comment.reactions),
        "performed_via_github_app": app_view(world) if comment.by_app else None,
    }


def review_view(world: World, repository: RepositoryState, review: Review) -> dict[str, Any]:
    pull = repository.pulls[review.number]
    url, html = pull_urls(world, repository, pull)
    page = f"{html}#pullrequestreview-{review.id}"
    view = {
        "id": review.id,
        "node_id": node_id("PRR", review.id),
        "user": user_view(world, review.author),
        "body": review.body,
        "state": review.state,
        "html_url": page,
        "pull_request_url": url,
        "author_association": association(repository, review.author),
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "commit_id": review.commit_id,
    }
    if review.submitted_at is not None:
        view["submitted_at"] = world.clock.stamp(review.submitted_at)
    return view


def review_comment_view(world: World, repository: RepositoryState, comment: ReviewComment) -> dict[str, Any]:
    pull = repository.pulls[comment.number]
    view = short_review_comment_view(world, repository, comment) | {
        "start_line": comment.start_line if comment.line is not None else None,
        "original_start_line": comment.start_line,
        "start_side": comment.start_side,
        "line": comment.line,
        "original_line": comment.original_line,
        "side": comment.side,
        "subject_type": comment.subject,
    }
    assert pull.number == comment.number
    return view


def short_review_comment_view(world: World, repository: RepositoryState, comment: ReviewComment) -> dict[str, Any]:
    """As the comments of one review are listed: without lines and sides, as GitHub does."""
    url, html = pull_urls(world, repository, repository.pulls[comment.number])
    own = f"{world.api_url}/repos/{repository.full_name}/pulls/comments/{comment.id}"
    page = f"{html}#discussion_r{comment.id}"
    view = {
        "url": own,
        "pull_request_review_id": comment.review_id,
        "id": comment.id,
        "node_id": node_id("PRRC", comment.id),
        "diff_hunk": comment.diff_hunk,
        "path": comment.path,
        "position": comment.position,
        "original_position": comment.original_position,
        "commit_id": comment.commit_id,
        "original_commit_id": comment.original_commit_id,
        "user": user_view(world, comment.author),
        "body": comment.body,
        "created_at": world.clock.stamp(comment.created_at),
        "updated_at": world.clock.stamp(comment.updated_at),
        "html_url": page,
        "pull_request_url": url,
        "author_association": association(repository, comment.author),
        "_links": {"self": {"href": own}, "html": {"href": page}, "pull_request": {"href": url}},
        "reactions": reactions_view(own, comment.reactions),
    }
    if comment.in_reply_to is not None:
        view["in_reply_to_id"] = comment.in_reply_to
    return view
