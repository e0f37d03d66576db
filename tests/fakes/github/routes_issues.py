"""Routes that read issues; pull requests are issues to GitHub too, and are left to their own routes."""

from __future__ import annotations

from tests.fakes.github.issue_views import issue_view
from tests.fakes.github.web import ApiError, Response, Visit, not_found, route

_ISSUES = "/repos/{owner}/{repo}/issues"


@route("GET", _ISSUES, "issues:read")
def issues(visit: Visit) -> Response:
    query = visit.request.query
    state, wanted = query.get("state", "open"), [one for one in query.get("labels", "").split(",") if one]
    found = [one for one in visit.repo.issues.values() if not one.is_deleted]
    found = [one for one in found if state == "all" or one.is_open == (state == "open")]
    found = [one for one in found if {name.lower() for name in wanted} <= {name.lower() for name in one.labels}]
    if "since" in query:
        found = [one for one in found if visit.world.clock.stamp(one.updated_at) >= query["since"]]
    found.sort(key=lambda one: one.created_at, reverse=query.get("direction", "desc") == "desc")
    return visit.page(found, lambda one: issue_view(visit.world, visit.repo, one))


@route("GET", f"{_ISSUES}/{{number:int}}", "issues:read")
def issue(visit: Visit) -> Response:
    found = visit.repo.issues.get(visit.number("number"))
    if found is None:
        raise not_found()
    if found.is_deleted:
        raise ApiError(410, "This issue was deleted")
    return Response(200, issue_view(visit.world, visit.repo, found))
