"""Routes that read pull requests."""

from __future__ import annotations

from tests.fakes.github.diffs import PullDiff
from tests.fakes.github.pull_views import file_view, pull_list_view, pull_view
from tests.fakes.github.state import PullState
from tests.fakes.github.web import ApiError, Response, Visit, not_found, route

MOST_LISTED_FILES = 3_000


def pull_of(visit: Visit) -> PullState:
    found = visit.repo.pulls.get(visit.number("number"))
    if found is None:
        raise not_found()
    return found


def wants_diff(visit: Visit) -> bool:
    return ".diff" in visit.request.accept


def refuse_large_diff(diff: PullDiff) -> None:
    """GitHub's 406 for a diff that it does not give as one text."""
    reason = diff.too_large
    if reason is None:
        return
    advice = "Consider using 'List pull requests files' API or locally cloning the repository instead."
    error = {"resource": "PullRequest", "field": "diff", "code": "too_large"}
    raise ApiError(406, f"Sorry, the diff {reason}. {advice}", [error])


@route("GET", "/repos/{owner}/{repo}/pulls", "pull_requests:read")
def pulls(visit: Visit) -> Response:
    query, repository = visit.request.query, visit.repo
    state = query.get("state", "open")
    found = [one for one in repository.pulls.values() if state == "all" or one.is_open == (state == "open")]
    if query.get("base"):
        found = [one for one in found if one.base_branch == query["base"]]
    if query.get("head"):
        found = [one for one in found if query["head"].rpartition(":")[2] == one.head_branch]
    key = {"updated": lambda one: one.updated_at}.get(query.get("sort", ""), lambda one: one.number)
    is_rising = query.get("direction", "asc" if "sort" in query and query["sort"] != "created" else "desc") == "asc"
    found.sort(key=key, reverse=not is_rising)
    return visit.page(found, lambda one: pull_list_view(visit.world, repository, one))


@route("GET", "/repos/{owner}/{repo}/pulls/{number:int}", "pull_requests:read")
def pull(visit: Visit) -> Response:
    found = pull_of(visit)
    if not wants_diff(visit):
        return Response(200, pull_view(visit.world, visit.repo, found))
    diff = visit.repo.diff(found)
    refuse_large_diff(diff)
    return Response(200, raw=diff.text, kind="application/vnd.github.diff; charset=utf-8")


@route("GET", "/repos/{owner}/{repo}/pulls/{number:int}/files", "pull_requests:read")
def files(visit: Visit) -> Response:
    found = pull_of(visit)
    listed = visit.repo.diff(found).files[:MOST_LISTED_FILES]
    return visit.page(listed, lambda one: file_view(visit.world, visit.repo, found.head, one))
