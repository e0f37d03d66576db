"""Routes of the comments on lines."""

from __future__ import annotations

from tests.fakes.github.routes_pulls import pull_of
from tests.fakes.github.rules import check_body, check_place, refuse_locked
from tests.fakes.github.said_views import review_comment_view
from tests.fakes.github.state import PullState, ReviewComment
from tests.fakes.github.web import ApiError, Response, Visit, invalid, not_found, route
from tests.fakes.github.writing import announce_review, new_comment, new_reply, new_review

_PULL = "/repos/{owner}/{repo}/pulls/{number:int}"
_COMMENT = "/repos/{owner}/{repo}/pulls/comments/{id:int}"


@route("GET", f"{_PULL}/comments", "pull_requests:read")
def review_comments(visit: Visit) -> Response:
    pull = pull_of(visit)
    hidden = {one.id for one in pull.reviews.values() if one.state == "PENDING"}
    found = [one for one in visit.seen(list(pull.review_comments.values())) if one.review_id not in hidden]
    return visit.page(found, lambda one: review_comment_view(visit.world, visit.repo, one))


@route("POST", f"{_PULL}/comments", "pull_requests:write", creates=True)
def create_review_comment(visit: Visit) -> Response:
    pull, wish = pull_of(visit), visit.request.json
    if wish.get("in_reply_to") is not None:
        return _reply(visit, pull, int(wish["in_reply_to"]))
    refuse_locked(pull)
    check_body(visit.text("body", required=True, resource="PullRequestReviewComment"), "PullRequestReviewComment")
    commit = visit.text("commit_id", required=True, resource="PullRequestReviewComment")
    path = visit.text("path", required=True, resource="PullRequestReviewComment")
    if commit not in visit.repo.store.between(pull.base, pull.head):
        message = "end_commit_oid is not part of the pull request"
        raise invalid("PullRequestReviewComment", "end_commit_oid", "custom", message)
    if check_place(visit.repo.diff(pull, commit).file(path), wish):
        field = "pull_request_review_thread.line"
        raise invalid("PullRequestReviewComment", field, "custom", f"{field} must be part of the diff")
    around = new_review(visit, pull, commit, "", "COMMENTED", is_implicit=True)
    made = new_comment(visit, pull, around, wish)
    announce_review(visit, pull, around)
    return Response(201, review_comment_view(visit.world, visit.repo, made))


@route("POST", f"{_PULL}/comments/{{id:int}}/replies", "pull_requests:write", creates=True)
def create_reply(visit: Visit) -> Response:
    return _reply(visit, pull_of(visit), visit.number("id"))


def _reply(visit: Visit, pull: PullState, to: int) -> Response:
    refuse_locked(pull)
    first = pull.review_comments.get(to)
    if first is None or not visit.sees(first):
        raise not_found()
    if first.in_reply_to is not None:
        raise invalid("PullRequestReviewComment", "in_reply_to", "invalid")
    body = visit.text("body", required=True, resource="PullRequestReviewComment")
    check_body(body, "PullRequestReviewComment")
    made = new_reply(visit, pull, first, body)
    return Response(201, review_comment_view(visit.world, visit.repo, made))


def _comment_of(visit: Visit) -> ReviewComment:
    pull = visit.repo.pull_of_review_comment(visit.number("id"))
    found = pull.review_comments[visit.number("id")] if pull else None
    if found is None or not visit.sees(found):
        raise not_found()
    return found


@route("GET", _COMMENT, "pull_requests:read")
def review_comment(visit: Visit) -> Response:
    return Response(200, review_comment_view(visit.world, visit.repo, _comment_of(visit)))


@route("PATCH", _COMMENT, "pull_requests:write")
def update_review_comment(visit: Visit) -> Response:
    found = _comment_of(visit)
    body = visit.text("body", required=True, resource="PullRequestReviewComment")
    check_body(body, "PullRequestReviewComment")
    if not found.by_app:
        raise ApiError(403, "Resource not accessible by integration")
    found.body, found.updated_at = body, visit.world.clock.now()
    visit.call.effects.append(f"review_comment:{found.id}")
    return Response(200, review_comment_view(visit.world, visit.repo, found))


@route("DELETE", _COMMENT, "pull_requests:write")
def delete_review_comment(visit: Visit) -> Response:
    found = _comment_of(visit)
    found.is_deleted = True
    visit.call.effects.append(f"review_comment:{found.id}")
    return Response(204)
