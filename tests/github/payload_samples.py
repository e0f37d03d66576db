"""Payloads in the form in which GitHub sends them, with everything in them that somebody could trip over."""

from __future__ import annotations

import copy
import json
from typing import Any

from reviewbot.domain.events import Event
from reviewbot.github.webhook import OwnIdentity, parse_event

OWN_APP_ID = 424242
OTHER_APP_ID = 15368
INSTALLATION_ID = 7_654_321
REPO_ID = 1_296_269
NUMBER = 42
HEAD = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
OWN = OwnIdentity(OWN_APP_ID, "reviewbot")

Json = dict[str, Any]


def account(login: str = "ada", account_id: int = 1001, kind: str = "User") -> Json:
    return {"login": login, "id": account_id, "node_id": "MDQ6VXNlcjE=", "type": kind, "site_admin": False}


def bot(login: str = "dependabot[bot]", account_id: int = 49_699_333) -> Json:
    return account(login, account_id, "Bot")


def repository() -> Json:
    return {
        "id": REPO_ID,
        "name": "engine",
        "full_name": "analytical/engine",
        "private": False,
        "owner": account("analytical", 77, "Organization"),
        "default_branch": "main",
        "archived": False,
        "description": None,
    }


def pull_request() -> Json:
    repo = repository()
    return {
        "id": 279_147_437,
        "number": NUMBER,
        "state": "open",
        "locked": False,
        "draft": False,
        "merged": False,
        "title": "Carry the tens",
        "body": None,
        "user": account(),
        "head": {"ref": "carry", "sha": HEAD, "repo": repo, "user": account()},
        "base": {"ref": "main", "sha": "f95f852bd8fca8fcc58a9a2d6c842781e32a215e", "repo": repo},
        "changed_files": 3,
        "labels": [],
    }


def delivery(action: str, **parts: Any) -> Json:
    """What every delivery to an App about a repository holds, and the given parts."""
    return {
        "action": action,
        **parts,
        "repository": repository(),
        "organization": {"login": "analytical", "id": 77},
        "installation": {"id": INSTALLATION_ID, "node_id": "MDIzOkludGVncmF0aW9u"},
        "sender": account(),
    }


def pull_delivery(action: str, **parts: Any) -> Json:
    return delivery(action, number=NUMBER, pull_request=pull_request(), **parts)


def comment(body: str | None = "@reviewbot review", **parts: Any) -> Json:
    return {
        "id": 492_700_400,
        "node_id": "MDEyOklzc3VlQ29tbWVudDQ5MjcwMDQwMA==",
        "user": account(),
        "body": body,
        "author_association": "CONTRIBUTOR",
        "performed_via_github_app": None,
        **parts,
    }


def issue_comment_delivery(action: str = "created", **parts: Any) -> Json:
    issue = {
        "id": 444_500_041,
        "number": NUMBER,
        "title": "Carry the tens",
        "user": account(),
        "body": None,
        "pull_request": {"url": f"https://api.github.com/repos/analytical/engine/pulls/{NUMBER}"},
    }
    return delivery(action, **{"issue": issue, "comment": comment(), **parts})


def review_comment_delivery(action: str = "created", **parts: Any) -> Json:
    said = comment("Why is that?", path="src/carry.py", line=7, side="RIGHT", in_reply_to_id=284_312_630)
    return delivery(action, **{"comment": said, "pull_request": pull_request(), **parts})


def review_delivery(action: str = "submitted", **parts: Any) -> Json:
    review = comment("@reviewbot full review", state="commented", commit_id=HEAD)
    return delivery(action, **{"review": review, "pull_request": pull_request(), **parts})


def thread_delivery(action: str = "resolved") -> Json:
    thread = {"node_id": "PRRT_kwDOFd42Pc4rQOUv", "comments": [comment(), comment(id=492_700_401)]}
    return delivery(action, thread=thread, pull_request=pull_request())


def check(app_id: int = OWN_APP_ID, pull_numbers: tuple[int, ...] = (NUMBER,)) -> Json:
    end = {"ref": "main", "sha": HEAD, "repo": {"id": REPO_ID, "name": "engine"}}
    return {
        "id": 128_620_228,
        "head_sha": HEAD,
        "status": "completed",
        "conclusion": "neutral",
        "app": {"id": app_id, "slug": "reviewbot", "name": "reviewbot", "description": None},
        "pull_requests": [
            {"id": number * 1000, "number": number, "head": end, "base": copy.deepcopy(end)} for number in pull_numbers
        ],
    }


def installation_delivery(action: str, **parts: Any) -> Json:
    installation = {"id": INSTALLATION_ID, "app_id": OWN_APP_ID, "account": account("analytical", 77, "Organization")}
    return {"action": action, "installation": installation, "sender": account(), **parts}


def removal_delivery(action: str = "removed") -> Json:
    removed = [{"id": REPO_ID, "name": "engine", "full_name": "analytical/engine", "private": False}]
    changed = {"repositories_added": [], "repositories_removed": removed, "repository_selection": "selected"}
    return installation_delivery(action, **changed)


def samples() -> list[tuple[str, Json]]:
    """One payload of every kind that means something to us, with the name of its event."""
    return [
        *(("pull_request", pull_delivery(action)) for action in ("opened", "synchronize", "reopened", "closed")),
        ("pull_request", pull_delivery("edited", changes={"base": {"ref": {"from": "main"}, "sha": {"from": HEAD}}})),
        ("issue_comment", issue_comment_delivery()),
        ("pull_request_review_comment", review_comment_delivery()),
        ("pull_request_review", review_delivery()),
        ("pull_request_review_thread", thread_delivery()),
        ("check_run", delivery("rerequested", check_run=check())),
        ("check_suite", delivery("rerequested", check_suite=check())),
        ("installation", installation_delivery("created", repositories=[])),
        ("installation_repositories", removal_delivery()),
        ("repository", delivery("renamed", changes={"repository": {"name": {"from": "old"}}})),
    ]


def changed(payload: Json, path: str, value: object) -> Json:
    """A copy of a payload with another value at a path like `comment.user.type`."""
    copied = copy.deepcopy(payload)
    *parents, last = path.split(".")
    place = copied
    for key in parents:
        place = place[key]
    place[last] = value
    return copied


def without(payload: Json, path: str) -> Json:
    """A copy of a payload without the field at a path."""
    copied = changed(payload, path, None)
    *parents, last = path.split(".")
    place = copied
    for key in parents:
        place = place[key]
    del place[last]
    return copied


def parsed(event: str, payload: object) -> Event:
    return parse_event(event, json.dumps(payload).encode(), OWN)
