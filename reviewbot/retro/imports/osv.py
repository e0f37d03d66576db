"""Vulnerability records in OSV's format (ossf.github.io/osv-schema), with their ranges of commits."""

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
    json_of,
)
from reviewbot.retro.incident_keys import CauseType, Confidence, ReferenceType

_REPOSITORY = re.compile(r"(?:https?://|git@|ssh://(?:git@)?)[^/:\s]+[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?/?\Z")
_SHA = re.compile(r"[0-9a-f]{7,40}\Z")
_LINK = re.compile(r"https?://\S{1,1900}\Z")


def osv(content: bytes, name: str) -> Imported:
    """One record, a list of them, or `{"vulns": [...]}` as OSV's API answers."""
    document = json_of(content, name)
    listed = Fields(document).at("vulns") if isinstance(document, dict) else document
    records = listed if isinstance(listed, list) else [document]
    return each_record(records, name, _incident)


def _incident(one: Fields) -> ImportedIncident:
    identity = one.needed("id")
    if one.text("withdrawn"):
        raise Unreadable(f"it was withdrawn on {one.text('withdrawn')[:10]}")
    ranges = [each for affected in one.all("affected") for each in affected.all("ranges") if each.text("type") == "GIT"]
    introduced = tuple(dict.fromkeys(change for each in ranges for change in _changes(each, "introduced")))
    fixed = tuple(dict.fromkeys(change for each in ranges for change in _changes(each, "fixed")))
    if not introduced and not fixed:
        raise Unreadable("it has no GIT range that names a commit")
    return ImportedIncident(
        id=identity,
        name=headline(one.text("summary") or one.text("details") or identity),
        severity=one.text("database_specific.severity").lower(),
        started_at=one.moment("published"),
        summary=one.text("details"),
        category="security",
        cause_type=CauseType.CODE,
        introduced=introduced,
        fixed=fixed,
        references=tuple(_references(one)),
    )


def _changes(each: Fields, kind: str) -> Iterator[ImportedChange]:
    """The commits of one kind of event; "0", from the beginning on, names none."""
    found = _REPOSITORY.match(each.text("repo"))
    if found is None:
        return
    for event in each.all("events"):
        sha = event.text(kind).lower()
        if _SHA.match(sha):
            repo = RepoName.parse(f"{found[1]}/{found[2]}")
            yield ImportedChange(repo, sha, None, "osv", Confidence.LIKELY)


def _references(one: Fields) -> Iterator[tuple[ReferenceType, str]]:
    for each in one.all("references"):
        url, kind = each.text("url"), each.text("type").upper()
        if _LINK.match(url):
            yield (ReferenceType(kind) if kind in set(ReferenceType) else ReferenceType.WEB), url
