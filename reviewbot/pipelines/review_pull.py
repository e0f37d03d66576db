"""Reviews a pull request, from whatever asked for it to one visible outcome at its head.

Every step can be repeated: what was done is in the store, so that a process may die between any two of them.
"""

from __future__ import annotations

import logging

from reviewbot.domain.pull import PullRef, PullRequest
from reviewbot.domain.review import Outcome
from reviewbot.errors import GitError, InputError
from reviewbot.github.check_run import check_without_review
from reviewbot.github.failures import (
    Forbidden,
    GitHubFailure,
    Locked,
    NotInstalled,
    NotThere,
    Refused,
    Suspended,
    TooLarge,
)
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.asking import resume
from reviewbot.pipelines.later import GivenUp, Later, later_after
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.outgoing import NotYet
from reviewbot.pipelines.pull_check import HeadCheck
from reviewbot.pipelines.pull_leftovers import leaves_open, settle_leftovers
from reviewbot.pipelines.pull_outcomes import keep_outcomes, outcomes_unread
from reviewbot.pipelines.pull_review import reviewed
from reviewbot.pipelines.pull_triggers import CLOSED
from reviewbot.pipelines.thumbs import collect_thumbs
from reviewbot.store.pulls import Fenced, Hold, PullWork

log = logging.getLogger(__name__)

_ENDING_SECONDS = 3_600.0
_ENDING_TRIES = 48
"""How often, every hour, the end of what was begun is tried where the App was refused."""


def review_pull(live: Live, ref: PullRef) -> float | None:
    """Looks at a pull request as often as something new is wanted of it.

    The seconds after which somebody has to look again, or None. Nothing happens where another worker has it: that one
    sees what is wanted before it lets go.
    """
    hold = live.pulls.take(ref, live.worker)
    if hold is None:
        return None
    live.crashpoint("taken")
    try:
        later = _looked(live, hold)
        more = live.pulls.release(hold, due_in=later.seconds if later else None)
    except Fenced:
        log.info("pull request passed to another worker", extra={"pull": str(ref)})
        return None
    live.crashpoint("released")
    if later is not None:
        return later.seconds
    return 0.0 if more else None


def let_go(live: Live, ref: PullRef) -> None:
    """Lets go of a pull request on which a look has crashed; it is tried again, but not for ever."""
    live.pulls.drop(ref, live.worker, due_in=60.0)


def _looked(live: Live, hold: Hold) -> Later | None:
    """One look; failures become a time to look again, or the end."""
    work = live.pulls.work(hold.ref)
    assert work is not None, "what is held is there"
    try:
        if work.deaths > live.limits.attempts:
            return _given_up(live, hold, work, f"{work.deaths - 1} attempts to review it did not come to an end")
        return _look(live, hold, work)
    except (GitHubFailure, GitError, InputError) as error:
        return _after(live, hold, work, error)


def _after(live: Live, hold: Hold, work: PullWork, error: GitHubFailure | GitError | InputError) -> Later | None:
    log.warning("look failed", extra={"pull": str(hold.ref), "kind": type(error).__name__, "why": str(error)[:300]})
    if isinstance(error, Suspended):
        live.installations.suspend(work.installation_id, True)
    if isinstance(error, NotInstalled):
        live.installations.remove(work.installation_id)
    if isinstance(error, NotThere) and (error.status != 404 or work.attempts >= live.limits.attempts):
        return _out_of_reach(live, hold, work, f"the pull request is not there: {error}")
    if isinstance(error, GitError | InputError | Refused | TooLarge | Locked) and work.attempts >= live.limits.attempts:
        return _given_up(live, hold, work, str(error))
    later = later_after(error, work.attempts)
    if isinstance(later, GivenUp):
        if isinstance(error, Forbidden):
            return _out_of_reach(live, hold, work, later.why)
        _unseen(live, hold, work, later.why)
        return None
    return later


def _out_of_reach(live: Live, hold: Hold, work: PullWork, why: str) -> Later | None:
    """The end where GitHub lets us in no more; what stands open there is tried to be ended once an hour for two days.

    A permission that comes back finds no event waiting, and once the pull request is closed no sweep looks at it.
    """
    client = live.github.repository(work.installation_id, hold.ref.repo_id, work.repo)
    if work.attempts < _ENDING_TRIES and leaves_open(live, client, hold):
        return Later(_ENDING_SECONDS)
    _unseen(live, hold, work, why)
    return None


def _unseen(live: Live, hold: Hold, work: PullWork, why: str) -> None:
    """The end where nothing can be said at GitHub. What was said stands; once it is seen again the sweep finds it."""
    outcome, reason = (work.outcome, work.reason) if work.outcome else (Outcome.SKIPPED, why)
    live.pulls.conclude(hold, None, outcome, reason)
    live.pulls.remember_etag(hold.ref.repo_id, None)


def _look(live: Live, hold: Hold, work: PullWork) -> Later | None:
    client = live.github.repository(work.installation_id, hold.ref.repo_id, work.repo)
    pull = client.pull(hold.ref.number)
    live.crashpoint("read pull")
    resume(live, work.installation_id)
    if pull.repo != work.repo:
        live.pulls.rename(hold.ref.repo_id, pull.repo)
    live.pull_facts.keep(pull, work.installation_id)
    unsettled = settle_leftovers(live, client, hold, pull)
    if unsettled is not None:
        return unsettled
    if not pull.is_open:
        return _closed(live, client, hold, work, pull)
    if pull.is_archived:
        _unseen(live, hold, work, "the repository is archived: nothing can be written there")
        return None
    return reviewed(live, client, hold, work, pull)


def _closed(live: Live, client: RepositoryClient, hold: Hold, work: PullWork, pull: PullRequest) -> Later | None:
    """Nothing is said on a closed pull request; only a check run that was begun is ended (F38)."""
    reason = "the pull request was merged" if pull.is_merged else CLOSED
    check = HeadCheck(live, client, hold, pull.head)
    if check.may_be_open() or check.stands_all_the_same():
        report = check_without_review(Outcome.SKIPPED, reason, live.facts(), live.defaults)
        result = check.complete(report, f"closed:{hold.wanted}")
        if isinstance(result, NotYet):
            return Later(result.seconds)
    collect_thumbs(live, client, hold.ref)
    if pull.is_merged:
        _merged(live, client, work, pull)
    now = live.pulls.work(hold.ref)
    if now is None or now.head != pull.head:
        live.pulls.conclude(hold, pull.head, Outcome.SKIPPED, reason)
    return None


def _merged(live: Live, client: RepositoryClient, work: PullWork, pull: PullRequest) -> None:
    """Keeps what became of the findings; what cannot be read after several attempts is kept without the code."""
    try:
        keep_outcomes(live, client, pull, work.installation_id)
    except (NotThere, Forbidden, Refused, TooLarge, GitError) as error:
        if isinstance(error, GitError) and work.attempts < live.limits.attempts:
            raise
        log.warning("merged code not read", extra={"pull": str(pull.ref), "why": str(error)[:300]})
        outcomes_unread(live, pull, work.installation_id)


def _given_up(live: Live, hold: Hold, work: PullWork, why: str) -> Later | None:
    """A pull request on which look after look has failed: said on its check run, and no more tried (F65)."""
    reason = f"{why}; a comment `@{live.own.slug} review` tries again"
    log.error("pull request given up", extra={"pull": str(hold.ref), "why": why[:300]})
    try:
        client = live.github.repository(work.installation_id, hold.ref.repo_id, work.repo)
        pull = client.pull(hold.ref.number)
        report = check_without_review(Outcome.FAILED, reason, live.facts(), live.defaults)
        HeadCheck(live, client, hold, pull.head).complete(report, f"failed:{hold.wanted}")
        live.pulls.conclude(hold, pull.head, Outcome.FAILED, reason)
    except GitHubFailure as error:
        live.pulls.conclude(hold, work.head, Outcome.FAILED, f"{reason}; and could not say so: {error}")
    return None
