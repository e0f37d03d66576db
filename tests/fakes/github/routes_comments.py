"""Routes of the conversation's comments, and of reactions to comments of both kinds."""

from __future__ import annotations

from tests.fakes.github.events import comment_event
from tests.fakes.github.rules import check_body, refuse_locked
from tests.fakes.github.said_views import REACTIONS, comment_view, reaction_view
from tests.fakes.github.state import Comment, IssueState, PullState, Reaction
from tests.fakes.github.web import ApiError, Response, Visit, invalid, not_found, route

_ISSUE = "/repos/{owner}/{repo}/issues"
_READ, _WRITE = ("issues:read", "pull_requests:read"), ("issues:write", "pull_requests:write")


def talk_of(visit: Visit) -> PullState | IssueState:
    """What has a conversation under this number."""
    number = visit.number("number")
    found = visit.repo.pulls.get(number) or visit.repo.issues.get(number)
    if found is None or (isinstance(found, IssueState) and found.is_deleted):
        raise not_found()
    return found


@route("GET", f"{_ISSUE}/{{number:int}}/comments", *_READ)
def comments(visit: Visit) -> Response:
    found = visit.seen(list(talk_of(visit).comments.values()))
    return visit.page(found, lambda one: comment_view(visit.world, visit.repo, one))


@route("POST", f"{_ISSUE}/{{number:int}}/comments", *_WRITE, creates=True)
def create_comment(visit: Visit) -> Response:
    talk = talk_of(visit)
    refuse_locked(talk)
    body = visit.text("body", required=True, resource="IssueComment")
    check_body(body, "IssueComment")
    made = Comment(id=visit.world.next_id(), **visit.stamp_new(), body=body, number=talk.number)
    talk.comments[made.id] = made
    visit.call.effects.append(f"comment:{made.id}")
    if visit.world.echoes and isinstance(talk, PullState):
        comment_event(visit.world, visit.repo, talk, made)
    return Response(201, comment_view(visit.world, visit.repo, made))


def _comment_of(visit: Visit) -> Comment:
    talk = visit.repo.talk_of_comment(visit.number("id"))
    found = talk.comments[visit.number("id")] if talk else None
    if found is None or not visit.sees(found):
        raise not_found()
    return found


@route("GET", f"{_ISSUE}/comments/{{id:int}}", *_READ)
def comment(visit: Visit) -> Response:
    return Response(200, comment_view(visit.world, visit.repo, _comment_of(visit)))


@route("PATCH", f"{_ISSUE}/comments/{{id:int}}", *_WRITE)
def update_comment(visit: Visit) -> Response:
    found = _comment_of(visit)
    body = visit.text("body", required=True, resource="IssueComment")
    check_body(body, "IssueComment")
    if not found.by_app:
        raise ApiError(403, "Resource not accessible by integration")
    found.body, found.updated_at = body, visit.world.clock.now()
    visit.call.effects.append(f"comment:{found.id}")
    return Response(200, comment_view(visit.world, visit.repo, found))


@route("DELETE", f"{_ISSUE}/comments/{{id:int}}", *_WRITE)
def delete_comment(visit: Visit) -> Response:
    found = _comment_of(visit)
    found.is_deleted = True
    visit.call.effects.append(f"comment:{found.id}")
    return Response(204)


@route("GET", f"{_ISSUE}/comments/{{id:int}}/reactions", *_READ)
def reactions(visit: Visit) -> Response:
    return _list(visit, _comment_of(visit))


@route("POST", f"{_ISSUE}/comments/{{id:int}}/reactions", *_WRITE)
def create_reaction(visit: Visit) -> Response:
    return _react(visit, _comment_of(visit))


@route("GET", "/repos/{owner}/{repo}/pulls/comments/{id:int}/reactions", "pull_requests:read")
def reactions_of_review_comment(visit: Visit) -> Response:
    return _list(visit, _review_comment_of(visit))


@route("POST", "/repos/{owner}/{repo}/pulls/comments/{id:int}/reactions", "pull_requests:write")
def create_reaction_to_review_comment(visit: Visit) -> Response:
    return _react(visit, _review_comment_of(visit))


def _review_comment_of(visit: Visit) -> Comment:
    pull = visit.repo.pull_of_review_comment(visit.number("id"))
    found = pull.review_comments[visit.number("id")] if pull else None
    if found is None or not visit.sees(found):
        raise not_found()
    return found


def _list(visit: Visit, comment: Comment) -> Response:
    wanted = visit.request.query.get("content")
    found = [one for one in visit.seen(comment.reactions) if wanted in (None, one.content)]
    return visit.page(found, lambda one: reaction_view(visit.world, one))


def _react(visit: Visit, comment: Comment) -> Response:
    content = visit.request.json.get("content")
    if content not in REACTIONS:
        raise invalid("Reaction", "content")
    for one in comment.reactions:
        if one.content == content and one.author is visit.world.bot and not one.is_deleted:
            return Response(200, reaction_view(visit.world, one))
    made = Reaction(id=visit.world.next_id(), **visit.stamp_new(), content=content)
    comment.reactions.append(made)
    visit.call.effects.append(f"reaction:{made.id}")
    return Response(201, reaction_view(visit.world, made))
