"""Reading our values from the JSON of GitHub's answers; each function raises Malformed for what is none of them."""

from __future__ import annotations

import base64
import binascii

from reviewbot.domain.pull import PullRef, PullRequest
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.github.answers import (
    Author,
    ChangedFile,
    CheckRun,
    HookDelivery,
    InstalledRepository,
    Issue,
    OpenPull,
    PostedAnnotation,
    PostedComment,
    PostedReview,
    Reaction,
)
from reviewbot.github.fields import Fields, Malformed


def author_of(item: Fields) -> Author:
    """From the `user` and, where GitHub gives it, the `performed_via_github_app` of a comment or review."""
    user = item.maybe_part("user")
    app = item.maybe_part("performed_via_github_app")
    if user is None:
        return Author(None, "ghost", False)
    is_bot = user.text_or("type") == "Bot"
    return Author(user.number("id"), user.text("login"), is_bot, app.number("id") if app else None)


def pull_of(answer: Fields) -> PullRequest:
    base, head, author = answer.part("base"), answer.part("head"), author_of(answer)
    repo = base.part("repo")
    fork = head.maybe_part("repo")
    return PullRequest(
        ref=PullRef(repo.number("id"), answer.number("number")),
        repo=repo_name(repo),
        default_branch=repo.text("default_branch"),
        head=sha_of(head, "sha"),
        base=sha_of(base, "sha"),
        base_branch=base.text("ref"),
        is_open=answer.text("state") == "open",
        is_draft=answer.flag("draft"),
        is_locked=answer.flag("locked"),
        changed_files=answer.number("changed_files"),
        author_id=author.id,
        author=author.login,
        title=answer.text("title"),
        description=answer.text_or("body"),
        head_repo=repo_name(fork) if fork else None,
        is_merged=answer.flag("merged"),
        is_archived=repo.flag("archived"),
        merged_at=answer.text_or("merged_at"),
        head_branch=head.text_or("ref"),
        is_private=repo.flag("private"),
        merge_commit=answer.text_or("merge_commit_sha") if answer.flag("merged") else "",
    )


def issue_of(item: Fields) -> Issue:
    return Issue(
        number=item.number("number"),
        title=item.text_or("title"),
        body=item.text_or("body"),
        labels=tuple(one.text_or("name") for one in item.parts("labels")),
        is_open=item.text("state") == "open",
        is_pull=item.maybe_part("pull_request") is not None,
        created_at=item.text("created_at"),
        closed_at=item.text_or("closed_at"),
        url=item.text_or("html_url"),
    )


def open_pull_of(item: Fields) -> OpenPull:
    return OpenPull(item.number("number"), sha_of(item.part("head"), "sha"), item.flag("draft"))


def changed_file_of(item: Fields) -> ChangedFile:
    return ChangedFile(
        item.text("filename"),
        item.maybe_text("previous_filename"),
        item.text("status"),
        item.maybe_text("patch"),
        item.number("additions"),
        item.number("deletions"),
    )


def merge_base_of(answer: Fields) -> Sha:
    return sha_of(answer.part("merge_base_commit"), "sha")


def check_of(item: Fields) -> CheckRun:
    app, output = item.maybe_part("app"), item.maybe_part("output")
    return CheckRun(
        id=item.number("id"),
        name=item.text("name"),
        external_id=item.text_or("external_id"),
        status=item.text("status"),
        conclusion=item.maybe_text("conclusion"),
        head=item.text("head_sha"),
        app_id=app.number("id") if app else None,
        annotations_count=(output.maybe_number("annotations_count") or 0) if output else 0,
        title=output.text_or("title") if output else "",
    )


def annotation_of(item: Fields) -> PostedAnnotation:
    lines = item.number("start_line"), item.number("end_line")
    return PostedAnnotation(item.text("path"), *lines, item.text_or("title"), item.text_or("message"))


def review_of(item: Fields) -> PostedReview:
    author = author_of(item)
    return PostedReview(
        item.number("id"), author, item.text_or("body"), item.maybe_text("commit_id"), item.text("state")
    )


def comment_of(item: Fields) -> PostedComment:
    return PostedComment(
        id=item.number("id"),
        node_id=item.text_or("node_id"),
        body=item.text_or("body"),
        author=author_of(item),
        path=item.maybe_text("path"),
        line=item.maybe_number("line"),
        side=item.maybe_text("side"),
        in_reply_to=item.maybe_number("in_reply_to_id"),
        review_id=item.maybe_number("pull_request_review_id"),
        association=item.text_or("author_association", "NONE"),
        created_at=item.text_or("created_at"),
    )


def reaction_of(item: Fields) -> Reaction:
    user = item.maybe_part("user")
    return Reaction(item.text("content"), user.number("id") if user else None)


def installed_repository_of(item: Fields) -> InstalledRepository:
    branch = item.text_or("default_branch", "main")
    return InstalledRepository(item.number("id"), repo_name(item), branch, item.flag("archived"))


def delivery_of(item: Fields) -> HookDelivery:
    return HookDelivery(
        id=item.number("id"),
        guid=item.text("guid"),
        delivered_at=item.seconds("delivered_at"),
        status=item.text_or("status"),
        status_code=item.maybe_number("status_code") or 0,
        event=item.text("event"),
        action=item.maybe_text("action"),
        installation_id=item.maybe_number("installation_id"),
        repository_id=item.maybe_number("repository_id"),
        redelivery=item.flag("redelivery"),
    )


def file_of(answer: Fields) -> bytes | None:
    """The bytes of a file of the contents API, None for what is no regular file."""
    if answer.text("type") != "file":
        return None
    if answer.text("encoding") != "base64":
        raise Malformed(f"the encoding of a file is {answer.text('encoding')!r}")
    try:
        return base64.b64decode(answer.text("content"))
    except (binascii.Error, ValueError) as failure:
        raise Malformed("the content of a file is not base64") from failure


def repo_name(item: Fields) -> RepoName:
    try:
        return RepoName.parse(item.text("full_name"))
    except ValueError as failure:
        raise Malformed(str(failure)) from failure


def sha_of(item: Fields, name: str) -> Sha:
    try:
        return Sha(item.text(name))
    except Malformed:
        raise
    except ValueError as failure:
        raise Malformed(str(failure)) from failure
