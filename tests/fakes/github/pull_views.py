"""How pull requests, reviews, comments and checks look in REST answers and webhooks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.fakes.github.diffs import FileChange
from tests.fakes.github.state import (
    Check,
    Comment,
    PullState,
    Reaction,
    RepositoryState,
    Review,
    ReviewComment,
    User,
    node_id,
)
from tests.fakes.github.views import app_view, repository_view, user_view

if TYPE_CHECKING:
    from tests.fakes.github.world import World

REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def pull_list_view(world: World, repository: RepositoryState, pull: PullState) -> dict[str, Any]:
    """A pull request as lists show it."""
    url, html = pull_urls(world, repository, pull)
    issue = f"{world.api_url}/repos/{repository.full_name}/issues/{pull.number}"
    statuses = f"{world.api_url}/repos/{repository.full_name}/statuses/{pull.head}"
    stamp = world.clock.stamp
    return {
        "url": url,
        "id": pull.id,
        "node_id": node_id("PR", pull.id),
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": issue,
        "number": pull.number,
        "state": "open" if pull.is_open else "closed",
        "locked": pull.is_locked,
        "title": pull.title,
        "user": user_view(world, pull.author),
        "body": pull.body,
        "created_at": stamp(pull.created_at),
        "updated_at": stamp(pull.updated_at),
        "closed_at": None if pull.closed_at is None else stamp(pull.closed_at),
        "merged_at": None if pull.merged_at is None else stamp(pull.merged_at),
        "merge_commit_sha": pull.merge_commit,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [],
        "milestone": None,
        "draft": pull.is_draft,
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": f"{world.api_url}/repos/{repository.full_name}/pulls/comments{{/number}}",
        "comments_url": f"{issue}/comments",
        "statuses_url": statuses,
        "head": _side(world, pull.head_repository, pull.head_branch, pull.head, pull.author),
        "base": _side(world, repository, pull.base_branch, pull.base, repository.owner),
        "_links": {
            "self": {"href": url},
            "html": {"href": html},
            "issue": {"href": issue},
            "comments": {"href": f"{issue}/comments"},
            "review_comments": {"href": f"{url}/comments"},
            "review_comment": {"href": f"{world.api_url}/repos/{repository.full_name}/pulls/comments{{/number}}"},
            "commits": {"href": f"{url}/commits"},
            "statuses": {"href": statuses},
        },
        "author_association": association(repository, pull.author),
        "auto_merge": None,
        "active_lock_reason": "too heated" if pull.is_locked else None,
    }


def pull_view(world: World, repository: RepositoryState, pull: PullState) -> dict[str, Any]:
    """A pull request as it is shown alone."""
    diff = repository.diff(pull)
    is_merged = pull.merged_at is not None
    return pull_list_view(world, repository, pull) | {
        "merged": is_merged,
        "mergeable": None if is_merged else True,
        "rebaseable": None if is_merged else True,
        "mergeable_state": "unknown" if is_merged else "clean",
        "merged_by": user_view(world, repository.owner) if is_merged else None,
        "comments": sum(not one.is_deleted for one in pull.comments.values()),
        "review_comments": sum(not one.is_deleted for one in pull.review_comments.values()),
        "maintainer_can_modify": False,
        "commits": len(repository.store.between(pull.base, pull.head)),
        "additions": sum(one.additions for one in diff.files),
        "deletions": sum(one.deletions for one in diff.files),
        "changed_files": len(diff.files) if pull.changed_files is None else pull.changed_files,
    }


def _side(world: World, repository: RepositoryState | None, branch: str, sha: str, owner: User) -> dict[str, Any]:
    is_gone = repository is None or repository.is_deleted
    who = owner if repository is None else repository.owner
    return {
        "label": f"{who.login}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": None if is_gone else user_view(world, who),
        "repo": None if repository is None or is_gone else repository_view(world, repository),
    }


def pull_urls(world: World, repository: RepositoryState, pull: PullState) -> tuple[str, str]:
    name, number = repository.full_name, pull.number
    return f"{world.api_url}/repos/{name}/pulls/{number}", f"{world.web_url}/{name}/pull/{number}"


def association(repository: RepositoryState, user: User | None) -> str:
    if user is None:
        return "NONE"
    if user.id == repository.owner.id:
        return "OWNER"
    level = repository.permissions.get(user.login.lower(), "none")
    return {"admin": "MEMBER", "maintain": "MEMBER", "write": "COLLABORATOR", "triage": "COLLABORATOR"}.get(
        level, "NONE"
    )


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


def file_view(world: World, repository: RepositoryState, head: str, file: FileChange) -> dict[str, Any]:
    name = repository.full_name
    view: dict[str, Any] = {
        "sha": file.blob,
        "filename": file.path,
        "status": file.status,
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "blob_url": f"{world.web_url}/{name}/blob/{head}/{file.path}",
        "raw_url": f"{world.web_url}/{name}/raw/{head}/{file.path}",
        "contents_url": f"{world.api_url}/repos/{name}/contents/{file.path}?ref={head}",
    }
    if file.patch is not None:
        view["patch"] = file.patch
    if file.old_path is not None:
        view["previous_filename"] = file.old_path
    return view


def check_view(world: World, repository: RepositoryState, check: Check) -> dict[str, Any]:
    url = f"{world.api_url}/repos/{repository.full_name}/check-runs/{check.id}"
    html = f"{world.web_url}/{repository.full_name}/runs/{check.id}"
    related = [
        _related(world, repository, pull)
        for pull in repository.pulls.values()
        if pull.head == check.head and pull.is_open and pull.head_repository is repository
    ]
    return {
        "id": check.id,
        "name": check.name,
        "node_id": node_id("CR", check.id),
        "head_sha": check.head,
        "external_id": check.external_id,
        "url": url,
        "html_url": html,
        "details_url": check.details_url or html,
        "status": check.status,
        "conclusion": check.conclusion,
        "started_at": world.clock.stamp(check.started_at),
        "completed_at": None if check.completed_at is None else world.clock.stamp(check.completed_at),
        "output": {
            "title": check.title,
            "summary": check.summary,
            "text": check.text,
            "annotations_count": len(check.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": check.suite_id},
        "app": app_view(world) | {"id": check.app_id},
        "pull_requests": related,
    }


def _related(world: World, repository: RepositoryState, pull: PullState) -> dict[str, Any]:
    url = f"{world.api_url}/repos/{repository.full_name}"
    place = {"id": repository.id, "url": url, "name": repository.name}
    return {
        "url": f"{url}/pulls/{pull.number}",
        "id": pull.id,
        "number": pull.number,
        "head": {"ref": pull.head_branch, "sha": pull.head, "repo": place},
        "base": {"ref": pull.base_branch, "sha": pull.base, "repo": place},
    }
