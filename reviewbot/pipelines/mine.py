"""Incidents out of a repository's own history: fixes and reverts that name what they repair."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reviewbot.domain.repository import RepoName, Sha
from reviewbot.errors import RevisionNotFound
from reviewbot.git.history import commits_saying, tip_of
from reviewbot.git.repository import Repository
from reviewbot.retro.imports.values import Imported, ImportedChange, ImportedIncident, headline, plain
from reviewbot.retro.incident_keys import CauseType, Confidence
from reviewbot.retro.naming import named_causes

_NAMING_WORDS = (
    r"^[ \t]*fix(es)?:? +(commit +)?[0-9a-f]{7,}",
    r"\brevert",
    r"\bregress",
    r"(introduced|caused|broken|broke|exposed|triggered) (in|by|with|since|from)",
    r"\bsince commit\b",
)


def mined(repository: Repository, repo: RepoName, since: datetime | None, most: int) -> Imported:
    """The newest fixes, `most` at most, whose messages name a commit or pull request that is there; newest first.

    Nothing says that each was an incident: what is worth keeping is for a person to choose.
    """
    found: list[ImportedIncident] = []
    for sha, committed_at, message in commits_saying(repository, tip_of(repository), since, _NAMING_WORDS):
        causes = tuple(dict.fromkeys(_causes(repository, sha, message)))
        if not causes:
            continue
        subject, _, body = message.partition("\n")
        found.append(
            ImportedIncident(
                id=f"{repo.name}-{sha[:8]}",
                name=headline(subject),
                repo=repo,
                resolved_at=committed_at,
                summary=plain(body),
                cause_type=CauseType.CODE,
                introduced=tuple(ImportedChange(repo, one, None, "message", Confidence.LIKELY) for one in causes),
                fixed=(ImportedChange(repo, sha, None, "message", Confidence.CONFIRMED),),
            )
        )
        if len(found) == most:
            break
    return Imported(tuple(found))


def _causes(repository: Repository, fix: Sha, message: str) -> Iterator[Sha]:
    for naming in named_causes(message):
        try:
            sha = (
                repository.resolve(naming.sha)
                if naming.sha is not None
                else repository.commit_of_pull(naming.pull or 0)
            )
        except RevisionNotFound:
            continue
        if sha is not None and sha != fix:
            yield sha
