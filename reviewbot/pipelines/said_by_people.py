"""What people said on merged pull requests, as findings: the review that was there before any tool."""

from __future__ import annotations

from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Category, Finding, Location, Severity
from reviewbot.domain.pull import PullRequest
from reviewbot.domain.repository import RepoName
from reviewbot.domain.text import printable, shortened
from reviewbot.errors import InputError
from reviewbot.github.answers import PostedComment
from reviewbot.github.app import GitHubApp
from reviewbot.github.failures import GitHubFailure, NotThere
from reviewbot.github.repository import RepositoryClient
from reviewbot.pipelines.installed import InstalledRepositories

_SHORTEST_REMARK = 25
"""Shorter ones thank, approve or agree."""


class PeopleRecord:
    """Reads pull requests through the App; only repositories that it is installed in."""

    def __init__(self, app: GitHubApp) -> None:
        self._installed = InstalledRepositories(app)

    def findings(self, repo: RepoName, number: int) -> tuple[Finding, ...] | None:
        """What others than its author said before it was merged; None where GitHub has no such pull request.

        Bots, the App itself, and answers within a thread are left out. Raises InputError with GitHub's reason.
        """
        client = self._installed.client(repo)
        try:
            pull = client.pull(number)
            said = (*client.thread_comments(number), *client.conversation(number))
        except NotThere:
            return None
        except GitHubFailure as failure:
            raise InputError(f"what people said on {repo}#{number} cannot be read: {failure}") from failure
        return tuple(_finding(one) for one in said if _is_a_review(one, pull, client))


def _is_a_review(one: PostedComment, pull: PullRequest, client: RepositoryClient) -> bool:
    is_early = not pull.merged_at or one.created_at <= pull.merged_at
    is_other = one.author.id is not None and one.author.id != pull.author_id and not one.author.is_bot
    is_remark = one.in_reply_to is None and len(one.body.strip()) >= _SHORTEST_REMARK
    return is_early and is_other and is_remark and not client.is_ours(one.author)


def _finding(one: PostedComment) -> Finding:
    side = Side.LEFT if one.side == "LEFT" else Side.RIGHT
    body = printable(one.body.strip())
    return Finding(
        title=shortened(" ".join(body.split()), 120),
        explanation=body[:6_000],
        severity=Severity.MEDIUM,
        confidence=1.0,
        category=Category.OTHER,
        location=Location(one.path, one.line, one.line, side) if one.path and one.line else None,
        reviewer="people",
    )
