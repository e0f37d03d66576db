"""Incidents are noticed: by an event of an issue, or by looking for issues with the label."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from reviewbot.domain.events import IssueChanged
from reviewbot.domain.record import IncidentRecord, Stand
from reviewbot.domain.repository import RepoName
from reviewbot.github.answers import Issue
from reviewbot.github.failures import GitHubFailure, KeyRefused, RateLimited
from reviewbot.pipelines.live import Live

log = logging.getLogger(__name__)

_OVERLAP = timedelta(hours=1)


def issue_key(repo_id: int, number: int) -> str:
    """The name of an incident that an issue tells of."""
    return f"github:{repo_id}:{number}"


def noticed(live: Live, event: IssueChanged) -> str:
    """Puts an issue with the incident label on record, and looks again at one that is there; what was done, in words.

    What the issue says is read later, and not taken from the event, which may be old.
    """
    known = live.incidents.find(issue_key(event.repo_id, event.number))
    if known is not None:
        live.incidents.wake(known.id)
        return f"incident {known.record.name} is looked at again"
    if not has_label(event.labels, live.limits.incident_label):
        return "an issue that is no incident"
    name = f"{event.repo.name}#{event.number}"
    record = IncidentRecord(
        key=issue_key(event.repo_id, event.number),
        name=name,
        repo_id=event.repo_id,
        installation_id=event.installation_id,
        repo=event.repo,
        title=name,
        opened_at=live.clock.now().timestamp(),
        issue=event.number,
    )
    live.incidents.report(record, "reported by an issue")
    return f"incident {name} is on record"


def has_label(labels: tuple[str, ...], wanted: str) -> bool:
    """Labels differ by more than their case."""
    return wanted.casefold() in (label.casefold() for label in labels)


@dataclass
class IssueImporter:
    """Looks for issues with the label in all repositories: all of them at first, then those that changed since."""

    live: Live
    _since: dict[int, datetime] = field(default_factory=dict)

    def import_issues(self) -> int:
        """How many incidents are new. Never raises for one repository: the next look tries it again."""
        count = 0
        try:
            for installation_id in self.live.github.installations():
                for one in self.live.github.installation_repositories(installation_id):
                    count += self._of_repository(installation_id, one.repo_id, one.repo)
        except (RateLimited, KeyRefused) as error:
            log.warning("issues not looked at", extra={"why": str(error)[:300]})
        except GitHubFailure as error:
            log.info("some issues not looked at", extra={"why": str(error)[:300]})
        return count

    def _of_repository(self, installation_id: int, repo_id: int, repo: RepoName) -> int:
        began, since = self.live.clock.now(), self._since.get(repo_id)
        client = self.live.github.repository(installation_id, repo_id, repo)
        bound = (since - _OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ") if since is not None else ""
        count = 0
        try:
            for issue in client.issues_labelled(self.live.limits.incident_label, bound):
                count += self._kept(installation_id, repo_id, repo, issue)
        except (RateLimited, KeyRefused):
            raise
        except GitHubFailure as error:
            log.info("issues of a repository not read", extra={"repo": str(repo), "why": str(error)[:300]})
            return count
        self._since[repo_id] = began
        return count

    def _kept(self, installation_id: int, repo_id: int, repo: RepoName, issue: Issue) -> bool:
        known = self.live.incidents.find(issue_key(repo_id, issue.number))
        if known is None:
            event = IssueChanged(installation_id, repo_id, repo, issue.number, issue.labels)
            noticed(self.live, event)
            return True
        if known.record.stand in (Stand.WAITING, Stand.UNLINKED) and known.record.resolved_at is None:
            self.live.incidents.wake(known.id)
        return False


def unix(moment: str) -> float | None:
    """Unix seconds of GitHub's ISO 8601; None for ""."""
    return datetime.fromisoformat(moment).astimezone(UTC).timestamp() if moment else None
