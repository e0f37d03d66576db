"""How things look in REST answers and webhooks: people, repositories, the App."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes.github.state import Installation, RepositoryState, User, node_id

if TYPE_CHECKING:
    from tests.fakes.github.world import World

EVENTS = (
    "check_run",
    "check_suite",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
)
_OF_USER = ("followers", "subscriptions", "organizations", "repos", "received_events")
_OF_REPOSITORY = (
    "forks teams hooks events tags languages stargazers contributors subscribers subscription merges downloads "
    "deployments"
).split()
_TEMPLATES = {
    "keys": "keys{/key_id}",
    "collaborators": "collaborators{/collaborator}",
    "issue_events": "issues/events{/number}",
    "assignees": "assignees{/user}",
    "branches": "branches{/branch}",
    "blobs": "git/blobs{/sha}",
    "git_tags": "git/tags{/sha}",
    "git_refs": "git/refs{/sha}",
    "trees": "git/trees{/sha}",
    "statuses": "statuses/{sha}",
    "commits": "commits{/sha}",
    "git_commits": "git/commits{/sha}",
    "comments": "comments{/number}",
    "issue_comment": "issues/comments{/number}",
    "contents": "contents/{+path}",
    "compare": "compare/{base}...{head}",
    "archive": "{archive_format}{/ref}",
    "issues": "issues{/number}",
    "pulls": "pulls{/number}",
    "milestones": "milestones{/number}",
    "notifications": "notifications{?since,all,participating}",
    "labels": "labels{/name}",
    "releases": "releases{/id}",
}


def user_view(world: World, user: User | None) -> dict[str, Any] | None:
    """A user as others see it; None for an account that was deleted."""
    if user is None:
        return None
    url = f"{world.api_url}/users/{user.login.replace('[', '%5B').replace(']', '%5D')}"
    html = f"{world.web_url}/{user.login}"
    if user.kind == "Bot":
        html = f"{world.web_url}/apps/{user.login.removesuffix('[bot]')}"
    return {
        "login": user.login,
        "id": user.id,
        "node_id": node_id("BOT" if user.kind == "Bot" else "U", user.id),
        "avatar_url": f"{world.web_url}/avatars/u/{user.id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": html,
        **{f"{name}_url": f"{url}/{name}" for name in _OF_USER},
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "events_url": f"{url}/events{{/privacy}}",
        "type": user.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def repository_view(world: World, repository: RepositoryState) -> dict[str, Any]:
    name = repository.full_name
    url, html = f"{world.api_url}/repos/{name}", f"{world.web_url}/{name}"
    made = world.clock.stamp(world.began_at)
    return {
        "id": repository.id,
        "node_id": node_id("R", repository.id),
        "name": repository.name,
        "full_name": name,
        "private": repository.is_private,
        "owner": user_view(world, repository.owner),
        "html_url": html,
        "description": None,
        "fork": repository.is_fork,
        "url": url,
        **{f"{part}_url": f"{url}/{part}" for part in _OF_REPOSITORY},
        **{f"{part}_url": f"{url}/{template}" for part, template in _TEMPLATES.items()},
        "created_at": made,
        "updated_at": made,
        "pushed_at": made,
        "git_url": f"git://{world.web_url.partition('://')[2]}/{name}.git",
        "ssh_url": f"git@{world.web_url.partition('://')[2]}:{name}.git",
        "clone_url": f"{world.git_url}/{name}.git",
        "svn_url": html,
        "mirror_url": None,
        "homepage": None,
        "size": 12,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": "Python",
        **{f"has_{part}": part != "discussions" for part in ("issues", "projects", "downloads", "wiki", "discussions")},
        "has_pages": False,
        "forks_count": 0,
        "archived": repository.is_archived,
        "disabled": False,
        "open_issues_count": sum(pull.is_open for pull in repository.pulls.values()),
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "private" if repository.is_private else "public",
        "forks": 0,
        "open_issues": sum(pull.is_open for pull in repository.pulls.values()),
        "watchers": 0,
        "default_branch": repository.default_branch,
    }


def full_repository_view(world: World, repository: RepositoryState) -> dict[str, Any]:
    """As `GET /repos/{owner}/{repo}` answers."""
    counts = {"subscribers_count": 0, "network_count": 0, "temp_clone_token": None}
    granted = {"admin": False, "maintain": False, "push": False, "triage": False, "pull": True}
    return repository_view(world, repository) | counts | {"permissions": granted}


def simple_repository_view(repository: RepositoryState) -> dict[str, Any]:
    """As lists of installation webhooks show a repository."""
    return {
        "id": repository.id,
        "node_id": node_id("R", repository.id),
        "name": repository.name,
        "full_name": repository.full_name,
        "private": repository.is_private,
    }


def app_view(world: World) -> dict[str, Any]:
    stamp = world.clock.stamp(world.began_at)
    return {
        "id": world.app_id,
        "slug": world.slug,
        "client_id": f"Iv1.{world.app_id:016x}",
        "node_id": node_id("A", world.app_id),
        "owner": user_view(world, world.app_owner),
        "name": world.slug,
        "description": "Reviews pull requests",
        "external_url": "https://reviewbot.example",
        "html_url": f"{world.web_url}/apps/{world.slug}",
        "created_at": stamp,
        "updated_at": stamp,
        "permissions": dict(world.app_permissions),
        "events": list(EVENTS),
    }


def installation_view(world: World, installation: Installation) -> dict[str, Any]:
    account = user_view(world, installation.account)
    stamp = world.clock.stamp(world.began_at)
    number, url = installation.id, world.api_url
    suspended = installation.suspended_at
    return {
        "id": number,
        "client_id": f"Iv1.{world.app_id:016x}",
        "account": account,
        "repository_selection": "all" if installation.repository_ids is None else "selected",
        "access_tokens_url": f"{url}/app/installations/{number}/access_tokens",
        "repositories_url": f"{url}/installation/repositories",
        "html_url": f"{world.web_url}/organizations/{installation.account.login}/settings/installations/{number}",
        "app_id": world.app_id,
        "app_slug": world.slug,
        "target_id": installation.account.id,
        "target_type": installation.account.kind,
        "permissions": dict(installation.permissions),
        "events": list(EVENTS),
        "created_at": stamp,
        "updated_at": stamp,
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None if suspended is None else account,
        "suspended_at": None if suspended is None else world.clock.stamp(suspended),
    }
