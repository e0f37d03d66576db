"""Finds what was missed: deliveries that failed at GitHub, and open pull requests whose head has no outcome.

Webhooks are never sent twice by themselves, and some are never sent at all. Both halves only notice and ask: the work
itself is done like any other.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from reviewbot.domain.pull import PullRef
from reviewbot.domain.repository import RepoName
from reviewbot.github.answers import HookDelivery
from reviewbot.github.failures import GitHubFailure, KeyRefused, RateLimited, Suspended
from reviewbot.pipelines.asking import SWEEP, ask_for_look
from reviewbot.pipelines.live import Live

log = logging.getLogger(__name__)

KEPT_BY_GITHUB = timedelta(days=3)
"""How long a delivery can be sent again."""

_EVENTS = frozenset(
    {
        "pull_request",
        "pull_request_review",
        "pull_request_review_comment",
        "pull_request_review_thread",
        "issue_comment",
        "check_run",
        "check_suite",
        "installation",
        "installation_repositories",
        "repository",
    }
)


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """How many deliveries were asked for again, how many pull requests were found, and what did not work."""

    redelivered: int
    swept: int
    notes: tuple[str, ...] = ()


def reconcile(live: Live) -> ReconcileReport:
    """Asks for failed deliveries again and sweeps the open pull requests. Never raises for one installation."""
    notes: list[str] = []
    redelivered = _redelivered(live, notes)
    swept = 0
    try:
        installations = live.github.installations()
    except GitHubFailure as error:
        return ReconcileReport(redelivered, 0, (*notes, f"installations: {error}"))
    for installation_id in installations:
        try:
            swept += _swept(live, installation_id, notes)
        except Suspended:
            live.installations.suspend(installation_id, True)
        except (RateLimited, KeyRefused) as error:
            notes.append(f"installation {installation_id}: {error}")
    return ReconcileReport(redelivered, swept, tuple(notes))


def _redelivered(live: Live, notes: list[str]) -> int:
    """A delivery is asked for again only where no attempt of its GUID succeeded and we do not have it either."""
    oldest = (live.clock.now() - KEPT_BY_GITHUB).timestamp()
    attempts: dict[str, list[HookDelivery]] = defaultdict(list)
    count = 0
    try:
        for one in live.github.deliveries():
            if one.delivered_at < oldest:
                break
            if one.event in _EVENTS:
                attempts[one.guid].append(one)
        failed = {
            guid: made for guid, made in attempts.items() if not any(200 <= one.status_code < 300 for one in made)
        }
        lost = failed.keys() - live.deliveries.known(failed.keys())
        for guid in sorted(lost, key=lambda guid: failed[guid][0].delivered_at):
            live.github.redeliver(failed[guid][0].id)
            count += 1
    except GitHubFailure as error:
        notes.append(f"deliveries: {error}")
    return count


def _succeeded(one: HookDelivery) -> bool:
    return 200 <= one.status_code < 300


def _swept(live: Live, installation_id: int, notes: list[str]) -> int:
    found = 0
    repositories = live.github.installation_repositories(installation_id)
    if live.installations.is_suspended(installation_id):
        live.installations.suspend(installation_id, False)
        live.pulls.wake(installation_id)
    for one in repositories:
        if one.is_archived:
            continue
        try:
            found += _swept_repository(live, installation_id, one.repo_id, one.repo)
        except (RateLimited, Suspended, KeyRefused):
            raise
        except GitHubFailure as error:
            notes.append(f"{one.repo}: {error}")
    return found


def _swept_repository(live: Live, installation_id: int, repo_id: int, repo: RepoName) -> int:
    """Every open pull request whose head has no outcome is wanted (F19, F20), and those that ended without us."""
    client = live.github.repository(installation_id, repo_id, repo)
    etag = live.pulls.etag(repo_id) or ""
    opened = client.open_pulls(etag)
    if opened.unchanged and not live.pulls.has_unfinished(repo_id):
        return 0
    found = 0
    for one in opened.pulls:
        ref = PullRef(repo_id, one.number)
        work = live.pulls.work(ref)
        if work is not None and (work.wanted > work.handled or (work.head == one.head and work.outcome is not None)):
            continue
        ask_for_look(live, ref, installation_id, repo, SWEEP)
        found += 1
    live.pulls.remember_etag(repo_id, opened.etag)
    return found
