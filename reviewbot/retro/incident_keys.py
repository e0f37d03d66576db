"""The table of what an incidents file may hold: both doors, the checks and the JSON Schema are made from it.

It names keys and forms, and the rules that both doors share. What a door does not ask for is never read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reviewbot.domain.diff import Side
from reviewbot.domain.repository import RepoName
from reviewbot.retro.fields import (
    CommitSha,
    Integer,
    OneOf,
    QuotedText,
    Repository,
    Text,
    Timestamp,
)
from reviewbot.retro.records import Field, Keys, ListOf, MapOf, Record, given_schema

SCHEMA_VERSION = "1.0"


class CauseType(StrEnum):
    """What kind of thing caused an incident."""

    CODE = "code"
    CONFIG = "config"
    DATA = "data"
    DEPENDENCY = "dependency"
    INFRA = "infra"
    CAPACITY = "capacity"
    EXTERNAL = "external"
    HUMAN = "human"
    UNKNOWN = "unknown"

    @property
    def is_code(self) -> bool:
        """Whether such a cause comes with a change of a repository."""
        return self in (CauseType.CODE, CauseType.CONFIG, CauseType.DATA, CauseType.DEPENDENCY)


class Confidence(StrEnum):
    """How sure it is that a change introduced or fixed an incident."""

    CONFIRMED = "confirmed"
    LIKELY = "likely"
    POSSIBLE = "possible"
    UNKNOWN = "unknown"


class Split(StrEnum):
    """Whether prompts may be tuned on an incident, or it is kept for the measurement."""

    TUNE = "tune"
    HELD_OUT = "held-out"


class MatchKey(StrEnum):
    """In what a control has to resemble the change that it stands beside."""

    SIZE = "size"
    PATH = "path"
    MONTH = "month"


class ReferenceType(StrEnum):
    """What stands behind a link, in the words of OSV."""

    ADVISORY = "ADVISORY"
    ARTICLE = "ARTICLE"
    DETECTION = "DETECTION"
    DISCUSSION = "DISCUSSION"
    EVIDENCE = "EVIDENCE"
    FIX = "FIX"
    INTRODUCED = "INTRODUCED"
    PACKAGE = "PACKAGE"
    REPORT = "REPORT"
    WEB = "WEB"


def has_code_cause(cause_type: CauseType | None, *, is_excluded: bool, is_linked: bool) -> bool:
    """Whether a review of some change could have stopped the incident.

    Not if it is excluded. Otherwise its `cause_type` decides: code, config, data and dependency do. Where that is
    missing or unknown, a named `introduced` change does.
    """
    if is_excluded:
        return False
    if cause_type in (None, CauseType.UNKNOWN):
        return is_linked
    return cause_type is not None and cause_type.is_code


@dataclass(frozen=True, slots=True)
class RepoScope:
    """The repository that holds for everything inside of a record that names none of its own.

    `is_named` without `repo` means that a bad name was reported already: what lies inside is not blamed for it.
    """

    repo: RepoName | None = None
    is_named: bool = False

    def inside(self, record: Record, field: Field[RepoName]) -> RepoScope:
        """The scope inside of a record, whose own repository stands under this field if at all."""
        return self if record.at(field) is None else RepoScope(record.get(field), is_named=True)

    def repo_of(self, change: Record) -> RepoName | None:
        """The repository of a change or a control; reports it where nothing names one."""
        scope = self.inside(change, REPO)
        if not scope.is_named:
            expected = "repo: owner/name, here, around it or under defaults"
            change.report("no repository is named for this change", expected)
        return scope.repo


def case_name(incident_id: str, number: int) -> str:
    """The case of an incident's first, second, ... cause (counted from 1): "INC-1", "INC-1#2"."""
    return incident_id if number == 1 else f"{incident_id}#{number}"


_SHORT_TEXT = Text("a few words", max_characters=1_000)
_URL = Text("a link that begins with https:// or http://", r"^https?://[^\s]+$", 2_000)
_FILE_PATH = Text("a path from the root of the repository", r"^(?!/)(?!(?:.*/)?\.\.(?:/|$))[^\x00-\x1f]+$", 4_096)
_CLONE_URL = Text(
    "a URL with https, http, ssh, git or file, or git@host:path",
    r"^((https?|ssh|git|file)://[^\s-][^\s]*|[A-Za-z0-9_][A-Za-z0-9_.]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s-][^\s]*)$",
    2_000,
)
_NAME = Text("1 to 200 letters, digits and . _ : # / @ + -", r"^[A-Za-z0-9][A-Za-z0-9._:#/@+-]{0,199}$", 200)

ID = Field("id", _NAME, "A name that no other incident or control of the file has.", is_required=True)
REPO = Field("repo", Repository(), "The repository, owner/name; else that of the incident, else defaults.repo.")
COMMIT = Field("commit", CommitSha(), "A commit sha in quotes.")
PULL = Field("pr", Integer(1), "The number of a pull request.")
SOURCE = Field("source", _SHORT_TEXT, "Who or what says so: human, blame, trailer, ...")
CONFIDENCE = Field("confidence", OneOf(Confidence), "How sure that is.")
CHANGE = Keys("a change", (REPO, COMMIT, PULL, SOURCE, CONFIDENCE), some_of=("commit", "pr"))

PATH = Field("path", _FILE_PATH, "A file, from the root of the repository.", is_required=True)
START_LINE = Field("start_line", Integer(1), "The first line, counted from 1.", is_required=True)
END_LINE = Field("end_line", Integer(1), "The last line; the first one where it is missing.")
SIDE = Field("side", OneOf(Side), "RIGHT (after the change, the default) or LEFT (before it).")
LOCATION = Keys("a location", (PATH, START_LINE, END_LINE, SIDE))

REFERENCE_TYPE = Field("type", OneOf(ReferenceType), "What stands behind the link.")
REFERENCE_URL = Field("url", _URL, "The link.", is_required=True)
REFERENCE = Keys("a reference", (REFERENCE_TYPE, REFERENCE_URL))

EXCLUDE_REASON = Field(
    "reason", _SHORT_TEXT, "Why no review could have stopped it, such as not-code.", is_required=True
)
EXCLUSION = Keys("an exclusion", (EXCLUDE_REASON,))

NAME = Field("name", _SHORT_TEXT, "A headline.")
SEVERITY = Field("severity", _SHORT_TEXT, "A word of defaults.severity_scale, where that is given.")
STARTED_AT = Field("started_at", Timestamp(), "When it began to hurt.")
DETECTED_AT = Field("detected_at", Timestamp(), "When somebody noticed.")
RESOLVED_AT = Field("resolved_at", Timestamp(), "When it was over.")
SERVICES = Field("services", ListOf(_SHORT_TEXT), "What was hit.")
SUMMARY = Field("summary", Text(), "What users saw.")
ROOT_CAUSE = Field("root_cause", Text(), "What was wrong in which place, and how that led to the incident.")
CATEGORY = Field("category", _SHORT_TEXT, "The kind of defect, in your own words.")
CAUSE_TYPE = Field("cause_type", OneOf(CauseType), "What kind of thing caused it.")
INTRODUCED = Field("introduced", ListOf(CHANGE, "a list of changes"), "The changes that caused it.")
FIXED = Field("fixed", ListOf(CHANGE, "a list of changes"), "The changes that repaired it.")
LOCATIONS = Field("locations", ListOf(LOCATION, "a list of locations"), "Where the cause stands.")
REFERENCES = Field("references", ListOf(REFERENCE, "a list of references"), "Links to reports.")
SPLIT = Field("split", OneOf(Split), "tune, or held-out for the measurement.")
LABELS = Field("labels", MapOf(_SHORT_TEXT, "labels: short names with short values", "^.{1,100}$"), "Anything else.")
EXCLUDE = Field("exclude", EXCLUSION, "Keeps the incident in the denominator and out of the replay.")

_NO_CODE = [cause.value for cause in CauseType if not cause.is_code]
INCIDENT = Keys(
    "an incident",
    (
        *(ID, REPO, NAME, SEVERITY, STARTED_AT, DETECTED_AT, RESOLVED_AT, SERVICES, SUMMARY, ROOT_CAUSE, CATEGORY),
        *(CAUSE_TYPE, INTRODUCED, FIXED, LOCATIONS, REFERENCES, SPLIT, LABELS, EXCLUDE),
    ),
    rules={
        "anyOf": [
            given_schema("introduced", {"type": "array", "minItems": 1}),
            given_schema("fixed", {"type": "array", "minItems": 1}),
            given_schema("exclude"),
            given_schema("cause_type", {"enum": _NO_CODE}),
        ]
    },
)

CONTROL = Keys("a control", (ID, REPO, COMMIT, PULL), some_of=("commit", "pr"))
PER_INCIDENT = Field("per_incident", Integer(0, 100), "How many quiet changes to find for each culprit; default 2.")
MATCH = Field("match", ListOf(OneOf(MatchKey)), "In what they resemble it; default size, path and month.")
QUIET_DAYS = Field("quiet_days", Integer(1, 3_650), "For how many days nobody repaired their lines; default 90.")
AUTO = Field("auto", Keys("controls.auto", (PER_INCIDENT, MATCH, QUIET_DAYS)), "Quiet changes found by rule.")
INCLUDE = Field("include", ListOf(CONTROL, "a list of controls"), "Quiet changes named one by one.")
CONTROLS = Field("controls", Keys("controls", (AUTO, INCLUDE)), "Changes that caused nothing, for false alarms.")

PLACE_PATH = Field("path", Text("a local path"), "A local clone or mirror, relative to this file.")
PLACE_URL = Field("url", _CLONE_URL, "Where to clone from.")
PLACE = Keys("a repository", (PLACE_PATH, PLACE_URL), just_one_of=("path", "url"))
REPOSITORIES = Field(
    "repositories",
    MapOf(PLACE, "repositories: owner/name with a path or a url each", str(Repository().schema()["pattern"])),
    "Where repositories are; github.com is the default.",
)

DEFAULT_REPO = Field("repo", Repository(), "The repository of all that names none.")
SEVERITY_SCALE = Field("severity_scale", ListOf(_SHORT_TEXT), "All severities, worst first.")
DEFAULTS = Field("defaults", Keys("defaults", (DEFAULT_REPO, SEVERITY_SCALE)), "What incidents need not repeat.")

VERSION = Field(
    "schema_version",
    QuotedText("version", f'"{SCHEMA_VERSION}" in quotes, the one version there is', r"^1[.]0$"),
    f'The version of this format: "{SCHEMA_VERSION}".',
    is_required=True,
)
INCIDENTS = Field("incidents", ListOf(INCIDENT, "a list of incidents"), "One entry for each.", is_required=True)
ROOT = Keys("an incidents file", (VERSION, REPOSITORIES, DEFAULTS, INCIDENTS, CONTROLS))
