"""The webhooks that GitHub would send, as bytes with their names and numbers."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tests.fakes.github.check_views import check_view
from tests.fakes.github.issue_views import issue_view
from tests.fakes.github.pull_views import pull_list_view, pull_view
from tests.fakes.github.said_views import comment_view, reactions_view, review_comment_view, review_view
from tests.fakes.github.state import (
    Check,
    Comment,
    Installation,
    IssueState,
    PullState,
    RepositoryState,
    Review,
    ReviewComment,
    Thread,
    User,
    node_id,
)
from tests.fakes.github.views import app_view, installation_view, repository_view, simple_repository_view, user_view

if TYPE_CHECKING:
    from tests.fakes.github.world import World


@dataclass
class Event:
    """One event of the world, with the payload as it was at that moment."""

    name: str
    action: str
    payload: dict[str, Any]
    guid: str = field(default_factory=lambda: str(uuid.uuid4()))
    installation_id: int | None = None
    repository_id: int | None = None

    @cached_property
    def body(self) -> bytes:
        return json.dumps(self.payload, separators=(",", ":")).encode()


def common(world: World, action: str, sender: User, repository: RepositoryState | None) -> dict[str, Any]:
    """What every payload has."""
    payload: dict[str, Any] = {"action": action}
    if repository is not None:
        payload["repository"] = repository_view(world, repository)
        if repository.owner.kind == "Organization":
            payload["organization"] = organisation_view(world, repository.owner)
        if repository.installation is not None:
            number = repository.installation.id
            payload["installation"] = {"id": number, "node_id": node_id("I", number)}
    return payload | {"sender": user_view(world, sender)}


def organisation_view(world: World, owner: User) -> dict[str, Any]:
    url = f"{world.api_url}/orgs/{owner.login}"
    return {
        "login": owner.login,
        "id": owner.id,
        "node_id": node_id("O", owner.id),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{world.web_url}/avatars/u/{owner.id}?v=4",
        "description": None,
    }


def announced(world: World, name: str, repository: RepositoryState | None, payload: dict[str, Any]) -> Event:
    """An event of this payload, noted in the world's list in the order of happening."""
    number = payload.get("installation", {}).get("id")
    event = Event(
        name,
        payload.get("action", ""),
        payload,
        installation_id=number,
        repository_id=repository.id if repository else None,
    )
    world.events.append(event)
    return event


def pull_event(
    world: World, repository: RepositoryState, pull: PullState, action: str, sender: User | None = None, **more: Any
) -> Event:
    payload = common(world, action, sender or pull.author, repository)
    payload |= {"number": pull.number, "pull_request": pull_view(world, repository, pull)} | more
    return announced(world, "pull_request", repository, payload)


def issue_event(
    world: World, repository: RepositoryState, issue: IssueState, action: str, sender: User | None = None, **more: Any
) -> Event:
    payload = common(world, action, sender or issue.author, repository)
    return announced(world, "issues", repository, payload | {"issue": issue_view(world, repository, issue)} | more)


def comment_event(
    world: World, repository: RepositoryState, pull: PullState, comment: Comment, action: str = "created"
) -> Event:
    url, html = (f"{root}/{repository.full_name}" for root in (f"{world.api_url}/repos", world.web_url))
    issue_url = f"{url}/issues/{pull.number}"
    shown = pull_list_view(world, repository, pull)
    kept = ("number", "state", "locked", "title", "user", "body", "created_at", "updated_at", "closed_at", "labels")
    more = ("milestone", "assignee", "assignees", "draft", "author_association", "active_lock_reason")
    issue = {name: shown[name] for name in kept + more} | {
        "url": issue_url,
        "repository_url": url,
        "labels_url": f"{issue_url}/labels{{/name}}",
        "comments_url": f"{issue_url}/comments",
        "events_url": f"{issue_url}/events",
        "timeline_url": f"{issue_url}/timeline",
        "html_url": f"{html}/pull/{pull.number}",
        "id": pull.id + 1,
        "node_id": shown["node_id"],
        "comments": sum(not one.is_deleted for one in pull.comments.values()),
        "pull_request": {
            "url": shown["url"],
            "html_url": shown["html_url"],
            "diff_url": shown["diff_url"],
            "patch_url": shown["patch_url"],
            "merged_at": shown["merged_at"],
        },
        "reactions": reactions_view(issue_url, []),
        "performed_via_github_app": None,
        "state_reason": None,
    }
    payload = common(world, action, comment.author, repository)
    payload |= {"issue": issue, "comment": comment_view(world, repository, comment)}
    return announced(world, "issue_comment", repository, payload)


def review_comment_event(
    world: World, repository: RepositoryState, pull: PullState, comment: ReviewComment, action: str = "created"
) -> Event:
    payload = common(world, action, comment.author, repository)
    payload |= {"comment": review_comment_view(world, repository, comment)}
    payload |= {"pull_request": pull_list_view(world, repository, pull)}
    return announced(world, "pull_request_review_comment", repository, payload)


def review_event(world: World, repository: RepositoryState, pull: PullState, review: Review) -> Event:
    payload = common(world, "submitted", review.author, repository)
    shown = review_view(world, repository, review)
    payload |= {"review": shown | {"state": review.state.lower(), "body": review.body or None}}
    payload |= {"pull_request": pull_list_view(world, repository, pull)}
    return announced(world, "pull_request_review", repository, payload)


def thread_event(world: World, repository: RepositoryState, pull: PullState, thread: Thread, sender: User) -> Event:
    comments = [
        review_comment_view(world, repository, one)
        for one in pull.review_comments.values()
        if thread.root_id in (one.id, one.in_reply_to) and not one.is_deleted
    ]
    payload = common(world, "resolved" if thread.is_resolved else "unresolved", sender, repository)
    payload |= {"thread": {"node_id": thread.id, "comments": comments}}
    payload |= {"pull_request": pull_list_view(world, repository, pull)}
    return announced(world, "pull_request_review_thread", repository, payload)


def check_event(world: World, repository: RepositoryState, check: Check, sender: User, action: str) -> Event:
    payload = common(world, action, sender, repository)
    return announced(world, "check_run", repository, payload | {"check_run": check_view(world, repository, check)})


def suite_event(world: World, repository: RepositoryState, pull: PullState, sender: User, action: str) -> Event:
    shown = pull_list_view(world, repository, pull)
    is_ours = pull.head_repository is repository
    related = {name: shown[name] for name in ("url", "id", "number")}
    place = {"id": repository.id, "url": shown["base"]["repo"]["url"], "name": repository.name}
    related |= {
        side: {name: shown[side][name] for name in ("ref", "sha")} | {"repo": place} for side in ("head", "base")
    }
    url = f"{world.api_url}/repos/{repository.full_name}/check-suites/{pull.id + 2}"
    commit = {"id": pull.head, "tree_id": pull.head, "message": pull.title, "timestamp": shown["updated_at"]}
    who = {"name": "Ada", "email": "ada@example.org"}
    suite = {
        "id": pull.id + 2,
        "node_id": node_id("CS", pull.id + 2),
        "head_branch": pull.head_branch if is_ours else None,
        "head_sha": pull.head,
        "status": "queued",
        "conclusion": None,
        "url": url,
        "before": pull.base,
        "after": pull.head,
        "pull_requests": [related] if is_ours else [],
        "app": app_view(world),
        "created_at": shown["created_at"],
        "updated_at": shown["updated_at"],
        "latest_check_runs_count": sum(one.head == pull.head for one in repository.checks.values()),
        "check_runs_url": f"{url}/check-runs",
        "head_commit": commit | {"author": who, "committer": who},
    }
    payload = common(world, action, sender, repository) | {"check_suite": suite}
    return announced(world, "check_suite", repository, payload)


def installation_event(world: World, installation: Installation, action: str, **more: Any) -> Event:
    repositories = [
        simple_repository_view(one) for one in world.repositories.values() if one.installation is installation
    ]
    payload = common(world, action, installation.account, None)
    payload |= {"installation": installation_view(world, installation), "repositories": repositories} | more
    return announced(world, "installation", None, payload)


def repositories_event(
    world: World, installation: Installation, added: list[RepositoryState], removed: list[RepositoryState]
) -> Event:
    payload = common(world, "removed" if removed else "added", installation.account, None)
    payload |= {
        "installation": installation_view(world, installation),
        "repository_selection": "selected",
        "repositories_added": [simple_repository_view(one) for one in added],
        "repositories_removed": [simple_repository_view(one) for one in removed],
        "requester": None,
    }
    return announced(world, "installation_repositories", None, payload)


def repository_event(world: World, repository: RepositoryState, action: str, changes: dict[str, Any]) -> Event:
    payload = common(world, action, repository.owner, repository) | ({"changes": changes} if changes else {})
    return announced(world, "repository", repository, payload)
