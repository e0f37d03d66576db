"""From an open pull request to what is said at its head: policy, round, publication, check run."""

from __future__ import annotations

import logging
from dataclasses import replace

from reviewbot.domain.events import Trigger
from reviewbot.domain.pull import PullRequest
from reviewbot.domain.review import Outcome
from reviewbot.domain.round import Fate, Round
from reviewbot.errors import InputError
from reviewbot.git.live import CommitGone
from reviewbot.github.check_run import CheckReport, check_of_round, check_without_review
from reviewbot.github.failures import Forbidden, NotThere
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.asking import SETTLED, ask_for_look
from reviewbot.pipelines.later import Later
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.outgoing import NotYet
from reviewbot.pipelines.publish_round import HeadGone, Publication, Published, publish
from reviewbot.pipelines.pull_change import PullChange, opened_change
from reviewbot.pipelines.pull_check import HeadCheck
from reviewbot.pipelines.pull_citations import with_citations
from reviewbot.pipelines.pull_look import Look, completed, ended, moved_away, put_off
from reviewbot.pipelines.pull_notices import tell_notices
from reviewbot.pipelines.pull_policy import policy_in_force
from reviewbot.pipelines.pull_round import Moved, has_moved, made_round
from reviewbot.pipelines.pull_threads import follow_threads
from reviewbot.pipelines.pull_triggers import has_result, reason_to_skip
from reviewbot.pipelines.spending import PutOff, day_leaves_too_little, deferral, meter, review_budget
from reviewbot.policy_file import policy_hash
from reviewbot.store.pulls import Hold, PullWork

log = logging.getLogger(__name__)

_FETCHES = 3
"""So often git is tried, before the change is read out of GitHub's API."""


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
            return _as_settled(look)
        if reason is not None:
            return ended(look, Outcome.SKIPPED, reason)
        if live.rounds.find(look.key) is None:
            wait = deferral(live, work, pull, look.force.policy)
            if wait is not None:
                return put_off(look, wait)
        return _round_of(look)


def _look(
    live: Live, client: RepositoryClient, hold: Hold, work: PullWork, pull: PullRequest, change: PullChange
) -> Look:
    force = policy_in_force(live, pull, change.policy_snapshot)
    budget_usd = review_budget(live, pull, force.policy)
    panel = live.reviewers.panel(force.policy, budget_usd, meter(live, pull.ref.repo_id, work.installation_id))
    digest = policy_hash(force.policy, panel.facts)
    key = live.review_key(pull.ref, pull.head, digest, work.request)
    facts = replace(
        live.facts(),
        policy_source=force.source,
        policy_hash=digest,
        notices=(*force.notices, *panel.notices, *change.notices),
    )
    return Look(live, client, hold, work, pull, change, force, panel, key, budget_usd, facts)


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
            return moved_away(look, made)
        wait = _too_dear_today(look, made)
        if wait is not None:
            return put_off(look, wait)
        live.crashpoint("made round")
        live.rounds.save(hold, key, with_citations(live, look.pull, look.work.installation_id, made))
        live.crashpoint("saved round")
    round_ = live.rounds.load(key)
    assert round_ is not None, "it was saved"
    if not live.rounds.is_published(key):
        now = look.client.pull(look.pull.ref.number)
        if has_moved(look.pull, now):
            return moved_away(look, Moved(now))
        if now.is_archived:
            # Nothing can be written any more. The head stays without an outcome, so that a later sweep finds it.
            return None
        unsaid = _unsaid(look, round_)
        if unsaid != round_:
            live.rounds.revise(hold, key, unsaid)
            live.crashpoint("revised round")
        round_ = unsaid
    return _said(look, round_)


def _as_settled(look: Look) -> Later | None:
    """Has the result of a head that is not reviewed again show what people have settled since."""
    latest = look.live.rounds.latest(look.pull.ref)
    if SETTLED not in look.work.triggers or latest is None or latest.key.head != look.pull.head:
        return None
    round_ = look.live.rounds.load(latest.key)
    assert round_ is not None, "it was said"
    facts = replace(look.facts, policy_hash=latest.key.policy)
    return _said(replace(look, key=latest.key, facts=facts), round_)


def _too_dear_today(look: Look, made: Round) -> PutOff | None:
    """The wait for a review that met the end of the day's budget before anything was paid for."""
    if not look.panel.ran_out() or made.review.cost_usd:
        return None
    return day_leaves_too_little(look.live, look.force.policy, look.budget_usd)


def _unsaid(look: Look, round_: Round) -> Round:
    """Without what another head has said since the round was made: the head moved away, and came back.

    What was fixed since and stands here again is said again, and so is what is graver than it was said to be.
    """
    known = {one.fingerprint: one for one in look.live.rounds.known(look.pull.ref) if one.fate is not Fate.FIXED}
    said = {
        finding.fingerprint: known[finding.fingerprint]
        for finding in round_.to_say
        if finding.fingerprint in known and known[finding.fingerprint].finding.severity.at_least(finding.severity)
    }
    to_say = tuple(finding for finding in round_.to_say if finding.fingerprint not in said)
    return replace(round_, to_say=to_say, still_open=(*round_.still_open, *said.values()))


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
            return moved_away(look, Moved(None))
        case Published(notices):
            told = tell_notices(look.live, look.client, look.hold, look.pull, look.force, look.change.diff)
            if isinstance(told, NotYet):
                return Later(told.seconds)
            facts = replace(look.facts, notices=(*look.facts.notices, *notices))
            report = check_of_round(_as_it_stands(look, round_), look.force.policy, facts)
            return completed(look, report, round_.review.outcome, round_.review.reason, _report_name(look, report))


def _as_it_stands(look: Look, round_: Round) -> Round:
    """The round without the findings that people have settled since, and with all others that stand open by now.

    Those are what people have opened again, and what another head has said since this round was made. What another head
    has fixed counts all the same where this one has it.
    """
    known = look.live.rounds.known(look.pull.ref)
    settled = {one.fingerprint for one in known if one.fate in (Fate.RESOLVED, Fate.IGNORED)}
    to_say = tuple(finding for finding in round_.to_say if finding.fingerprint not in settled)
    still_open = tuple(one for one in round_.still_open if one.fingerprint not in settled)
    counted = {finding.fingerprint for finding in to_say} | {one.fingerprint for one in (*still_open, *round_.fixed)}
    elsewhere = (one for one in known if one.fate is Fate.OPEN and one.fingerprint not in counted)
    return replace(round_, to_say=to_say, still_open=(*still_open, *elsewhere))


def _report_name(look: Look, report: CheckReport) -> str:
    """Where it was asked for again, or the check run shows something else, the result is shown under another name."""
    name = f"report:{look.key.policy}:{look.key.request}"
    anew = f"{name}:again:{look.hold.wanted}"
    return anew if Trigger.REQUESTED.value in look.work.triggers else look.check.name_of(report, name, anew)
