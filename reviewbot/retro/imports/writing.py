"""An incidents file out of what was imported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import yaml

from reviewbot.domain.repository import RepoName
from reviewbot.retro.imports.values import ImportedChange, ImportedIncident
from reviewbot.retro.incident_keys import SCHEMA_VERSION, CauseType

_NO_REPO = RepoName("owner", "name")


class _Quoted(str):
    """A text that YAML might take for a number: it is always quoted."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _: object) -> bool:
        return True


_Dumper.add_representer(
    _Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')
)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Several lines as a block that a person can read and edit."""
    lines = [line.rstrip() for line in text.splitlines()]
    style = "|" if len(lines) > 1 else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", "\n".join(lines), style=style)


_Dumper.add_representer(str, _text)


def incidents_text(
    incidents: Sequence[ImportedIncident],
    repo: RepoName | None = None,
    controls: Sequence[tuple[str, ImportedChange]] = (),
) -> str:
    """A file that `reviewbot incidents check` takes; `repo` is the one of all changes that name none.

    `controls` are quiet changes with their ids. An incident without any change is of an unknown cause until somebody
    names its fix.
    """
    home = repo or _most_named(incidents)
    document: dict[str, object] = {"schema_version": _Quoted(SCHEMA_VERSION)}
    if home is not None:
        document["defaults"] = {"repo": str(home)}
    document["incidents"] = [_incident(one, home or _NO_REPO) for one in incidents]
    if controls:
        include = [{"id": name, **_change(change, home or _NO_REPO)} for name, change in controls]
        document["controls"] = {"include": include}
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def _most_named(incidents: Sequence[ImportedIncident]) -> RepoName | None:
    named = Counter(
        change.repo for one in incidents for change in (*one.introduced, *one.fixed) if change.repo is not None
    )
    return named.most_common(1)[0][0] if named else None


def _incident(one: ImportedIncident, home: RepoName) -> dict[str, object]:
    changes = {
        "introduced": [_change(change, one.repo or home) for change in one.introduced],
        "fixed": [_change(change, one.repo or home) for change in one.fixed],
    }
    is_open = not one.introduced and not one.fixed
    cause_type = one.cause_type or (CauseType.UNKNOWN if is_open else None)
    found: dict[str, object] = {
        "id": one.id,
        "repo": str(one.repo) if one.repo is not None and one.repo != home else "",
        "name": one.name,
        "severity": one.severity,
        "started_at": _moment(one.started_at),
        "detected_at": _moment(one.detected_at),
        "resolved_at": _moment(one.resolved_at),
        "services": list(one.services),
        "summary": one.summary,
        "root_cause": one.root_cause,
        "category": one.category,
        "cause_type": "" if cause_type is None else cause_type.value,
        **changes,
        "references": [{"type": kind.value, "url": url} for kind, url in one.references],
        "labels": dict(one.labels),
    }
    return {key: value for key, value in found.items() if value}


def _change(change: ImportedChange, home: RepoName) -> dict[str, object]:
    found: dict[str, object] = {
        "repo": str(change.repo) if change.repo is not None and change.repo != home else "",
        "commit": _Quoted(change.commit) if change.commit else "",
        "pr": change.pull,
        "source": change.source,
        "confidence": change.confidence.value if change.confidence is not None else "",
    }
    return {key: value for key, value in found.items() if value}


def _moment(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment is not None else ""
