"""Answers a person who spoke to us: a command, or a reply in the thread of a finding."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import assert_never

from reviewbot.domain.events import CommentPlace, CommentWritten
from reviewbot.domain.round import Fate, KnownFinding
from reviewbot.domain.secret_text import without_secrets
from reviewbot.errors import GitError, InputError
from reviewbot.github.commands import (
    Command,
    Explain,
    FullReview,
    Help,
    Ignore,
    Pause,
    Resume,
    Review,
    ShowConfig,
    Unclear,
    parse_command,
)
from reviewbot.github.failures import Forbidden, GitHubFailure, NotThere, Refused
from reviewbot.github.replies import (
    config_text,
    explain_text,
    help_text,
    ignored_text,
    not_allowed_text,
    paused_text,
    resumed_text,
    unclear_text,
    unknown_finding_text,
)
from reviewbot.github.repository import RepositoryClient
from reviewbot.github.webhook import UnreadablePayload, parse_event
from reviewbot.pipelines.answer_reply import reply_text
from reviewbot.pipelines.asking import COMMAND, FULL, SETTLED, ask_for_look, asked_at
from reviewbot.pipelines.later import GivenUp, later_after
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.outgoing import NotYet, Request, Result, Write, deliver
from reviewbot.pipelines.pull_change import opened_change
from reviewbot.pipelines.pull_notices import conversation_write
from reviewbot.pipelines.pull_policy import policy_in_force
from reviewbot.pipelines.thread_writes import ANSWER, thread_write
from reviewbot.policy_file import policy_hash

log = logging.getLogger(__name__)

_ATTEMPTS = 2
"""How patient we are with a comment: somebody waits for the answer."""
_EYES = "eyes"
_MAY_COMMAND = frozenset({"admin", "write"})


def answer_comment(live: Live, delivery_id: int) -> float | None:
    """Does what a comment asks for and says so once; the seconds after which to try again, or None."""
    stored = live.deliveries.read(delivery_id)
    try:
        event = parse_event(stored.event, stored.body, live.own)
    except UnreadablePayload:
        return None
    if not isinstance(event, CommentWritten):
        return None
    try:
        return _answered(live, event)
    except (GitHubFailure, GitError, InputError) as error:
        log.warning("answer failed", extra={"comment": event.comment_id, "why": str(error)[:300]})
        later = later_after(error, _ATTEMPTS)
        return None if isinstance(later, GivenUp) else later.seconds


@dataclass(frozen=True)
class _Conversation:
    live: Live
    client: RepositoryClient
    event: CommentWritten

    @property
    def key(self) -> str:
        return f"comment:{self.event.ref}:{self.event.comment_id}"

    def parts(self) -> frozenset[str]:
        """What was begun of the answer before, by whatever delivery the comment came then (F23)."""
        return frozenset(row.part for row in self.live.outbox.of(self.key))

    def say(self, text: str) -> Result:
        """Where we were spoken to: in the thread, or in the conversation."""
        event = self.event
        if event.place is CommentPlace.THREAD:
            first = event.in_reply_to or event.comment_id
            return deliver(
                self.live, None, thread_write(self.live, self.client, event.ref.number, self.key, first, text)
            )
        write = conversation_write(self.live, self.client, event.ref.number, self.key, ANSWER, text)
        return deliver(self.live, None, write)


def _answered(live: Live, event: CommentWritten) -> float | None:
    client = live.github.repository(event.installation_id, event.ref.repo_id, event.repo)
    talk = _Conversation(live, client, event)
    begun = talk.parts()
    if begun:
        return _finished(talk, begun)
    command = parse_command(event.body, live.names)
    if command is None:
        return _replied(talk)
    is_allowed = _may_command(client, event)
    if not is_allowed:
        log.info("command denied", extra={"comment": event.comment_id, "author": event.author_id})
    text = _done(talk, command) if is_allowed else not_allowed_text()
    result = talk.say(text) if text else None
    if isinstance(result, NotYet):
        return result.seconds
    if is_allowed:
        _acknowledge(talk)
    return None


def _finished(talk: _Conversation, begun: Collection[str]) -> float | None:
    """What was asked for is done; an answer of which it is not known whether it arrived is seen to its end."""
    result = talk.say("") if ANSWER in begun else None
    if _EYES in begun:
        _acknowledge(talk)
    return result.seconds if isinstance(result, NotYet) else None


def _may_command(client: RepositoryClient, event: CommentWritten) -> bool:
    """Asked of GitHub at this moment; when it gives no answer, the answer is no (S04)."""
    try:
        return client.permission(event.author, event.author_id) in _MAY_COMMAND
    except (NotThere, Forbidden, Refused):
        return False


def _acknowledge(talk: _Conversation) -> None:
    """A sign that we have read it; the same reaction twice is one."""
    event = talk.event

    def react(_request: Request) -> str:
        talk.client.react(event.place, event.comment_id, "eyes")
        return str(event.comment_id)

    write = Write(talk.key, _EYES, {}, react, lambda _: None, looks_first=False, repeatable=True)
    try:
        deliver(talk.live, None, write)
    except GitHubFailure as error:
        log.info("no reaction", extra={"comment": event.comment_id, "why": str(error)[:200]})


def _done(talk: _Conversation, command: Command) -> str:
    """Does it, and what is to be said of it; all of these can be done twice without harm."""
    live, event = talk.live, talk.event
    match command:
        case Review():
            _ask(talk, COMMAND)
            return ""
        case FullReview():
            _ask(talk, FULL)
            return ""
        case Pause():
            live.pulls.pause(event.ref, True)
            return paused_text(live.own.slug)
        case Resume():
            live.pulls.pause(event.ref, False)
            _ask(talk, COMMAND)
            return resumed_text()
        case Ignore(finding, reason):
            return _ignored(talk, finding, reason)
        case Explain(finding):
            found = live.rounds.match(event.ref, finding)
            if len(found) != 1:
                return unknown_finding_text(finding, live.rounds.known(event.ref), live.own.slug)
            return explain_text(found[0], live.facts(), event.repo)
        case ShowConfig():
            return _config(talk)
        case Help():
            return help_text(live.own.slug)
        case Unclear(said, ask):
            return f"{ask} Nothing was done yet." if ask else unclear_text(said, live.own.slug)
        case _:
            assert_never(command)


def _ask(talk: _Conversation, trigger: str) -> None:
    live, event = talk.live, talk.event
    work = live.pulls.work(event.ref)
    has_result = work is not None and work.outcome is not None
    another = has_result and trigger in (COMMAND, FULL)
    if trigger in (COMMAND, FULL):
        trigger = asked_at(trigger, talk.client.pull(event.ref.number).head)
    ask_for_look(live, event.ref, event.installation_id, event.repo, trigger, another=another)


def _ignored(talk: _Conversation, finding: str, reason: str) -> str:
    live, event = talk.live, talk.event
    found = live.rounds.match(event.ref, finding)
    if len(found) != 1:
        return unknown_finding_text(finding, live.rounds.known(event.ref), live.own.slug)
    known, reason = found[0], without_secrets(reason)
    live.rounds.ignore(event.ref.repo_id, known.fingerprint, reason, event.author)
    live.rounds.settle(event.ref, known.fingerprint, Fate.IGNORED, reason, event.author)
    _resolve_thread(talk, known)
    _ask(talk, SETTLED)
    return ignored_text(known.finding, reason, live.facts())


def _resolve_thread(talk: _Conversation, known: KnownFinding) -> None:
    if known.comment_id is None:
        return
    try:
        for thread in talk.client.threads(talk.event.ref.number):
            if not thread.is_resolved and any(said.id == known.comment_id for said in thread.comments):
                talk.client.resolve(thread.id)
    except (NotThere, Forbidden, Refused) as error:
        log.info("thread not resolved", extra={"why": str(error)[:200]})


def _config(talk: _Conversation) -> str:
    live, event = talk.live, talk.event
    pull = talk.client.pull(event.ref.number)
    with opened_change(live, talk.client, pull) as change:
        force = policy_in_force(live, pull, change.policy_snapshot)
    # Nothing is reviewed here, so that nothing can be spent.
    panel = live.reviewers.panel(force.policy, live.limits.budget_per_review_usd, lambda _: None)
    work = live.pulls.work(event.ref)
    facts = replace(
        live.facts(),
        policy_source=force.source,
        policy_hash=policy_hash(force.policy, panel.facts),
        notices=force.notices,
    )
    policy = replace(force.policy, reviewers=tuple(reviewer.name for reviewer in panel.reviewers))
    ignored = live.rounds.ignored(event.ref.repo_id)
    return config_text(policy, facts, ignored, is_paused=work is not None and work.is_paused)


def _replied(talk: _Conversation) -> float | None:
    """Somebody answered a finding: that is feedback, and gets an answer from whoever may have one."""
    live, event = talk.live, talk.event
    known = live.rounds.by_comment(event.ref, event.in_reply_to or 0)
    if known is None:
        return None
    live.feedback.record(event.ref, known.fingerprint, "reply", event.author_id, str(event.comment_id))
    pull = talk.client.pull(event.ref.number)
    if not pull.is_open or not (event.author_id == pull.author_id or _may_command(talk.client, event)):
        return None
    thread = [
        said
        for said in talk.client.thread_comments(event.ref.number)
        if event.in_reply_to in (said.id, said.in_reply_to)
    ]
    if sum(talk.client.is_ours(said.author) for said in thread) > live.limits.replies_per_thread:
        return None
    result = talk.say(reply_text(live, talk.client, event.installation_id, pull, known, thread))
    return result.seconds if isinstance(result, NotYet) else None
