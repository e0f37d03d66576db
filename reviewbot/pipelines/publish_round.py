"""Says a round on the pull request: one review, and in the threads of what is fixed one reply each."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reviewbot.domain.diff import Diff
from reviewbot.domain.policy import Policy
from reviewbot.domain.pull import PullRequest, ReviewKey
from reviewbot.domain.round import Fate, KnownFinding, Round
from reviewbot.github.comments import all_in_body, render_review
from reviewbot.github.facts import Facts
from reviewbot.github.failures import Forbidden, NotThere, Refused
from reviewbot.github.graphql import Thread
from reviewbot.github.markers import found_marker, marker
from reviewbot.github.replies import fixed_reply
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.outgoing import Delivered, NotYet, Request, Result, TurnedDown, Write, deliver
from reviewbot.pipelines.review_writes import REVIEW, REVIEW_IN_BODY, ReviewWrites
from reviewbot.store.outbox import Outgoing
from reviewbot.store.pulls import Hold

log = logging.getLogger(__name__)

FIXED = ":fixed"
"""The end of the keys under which findings are told to be fixed."""


@dataclass(frozen=True)
class Publication:
    """A round on its way to its pull request."""

    live: Live
    client: RepositoryClient
    hold: Hold
    pull: PullRequest
    key: ReviewKey
    round: Round
    diff: Diff
    policy: Policy
    facts: Facts


@dataclass(frozen=True, slots=True)
class Published:
    """What stands at GitHub; `notices` are for the check run: what could not be said where it belongs."""

    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeadGone:
    """GitHub says that the head is no longer part of the pull request (F45)."""


def publish(one: Publication) -> Published | HeadGone | NotYet:
    """Sends the review, remembers which comment says which finding, and settles the threads of what is fixed."""
    sent = _review(one)
    if isinstance(sent, NotYet | HeadGone):
        return sent
    comments, notices = sent
    one.live.rounds.published(one.hold, one.key, comments)
    one.live.crashpoint("published")
    settled = _fixed(one)
    return settled if isinstance(settled, NotYet) else Published((*notices, *settled))


def _review(one: Publication) -> tuple[Mapping[str, int], tuple[str, ...]] | HeadGone | NotYet:
    """The ids of the comments by fingerprint, and notices; nothing to say is nothing sent."""
    rendered = render_review(one.round, one.diff, one.policy, one.facts)
    if rendered is None or _went_without_words(one):
        return {}, ()
    writes = ReviewWrites(one.live, one.client, one.key, one.pull.ref.number)
    result = deliver(one.live, one.hold, writes.write(REVIEW, rendered))
    if isinstance(result, TurnedDown) and _is_about_lines(one, result):
        result = deliver(one.live, one.hold, writes.write(REVIEW_IN_BODY, all_in_body(rendered)))
    match result:
        case NotYet():
            return result
        case Delivered(remote_id):
            ids = writes.comments(int(remote_id)) if rendered.comments else {}
            return ids, ((_NO_THREADS,) if rendered.comments and not ids else ())
        case TurnedDown(note, failure):
            if isinstance(failure, Refused) and "commit" in note.lower() and "part of" in note.lower():
                return HeadGone()
            why = note.rpartition("GitHub answered ")[2]
            return {}, (f"the comments could not be written, so that the findings stand here alone ({why})",)


def _went_without_words(one: Publication) -> bool:
    """Whether all that this round would say had been said at another head when it was published."""
    return one.live.rounds.is_published(one.key) and one.live.outbox.find(str(one.key), REVIEW) is None


_NO_THREADS = (
    "GitHub did not tell which comment says which finding: replies in these threads are not answered, and what is "
    "fixed is not told there"
)


def _is_about_lines(one: Publication, result: TurnedDown) -> bool:
    """A 422 does not say which comment it means: all of them move into the body (F44)."""
    if one.live.outbox.find(str(one.key), REVIEW_IN_BODY) is not None:
        return True
    if not isinstance(result.failure, Refused):
        return False
    return not ("commit" in result.note.lower() and "part of the pull request" in result.note.lower())


def _fixed(one: Publication) -> tuple[str, ...] | NotYet:
    """Replies in the threads of what this head fixes, naming it, and resolves them; notices of what did not work."""
    if not one.round.fixed:
        return ()
    notices: list[str] = []
    threads = _threads(one, notices) if any(known.comment_id for known in one.round.fixed) else ()
    for known in one.round.fixed:
        thread = next((each for each in threads if any(said.id == known.comment_id for said in each.comments)), None)
        if thread is not None and not thread.is_resolved:
            result = _settle_thread(one, known, thread)
            if isinstance(result, NotYet):
                return result
            # GitHub resolves threads only for Apps that may write contents, which ours may not: the reply has to do.
            if isinstance(result, TurnedDown) and not isinstance(result.failure, Forbidden):
                notices.append(f"a thread could not be resolved: {result.note}")
        one.live.rounds.settle(one.pull.ref, known.fingerprint, Fate.FIXED, one.pull.head, "")
        one.live.crashpoint("fixed")
    return tuple(dict.fromkeys(notices))


def _threads(one: Publication, notices: list[str]) -> Sequence[Thread]:
    try:
        return one.client.threads(one.pull.ref.number)
    except (NotThere, Forbidden, Refused) as error:
        notices.append(f"threads of fixed findings could not be read: {error}")
        return ()


def _settle_thread(one: Publication, known: KnownFinding, thread: Thread) -> Result:
    """The key does not name this head: what was fixed by an earlier one, whose look died, is not told twice."""
    assert known.comment_id is not None
    key = f"{one.live.head_key(one.pull.ref, known.said_at)}{FIXED}"
    part = f"{known.fingerprint}:{known.comment_id}"
    result = deliver(one.live, one.hold, _reply(one, key, f"fixed:{part}", known, thread))
    if not isinstance(result, Delivered):
        return result
    return deliver(one.live, one.hold, _resolution(one.client, key, f"resolve:{part}", {"thread_id": thread.id}))


def _reply(one: Publication, key: str, part: str, known: KnownFinding, thread: Thread) -> Write:
    secret, number = one.live.marker_secret, one.pull.ref.number

    def send(request: Request) -> str:
        return str(one.client.reply(number, request["comment_id"], request["body"]).id)

    def find(_request: Request) -> str | None:
        """The thread was read a moment ago; only after a lost answer it has to be read again."""
        now = one.client.threads(number) if one.live.outbox.attempts(key, part) else (thread,)
        said = (reply for each in now if each.id == thread.id for reply in each.comments)
        return next(
            (str(each.id) for each in said if each.is_ours and found_marker(secret, key, part, each.body)), None
        )

    body = f"{fixed_reply(known, one.pull.head)}\n{marker(secret, key, part)}"
    return Write(key, part, {"comment_id": known.comment_id, "body": body}, send, find)


def _resolution(client: RepositoryClient, key: str, part: str, request: Request) -> Write:
    def resolve(request: Request) -> str:
        client.resolve(request["thread_id"])
        return str(request["thread_id"])

    return Write(key, part, request, resolve, lambda _: None, looks_first=False, repeatable=True)


def lost_word(live: Live, client: RepositoryClient, number: int, row: Outgoing) -> Write:
    """What an earlier look was saying of a fixed finding, only to be looked for."""
    if "thread_id" in row.request:
        return _resolution(client, row.key, row.part, row.request)

    def find(_request: Request) -> str | None:
        ours = (one for one in client.thread_comments(number) if client.is_ours(one.author))
        return next(
            (str(one.id) for one in ours if found_marker(live.marker_secret, row.key, row.part, one.body)), None
        )

    def send(request: Request) -> str:
        return str(client.reply(number, request["comment_id"], request["body"]).id)

    return Write(row.key, row.part, row.request, send, find)
