"""One look at one head, and the ways in which it ends without a word on the pull request."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from decimal import Decimal

from reviewbot.domain.events import Trigger
from reviewbot.domain.pull import PullRequest, ReviewKey
from reviewbot.domain.review import Outcome
from reviewbot.domain.round import Fate
from reviewbot.github.check_run import CheckReport, check_without_review
from reviewbot.github.facts import Facts
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.asking import SWEEP, ask_for_look
from reviewbot.pipelines.later import Later
from reviewbot.pipelines.live import Live, Panel
from reviewbot.pipelines.outgoing import NotYet, TurnedDown
from reviewbot.pipelines.pull_change import PullChange
from reviewbot.pipelines.pull_check import HeadCheck
from reviewbot.pipelines.pull_policy import PolicyInForce
from reviewbot.pipelines.pull_round import Moved
from reviewbot.pipelines.pull_triggers import CLOSED_MEANWHILE, MADE_DRAFT
from reviewbot.pipelines.spending import PutOff
from reviewbot.store.pulls import Hold, PullWork

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """One look at one head: all that its steps share."""

    live: Live
    client: RepositoryClient
    hold: Hold
    work: PullWork
    pull: PullRequest
    change: PullChange
    force: PolicyInForce
    panel: Panel
    key: ReviewKey
    budget_usd: Decimal | None
    facts: Facts

    @property
    def check(self) -> HeadCheck:
        return HeadCheck(self.live, self.client, self.hold, self.pull.head)


def moved_away(look: Look, moved: Moved) -> Later | None:
    """The pull request is no more what it was: the head's outcome says so, and what it is now is looked at at once."""
    now, pull = moved.now, look.pull
    if now is not None and now.is_open and now.head == pull.head and now.base_branch != pull.base_branch:
        # The check run of this head stays open: the same head is reviewed against its new base (F37).
        ask_for_look(look.live, pull.ref, look.work.installation_id, pull.repo, SWEEP, another=True)
        return None
    if now is None or (now.is_open and now.head == pull.head and not now.is_draft):
        outcome, reason = Outcome.SUPERSEDED, "the head is no longer part of the pull request"
    elif not now.is_open:
        outcome, reason = Outcome.SKIPPED, "the pull request was merged" if now.is_merged else CLOSED_MEANWHILE
    elif now.head != look.pull.head:
        outcome, reason = Outcome.SUPERSEDED, f"superseded by {now.head[:10]}"
    else:
        outcome, reason = Outcome.SKIPPED, MADE_DRAFT
    later = ended(look, outcome, reason)
    if later is None and outcome is Outcome.SUPERSEDED:
        ask_for_look(look.live, look.pull.ref, look.work.installation_id, look.pull.repo, Trigger.PUSHED.value)
    return later


def put_off(look: Look, why: PutOff) -> Later:
    """The head waits, in sight, and is looked at again by itself."""
    return ended(look, Outcome.DEFERRED, why.reason) or Later(why.seconds)


def ended(look: Look, outcome: Outcome, reason: str) -> Later | None:
    still_open = [known for known in look.live.rounds.known(look.pull.ref) if known.fate is Fate.OPEN]
    report = check_without_review(outcome, reason, look.facts, look.force.policy, still_open)
    return completed(look, report, outcome, reason, f"{outcome.value}:{look.hold.wanted}")


def completed(look: Look, report: CheckReport, outcome: Outcome, reason: str, name: str) -> Later | None:
    result = look.check.complete(report, name)
    match result:
        case NotYet(seconds):
            return Later(seconds)
        case TurnedDown(note):
            log.warning("check run refused", extra={"pull": str(look.pull.ref), "why": note})
            reason = "; ".join(filter(None, (reason, f"the check run could not be written: {note}")))
    look.live.crashpoint("completed check")
    place = {"repo": str(look.pull.repo), "number": look.pull.ref.number, "head": look.pull.head[:10]}
    came_to = {"outcome": outcome.value, "why": reason[:200], "calls": look.client.calls}
    log.info("head concluded", extra={**place, **came_to})
    look.live.pulls.conclude(look.hold, look.pull.head, outcome, reason)
    return None
