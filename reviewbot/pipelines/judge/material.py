"""What is read from repositories for the judges of a case."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reviewbot.domain.replay import Replay
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.errors import GitError, InputError
from reviewbot.git.repository import Repository
from reviewbot.retro.answers import AnswerKey
from reviewbot.retro.judge import CaseMaterial


def material_of(
    find_repository: Callable[[RepoName], Repository], repository: Repository, alive: Replay, answer: AnswerKey
) -> CaseMaterial:
    """What a judge is shown of a case that was replayed; raises GitError where its change is gone."""
    culprit = _diff_text(repository, alive.base, alive.head)
    fixes = list(_fixes(find_repository, repository, answer))
    return CaseMaterial(answer, culprit, "\n".join(diff for diff, _ in fixes), "\n".join(words for _, words in fixes))


def _diff_text(repository: Repository, base: str, head: str) -> str:
    return repository.diff(Sha(base), Sha(head), max_bytes=2**20).content.decode("utf-8", "surrogateescape")


def _fixes(
    find_repository: Callable[[RepoName], Repository], repository: Repository, answer: AnswerKey
) -> Iterator[tuple[str, str]]:
    """The diffs and messages of the fixing commits; none where none is known or found, which the judge is told."""
    for fix in answer.fixed:
        try:
            home = repository if fix.repo == repository.name else find_repository(fix.repo)
            sha = home.resolve(fix.commit) if fix.commit else home.commit_of_pull(fix.pull or 0)
            commit = home.commit(sha) if sha is not None else None
            if commit is not None and commit.parents:
                yield _diff_text(home, commit.parents[0], commit.sha), f"{commit.subject}\n{commit.body}"
        except (GitError, InputError):
            continue
