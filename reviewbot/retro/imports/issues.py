"""Issues of GitHub that tell of incidents, as its REST API and `gh issue list --json` give them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reviewbot.domain.repository import RepoName
from reviewbot.retro.imports.values import (
    Fields,
    Imported,
    ImportedChange,
    ImportedIncident,
    Unreadable,
    each_record,
    headline,
    linked_changes,
    records_of,
    report_link,
)
from reviewbot.retro.incident_keys import Confidence

_ISSUE_LINK = re.compile(r"https?://[^\s/]+/([\w.-]+/[\w.-]+)/(?:issues|pull)/([1-9][0-9]{0,8})\Z")
_SEVERITY = re.compile(
    r"(?:severity|priority|sev|p|s)[-:/ ]*([0-5]|critical|high|medium|moderate|low|major|minor)\Z", re.I
)
_FIXED_BY = re.compile(r"\b(?:fix(?:ed)?|resolved|closed) (?:by|in|with) #([1-9][0-9]{0,8})\b", re.IGNORECASE)
_CAUSED_BY = re.compile(
    r"\b(?:caused|introduced|broken|regressed|regression) (?:by|in|since|from) "
    r"(?:#([1-9][0-9]{0,8})|([0-9a-f]{7,40}))\b",
    re.IGNORECASE,
)


def github_issues(content: bytes, name: str) -> Imported:
    """The issues of a file, with the pull requests that closed them as their fixes."""
    return each_record(records_of(content, name, "items", "GitHub issues"), name, _incident)


def _incident(one: Fields) -> ImportedIncident:
    link = _ISSUE_LINK.match(one.text("html_url", "url"))
    if link is None:
        raise Unreadable("it has no url of an issue")
    if isinstance(one.at("pull_request"), dict):
        raise Unreadable("it is a pull request, not an issue")
    repo, body = RepoName.parse(link[1]), one.text("body")
    labels = [label for each in one.all("labels") if (label := each.text("name"))]
    fixed = (*_closers(one, repo), *_named(_FIXED_BY, body, repo)) or linked_changes(body)
    return ImportedIncident(
        id=f"{repo.name}-{one.needed('number')}",
        name=headline(one.needed("title")),
        repo=repo,
        severity=next((label for label in labels if _SEVERITY.match(label)), ""),
        started_at=one.moment("created_at", "createdAt"),
        resolved_at=one.moment("closed_at", "closedAt"),
        summary=body,
        introduced=tuple(dict.fromkeys(_named(_CAUSED_BY, body, repo))),
        fixed=tuple(dict.fromkeys(fixed)),
        references=report_link(one.text("html_url", "url")),
        labels={"issue_labels": ", ".join(labels)[:900]} if labels else {},
    )


def _closers(one: Fields, repo: RepoName) -> Iterator[ImportedChange]:
    for each in one.all("closedByPullRequestsReferences"):
        number = each.text("number")
        owner, name = each.text("repository.owner.login"), each.text("repository.name")
        if number.isdecimal():
            home = RepoName(owner, name) if owner and name else repo
            yield ImportedChange(home, None, int(number), "closing pull request", Confidence.LIKELY)


def _named(pattern: re.Pattern[str], body: str, repo: RepoName) -> Iterator[ImportedChange]:
    for match in pattern.finditer(body):
        commit = match[2] if match.re.groups > 1 else None
        pull = int(match[1]) if match[1] else None
        yield ImportedChange(repo, commit.lower() if commit else None, pull, "issue", Confidence.LIKELY)
