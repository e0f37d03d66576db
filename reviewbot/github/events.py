"""From a payload to a domain event: what is for us, what is ignored, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reviewbot.domain.events import (
    CheckRequested,
    CommentPlace,
    CommentWritten,
    Event,
    Ignored,
    InstallationChanged,
    IssueChanged,
    PullChanged,
    PullStopped,
    RepositoriesRemoved,
    RepositoryMoved,
    ThreadSettled,
    Trigger,
)
from reviewbot.domain.pull import PullRef
from reviewbot.domain.repository import RepoName
from reviewbot.domain.text import revealed, shortened
from reviewbot.github.payloads import (
    Account,
    Check,
    CheckRunDelivery,
    CheckSuiteDelivery,
    Comment,
    Delivery,
    InstallationDelivery,
    IssueCommentDelivery,
    IssueDelivery,
    PullDelivery,
    RemovalDelivery,
    ReviewCommentDelivery,
    ReviewDelivery,
    ThreadDelivery,
    read_payload,
)


@dataclass(frozen=True, slots=True)
class OwnIdentity:
    """Who we are at GitHub: the App's number, which decides, and its slug, by which people call it."""

    app_id: int
    slug: str = "reviewbot"


_PULL_TRIGGERS = {
    "opened": Trigger.OPENED,
    "synchronize": Trigger.PUSHED,
    "reopened": Trigger.REOPENED,
    "ready_for_review": Trigger.READY_FOR_REVIEW,
    "edited": Trigger.RETARGETED,
}
_PULL_ENDS = ("closed", "converted_to_draft")

_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "pull_request": (*_PULL_TRIGGERS, *_PULL_ENDS),
    "issue_comment": ("created",),
    "pull_request_review_comment": ("created",),
    "pull_request_review": ("submitted",),
    "pull_request_review_thread": ("resolved", "unresolved"),
    "issues": ("opened", "edited", "labeled", "unlabeled", "closed", "reopened", "deleted", "transferred"),
    "check_run": ("rerequested",),
    "check_suite": ("rerequested",),
    "installation": ("created", "deleted", "suspend", "unsuspend", "new_permissions_accepted"),
    "installation_repositories": ("removed",),
    "repository": ("renamed", "transferred", "deleted"),
}

_WHY_NOT: Mapping[tuple[str, str], str] = {
    ("ping", ""): "the webhook works",
    ("check_run", "requested_action"): "our checks offer no actions",
    ("installation_repositories", "added"): "the sweep finds the open pull requests of added repositories",
    ("repository", "archived"): "its pull requests are read again before anything is written",
    ("repository", "unarchived"): "the sweep finds its open pull requests",
}


def event_of(event: str, document: Mapping[str, object], own: OwnIdentity) -> Event:
    """The domain event in a payload; raises UnreadablePayload where a field that is needed is missing or wrong."""
    action = document.get("action")
    action = action if isinstance(action, str) else ""
    if not may_matter(event, action):
        return Ignored(_why_not(event, action))
    if document.get("installation") is None:
        return Ignored(f"not sent by an App installation: {event} {action} of a repository's or organisation's webhook")
    match event:
        case "pull_request":
            return _pull(read_payload(PullDelivery, event, document), action)
        case "issue_comment":
            return _conversation(read_payload(IssueCommentDelivery, event, document), own)
        case "pull_request_review_comment":
            return _line_comment(read_payload(ReviewCommentDelivery, event, document), own)
        case "pull_request_review":
            return _review_text(read_payload(ReviewDelivery, event, document), own)
        case "pull_request_review_thread":
            return _thread(read_payload(ThreadDelivery, event, document), is_resolved=action == "resolved")
        case "issues":
            return _issue(read_payload(IssueDelivery, event, document))
        case "check_run":
            run = read_payload(CheckRunDelivery, event, document)
            return _check(run, run.check_run, own)
        case "check_suite":
            suite = read_payload(CheckSuiteDelivery, event, document)
            return _check(suite, suite.check_suite, own)
        case "installation":
            installation = read_payload(InstallationDelivery, event, document).installation
            return InstallationChanged(installation.id, action)
        case "installation_repositories":
            return _removal(read_payload(RemovalDelivery, event, document))
        case "repository":
            return _repository(read_payload(Delivery, event, document), action)
        case _:
            return Ignored(_why_not(event, action))


def may_matter(event: str, action: str) -> bool:
    """Whether deliveries of this kind can ask us for anything: most of what GitHub sends cannot."""
    return action in _ACTIONS.get(event, ())


def _why_not(event: str, action: str) -> str:
    known = _WHY_NOT.get((event, action)) or _WHY_NOT.get((event, ""))
    told = " ".join(revealed(shortened(word, 60)) for word in (event, action) if word)
    return f"{told}: {known}" if known else f"{told}: nothing to do for it"


def _ref(delivery: Delivery, number: int) -> PullRef:
    return PullRef(delivery.repository.id, number)


def _repo(delivery: Delivery) -> RepoName:
    return RepoName.parse(delivery.repository.full_name)


def _sender_id(delivery: Delivery) -> int | None:
    return delivery.sender.id if delivery.sender else None


def _pull(delivery: PullDelivery, action: str) -> Event:
    """Whoever opened it: a bot's pull request is reviewed like a person's."""
    installation_id, ref, repo = delivery.installation.id, _ref(delivery, delivery.number), _repo(delivery)
    if action in _PULL_ENDS:
        return PullStopped(installation_id, ref, repo)
    if action == "edited" and (delivery.changes is None or delivery.changes.base is None):
        return Ignored("pull_request edited: its title or description alone, which decide no review")
    return PullChanged(installation_id, ref, repo, _PULL_TRIGGERS[action], _sender_id(delivery))


def _conversation(delivery: IssueCommentDelivery, own: OwnIdentity) -> Event:
    if delivery.issue.pull_request is None:
        return Ignored("issue_comment created: on an issue, not on a pull request")
    return _comment(delivery, delivery.issue.number, delivery.comment, CommentPlace.CONVERSATION, own)


def _line_comment(delivery: ReviewCommentDelivery, own: OwnIdentity) -> Event:
    return _comment(delivery, delivery.pull_request.number, delivery.comment, CommentPlace.THREAD, own)


def _review_text(delivery: ReviewDelivery, own: OwnIdentity) -> Event:
    """A review's own text reads like a comment of the conversation, under the id of the review."""
    return _comment(delivery, delivery.pull_request.number, delivery.review, CommentPlace.CONVERSATION, own)


def _comment(delivery: Delivery, number: int, comment: Comment, place: CommentPlace, own: OwnIdentity) -> Event:
    app = comment.performed_via_github_app
    if app is not None and app.id == own.app_id:
        return Ignored("a comment of our own")
    if comment.user is None:
        return Ignored("a comment of somebody whose account is gone")
    stranger = _not_a_person(comment.user) or _not_a_person(delivery.sender)
    if stranger:
        return Ignored(f"a comment {stranger}")
    if not comment.body or not comment.body.strip():
        return Ignored("a review or comment without text")
    return CommentWritten(
        installation_id=delivery.installation.id,
        ref=_ref(delivery, number),
        repo=_repo(delivery),
        place=place,
        comment_id=comment.id,
        in_reply_to=comment.in_reply_to_id if place is CommentPlace.THREAD else None,
        author_id=comment.user.id,
        author=comment.user.login,
        body=comment.body,
    )


def _not_a_person(account: Account | None) -> str:
    """ "" for a person; GitHub says so by the type, while a login may look like anything."""
    if account is None or account.type == "User":
        return ""
    return f"by account {account.id}, which is no person" + (" but a bot" if account.type == "Bot" else "")


def _thread(delivery: ThreadDelivery, *, is_resolved: bool) -> Event:
    stranger = _not_a_person(delivery.sender)
    if stranger:
        # We resolve threads ourselves when a finding is fixed; that is no feedback.
        return Ignored(f"a thread settled {stranger}")
    return ThreadSettled(
        installation_id=delivery.installation.id,
        ref=_ref(delivery, delivery.pull_request.number),
        repo=_repo(delivery),
        thread_id=delivery.thread.node_id,
        comment_ids=tuple(comment.id for comment in delivery.thread.comments),
        is_resolved=is_resolved,
        sender_id=_sender_id(delivery),
    )


def _issue(delivery: IssueDelivery) -> Event:
    if delivery.issue.pull_request is not None:
        return Ignored("issues: it is a pull request, whose own events tell more")
    return IssueChanged(
        delivery.installation.id,
        delivery.repository.id,
        _repo(delivery),
        delivery.issue.number,
        tuple(label.name for label in delivery.issue.labels or ()),
    )


def _check(delivery: Delivery, check: Check, own: OwnIdentity) -> Event:
    if check.app is None or check.app.id != own.app_id:
        return Ignored("a check of another App was asked for again")
    pulls = check.pull_requests or ()
    # A branch can also be in a pull request of another repository, the one it was forked from.
    here = [one for one in pulls if not one.base or not one.base.repo or one.base.repo.id == delivery.repository.id]
    return CheckRequested(
        installation_id=delivery.installation.id,
        repo_id=delivery.repository.id,
        repo=_repo(delivery),
        head=check.head_sha,
        numbers=tuple(dict.fromkeys(one.number for one in here)),
    )


def _removal(delivery: RemovalDelivery) -> Event:
    if not delivery.repositories_removed:
        return Ignored("installation_repositories removed: names no repository")
    return RepositoriesRemoved(delivery.installation.id, tuple(one.id for one in delivery.repositories_removed))


def _repository(delivery: Delivery, action: str) -> Event:
    if action == "deleted":
        return RepositoriesRemoved(delivery.installation.id, (delivery.repository.id,))
    return RepositoryMoved(delivery.installation.id, delivery.repository.id, _repo(delivery))
