"""The review of a head as writes: how it is sent, how it is found again, and what became of one that was lost."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from reviewbot.domain.pull import ReviewKey
from reviewbot.github.answers import ReviewComment
from reviewbot.github.comments import RenderedReview
from reviewbot.github.failures import Forbidden, NotThere, Refused, TooLarge
from reviewbot.github.markers import found_marker, marker, part_of_marker
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.outgoing import NotYet, Request, Write, settle
from reviewbot.store.outbox import Outgoing, SendState
from reviewbot.store.pulls import Hold

REVIEW, REVIEW_IN_BODY = "review", "review:in-body"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReviewWrites:
    """How the review of a key is sent, and how it is found again."""

    live: Live
    client: RepositoryClient
    key: ReviewKey
    number: int

    def write(self, part: str, rendered: RenderedReview) -> Write:
        request: dict[str, Any] = {
            "commit_id": self.key.head,
            "body": f"{rendered.body}\n{self._marker(REVIEW)}",
            "comments": [
                {**asdict(one), "body": f"{one.body}\n{self._marker(one.fingerprint)}"} for one in rendered.comments
            ],
        }
        return self.planned(part, request)

    def planned(self, part: str, request: Request) -> Write:
        return Write(str(self.key), part, request, self._send, self._find, is_latest=True)

    def comments(self, review_id: int) -> Mapping[str, int]:
        """The ids of the review's comments by the fingerprint of what they say; none where GitHub will not tell them.

        The review stands all the same, and what it says is known; only its threads are not found any more.
        """
        secret, key = self.live.marker_secret, str(self.key)
        try:
            posted = self.client.review_comments(self.number, review_id)
        except (Refused, NotThere, Forbidden, TooLarge) as error:
            if isinstance(error, NotThere) and not self._is_listed(review_id):
                # What was written a moment ago need not be readable yet (F43).
                raise
            log.warning("comments of a review could not be read", extra={"key": key, "why": str(error)[:300]})
            return {}
        found = ((part_of_marker(secret, key, one.body), one.id) for one in posted)
        return {part: comment_id for part, comment_id in found if part is not None}

    def _is_listed(self, review_id: int) -> bool:
        return any(one.id == review_id for one in self.client.reviews(self.number))

    def _marker(self, part: str) -> str:
        return marker(self.live.marker_secret, str(self.key), part)

    def _send(self, request: Request) -> str:
        comments = [
            ReviewComment(
                path=one["path"],
                body=one["body"],
                line=one["line"],
                side=one["side"],
                start_line=one["start_line"],
                start_side=one["start_side"],
            )
            for one in request["comments"]
        ]
        posted = self.client.create_review(self.number, request["commit_id"], request["body"], comments)
        return str(posted.id)

    def _find(self, _request: Request) -> str | None:
        """Our review of this key; one that was left pending by a lost request is taken away (F54)."""
        secret, key = self.live.marker_secret, str(self.key)
        for one in self.client.reviews(self.number):
            if found_marker(secret, key, REVIEW, one.body) and self.client.is_ours(one.author):
                if one.state != "PENDING":
                    return str(one.id)
                self.client.delete_pending_review(self.number, one.id)
        return None


def settled_review(live: Live, client: RepositoryClient, hold: Hold, row: Outgoing) -> NotYet | None:
    """Finds out whether a review that an earlier look was sending has arrived, so that nothing in it is said again.

    One that has not is planned again: it is sent, as it is by then, if its head is the pull request's once more.
    """
    key = ReviewKey.parse(row.key)
    writes = ReviewWrites(live, client, key, hold.ref.number)
    if row.state is SendState.UNKNOWN:
        not_yet = settle(live, hold, writes.planned(row.part, row.request), row)
        if not_yet is not None:
            return not_yet
    sent = live.outbox.find(row.key, row.part)
    if sent is not None and sent.state is SendState.SENT and not live.rounds.is_published(key):
        live.rounds.published(hold, key, writes.comments(int(sent.remote_id or 0)))
    return None
