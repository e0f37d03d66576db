"""How pull requests and their files look in REST answers and webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes.github.diffs import FileChange
from tests.fakes.github.state import PullState, RepositoryState, User, node_id
from tests.fakes.github.views import repository_view, user_view

if TYPE_CHECKING:
    from tests.fakes.github.world import World


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
        "user": user_view(world, pull.author) if pull.has_author else None,
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
        "author_association": association(repository, pull.author if pull.has_author else None),
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
        "user": user_view(world, who),
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
