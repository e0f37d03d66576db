"""What others have said of the lines of a pull request, so that a review does not say it again."""

from __future__ import annotations

import logging

from reviewbot.domain.pull import PullRequest
from reviewbot.domain.remark import Remark
from reviewbot.github.answers import PostedComment
from reviewbot.github.failures import GitHubFailure
from reviewbot.github.repository import RepositoryClient

log = logging.getLogger(__name__)

_TRUSTED = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})


def remarks_on(client: RepositoryClient, pull: PullRequest) -> tuple[Remark, ...]:
    """The inline comments of other people with a say in the repository, and of other bots, newest first.

    The pull request's own author is none of them: nobody keeps a finding away by writing it down beforehand. Where
    GitHub does not tell, there are none, for a finding said twice is better than no review.
    """
    try:
        comments = client.thread_comments(pull.ref.number)
    except GitHubFailure as error:
        log.info("could not read what others said", extra={"pull": str(pull.ref), "why": str(error)[:200]})
        return ()
    heard = [one for one in comments if one.path and one.body.strip() and _has_weight(one, pull)]
    others = [one for one in heard if not client.is_ours(one.author)]
    return tuple(Remark(one.author.login, one.path or "", one.line, one.body) for one in reversed(others))


def _has_weight(one: PostedComment, pull: PullRequest) -> bool:
    is_author = one.author.id is None or one.author.id == pull.author_id
    return not is_author and (one.author.is_bot or one.association in _TRUSTED)
