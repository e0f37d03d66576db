"""What must hold when a scenario has come to rest, whatever went wrong in it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fakes.github.state import Check, IssueState, PullState, RepositoryState, Review, ReviewComment, Stored

if TYPE_CHECKING:
    from tests.fakes.github.world import World

MARKER = re.compile(r"^<!-- reviewbot:v1 (\S+) (\S+) \S+ -->[ \t\r]*$", re.MULTILINE)
FINDING_ID = re.compile(r"@\S+ ignore ([0-9a-f]{8})\b")


@dataclass(frozen=True)
class Expected:
    """What a scenario knows of how it should end.

    `incomplete_heads` are those whose review was not complete: no `success` there. `asked_again` says how many
    further reviews of a head somebody asked for, `said_again` how often a finding (by the name people use) came back
    after it was fixed. `silent_heads` need no check: nothing could be written there.
    """

    check_name: str = "reviewbot"
    incomplete_heads: Collection[str] = ()
    asked_again: Mapping[str, int] = field(default_factory=dict)
    said_again: Mapping[str, int] = field(default_factory=dict)
    silent_heads: Collection[str] = ()
    answers_on_closed: bool = False


def violations(world: World, expected: Expected | None = None) -> list[str]:
    """Everything that is wrong, as sentences; empty when all is well."""
    wanted = expected or Expected()
    found = list(world.violations)
    for repository in world.repositories.values():
        found.extend(f"{repository.full_name}: {line}" for line in _of_checks(repository, wanted))
        for pull in repository.pulls.values():
            lines = [*_of_outcome(repository, pull, wanted), *_of_reviews(pull, wanted), *_of_words(pull, wanted)]
            lines += _of_lateness(world, repository, pull, wanted)
            found.extend(f"{repository.full_name}#{pull.number}: {line}" for line in lines)
        for issue in repository.issues.values():
            found.extend(f"{repository.full_name}#{issue.number}: {line}" for line in _of_marks(_own_words(issue)))
    return found


def _own_words(talk: PullState | IssueState) -> list[str]:
    return [one.body for one in talk.comments.values() if one.by_app and not one.is_deleted]


def _of_checks(repository: RepositoryState, expected: Expected) -> Iterator[str]:
    for head in {check.head for check in repository.checks.values()}:
        checks = _checks(repository, head, expected.check_name)
        if len(checks) > 1 + expected.asked_again.get(head, 0):
            yield f"{len(checks)} checks on {head[:8]}"
        for check in checks:
            if check.status != "completed":
                yield f"a check on {head[:8]} was left {check.status}"
            if check.conclusion == "success" and head in expected.incomplete_heads:
                yield f"success on {head[:8]}, which was not reviewed completely"
            shown = Counter(json.dumps(one, sort_keys=True) for one in check.annotations)
            if any(count > 1 for count in shown.values()):
                yield f"an annotation stands twice on {head[:8]}"


def _of_outcome(repository: RepositoryState, pull: PullState, expected: Expected) -> Iterator[str]:
    installation = repository.installation
    is_out_of_reach = (
        installation is None
        or installation.is_removed
        or installation.suspended_at is not None
        or repository.is_archived
        or repository.is_deleted
        or repository.is_blocked
    )
    if is_out_of_reach or not pull.is_open or pull.is_draft or pull.head in expected.silent_heads:
        return
    checks = _checks(repository, pull.head, expected.check_name)
    if not any(check.status == "completed" for check in checks):
        yield f"the final head {pull.head[:8]} has no completed check"


def _checks(repository: RepositoryState, head: str, name: str) -> list[Check]:
    return [
        check
        for check in repository.checks.values()
        if check.head == head and check.name == name and check.by_app and not check.is_deleted
    ]


def _of_reviews(pull: PullState, expected: Expected) -> Iterator[str]:
    reviews = _own_reviews(pull)
    for head, count in Counter(one.commit_id for one in reviews if one.state != "PENDING").items():
        if count > 1 + expected.asked_again.get(head, 0):
            yield f"{count} reviews of {head[:8]}"
    for review in reviews:
        if review.state == "PENDING":
            yield f"the pending review {review.id} was left, which nobody sees"


def _own_reviews(pull: PullState) -> list[Review]:
    return [one for one in pull.reviews.values() if one.by_app and not one.is_deleted and not one.is_implicit]


def _of_words(pull: PullState, expected: Expected) -> Iterator[str]:
    inline = [one for one in pull.review_comments.values() if one.by_app and not one.is_deleted]
    places = Counter((one.path, one.original_line, one.in_reply_to, one.body) for one in inline)
    for (path, line, _, _), count in places.items():
        if count > 1:
            yield f"the same comment {count} times on {path}:{line}"
    reviews = [one.body for one in _own_reviews(pull)]
    found = [one.body for one in inline if one.in_reply_to is None] + reviews
    for name, count in Counter(name for body in found for name in FINDING_ID.findall(body)).items():
        if count > 1 + expected.said_again.get(name, 0):
            yield f"finding {name} was said {count} times"
    yield from _of_marks([one.body for one in inline] + reviews + _own_words(pull))


def _of_marks(said: Iterable[str]) -> Iterator[str]:
    # Only the last mark of a body is its own; those before it are quoted.
    marks = Counter(marks[-1] for body in said if (marks := MARKER.findall(body)))
    for mark, count in marks.items():
        if count > 1:
            yield f"{count} objects carry the mark {' '.join(mark)}"


def _of_lateness(world: World, repository: RepositoryState, pull: PullState, expected: Expected) -> Iterator[str]:
    """What was written although a read had already shown that it came too late."""
    path = f"/repos/{repository.full_name}/pulls/{pull.number}"
    reads = [call.number for call in world.calls.of("GET", path, 200)]

    def knew(since: int | None, thing: Stored) -> bool:
        return since is not None and any(since < read < thing.created_in_call for read in reads)

    reviews = _own_reviews(pull)
    lines = pull.review_comments.values()
    written: list[Stored] = [*reviews, *(one for one in lines if not (expected.answers_on_closed and _answers(one)))]
    if not expected.answers_on_closed:
        written += pull.comments.values()
    for thing in written:
        if thing.by_app and knew(pull.closed_in_call, thing):
            yield f"{type(thing).__name__} {thing.id} was written after the pull request was seen closed"
    for review in reviews:
        if knew(_left(pull, review), review):
            yield f"a review of {review.commit_id[:8]} was posted after a newer head was seen"


def _answers(comment: ReviewComment) -> bool:
    """Whether it answers a person in the thread of a line."""
    marks = MARKER.findall(comment.body)
    return bool(marks) and marks[-1][1] == "answer"


def _left(pull: PullState, review: Review) -> int | None:
    """When the pull request moved away from the head of a review, as it stood when the review was written."""
    left = None
    for step, head in pull.heads:
        if step > review.created_in_call:
            break
        if head == review.commit_id:
            left = None
        elif left is None:
            left = step
    return left
