"""What an issue tells of its incident, read anew each time: its words, its label, its fix, its cause."""

from __future__ import annotations

import re
from dataclasses import replace

from reviewbot.domain.record import ChangePlace, IncidentRecord, Stand
from reviewbot.domain.secret_text import without_secrets
from reviewbot.domain.text import printable, shortened
from reviewbot.github.answers import ClosingPull, Issue
from reviewbot.github.failures import NotThere
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.record.noticed import has_label, unix

_LONGEST_SUMMARY = 20_000
_CHANGE = r"(?:#(?P<pull>[1-9][0-9]{0,8})|(?P<commit>[0-9a-f]{7,40}))\b"
_FIXED_BY = re.compile(rf"\b(?:fix(?:ed)?|resolved) (?:by|in|with):? {_CHANGE}", re.IGNORECASE)
_CAUSED_BY = re.compile(rf"\b(?:caused|introduced|broken|regressed) (?:by|in|from):? {_CHANGE}", re.IGNORECASE)
_NO_CODE = re.compile(r"^[ \t>*-]*cause(?: type)?:[ \t*]*(?:external|infra|capacity|human)\b", re.I | re.MULTILINE)
_NO_CODE_LABEL = re.compile(r"(?:cause[:/ -]*)?(?:external|infra|capacity|human|not[ -]code)\Z", re.IGNORECASE)
_SEVERITY = re.compile(r"(?:severity|sev|priority|p)[-:/ ]*([0-5]|critical|high|medium|low)\Z", re.IGNORECASE)


def told_by_issue(live: Live, client: RepositoryClient, record: IncidentRecord) -> IncidentRecord:
    """The record with what its issue says now; WITHDRAWN where it is gone or has lost the label.

    Raises GitHubFailure where GitHub does not tell.
    """
    assert record.issue is not None
    try:
        issue = client.issue(record.issue)
    except NotThere:
        return replace(record, stand=Stand.WITHDRAWN, why="the issue was deleted or moved")
    if issue.is_pull or not has_label(issue.labels, live.limits.incident_label):
        return replace(record, stand=Stand.WITHDRAWN, why="the issue no longer has the label of incidents")
    told = _with_words(record, issue)
    closers = [one for one in client.closers(issue.number) if one.repo_id == record.repo_id]
    fix = _fix(closers, issue.body)
    cause = named(_CAUSED_BY, issue.body, "the issue says so")
    if cause is not None and (record.cause is None or not _is_same(cause, record.cause)):
        # Somebody knows better than the record: what was answered is answered anew.
        told = replace(told, cause=with_commit(client, cause), answer=None, evidence=(), stand=Stand.WAITING)
        told = replace(told, today=None, today_note="")
    stand = Stand.WAITING if told.stand is Stand.WITHDRAWN else told.stand
    return replace(told, fix=with_commit(client, fix) if fix is not None else record.fix, stand=stand)


def with_commit(client: RepositoryClient, place: ChangePlace) -> ChangePlace:
    """The change with the commit that its pull request was merged as, where GitHub knows one."""
    if place.commit or place.pull is None:
        return place
    try:
        return replace(place, commit=client.pull(place.pull).merge_commit)
    except NotThere:
        return place


def named(pattern: re.Pattern[str], text: str, how: str) -> ChangePlace | None:
    """The change that a text names; the last one where it names several, for texts are corrected at their end."""
    found = list(pattern.finditer(text))
    if not found:
        return None
    pull, commit = found[-1]["pull"], found[-1]["commit"]
    return ChangePlace((commit or "").lower(), int(pull) if pull else None, how)


def _with_words(record: IncidentRecord, issue: Issue) -> IncidentRecord:
    severity = next((label for label in issue.labels if _SEVERITY.match(label)), "")
    no_code = _NO_CODE.search(issue.body) or any(_NO_CODE_LABEL.match(label) for label in issue.labels)
    return replace(
        record,
        title=shortened(printable(without_secrets(" ".join(issue.title.split()))), 300),
        summary=printable(without_secrets(issue.body))[:_LONGEST_SUMMARY],
        link=issue.url,
        severity=severity,
        has_code_cause=not no_code,
        opened_at=unix(issue.created_at) or record.opened_at,
        resolved_at=unix(issue.closed_at),
    )


def _fix(closers: list[ClosingPull], body: str) -> ChangePlace | None:
    if closers:
        last = closers[-1]
        return ChangePlace(last.commit, last.number, "it closed the issue")
    return named(_FIXED_BY, body, "the issue says so")


def _is_same(one: ChangePlace, other: ChangePlace) -> bool:
    if one.pull is not None and other.pull is not None:
        return one.pull == other.pull
    return bool(one.commit) and bool(other.commit) and other.commit.startswith(one.commit)
