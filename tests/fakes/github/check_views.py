"""How check runs look in REST answers and webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes.github.state import Check, PullState, RepositoryState, node_id
from tests.fakes.github.views import app_view

if TYPE_CHECKING:
    from tests.fakes.github.world import World


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
