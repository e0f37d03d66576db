"""What earlier looks have left behind: writes of unknown fate, check runs of heads that are no more.

Nothing new is begun on a pull request while it is not known what of the old has arrived.
"""

from __future__ import annotations

from reviewbot.domain.pull import PullRequest
from reviewbot.domain.repository import Sha
from reviewbot.domain.review import Outcome
from reviewbot.github.check_run import check_without_review
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.later import Later
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.outgoing import NotYet
from reviewbot.pipelines.publish_round import REVIEW, REVIEW_IN_BODY, settled_review
from reviewbot.pipelines.pull_check import CREATED, HeadCheck
from reviewbot.store.outbox import Outgoing, SendState
from reviewbot.store.pulls import Hold


def settle_leftovers(live: Live, client: RepositoryClient, hold: Hold, pull: PullRequest) -> Later | None:
    """Ends what earlier heads have open; when to look again where that cannot be known yet, None when all is done."""
    prefix = f"{live.own.app_id}:{hold.ref.repo_id}:{hold.ref.number}:"
    live.outbox.claim(hold, prefix)
    rows = [row for row in live.outbox.starting(prefix) if _head(row) != pull.head]
    for row in rows:
        if row.part == CREATED:
            later = _superseded(live, client, hold, _head(row), pull)
        elif row.part in (REVIEW, REVIEW_IN_BODY) and row.state is not SendState.REFUSED:
            later = settled_review(live, client, hold, pull, row)
        else:
            later = None
        if later is not None:
            return later
    return None


def _superseded(live: Live, client: RepositoryClient, hold: Hold, head: Sha, pull: PullRequest) -> Later | None:
    """Ends the check run of a head that was pushed over, saying by what."""
    check = HeadCheck(live, client, hold, head)
    row = live.outbox.find(check.key, CREATED)
    is_unknown = row is not None and row.state in (SendState.UNKNOWN, SendState.SENDING)
    if not check.is_open() and not is_unknown:
        return None
    report = check_without_review(Outcome.SUPERSEDED, f"superseded by {pull.head[:10]}", live.facts(), live.defaults)
    result = check.complete(report, f"superseded:{hold.wanted}")
    return Later(result.seconds) if isinstance(result, NotYet) else None


def _head(row: Outgoing) -> Sha:
    """Both kinds of key, a head's and a review's, name the head in the fourth place."""
    return Sha(row.key.split(":")[3])
