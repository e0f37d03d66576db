"""How issues look in REST answers and webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes.github.state import IssueState, RepositoryState, node_id
from tests.fakes.github.views import user_view

if TYPE_CHECKING:
    from tests.fakes.github.world import World


def issue_view(world: World, repository: RepositoryState, issue: IssueState) -> dict[str, Any]:
    url = f"{world.api_url}/repos/{repository.full_name}/issues/{issue.number}"
    stamp = world.clock.stamp
    return {
        "url": url,
        "repository_url": f"{world.api_url}/repos/{repository.full_name}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{world.web_url}/{repository.full_name}/issues/{issue.number}",
        "id": issue.id,
        "node_id": node_id("I", issue.id),
        "number": issue.number,
        "title": issue.title,
        "user": user_view(world, issue.author),
        "labels": [{"id": number, "name": name, "color": "d73a4a"} for number, name in enumerate(issue.labels, 1)],
        "state": "open" if issue.is_open else "closed",
        "state_reason": None if issue.is_open else "completed",
        "locked": issue.is_locked,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": len(issue.comments),
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "closed_at": None if issue.closed_at is None else stamp(issue.closed_at),
        "author_association": "MEMBER",
        "body": issue.body,
    }
