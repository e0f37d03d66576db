"""Routes of reviews."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.github.routes_pulls import pull_of
from tests.fakes.github.rules import MOST_BODY, check_commit, check_place, refuse_locked
from tests.fakes.github.said_views import review_view, short_review_comment_view
from tests.fakes.github.state import PullState, Review
from tests.fakes.github.web import ApiError, Response, Visit, invalid, not_found, route
from tests.fakes.github.writing import announce_review, new_comment, new_review

_PULL = "/repos/{owner}/{repo}/pulls/{number:int}"
_STATES = {"": "PENDING", "COMMENT": "COMMENTED", "APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}


@route("GET", f"{_PULL}/reviews", "pull_requests:read")
def reviews(visit: Visit) -> Response:
    found = visit.seen(list(pull_of(visit).reviews.values()))
    return visit.page(found, lambda one: review_view(visit.world, visit.repo, one))


@route("POST", f"{_PULL}/reviews", "pull_requests:write", creates=True)
def create_review(visit: Visit) -> Response:
    """All or nothing: one comment on a wrong line refuses the whole review, without saying which."""
    pull, wish = pull_of(visit), visit.request.json
    refuse_locked(pull)
    event = wish.get("event")
    _note_forbidden_event(visit, event)
    body, comments = visit.text("body", MOST_BODY, resource="PullRequestReview"), wish.get("comments") or []
    commit = wish.get("commit_id") or pull.head
    if event == "COMMENT" and not body.strip() and not comments:
        raise ApiError(422, "Unprocessable Entity", ["Review body can't be blank"])
    if any(one.state == "PENDING" and one.by_app for one in visit.seen(list(pull.reviews.values()))):
        raise ApiError(422, "Unprocessable Entity", ["User can only have one pending review per pull request"])
    check_commit(visit.repo, pull, commit)
    _check_comments(visit, pull, commit, comments)
    review = new_review(visit, pull, commit, body, _STATES[event or ""])
    for comment in comments:
        new_comment(visit, pull, review, comment)
    announce_review(visit, pull, review)
    return Response(200, review_view(visit.world, visit.repo, review))


def _note_forbidden_event(visit: Visit, event: Any) -> None:
    if event not in (None, "", "COMMENT"):
        visit.world.violate(f"a review with event {event!r} on {visit.request.path}")
        if event not in ("APPROVE", "REQUEST_CHANGES"):
            raise invalid("PullRequestReview", "event")


def _check_comments(visit: Visit, pull: PullState, commit: str, comments: list[Mapping[str, Any]]) -> None:
    diff = visit.repo.diff(pull, commit)
    for comment in comments:
        body = comment.get("body")
        if not isinstance(body, str) or not body.strip():
            raise ApiError(422, "Unprocessable Entity", ["Pull request review comment body can't be blank"])
        if len(body) > MOST_BODY:
            raise ApiError(422, "Unprocessable Entity", [f"Body is too long (maximum is {MOST_BODY} characters)"])
        complaints = check_place(diff.file(str(comment.get("path"))), comment)
        if complaints:
            raise ApiError(422, "Unprocessable Entity", [" and ".join(complaints)])


def _review_of(visit: Visit) -> Review:
    found = pull_of(visit).reviews.get(visit.number("id"))
    if found is None or not visit.sees(found):
        raise not_found()
    return found


@route("GET", f"{_PULL}/reviews/{{id:int}}", "pull_requests:read")
def review(visit: Visit) -> Response:
    return Response(200, review_view(visit.world, visit.repo, _review_of(visit)))


@route("GET", f"{_PULL}/reviews/{{id:int}}/comments", "pull_requests:read")
def comments_of_review(visit: Visit) -> Response:
    found, pull = _review_of(visit), pull_of(visit)
    mine = [one for one in visit.seen(list(pull.review_comments.values())) if one.review_id == found.id]
    return visit.page(mine, lambda one: short_review_comment_view(visit.world, visit.repo, one))


@route("PUT", f"{_PULL}/reviews/{{id:int}}", "pull_requests:write")
def update_review(visit: Visit) -> Response:
    found = _review_of(visit)
    body = visit.text("body", MOST_BODY, required=True, resource="PullRequestReview")
    found.body, found.updated_at = body, visit.world.clock.now()
    visit.call.effects.append(f"review:{found.id}")
    return Response(200, review_view(visit.world, visit.repo, found))


@route("DELETE", f"{_PULL}/reviews/{{id:int}}", "pull_requests:write")
def delete_review(visit: Visit) -> Response:
    found, pull = _review_of(visit), pull_of(visit)
    if found.state != "PENDING":
        raise ApiError(422, "Unprocessable Entity", ["Can not delete a non-pending pull request review"])
    found.is_deleted = True
    for comment in pull.review_comments.values():
        comment.is_deleted = comment.is_deleted or comment.review_id == found.id
    visit.call.effects.append(f"review:{found.id}")
    return Response(200, review_view(visit.world, visit.repo, found))


@route("POST", f"{_PULL}/reviews/{{id:int}}/events", "pull_requests:write")
def submit_review(visit: Visit) -> Response:
    found = _review_of(visit)
    event = visit.request.json.get("event")
    _note_forbidden_event(visit, event)
    if found.state != "PENDING" or event != "COMMENT":
        raise ApiError(422, "Unprocessable Entity", ["Could not submit the review"])
    found.state, found.submitted_at = "COMMENTED", visit.world.clock.now()
    announce_review(visit, pull_of(visit), found)
    visit.call.effects.append(f"review:{found.id}")
    return Response(200, review_view(visit.world, visit.repo, found))
