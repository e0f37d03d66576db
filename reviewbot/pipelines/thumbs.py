"""Thumbs under our comments: GitHub sends no event for them, so they are read when a pull request is closed."""

from __future__ import annotations

import logging

from reviewbot.domain.pull import PullRef
from reviewbot.github.failures import Forbidden, NotThere, Refused, Unreachable
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.live import Live
from reviewbot.store.feedback import FeedbackKind

log = logging.getLogger(__name__)

_THUMBS: dict[str, FeedbackKind] = {"+1": "+1", "-1": "-1"}
_MOST_COMMENTS = 50


def collect_thumbs(live: Live, client: RepositoryClient, ref: PullRef) -> None:
    """Records who thinks what of each finding that stands in a comment; a comment that is gone says nothing."""
    said = [known for known in live.rounds.known(ref) if known.comment_id is not None]
    for known in said[:_MOST_COMMENTS]:
        try:
            reactions = client.reactions(known.comment_id or 0)
        except (NotThere, Forbidden, Refused, Unreachable) as error:
            log.info("thumbs not read", extra={"comment": known.comment_id, "why": str(error)[:200]})
            continue
        for reaction in reactions:
            kind = _THUMBS.get(reaction.kind)
            if kind is not None and reaction.user_id is not None:
                live.feedback.record(ref, known.fingerprint, kind, reaction.user_id, str(known.comment_id))
