"""Repositories that the App is installed in, by name: for questions about the past, which no webhook brings."""

from __future__ import annotations

from functools import cached_property
from threading import Lock

from reviewbot.domain.repository import RepoName, Sha
from reviewbot.errors import InputError
from reviewbot.github.app import GitHubApp
from reviewbot.github.failures import GitHubFailure, NotThere
from reviewbot.github.repository import RepositoryClient


class InstalledRepositories:
    """Asks GitHub once where the App is installed; safe to share between threads, raises InputError with a reason."""

    def __init__(self, app: GitHubApp) -> None:
        self._app = app
        self._lock = Lock()

    def client(self, repo: RepoName) -> RepositoryClient:
        """The way to a repository; InputError where the App is not installed."""
        with self._lock:
            place = self._places.get(str(repo).lower())
        if place is None:
            raise InputError(f"the App is not installed in {repo}, so GitHub does not tell it anything of it")
        return self._app.repository(*place, repo)

    def pull_of(self, repo: RepoName, commit: Sha) -> int | None:
        """The pull request that brought a commit, the merged one first; None where GitHub knows of none."""
        try:
            return self.client(repo).pull_with(commit)
        except NotThere:
            return None
        except GitHubFailure as failure:
            raise InputError(
                f"GitHub does not say which pull request of {repo} brought {commit.short}: {failure}"
            ) from (failure)

    @cached_property
    def _places(self) -> dict[str, tuple[int, int]]:
        """Installation and id of each repository, by its name in lower case."""
        try:
            return {
                str(one.repo).lower(): (installation, one.repo_id)
                for installation in self._app.installations()
                for one in self._app.installation_repositories(installation)
            }
        except GitHubFailure as failure:
            raise InputError(f"GitHub does not say where the App is installed: {failure}") from failure
