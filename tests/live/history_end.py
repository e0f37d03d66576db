"""What must hold at the end of a random history, over GitHub and the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlmodel import col, select

from reviewbot.domain.pull import PullRef, ReviewKey
from reviewbot.domain.review import Outcome
from reviewbot.domain.round import Fate
from reviewbot.store.live_rows import OutgoingRow
from reviewbot.store.outbox import SendState
from reviewbot.store.said_rows import RoundRow
from tests.fakes.github import Expected, Pull, violations
from tests.live.history import History


def wrongs(history: History) -> list[str]:
    """Everything that is wrong, as sentences; empty when all is well."""
    fixed = _fixed_findings(history)
    found = violations(history.world, _expected(history, fixed))
    found += _unsettled(history)
    for pull in history.people.pulls:
        lines = [*_of_memory(history, pull, fixed), *_of_outcome(history, pull)]
        found += [f"#{pull.number}: {line}" for line in lines]
    return found


def _expected(history: History, fixed: Counter[str]) -> Expected:
    people = history.people
    asked = {head: people.asked[pull.number] for pull in people.pulls for _, head in pull.state.heads}
    return Expected(
        incomplete_heads={head for head, in_vain in history.read_in_vain.items() if in_vain},
        asked_again=asked,
        said_again=fixed,
        silent_heads=silent_heads(history),
        answers_on_closed=True,
    )


def silent_heads(history: History) -> frozenset[str]:
    """Heads on which GitHub would not have a check run."""
    calls = history.world.calls.of("POST", "/repos/*/*/check-runs")
    return frozenset(call.body["head_sha"] for call in calls if 400 <= call.status < 500 and call.body)


def _fixed_findings(history: History) -> Counter[str]:
    """How often each finding was settled as fixed: so often it may have come back, and is news again."""
    live, counts = history.service.live, Counter[str]()
    with history.transactions.reading() as session:
        keys = [ReviewKey.parse(key) for key in session.exec(select(RoundRow.key))]
    for key in keys:
        round_ = live.rounds.load(key)
        if round_ is not None and live.rounds.is_published(key):
            counts.update(known.fingerprint[:8] for known in round_.fixed)
    return counts


def _unsettled(history: History) -> Iterator[str]:
    service, live = history.service, history.service.live
    if service._jobs:
        yield f"jobs are left: {service._jobs[:5]}"
    unsettled = live.deliveries.unsettled(0.0, 100)
    if unsettled:
        yield f"deliveries {unsettled} were acknowledged and never settled"
    for work in live.pulls.open_work():
        yield f"something is still wanted of {work.ref}: {work}"
    with history.transactions.reading() as session:
        open_ends = select(OutgoingRow).where(col(OutgoingRow.state).in_([SendState.SENDING, SendState.UNKNOWN]))
        for row in session.exec(open_ends):
            yield f"{row.part} of {row.key} was left {row.state}: {row.note}"


def _of_memory(history: History, pull: Pull, fixed: Counter[str]) -> Iterator[str]:
    """What is known of findings is what stands on GitHub; a finding that came back has a new comment."""

    def came_back(body: str) -> bool:
        return any(name in body for name in fixed)

    known = history.service.live.rounds.known(PullRef(history.people.shop.id, pull.number))
    placed = Counter(one.comment_id for one in known if one.comment_id is not None)
    for comment in pull.inline_comments:
        is_named = any(one.comment_id is None and one.fingerprint[:8] in comment.body for one in known)
        if comment.in_reply_to is None and placed[comment.id] == 0 and not is_named and not came_back(comment.body):
            yield f"comment {comment.id} says a finding that nobody knows"
    for comment_id, count in placed.items():
        if count > 1:
            yield f"{count} findings have the comment {comment_id}"
        if comment_id not in pull.state.review_comments:
            yield f"a finding has the comment {comment_id}, which never was"
    bodies = "\n".join(
        [one.body for one in pull.state.reviews.values() if one.by_app]
        + [f"{one.summary} {one.text}" for one in pull.repository.checks]
        + [one.body for one in pull.inline_comments]
    )
    # What could not be written before it was closed is not written any more; opened again, its check run has it. Where
    # GitHub takes neither comments nor a check run, there is no place for it.
    silent = silent_heads(history)
    could_be_said = [one for one in known if one.fate is Fate.OPEN and one.said_at not in silent]
    for one in could_be_said if pull.state.is_open else []:
        if one.comment_id is None and one.fingerprint[:8] not in bodies:
            yield f"finding {one.fingerprint[:8]} is known and was never said"


def _of_outcome(history: History, pull: Pull) -> Iterator[str]:
    """A head that can be reviewed has a result, and its check says no more than is true."""
    live = history.service.live
    work = live.pulls.work(PullRef(history.people.shop.id, pull.number))
    if not pull.state.is_open:
        return
    if work is None or work.head != pull.head or work.outcome is None:
        yield f"head {pull.head[:8]} has no outcome: {work}"
        return
    known = live.rounds.known(work.ref)
    is_open = any(one.fate is Fate.OPEN for one in known)
    shown = {check.conclusion for check in pull.checks if check.status == "completed"}
    if is_open and "success" in shown:
        yield f"success on {pull.head[:8]} with open findings"
    has_check = pull.head not in silent_heads(history)
    if work.outcome == Outcome.COMPLETE and not is_open and has_check and "success" not in shown:
        yield f"{shown} on {pull.head[:8]}, which was read completely and has nothing open"
    if work.outcome in (Outcome.SUPERSEDED, Outcome.DEFERRED):
        yield f"the last head {pull.head[:8]} ended as {work.outcome}: {work.reason}"
    reason = work.reason
    if work.outcome == Outcome.SKIPPED and not pull.state.is_draft and ("draft" in reason or "closed" in reason):
        yield f"{pull.head[:8]} was skipped, and why is no longer true: {reason}"
