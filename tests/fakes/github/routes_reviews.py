"""Routes of reviews and of the comments on lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.github.pull_views import review_comment_view, review_view, short_review_comment_view
from tests.fakes.github.routes_pulls import pull_of
from tests.fakes.github.rules import MOST_BODY, check_body, check_commit, check_place, refuse_locked
from tests.fakes.github.state import PullState, Review, ReviewComment, Thread, node_id
from tests.fakes.github.web import ApiError, Response, Visit, invalid, not_found, route

_PULL = "/repos/{owner}/{repo}/pulls/{number:int}"
_COMMENT = "/repos/{owner}/{repo}/pulls/comments/{id:int}"


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
    state = {"COMMENT": "COMMENTED", "APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED"}.get(
        event, "PENDING"
    )
    review = _new_review(visit, pull, commit, body, state)
    for comment in comments:
        _new_comment(visit, pull, review, comment)
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


def _new_review(visit: Visit, pull: PullState, commit: str, body: str, state: str, is_implicit: bool = False) -> Review:
    review = Review(
        id=visit.world.next_id(),
        **visit.stamp_new(),
        body=body,
        state=state,
        commit_id=commit,
        number=pull.number,
        submitted_at=None if state == "PENDING" else visit.world.clock.now(),
        is_implicit=is_implicit,
    )
    pull.reviews[review.id] = review
    visit.call.effects.append(f"review:{review.id}")
    return review


def _new_comment(visit: Visit, pull: PullState, review: Review, wish: Mapping[str, Any]) -> ReviewComment:
    file = visit.repo.diff(pull, review.commit_id).file(wish["path"])
    side, line = wish.get("side") or "RIGHT", wish.get("line")
    position = wish.get("position")
    if file is not None and line is None and position is not None:
        side, line = next((place for place, at in file.positions.items() if at == position), (side, None))
    position = file.positions.get((side, line)) if file is not None and line is not None else None
    start = wish.get("start_line")
    comment = ReviewComment(
        id=visit.world.next_id(),
        **visit.stamp_new(),
        body=wish["body"],
        number=pull.number,
        review_id=review.id,
        path=wish["path"],
        commit_id=review.commit_id,
        original_commit_id=review.commit_id,
        diff_hunk="\n".join((file.patch or "").split("\n")[: (position or 0) + 1]) if file is not None else "",
        line=line,
        original_line=line,
        side=side,
        start_line=start,
        start_side=(wish.get("start_side") or side) if start is not None else None,
        position=position or 1,
        original_position=position or 1,
        subject=wish.get("subject_type") or "line",
    )
    pull.review_comments[comment.id] = comment
    thread = Thread(node_id("PRRT", comment.id), pull.number, comment.id)
    pull.threads[thread.id] = thread
    visit.call.effects.append(f"review_comment:{comment.id}")
    return comment


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
    visit.call.effects.append(f"review:{found.id}")
    return Response(200, review_view(visit.world, visit.repo, found))


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
    around = _new_review(visit, pull, commit, "", "COMMENTED", is_implicit=True)
    made = _new_comment(visit, pull, around, wish)
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
    around = _new_review(visit, pull, pull.head, "", "COMMENTED", is_implicit=True)
    kept = ("path", "commit_id", "original_commit_id", "diff_hunk", "line", "original_line", "side", "start_line")
    more = ("start_side", "position", "original_position")
    made = ReviewComment(
        id=visit.world.next_id(),
        **visit.stamp_new(),
        body=body,
        number=pull.number,
        review_id=around.id,
        in_reply_to=first.id,
        **{name: getattr(first, name) for name in kept + more},
    )
    pull.review_comments[made.id] = made
    visit.call.effects.append(f"review_comment:{made.id}")
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
