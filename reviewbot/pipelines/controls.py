"""Finds quiet changes to stand beside culprits: of the same repository, alike, and left alone by those who repair.

Like the replay it knows which changes are culprits, and nothing of what came of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from reviewbot.domain.incident import Exposure
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.engine.file_kinds import is_prose, is_test, reason_to_skip
from reviewbot.errors import GitError, InputError
from reviewbot.git.history import PastChange, changes_between, tip_of
from reviewbot.git.merges import pull_of_commit
from reviewbot.git.repository import Repository
from reviewbot.pipelines.blaming import blamed_files
from reviewbot.pipelines.replay import head_of
from reviewbot.retro.exposures import ControlRule
from reviewbot.retro.incident_keys import MatchKey
from reviewbot.retro.naming import named_causes
from reviewbot.retro.quiet import FIX_WORDS, Shape, is_ordinary, looks_like

_WIDE = timedelta(days=183)
"""How far from a culprit its controls may be where the month does not matter."""
_MOST_CHECKED = 40
"""So many candidates, the most alike first, are looked at for repairs before a culprit gets fewer controls."""


@dataclass(frozen=True)
class FoundControls:
    """Controls as exposures, and a sentence for each culprit that got fewer than it should have."""

    exposures: tuple[Exposure, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class _Search:
    """The search in one repository: what must not be taken, and what has been taken already."""

    repository: Repository
    rule: ControlRule
    tip: Sha
    newest: datetime
    taken: set[Sha] = field(default_factory=set)


def found_controls(
    culprits: Sequence[Exposure],
    named: Sequence[Exposure],
    rule: ControlRule,
    find_repository: Callable[[RepoName], Repository],
) -> FoundControls:
    """`rule.per_incident` controls for each culprit, named `auto:<case>:<number>`; always the same ones.

    None is a culprit, one of the `named` controls, or taken twice. A repository that is not there gives none: the
    replay says of its cases what is missing.
    """
    exposures: list[Exposure] = []
    notes: list[str] = []
    for repo in dict.fromkeys(one.repo for one in culprits):
        try:
            search = _search(find_repository(repo), rule)
        except (GitError, InputError):
            continue
        here = [one for one in culprits if one.repo == repo]
        search.taken |= {sha for one in (*here, *named) if one.repo == repo and (sha := _sha(search, one))}
        for one in here:
            found = _controls_of(search, one)
            exposures += [Exposure(f"auto:{one.case}:{number}", repo, sha) for number, sha in enumerate(found, start=1)]
            if len(found) < rule.per_incident:
                notes.append(f"{one.case}: {len(found)} of {rule.per_incident} controls found in {repo}")
    return FoundControls(tuple(exposures), tuple(notes))


def _search(repository: Repository, rule: ControlRule) -> _Search:
    tip = tip_of(repository)
    return _Search(repository, rule, tip, repository.commit(tip).committer_date)


def _sha(search: _Search, exposure: Exposure) -> Sha | None:
    try:
        return head_of(search.repository, exposure)[0]
    except (GitError, InputError):
        return None


def _controls_of(search: _Search, culprit: Exposure) -> list[Sha]:
    sha = _sha(search, culprit)
    if sha is None:
        return []
    moment = search.repository.commit(sha).committer_date
    around = changes_between(search.repository, search.tip, *_span(moment, search.rule.match))
    shape = next((_shape(change) for change in around if change.sha == sha), None) or _shape_of(search, sha, moment)
    alike = sorted(
        (distance, change.sha, change)
        for change in around
        if change.sha not in search.taken and is_ordinary(change.message) and change.lines
        if _holds_code(change.paths) or not _holds_code(shape.paths)
        if (distance := looks_like(shape, _shape(change), search.rule.match)) is not None
    )
    found: list[Sha] = []
    for _, _, change in alike[:_MOST_CHECKED]:
        if len(found) == search.rule.per_incident:
            break
        if _is_quiet(search, change):
            found.append(change.sha)
    search.taken.update(found)
    return found


def _span(moment: datetime, keys: Sequence[MatchKey]) -> tuple[datetime, datetime]:
    if MatchKey.MONTH not in keys:
        return moment - _WIDE, moment + _WIDE
    first = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(seconds=1)


def _holds_code(paths: Sequence[str]) -> bool:
    """Whether a change is more than tests and prose, on which a reviewer has nothing to be wrong about."""
    return any(not is_test(path) and not is_prose(path) and reason_to_skip(path) is None for path in paths)


def _shape(change: PastChange) -> Shape:
    return Shape(change.lines, change.paths, change.committed_at)


def _shape_of(search: _Search, sha: Sha, moment: datetime) -> Shape:
    """Of a culprit that is not itself on the branch, as one from inside of a pull request."""
    second = timedelta(seconds=1)
    changes = changes_between(search.repository, sha, moment - second, moment + second)
    return next((_shape(one) for one in changes if one.sha == sha), Shape(0, (), moment))


def _is_quiet(search: _Search, change: PastChange) -> bool:
    """Whether nobody named it as a cause, or repaired lines that it wrote, for as many days as were asked for."""
    end = change.committed_at + timedelta(days=search.rule.quiet_days)
    if end > search.newest:
        return False
    written = _commits_in(search.repository, change.sha)
    pull = pull_of_commit(search.repository, search.repository.commit(change.sha))
    later = changes_between(search.repository, search.tip, change.committed_at + timedelta(seconds=1), end, FIX_WORDS)
    return not any(_names(one, change.sha, pull) or _repairs(search.repository, one, change, written) for one in later)


def _commits_in(repository: Repository, sha: Sha) -> frozenset[Sha]:
    """The commit, and of a merge all that it brought: blame names these."""
    parents = repository.commit(sha).parents
    return frozenset({sha, *(repository.commits_between(parents[0], sha) if len(parents) > 1 else ())})


def _names(later: PastChange, sha: Sha, pull: int | None) -> bool:
    named = named_causes(later.message)
    return any((one.sha and sha.startswith(one.sha)) or (pull and one.pull == pull) for one in named)


def _repairs(repository: Repository, later: PastChange, change: PastChange, written: frozenset[Sha]) -> bool:
    """Whether a later fix takes away lines that the change wrote."""
    if not set(later.paths) & set(change.paths):
        return False
    files = [file for file, _ in blamed_files(repository, repository.commit(later.sha), [], set(change.paths))]
    return any(sha in written for file in files for sha in file.removed)
