"""From an open pull request to what is said at its head: policy, round, publication, check run."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from reviewbot.domain.events import Trigger
from reviewbot.domain.pull import PullRequest, ReviewKey
from reviewbot.domain.review import Outcome
from reviewbot.domain.round import Fate, Round
from reviewbot.errors import InputError
from reviewbot.git.live import CommitGone
from reviewbot.github.check_run import CheckReport, check_of_round, check_without_review
from reviewbot.github.facts import Facts
from reviewbot.github.failures import Forbidden, NotThere
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.asking import SETTLED, SWEEP, ask_for_look
from reviewbot.pipelines.later import Later
from reviewbot.pipelines.live import Live, Panel
from reviewbot.pipelines.outgoing import NotYet, TurnedDown
from reviewbot.pipelines.publish_round import HeadGone, Publication, Published, publish
from reviewbot.pipelines.pull_change import PullChange, opened_change
from reviewbot.pipelines.pull_check import HeadCheck
from reviewbot.pipelines.pull_notices import tell_notices
from reviewbot.pipelines.pull_policy import PolicyInForce, policy_in_force
from reviewbot.pipelines.pull_round import Moved, has_moved, made_round
from reviewbot.pipelines.pull_threads import follow_threads, opened_again
from reviewbot.pipelines.pull_triggers import has_result, reason_to_skip
from reviewbot.pipelines.spending import deferral, review_budget
from reviewbot.policy_file import policy_hash
from reviewbot.store.pulls import Hold, PullWork

log = logging.getLogger(__name__)

_FETCHES = 3
"""So often git is tried, before the change is read out of GitHub's API."""


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
    facts: Facts

    @property
    def check(self) -> HeadCheck:
        return HeadCheck(self.live, self.client, self.hold, self.pull.head)


def reviewed(live: Live, client: RepositoryClient, hold: Hold, work: PullWork, pull: PullRequest) -> Later | None:
    """Brings the head to its outcome; when to look again where it cannot have one yet."""
    try:
        return _opened(live, client, hold, work, pull)
    except CommitGone:
        return _gone(live, client, hold, work, pull)
    except InputError as error:
        return _unreadable(live, client, hold, pull, Outcome.FAILED, str(error))
    except (Forbidden, NotThere) as error:
        if isinstance(error, NotThere) and error.status == 404:
            raise
        # Of a pull request that could be read; where its check run cannot be written either, the caller ends it.
        return _unreadable(live, client, hold, pull, Outcome.FAILED, str(error))


def _gone(live: Live, client: RepositoryClient, hold: Hold, work: PullWork, pull: PullRequest) -> Later | None:
    """A commit that GitHub does not give: it is no longer the head (F36), or its servers do not agree yet (F39)."""
    if has_moved(pull, client.pull(pull.ref.number)):
        ask_for_look(live, pull.ref, work.installation_id, pull.repo, Trigger.PUSHED.value)
        return None
    if work.attempts < live.limits.attempts:
        return Later(15.0 * work.attempts)
    reason = "the commits of this head are no longer on GitHub; another push brings new ones"
    return _unreadable(live, client, hold, pull, Outcome.SUPERSEDED, reason)


def _unreadable(
    live: Live, client: RepositoryClient, hold: Hold, pull: PullRequest, outcome: Outcome, reason: str
) -> Later | None:
    """The end of a head that never came so far that a policy or a reviewer was known."""
    report = check_without_review(outcome, reason, live.facts(), live.defaults)
    result = HeadCheck(live, client, hold, pull.head).complete(report, f"{outcome.value}:{hold.wanted}")
    if isinstance(result, NotYet):
        return Later(result.seconds)
    live.pulls.conclude(hold, pull.head, outcome, reason)
    return None


def _opened(live: Live, client: RepositoryClient, hold: Hold, work: PullWork, pull: PullRequest) -> Later | None:
    if SETTLED in work.triggers:
        follow_threads(live, client, pull.ref)
    with opened_change(live, client, pull, is_tried_again=work.attempts < _FETCHES) as change:
        look = _look(live, client, hold, work, pull, change)
        live.crashpoint("opened change")
        reason = None if live.rounds.is_published(look.key) else reason_to_skip(live, work, pull, look.force.policy)
        if reason is not None and has_result(work, pull):
            return None
        if reason is not None:
            return _ended(look, Outcome.SKIPPED, reason)
        if live.rounds.find(look.key) is None:
            put_off = deferral(live, work, pull, look.force.policy)
            if put_off is not None:
                later = _ended(look, Outcome.DEFERRED, put_off.reason)
                return later or Later(put_off.seconds)
        return _round_of(look)


def _look(
    live: Live, client: RepositoryClient, hold: Hold, work: PullWork, pull: PullRequest, change: PullChange
) -> Look:
    force = policy_in_force(live, pull, change.policy_snapshot)
    panel = live.reviewers.panel(force.policy, review_budget(live, force.policy))
    digest = policy_hash(force.policy, panel.facts)
    key = live.review_key(pull.ref, pull.head, digest, work.request)
    facts = replace(
        live.facts(),
        policy_source=force.source,
        policy_hash=digest,
        notices=(*force.notices, *panel.notices, *change.notices),
    )
    return Look(live, client, hold, work, pull, change, force, panel, key, facts)


def _round_of(look: Look) -> Later | None:
    live, hold, key = look.live, look.hold, look.key
    begun = look.check.begin()
    if isinstance(begun, NotYet):
        return Later(begun.seconds)
    if live.rounds.find(key) is None:
        look.check.restart(f"{hold.wanted}")
        made = made_round(
            live, hold, look.client, look.pull, look.change, look.force, look.panel, look.work, key.policy
        )
        if isinstance(made, Moved):
            return _moved(look, made)
        live.crashpoint("made round")
        live.rounds.save(hold, key, made)
        live.crashpoint("saved round")
    round_ = live.rounds.load(key)
    assert round_ is not None, "it was saved"
    if not live.rounds.is_published(key):
        now = look.client.pull(look.pull.ref.number)
        if has_moved(look.pull, now):
            return _moved(look, Moved(now))
        if now.is_archived:
            # Nothing can be written any more. The head stays without an outcome, so that a later sweep finds it.
            return None
        round_ = _unsaid(look, round_)
    return _said(look, round_)


def _unsaid(look: Look, round_: Round) -> Round:
    """Without what another head has said since the round was made: the head moved away, and came back."""
    known = {one.fingerprint for one in look.live.rounds.known(look.pull.ref)}
    return replace(round_, to_say=tuple(finding for finding in round_.to_say if finding.fingerprint not in known))


def _said(look: Look, round_: Round) -> Later | None:
    one = Publication(
        look.live,
        look.client,
        look.hold,
        look.pull,
        look.key,
        round_,
        look.change.diff,
        look.force.policy,
        look.facts,
    )
    result = publish(one)
    match result:
        case NotYet(seconds):
            return Later(seconds)
        case HeadGone():
            return _moved(look, Moved(None))
        case Published(notices):
            told = tell_notices(look.live, look.client, look.hold, look.pull, look.force, look.change.diff)
            if isinstance(told, NotYet):
                return Later(told.seconds)
            facts = replace(look.facts, notices=(*look.facts.notices, *notices))
            report = check_of_round(_as_it_stands(look, round_), look.force.policy, facts)
            return _completed(look, report, round_.review.outcome, round_.review.reason, _report_name(look))


def _as_it_stands(look: Look, round_: Round) -> Round:
    """The round without the findings that people have settled since, and with those that they have opened again."""
    known = look.live.rounds.known(look.pull.ref)
    settled = {one.fingerprint for one in known if one.fate is not Fate.OPEN}
    to_say = tuple(finding for finding in round_.to_say if finding.fingerprint not in settled)
    still_open = tuple(one for one in round_.still_open if one.fingerprint not in settled)
    counted = {finding.fingerprint for finding in to_say} | {one.fingerprint for one in still_open}
    back = (one for one in known if opened_again(one) and one.fingerprint not in counted)
    return replace(round_, to_say=to_say, still_open=(*still_open, *back))


def _report_name(look: Look) -> str:
    """Where it was asked for again, or a person settled a finding, the result is shown anew, under another name."""
    name = f"report:{look.key.policy}:{look.key.request}"
    return f"{name}:again:{look.hold.wanted}" if look.work.triggers & {Trigger.REQUESTED.value, SETTLED} else name


def _moved(look: Look, moved: Moved) -> Later | None:
    """The pull request is no more what it was: the head's outcome says so, and what it is now is looked at at once."""
    now, pull = moved.now, look.pull
    if now is not None and now.is_open and now.head == pull.head and now.base_branch != pull.base_branch:
        # The check run of this head stays open: the same head is reviewed against its new base (F37).
        ask_for_look(look.live, pull.ref, look.work.installation_id, pull.repo, SWEEP, another=True)
        return None
    if now is None or (now.is_open and now.head == pull.head and not now.is_draft):
        outcome, reason = Outcome.SUPERSEDED, "the head is no longer part of the pull request"
    elif not now.is_open:
        outcome, reason = Outcome.SKIPPED, "the pull request was merged" if now.is_merged else "it was closed"
    elif now.head != look.pull.head:
        outcome, reason = Outcome.SUPERSEDED, f"superseded by {now.head[:10]}"
    else:
        outcome, reason = Outcome.SKIPPED, "the pull request was made a draft"
    later = _ended(look, outcome, reason)
    if later is None and outcome is Outcome.SUPERSEDED:
        ask_for_look(look.live, look.pull.ref, look.work.installation_id, look.pull.repo, Trigger.PUSHED.value)
    return later


def _ended(look: Look, outcome: Outcome, reason: str) -> Later | None:
    still_open = [known for known in look.live.rounds.known(look.pull.ref) if known.fate is Fate.OPEN]
    report = check_without_review(outcome, reason, look.facts, look.force.policy, still_open)
    return _completed(look, report, outcome, reason, f"{outcome.value}:{look.hold.wanted}")


def _completed(look: Look, report: CheckReport, outcome: Outcome, reason: str, name: str) -> Later | None:
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
