"""Turns a stored delivery into what is to be done: the only reader of webhook bodies."""

from __future__ import annotations

import logging
from typing import assert_never

from reviewbot.domain.events import (
    CheckRequested,
    CommentWritten,
    Event,
    Ignored,
    InstallationChanged,
    IssueChanged,
    PullChanged,
    PullStopped,
    RepositoriesRemoved,
    RepositoryMoved,
    ThreadSettled,
    Trigger,
)
from reviewbot.domain.pull import PullRef
from reviewbot.domain.review import Outcome
from reviewbot.github.commands import parse_command
from reviewbot.github.webhook import UnreadablePayload, parse_event
from reviewbot.pipelines.asking import SETTLED, STOPPED, ask_for_look
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.pull_threads import settle_as_thread
from reviewbot.pipelines.record.noticed import noticed
from reviewbot.store.deliveries import DeliveryState
from reviewbot.store.feedback import FeedbackKind
from reviewbot.store.pulls import PullWork

log = logging.getLogger(__name__)


def handle_delivery(live: Live, delivery_id: int) -> None:
    """Does what a delivery asks for, or notes why it asks for nothing. Doing it twice is doing it once."""
    stored = live.deliveries.read(delivery_id)
    if stored.state is not DeliveryState.RECEIVED:
        return
    if live.deliveries.begin(delivery_id) > live.limits.attempts:
        live.deliveries.settle(delivery_id, DeliveryState.DEAD, "gave up after several attempts; see the log")
        log.error("delivery given up", extra={"delivery": delivery_id, "guid": stored.guid})
        return
    try:
        event = parse_event(stored.event, stored.body, live.own)
    except UnreadablePayload as error:
        live.deliveries.settle(delivery_id, DeliveryState.DEAD, str(error))
        return
    live.crashpoint("parsed delivery")
    note = acted_on(live, event, delivery_id)
    live.crashpoint("acted on delivery")
    state = DeliveryState.IGNORED if isinstance(event, Ignored) else DeliveryState.HANDLED
    live.deliveries.settle(delivery_id, state, note)


def acted_on(live: Live, event: Event, delivery_id: int) -> str:
    """What was done about an event, in a few words."""
    match event:
        case Ignored(reason):
            return reason
        case PullChanged():
            return _wanted(live, event, event.ref, event.trigger)
        case PullStopped():
            return _wanted(live, event, event.ref, None)
        case CheckRequested():
            for number in event.numbers or live.pulls.numbers_at(event.repo_id, event.head):
                _wanted(live, event, PullRef(event.repo_id, number), Trigger.REQUESTED)
            return "a check was asked for again"
        case CommentWritten():
            return _heard(live, event, delivery_id)
        case ThreadSettled():
            return _settled(live, event)
        case IssueChanged():
            return noticed(live, event)
        case InstallationChanged():
            return _installation(live, event)
        case RepositoriesRemoved():
            live.pulls.forget_repositories(event.installation_id, event.repo_ids)
            return f"{len(event.repo_ids)} repositories are no longer ours to see"
        case RepositoryMoved():
            live.pulls.rename(event.repo_id, event.repo)
            return f"the repository is now {event.repo}"
        case _:
            assert_never(event)


def _wanted(
    live: Live, event: PullChanged | PullStopped | CheckRequested, ref: PullRef, trigger: Trigger | None
) -> str:
    another = _is_another(live.pulls.work(ref), trigger)
    delay_seconds = live.limits.quiet_seconds if trigger is Trigger.PUSHED else 0.0
    wanted = ask_for_look(
        live,
        ref,
        event.installation_id,
        event.repo,
        trigger.value if trigger else STOPPED,
        delay_seconds=delay_seconds,
        another=another,
    )
    return f"look {wanted} at {event.repo}#{ref.number}"


def _is_another(work: PullWork | None, trigger: Trigger | None) -> bool:
    """Whether a head is to get another result: the base is not the same, or the one that it has is not complete.

    Against a new base even a review that is being made, or being said, has to be made anew.
    """
    if work is None:
        return False
    if trigger is Trigger.RETARGETED:
        return True
    return work.outcome is not None and trigger is Trigger.REQUESTED and work.outcome != Outcome.COMPLETE


def _heard(live: Live, event: CommentWritten, delivery_id: int) -> str:
    """Only what is for us is worth a job: a command, or a reply in the thread of a finding."""
    is_reply = event.in_reply_to is not None and live.rounds.by_comment(event.ref, event.in_reply_to) is not None
    if parse_command(event.body, live.names) is None and not is_reply:
        return "a comment that is not for us"
    live.queue.comment(delivery_id, event.installation_id)
    return "a comment for us"


def _settled(live: Live, event: ThreadSettled) -> str:
    """A person's resolution is feedback on the finding, and the check run is to show what counts now."""
    for comment_id in event.comment_ids:
        known = live.rounds.by_comment(event.ref, comment_id)
        if known is None:
            continue
        kind: FeedbackKind = "resolved" if event.is_resolved else "unresolved"
        live.feedback.record(event.ref, known.fingerprint, kind, event.sender_id or 0, event.thread_id)
        settle_as_thread(live, event.ref, known, event.is_resolved, str(event.sender_id or ""))
        ask_for_look(live, event.ref, event.installation_id, event.repo, SETTLED)
        return f"finding {known.fingerprint[:8]} {kind}"
    return "a thread that is not ours"


def _installation(live: Live, event: InstallationChanged) -> str:
    match event.action:
        case "deleted":
            live.installations.remove(event.installation_id)
            live.pulls.forget_installation(event.installation_id)
        case "suspend":
            live.installations.suspend(event.installation_id, True)
        case _:
            live.installations.note(event.installation_id)
            live.installations.suspend(event.installation_id, False)
            live.pulls.wake(event.installation_id)
    return f"installation {event.action}"
