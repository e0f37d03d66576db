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
from reviewbot.pipelines.outgoing import NotYet, settle
from reviewbot.pipelines.publish_round import FIXED, lost_word
from reviewbot.pipelines.pull_check import CREATED, HeadCheck
from reviewbot.pipelines.pull_notices import conversation_write
from reviewbot.pipelines.review_writes import REVIEW, REVIEW_IN_BODY, settled_review
from reviewbot.store.outbox import Outgoing, SendState
from reviewbot.store.pulls import Hold


def settle_leftovers(live: Live, client: RepositoryClient, hold: Hold, pull: PullRequest) -> Later | None:
    """Ends what earlier looks have open; when to look again where that cannot be known yet, None when all is done."""
    prefix = f"{live.own.app_id}:{hold.ref.repo_id}:{hold.ref.number}:"
    live.outbox.claim(hold, prefix)
    for row in (*live.outbox.starting(prefix), *_notices(live, hold)):
        not_yet = _settled(live, client, hold, row)
        if not_yet is not None:
            return Later(not_yet.seconds)
    for row in live.outbox.starting(prefix):
        if row.part == CREATED and _head(row) != pull.head:
            later = _superseded(live, client, hold, _head(row), pull)
            if later is not None:
                return later
    return None


def _notices(live: Live, hold: Hold) -> list[Outgoing]:
    """Those on this pull request; what is wrong with a policy is said once in a repository, on whichever meets it."""
    rows = live.outbox.starting(f"notice:{hold.ref.repo_id}")
    return [row for row in rows if row.request["number"] == hold.ref.number]


def leaves_open(live: Live, client: RepositoryClient, hold: Hold) -> bool:
    """Whether a check run may stand there unfinished, or a write is of unknown fate; GitHub is not asked."""
    rows = live.outbox.starting(f"{live.own.app_id}:{hold.ref.repo_id}:{hold.ref.number}:")
    return any(
        row.state in (SendState.UNKNOWN, SendState.SENDING)
        or (row.part == CREATED and HeadCheck(live, client, hold, _head(row)).may_be_open())
        for row in rows
    )


def _settled(live: Live, client: RepositoryClient, hold: Hold, row: Outgoing) -> NotYet | None:
    """What became of one write. A check run is looked for by whoever completes it."""
    if row.part in (REVIEW, REVIEW_IN_BODY):
        return settled_review(live, client, hold, row)
    if row.key.startswith("notice:"):
        if row.state not in (SendState.UNKNOWN, SendState.SENDING):
            return None
        return settle(live, hold, conversation_write(live, client, hold.ref.number, row.key, row.part, ""), row)
    if row.state is not SendState.UNKNOWN or row.part == CREATED:
        return None
    if row.key.endswith(FIXED):
        return settle(live, hold, lost_word(live, client, hold.ref.number, row), row)
    return settle(live, hold, HeadCheck(live, client, hold, _head(row)).change(row.part, row.request), row)


def _superseded(live: Live, client: RepositoryClient, hold: Hold, head: Sha, pull: PullRequest) -> Later | None:
    """Ends the check run of a head that was pushed over, saying by what."""
    check = HeadCheck(live, client, hold, head)
    if not check.may_be_open() and not check.stands_all_the_same():
        return None
    report = check_without_review(Outcome.SUPERSEDED, f"superseded by {pull.head[:10]}", live.facts(), live.defaults)
    result = check.complete(report, f"superseded:{hold.wanted}")
    return Later(result.seconds) if isinstance(result, NotYet) else None


def _head(row: Outgoing) -> Sha:
    """Both kinds of key, a head's and a review's, name the head in the fourth place."""
    return Sha(row.key.split(":")[3])
