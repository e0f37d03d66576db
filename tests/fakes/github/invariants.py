"""What must hold when a scenario has come to rest, whatever went wrong in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from tests.fakes.github.state import Check, PullState, RepositoryState, Review

if TYPE_CHECKING:
    from tests.fakes.github.world import World

MARKER = re.compile(r"<!-- reviewbot:v1 (\S+) (\S+) \S+ -->")
FINDING_ID = re.compile(r"ignore ([0-9a-f]{8})\b")


def violations(
    world: World,
    *,
    check_name: str = "reviewbot",
    incomplete_heads: Collection[str] = (),
    asked_again: Mapping[str, int] | None = None,
    silent_heads: Collection[str] = (),
    finding_id: re.Pattern[str] = FINDING_ID,
    answers_on_closed: bool = False,
) -> list[str]:
    """Everything that is wrong, as sentences; empty when all is well.

    `incomplete_heads` are those whose review was not complete: no `success` there. `asked_again` says for how many
    further reviews of a head somebody asked. `silent_heads` need no check: nothing could be written there.
    """
    again = asked_again or {}
    found = list(world.violations)
    for repository in world.repositories.values():
        if repository.is_deleted:
            continue
        found.extend(_of_checks(repository, check_name, incomplete_heads, again))
        for pull in repository.pulls.values():
            place = f"{repository.full_name}#{pull.number}"
            lines = [*_of_outcome(repository, pull, check_name, silent_heads), *_of_reviews(pull, again)]
            lines += [*_of_words(pull, finding_id), *_of_order(world, repository, pull, answers_on_closed)]
            found.extend(f"{place}: {line}" for line in lines)
    return found


def _of_outcome(
    repository: RepositoryState, pull: PullState, check_name: str, silent_heads: Collection[str]
) -> Iterator[str]:
    if not pull.is_open or pull.is_draft or pull.head in silent_heads or repository.installation is None:
        return
    if repository.is_archived or repository.installation.suspended_at or repository.installation.is_removed:
        return
    done = [check for check in _checks(repository, pull.head, check_name) if check.status == "completed"]
    if not done:
        yield f"the final head {pull.head[:8]} has no completed check"


def _of_checks(
    repository: RepositoryState, check_name: str, incomplete_heads: Collection[str], again: Mapping[str, int]
) -> Iterator[str]:
    heads = {check.head for check in repository.checks.values()}
    for head in heads:
        checks = _checks(repository, head, check_name)
        if len(checks) > 1 + again.get(head, 0):
            yield f"{repository.full_name}: {len(checks)} checks on {head[:8]}"
        for check in checks:
            if check.status != "completed":
                yield f"{repository.full_name}: a check on {head[:8]} is still {check.status}"
            if check.conclusion == "success" and head in incomplete_heads:
                yield f"{repository.full_name}: success on {head[:8]}, which was not reviewed completely"
            shown = Counter(repr(sorted(one.items(), key=lambda item: item[0])) for one in check.annotations)
            if any(count > 1 for count in shown.values()):
                yield f"{repository.full_name}: an annotation stands twice on {head[:8]}"


def _checks(repository: RepositoryState, head: str, name: str) -> list[Check]:
    return [
        check
        for check in repository.checks.values()
        if check.head == head and check.name == name and check.by_app and not check.is_deleted
    ]


def _own_reviews(pull: PullState) -> list[Review]:
    return [one for one in pull.reviews.values() if one.by_app and not one.is_deleted and not one.is_implicit]


def _of_reviews(pull: PullState, again: Mapping[str, int]) -> Iterator[str]:
    reviews = _own_reviews(pull)
    for head, count in Counter(one.commit_id for one in reviews if one.state != "PENDING").items():
        if count > 1 + again.get(head, 0):
            yield f"{count} reviews of {head[:8]}"
    for review in reviews:
        if review.state == "PENDING":
            yield f"a pending review {review.id} was left, which nobody sees"


def _of_words(pull: PullState, finding_id: re.Pattern[str]) -> Iterator[str]:
    inline = [one for one in pull.review_comments.values() if one.by_app and not one.is_deleted]
    for (path, line, _), count in Counter((one.path, one.original_line, one.body) for one in inline).items():
        if count > 1:
            yield f"the same comment {count} times on {path}:{line}"
    roots = [one for one in inline if one.in_reply_to is None]
    named = Counter(name for one in roots for name in set(finding_id.findall(one.body)))
    for name, count in named.items():
        if count > 1:
            yield f"finding {name} was said {count} times"
    said = [one.body for one in inline]
    said += [one.body for one in pull.comments.values() if one.by_app and not one.is_deleted]
    said += [one.body for one in _own_reviews(pull)]
    for marker, count in Counter(mark for body in said for mark in set(MARKER.findall(body))).items():
        if count > 1:
            yield f"marker {' '.join(marker)} stands on {count} objects"


def _of_order(world: World, repository: RepositoryState, pull: PullState, answers_on_closed: bool) -> Iterator[str]:
    """Writes made in the knowledge that they came too late: after a read that showed the close or the newer head."""
    read_path = f"/repos/{repository.full_name}/pulls/{pull.number}"
    reads = [call.number for call in world.calls.of("GET", read_path, 200)]
    closed = pull.closed_in_call
    written = [("review", one) for one in _own_reviews(pull)]
    written += [("review comment", one) for one in pull.review_comments.values() if one.by_app]  # type: ignore[misc]
    if not answers_on_closed:
        written += [("comment", one) for one in pull.comments.values() if one.by_app]  # type: ignore[misc]
    for kind, one in written:
        at = one.created_in_call
        if closed is not None and any(closed < read < at for read in reads):
            yield f"a {kind} was written after the pull request was seen closed"
    for review in _own_reviews(pull):
        at = review.created_in_call
        newer = next((step for step, sha in pull.heads if step < at and sha != review.commit_id
                      and not any(sha2 == review.commit_id and step < step2 < at for step2, sha2 in pull.heads)
                      and any(sha0 == review.commit_id and step0 < step for step0, sha0 in pull.heads)), None)  # fmt: skip
        if newer is not None and any(newer < read < at for read in reads):
            yield f"a review of {review.commit_id[:8]} was posted after a newer head was seen"
