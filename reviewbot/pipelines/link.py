"""From the fix of an incident to the changes that may have caused it: reads repositories, links nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reviewbot.domain.repository import RepoName, Sha
from reviewbot.errors import GitError, InputError, RepositoryNotFound, RevisionNotFound
from reviewbot.git.commit_graph import with_commit_graph
from reviewbot.git.commits import CommitRecord
from reviewbot.git.merges import pull_of_commit
from reviewbot.git.repository import Repository
from reviewbot.pipelines.blaming import blamed_files
from reviewbot.retro.answers import AnswerKey, ChangeRef, load_answers
from reviewbot.retro.exposures import RepositoryPlace, load_exposures
from reviewbot.retro.linking import BlamedFile, Candidate, candidates
from reviewbot.retro.naming import named_causes

_WORTH_A_GRAPH = 20
"""A graph takes some seconds, and each blame is a fifth of a second quicker with it."""
AskGitHub = Callable[[RepoName, Sha], int | None]
FindRepository = Callable[[RepoName], Repository]


@dataclass(frozen=True, slots=True)
class LinkedCommit:
    """A candidate as it is shown: `pull` is the pull request that brought it, None where nothing tells."""

    candidate: Candidate
    record: CommitRecord
    repo: RepoName
    pull: int | None


@dataclass(frozen=True, slots=True)
class Linked:
    """What came of one incident: candidates, the best first, and in `notes` what could not be looked at, and why."""

    incident: AnswerKey
    candidates: tuple[LinkedCommit, ...] = ()
    notes: tuple[str, ...] = ()
    fixes: tuple[CommitRecord, ...] = ()


def loaded_incidents(file: Path) -> tuple[tuple[AnswerKey, ...], Mapping[RepoName, RepositoryPlace]]:
    """The incidents of a file in its order, and where it says that repositories are; raises FileProblems."""
    return load_answers(file).incidents, load_exposures(file).repositories


def prepared(incidents: Iterable[AnswerKey], find_repository: FindRepository, folder: Path) -> FindRepository:
    """The same repositories, with a graph in the folder for those in which many fixes are to be blamed."""
    fixes = Counter(fix.repo for incident in incidents for fix in incident.fixed)
    quick: dict[RepoName, Repository] = {}
    for number, repo in enumerate(repo for repo, count in fixes.items() if count >= _WORTH_A_GRAPH):
        with suppress(RepositoryNotFound, GitError, InputError):  # What is wrong with it is told of each incident.
            quick[repo] = with_commit_graph(find_repository(repo), folder / str(number))
    return lambda repo: quick[repo] if repo in quick else find_repository(repo)


def linked(incident: AnswerKey, find_repository: FindRepository, ask_github: AskGitHub | None = None) -> Linked:
    """The candidates for the cause of one incident, from all of its fixes that stand in one repository.

    Which pull request brought a candidate is read from the history, else asked of GitHub where it may be asked.
    """
    if not incident.fixed:
        return Linked(incident, notes=("no fix is named: there is nothing to start from",))
    repo = incident.fixed[0].repo
    notes = [f"the fix in {fix.repo} was not followed" for fix in incident.fixed if fix.repo != repo]
    try:
        repository = find_repository(repo)
        fixes = [_fix(repository, fix) for fix in incident.fixed if fix.repo == repo]
    except (RepositoryNotFound, RevisionNotFound, GitError, InputError) as error:
        return Linked(incident, notes=(*notes, str(error)))
    found = _candidates(repository, incident, fixes, notes)
    if not found and not notes:
        notes.append("the fix touches nothing that an earlier commit wrote, and names no cause")
    shown = []
    for one in found:
        record = repository.commit(one.commit)
        pull = pull_of_commit(repository, record)
        if pull is None and ask_github is not None:
            try:
                pull = ask_github(repo, record.sha)
            except InputError as error:
                notes.append(str(error))
        shown.append(LinkedCommit(one, record, repo, pull))
    return Linked(incident, tuple(shown), tuple(dict.fromkeys(notes)), tuple(fixes))


def _fix(repository: Repository, change: ChangeRef) -> CommitRecord:
    sha = repository.resolve(change.commit) if change.commit is not None else None
    if sha is None and change.pull is not None:
        sha = repository.commit_of_pull(change.pull)
    if sha is None:
        raise RevisionNotFound(
            f"no commit of {repository.git_dir} says that it brings #{change.pull}; give the commit of the fix"
        )
    return repository.commit(sha)


def _candidates(
    repository: Repository, incident: AnswerKey, fixes: Sequence[CommitRecord], notes: list[str]
) -> tuple[Candidate, ...]:
    files: list[BlamedFile] = []
    committed_at: dict[Sha, int] = {}
    for fix in fixes:
        for file, times in blamed_files(repository, fix, notes):
            files.append(file)
            committed_at |= times
    known = {fix.sha for fix in fixes}
    fixed_at = max(int(fix.committer_date.timestamp()) for fix in fixes)
    started_at = incident.started_at.timestamp() if incident.started_at is not None else None

    def is_possible(sha: Sha) -> bool:
        if sha in known:
            return False
        if started_at is None:
            return True
        if sha not in committed_at:
            committed_at[sha] = int(repository.commit(sha).committer_date.timestamp())
        return committed_at[sha] <= started_at

    return candidates(_named(repository, incident, fixes), files, committed_at, fixed_at, is_possible)


def _named(repository: Repository, incident: AnswerKey, fixes: Iterable[CommitRecord]) -> dict[Sha, str]:
    """The commits that the messages of the fixes, or the incident's own words, name as the cause."""
    texts = [(f"{fix.subject}\n\n{fix.body}", "the fix says") for fix in fixes]
    texts += [(text, "the incident says") for text in (incident.root_cause, incident.summary) if text]
    found: dict[Sha, str] = {}
    for text, who in texts:
        for naming in named_causes(text):
            sha = _resolved(repository, naming.sha, naming.pull)
            if sha is not None and not any(_is_before(repository, fix, sha) for fix in fixes):
                found.setdefault(sha, f"{who}: {naming.words}")
    return found


def _is_before(repository: Repository, fix: CommitRecord, sha: Sha) -> bool:
    """Whether the fix was written before the commit, which then repairs nothing of it."""
    return repository.commit(sha).author_date > fix.author_date


def _resolved(repository: Repository, sha: str | None, pull: int | None) -> Sha | None:
    if sha is None:
        return repository.commit_of_pull(pull) if pull is not None else None
    try:
        return repository.resolve(sha)
    except RevisionNotFound:
        return None
