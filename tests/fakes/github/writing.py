"""How the App's reviews and comments on lines come into being."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.github.events import review_comment_event, review_event
from tests.fakes.github.state import PullState, Review, ReviewComment, Thread, node_id
from tests.fakes.github.web import Visit


def new_review(visit: Visit, pull: PullState, commit: str, body: str, state: str, is_implicit: bool = False) -> Review:
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


def new_comment(visit: Visit, pull: PullState, review: Review, wish: Mapping[str, Any]) -> ReviewComment:
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


def new_reply(visit: Visit, pull: PullState, first: ReviewComment, body: str) -> ReviewComment:
    """A reply in a thread, with the review that GitHub makes around it."""
    around = new_review(visit, pull, pull.head, "", "COMMENTED", is_implicit=True)
    made = ReviewComment(
        id=visit.world.next_id(),
        **visit.stamp_new(),
        body=body,
        number=pull.number,
        review_id=around.id,
        in_reply_to=first.id,
        **place_of(first),
    )
    pull.review_comments[made.id] = made
    visit.call.effects.append(f"review_comment:{made.id}")
    announce_review(visit, pull, around)
    return made


def place_of(comment: ReviewComment) -> dict[str, Any]:
    """Where a comment stands, for the replies to it."""
    names = ("path", "commit_id", "original_commit_id", "diff_hunk", "line", "original_line", "side")
    more = ("start_line", "start_side", "position", "original_position")
    return {name: getattr(comment, name) for name in names + more}


def announce_review(visit: Visit, pull: PullState, review: Review) -> None:
    """The webhooks about the App's own review and its comments: they come back to the App."""
    if not visit.world.echoes or review.state == "PENDING":
        return
    review_event(visit.world, visit.repo, pull, review)
    for comment in pull.review_comments.values():
        if comment.review_id == review.id:
            review_comment_event(visit.world, visit.repo, pull, comment)
