"""What we read of a webhook's payload: the few fields that matter, with everything else left alone.

GitHub adds fields without notice, and sends null for people and repositories that are gone; a field is demanded here
only where nothing can be done without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from reviewbot.domain.repository import RepoName, Sha
from reviewbot.errors import ReviewbotError

# Ids are kept in signed 64-bit columns, numbers of pull requests in 32-bit ones; both databases refuse more.
Id = Annotated[int, Field(strict=True, gt=0, lt=2**63)]
Number = Annotated[int, Field(strict=True, gt=0, lt=2**31)]


class UnreadablePayload(ReviewbotError):
    """A delivery that is not what GitHub sends; the text says what is wrong and never holds the payload's own words."""


def _without_nul(text: str) -> str:
    # PostgreSQL cannot store U+0000; CommonMark shows it as U+FFFD too.
    return text.replace("\0", "\ufffd")


def _repo_name(text: str) -> str:
    RepoName.parse(text)
    return text


def _full_sha(text: str) -> str:
    return Sha(text)


Text = Annotated[str, Field(strict=True), AfterValidator(_without_nul)]


class Payload(BaseModel):
    """A part of a payload; unknown fields are left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Numbered(Payload):
    """Anything of which only the id matters: an installation, an App, a repository."""

    id: Id


class Account(Payload):
    """A person, a bot or an organisation. Whether it is a person is told by `type`, never by the login."""

    id: Id
    login: Text
    type: Text = ""


class Repository(Payload):
    """A repository by its lasting number and its present name."""

    id: Id
    full_name: Annotated[str, Field(strict=True), AfterValidator(_repo_name)]


class Pull(Payload):
    """A pull request, or the issue that stands for it. The rest is old when it arrives and is read again."""

    number: Number


class Delivery(Payload):
    """What all deliveries about a repository share."""

    installation: Numbered
    repository: Repository
    sender: Account | None = None


class BaseChange(Payload):
    """What an edit changed; `base` is there where the pull request goes into another branch now."""

    base: Mapping[str, object] | None = None


class PullDelivery(Delivery):
    number: Number
    changes: BaseChange | None = None


class Issue(Pull):
    """An issue; `pull_request` is there where it is a pull request."""

    pull_request: Mapping[str, object] | None = None


class Comment(Payload):
    """A comment or the body of a review. Who wrote it may be gone, and a review may have no text."""

    id: Id
    body: Text | None = None
    user: Account | None = None
    in_reply_to_id: Id | None = None
    performed_via_github_app: Numbered | None = None


class Label(Payload):
    name: Text = ""


class LabelledIssue(Issue):
    """An issue with its labels as they were when the delivery was made."""

    labels: tuple[Label, ...] | None = None


class IssueDelivery(Delivery):
    issue: LabelledIssue


class IssueCommentDelivery(Delivery):
    issue: Issue
    comment: Comment


class ReviewCommentDelivery(Delivery):
    pull_request: Pull
    comment: Comment


class ReviewDelivery(Delivery):
    pull_request: Pull
    review: Comment


class Thread(Payload):
    """A thread on a line, by its GraphQL id."""

    node_id: Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9_=+/-]{1,200}$")]
    comments: tuple[Numbered, ...] = ()


class ThreadDelivery(Delivery):
    pull_request: Pull
    thread: Thread


class PullEnd(Payload):
    """The branch that a pull request goes into, as a check names it."""

    repo: Numbered | None = None


class CheckedPull(Pull):
    base: PullEnd | None = None


class Check(Payload):
    """A check run or a check suite; they agree in all we need. For a fork's branch `pull_requests` is empty."""

    head_sha: Annotated[str, Field(strict=True), AfterValidator(_full_sha)]
    app: Numbered | None = None
    pull_requests: tuple[CheckedPull, ...] | None = None


class CheckRunDelivery(Delivery):
    check_run: Check


class CheckSuiteDelivery(Delivery):
    check_suite: Check


class InstallationDelivery(Payload):
    installation: Numbered


class RemovalDelivery(InstallationDelivery):
    repositories_removed: tuple[Numbered, ...] = ()


Read = TypeVar("Read", bound=Payload)


def read_payload(model: type[Read], event: str, document: Mapping[str, object]) -> Read:
    """The fields of a payload that matter; raises UnreadablePayload naming at most three that are missing or wrong."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        # Neither the input nor the context: both repeat what somebody else wrote.
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        told = [f"{'.'.join(map(str, one['loc']))} ({_kind(one['type'])})" for one in problems[:3]]
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise UnreadablePayload(
            f"a {event} delivery has missing or wrong fields: {', '.join(told)}{more}; GitHub's form may have changed"
        ) from None


def _kind(pydantic_type: str) -> str:
    return pydantic_type.replace("_", " ")
