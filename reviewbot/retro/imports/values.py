"""What every importer reads into, and the careful reading itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reviewbot.domain.repository import RepoName
from reviewbot.errors import InputError
from reviewbot.retro.incident_keys import CauseType, Confidence, ReferenceType

_PULL_LINK = re.compile(r"https?://[^\s/]+/([\w.-]+/[\w.-]+)/pull/([1-9][0-9]{0,8})\b")
_COMMIT_LINK = re.compile(r"https?://[^\s/]+/([\w.-]+/[\w.-]+)/commit/([0-9a-f]{7,40})\b")
_TAGS = re.compile(r"<[^<>]{0,200}>")
_LONGEST_TEXT = 20_000
_LONGEST_NAME = 900


@dataclass(frozen=True, slots=True)
class ImportedChange:
    """A change that an export names; at least one of `commit` and `pull` is given."""

    repo: RepoName | None = None
    commit: str | None = None
    pull: int | None = None
    source: str = ""
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True)
class ImportedIncident:
    """An incident as an export tells it, in the words of the incidents file; "" and None where it tells nothing."""

    id: str
    name: str = ""
    repo: RepoName | None = None
    severity: str = ""
    started_at: datetime | None = None
    detected_at: datetime | None = None
    resolved_at: datetime | None = None
    services: tuple[str, ...] = ()
    summary: str = ""
    root_cause: str = ""
    category: str = ""
    cause_type: CauseType | None = None
    introduced: tuple[ImportedChange, ...] = ()
    fixed: tuple[ImportedChange, ...] = ()
    references: tuple[tuple[ReferenceType, str], ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an export holds; `problems` are records that could not be read, one sentence each."""

    incidents: tuple[ImportedIncident, ...] = ()
    problems: tuple[str, ...] = ()


class Unreadable(Exception):
    """A record lacks what it needs; the text names the key."""


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object, read by dotted paths; what is missing, or of another kind, is nothing."""

    value: object

    def at(self, path: str) -> object:
        found = self.value
        for key in path.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def text(self, *paths: str) -> str:
        """The first of these that is a text or a number, without tags and surrounding blanks."""
        for path in paths:
            found = self.at(path)
            if isinstance(found, str) and found.strip():
                return plain(found)
            if isinstance(found, int | float) and not isinstance(found, bool):
                return str(found)
        return ""

    def needed(self, *paths: str) -> str:
        found = self.text(*paths)
        if not found:
            raise Unreadable(f"it has no {' or '.join(paths)}")
        return found

    def moment(self, *paths: str) -> datetime | None:
        """The first of these that is given; Unreadable where it is no time."""
        for path in paths:
            text = self.text(path)
            if text:
                return moment_of(text, path)
        return None

    def all(self, path: str) -> Iterator[Fields]:
        found = self.at(path)
        yield from (Fields(one) for one in (found if isinstance(found, list) else ()))


def moment_of(text: str, where: str) -> datetime:
    """A moment in UTC; Unreadable, naming the place, where the text is none."""
    try:
        moment = datetime.fromisoformat(text.strip().replace(" UTC", "+00:00"))
    except ValueError:
        raise Unreadable(f"{where} is {text[:40]!r}, which is no time such as 2026-03-04T14:02:00Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def plain(text: str) -> str:
    """The text without tags, control characters and surrounding blanks, cut where it is very long."""
    bare = "".join(sign for sign in _TAGS.sub("", text) if sign == "\n" or sign.isprintable())
    return bare.strip()[:_LONGEST_TEXT]


def headline(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_NAME]


def linked_changes(*texts: str) -> tuple[ImportedChange, ...]:
    """The pull requests and commits that texts link to: perhaps the fix, which a person has to say."""
    found: dict[ImportedChange, None] = {}
    for text in texts:
        for match in _PULL_LINK.finditer(text):
            found[_possible(match[1], pull=int(match[2]))] = None
        for match in _COMMIT_LINK.finditer(text):
            found[_possible(match[1], commit=match[2])] = None
    return tuple(found)


def _possible(repo: str, commit: str | None = None, pull: int | None = None) -> ImportedChange:
    return ImportedChange(RepoName.parse(repo), commit, pull, "link in the export", Confidence.POSSIBLE)


def report_link(url: str) -> tuple[tuple[ReferenceType, str], ...]:
    """A link to the report, if it is one."""
    is_link = re.fullmatch(r"https?://\S{1,1900}", url) is not None
    return ((ReferenceType.REPORT, url),) if is_link else ()


def json_of(content: bytes, name: str) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is not JSON: {str(error)[:120]}; give the file as it was exported") from error


def records_of(content: bytes, name: str, key: str, what: str) -> list[object]:
    """The records of an export: under a key, or the bare list of them."""
    document = json_of(content, name)
    found = document if isinstance(document, list) else Fields(document).at(key)
    if not isinstance(found, list):
        raise InputError(f'{name} is no export of {what}: it has no list "{key}"; check which tool it comes from')
    return found


def each_record(records: Iterable[object], name: str, read: Callable[[Fields], ImportedIncident]) -> Imported:
    """Reads record by record; one that cannot be read is named and the others are read all the same."""
    incidents: dict[str, ImportedIncident] = {}
    problems: list[str] = []
    for number, record in enumerate(records, start=1):
        fields = Fields(record)
        label = fields.text("id", "number", "reference") or "without an id"
        try:
            incident = read(fields)
            if incident.id in incidents:
                raise Unreadable(f"its id {incident.id} stands twice")
            incidents[incident.id] = incident
        except Unreadable as problem:
            problems.append(f"{name}: record {number} ({label[:80]}) was left out: {problem}")
    return Imported(tuple(incidents.values()), tuple(problems))
