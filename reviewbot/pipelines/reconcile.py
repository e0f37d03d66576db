"""Finds what was missed: deliveries that failed at GitHub, and open pull requests whose head has no outcome.

Webhooks are never sent twice by themselves, and some are never sent at all. Both halves only notice and ask: the work
itself is done like any other.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from reviewbot.domain.pull import PullRef
from reviewbot.domain.repository import RepoName
from reviewbot.github.answers import HookDelivery
from reviewbot.github.events import may_matter
from reviewbot.github.failures import GitHubFailure, KeyRefused, NotThere, RateLimited, Refused, Suspended
from reviewbot.pipelines.asking import SWEEP, ask_for_look, resume
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.pull_triggers import skip_is_over

log = logging.getLogger(__name__)

KEPT_BY_GITHUB = timedelta(days=3)
"""How long a delivery can be sent again."""


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
        except GitHubFailure as error:
            notes.append(f"installation {installation_id}: {error}")
    return ReconcileReport(redelivered, swept, tuple(notes))


def _redelivered(live: Live, notes: list[str]) -> int:
    """A delivery is asked for again only where no attempt of its GUID succeeded and we do not have it either.

    One that GitHub does not find any more keeps nobody waiting; anything else ends it until the next time.
    """
    attempts = _attempts(live, notes)
    failed = {guid: made[0] for guid, made in attempts.items() if not any(_succeeded(one) for one in made)}
    lost = failed.keys() - live.deliveries.known(failed.keys())
    count = 0
    for one in sorted((failed[guid] for guid in lost), key=lambda one: (one.delivered_at, one.id)):
        try:
            live.github.redeliver(one.id)
            count += 1
        except (NotThere, Refused) as error:
            notes.append(f"delivery {one.id}: {error}")
        except GitHubFailure as error:
            notes.append(f"deliveries: {error}")
            break
    return count


def _attempts(live: Live, notes: list[str]) -> Mapping[str, list[HookDelivery]]:
    """The attempts of each delivery that can matter, the last one first; those before a page that failed will do."""
    oldest = (live.clock.now() - KEPT_BY_GITHUB).timestamp()
    attempts: dict[str, list[HookDelivery]] = defaultdict(list)
    try:
        for one in live.github.deliveries():
            if one.delivered_at < oldest:
                break
            if may_matter(one.event, one.action or ""):
                attempts[one.guid].append(one)
    except GitHubFailure as error:
        notes.append(f"deliveries: {error}")
    return attempts


def _succeeded(one: HookDelivery) -> bool:
    return 200 <= one.status_code < 300


def _swept(live: Live, installation_id: int, notes: list[str]) -> int:
    found = 0
    repositories = live.github.installation_repositories(installation_id)
    resume(live, installation_id)
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
    """Every open pull request whose head has no outcome is wanted (F19, F20).

    Only a list in which nothing was left to do may be called unchanged the next time.
    """
    opened = live.github.repository(installation_id, repo_id, repo).open_pulls(live.pulls.etag(repo_id) or "")
    if opened.unchanged:
        return 0
    found, waiting = 0, 0
    for one in opened.pulls:
        ref = PullRef(repo_id, one.number)
        work = live.pulls.work(ref)
        if work is not None and work.wanted > work.handled:
            waiting += 1
        elif work is None or work.head != one.head or work.outcome is None or skip_is_over(work, one.is_draft):
            ask_for_look(live, ref, installation_id, repo, SWEEP)
            found += 1
    live.pulls.remember_etag(repo_id, None if found or waiting else opened.etag)
    return found
