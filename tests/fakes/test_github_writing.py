"""What the fake GitHub refuses, as the real one does, when something is written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.github import Repository, World
from tests.fakes.github.plain_client import PlainClient

SHOP = "/repos/octo/shop"
REVIEWS = f"{SHOP}/pulls/1/reviews"


@pytest.fixture
def pull(shop: Repository):
    lines = "".join(f"x{number} = {2 if number == 10 else 1}\n" for number in range(1, 31) if number != 20)
    return shop.pull(files={"a.py": lines})


def review(*comments: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"event": "COMMENT", "body": "Look.", "comments": list(comments)} | more


def comment(line: int, side: str = "RIGHT", **more: Any) -> dict[str, Any]:
    return {"path": "a.py", "line": line, "side": side, "body": f"about {line}"} | more


@pytest.mark.parametrize(
    ("wish", "is_good"),
    [
        (comment(10), True),
        (comment(7), True),
        (comment(13), True),
        (comment(6), False),
        (comment(14), False),
        (comment(10, "LEFT"), True),
        (comment(20, "LEFT"), True),
        (comment(30), False),
        (comment(12, start_line=9, start_side="RIGHT"), True),
        (comment(18, start_line=10, start_side="RIGHT"), False),
        (comment(10, start_line=11, start_side="RIGHT"), False),
        (comment(1, path="none.py"), False),
        (comment(1, path="b.py"), False),
    ],
)
def test_a_comment_stands_on_a_line_of_the_diff(client: PlainClient, pull, token: str, wish: dict, is_good: bool):
    answer = client.request("POST", REVIEWS, review(wish), token)

    assert answer.status == (200 if is_good else 422)
    assert len(pull.inline_comments) == int(is_good)


def test_one_wrong_line_refuses_the_whole_review(client: PlainClient, pull, token: str):
    answer = client.request("POST", REVIEWS, review(comment(10), comment(30), comment(11)), token)

    assert answer.status == 422
    (complaint,) = answer.json["errors"]
    assert complaint.startswith("Pull request review thread line must be part of the diff")
    assert (pull.reviews, pull.inline_comments) == ([], [])


def test_f45_a_review_is_of_a_commit_of_the_pull_request(client: PlainClient, shop: Repository, pull, token: str):
    old = pull.head
    pull.force_push(files={"b.py": "b = 3\n"})

    refused = client.request("POST", REVIEWS, review(commit_id=old), token)
    assert (refused.status, refused.json["errors"]) == (422, ["End commit oid is not part of the pull request"])
    assert client.request("POST", REVIEWS, review(commit_id=shop.head), token).status == 422
    assert client.request("POST", REVIEWS, review(commit_id=pull.head), token).status == 200


def test_an_earlier_commit_of_the_pull_request_can_still_be_reviewed(client: PlainClient, pull, token: str):
    earlier = pull.head
    pull.push(files={"b.py": "b = 3\n"})

    answer = client.request("POST", REVIEWS, review(comment(10), commit_id=earlier), token)

    assert answer.status == 200
    assert pull.inline_comments[0].commit_id == earlier


def test_a_review_without_an_event_stays_pending_and_can_be_deleted(client: PlainClient, pull, token: str):
    made = client.request("POST", REVIEWS, {"body": "Look.", "comments": [comment(10)]}, token).json
    assert made["state"] == "PENDING"
    assert "submitted_at" not in made
    assert client.request("GET", f"{SHOP}/pulls/1/comments", token=token).json == []
    second = client.request("POST", REVIEWS, review(), token)
    assert second.json["errors"] == ["User can only have one pending review per pull request"]

    assert client.request("DELETE", f"{REVIEWS}/{made['id']}", token=token).status == 200
    assert client.request("GET", REVIEWS, token=token).json == []
    assert pull.inline_comments == []


def test_a_submitted_review_cannot_be_deleted_but_changed(client: PlainClient, pull, token: str):
    made = client.request("POST", REVIEWS, review(), token).json

    assert client.request("DELETE", f"{REVIEWS}/{made['id']}", token=token).status == 422
    assert client.request("PUT", f"{REVIEWS}/{made['id']}", {"body": "Other."}, token).json["body"] == "Other."


@pytest.mark.parametrize("event", ["APPROVE", "REQUEST_CHANGES"])
def test_an_approval_is_a_violation(client: PlainClient, world: World, pull, token: str, event: str):
    client.request("POST", REVIEWS, review(event=event), token)

    assert world.violations == [f"a review with event '{event}' on {REVIEWS}"]


@pytest.mark.parametrize(("length", "status"), [(65_536, 200), (65_537, 422)])
def test_a_body_has_65536_characters(client: PlainClient, pull, token: str, length: int, status: int):
    assert client.request("POST", REVIEWS, review(body="ä" * length), token).status == status


def test_comments_of_one_review_are_listed_without_their_lines(client: PlainClient, pull, token: str):
    made = client.request("POST", REVIEWS, review(comment(10)), token).json

    (short,) = client.request("GET", f"{REVIEWS}/{made['id']}/comments", token=token).json
    (full,) = client.request("GET", f"{SHOP}/pulls/1/comments", token=token).json

    assert "line" not in short
    assert (full["line"], full["side"], full["id"]) == (10, "RIGHT", short["id"])


def test_a_comment_is_outdated_when_its_file_changes(client: PlainClient, pull, token: str):
    client.request("POST", REVIEWS, review(comment(10)), token)
    pull.push(files={"a.py": "x = 1\n"})

    (listed,) = client.request("GET", f"{SHOP}/pulls/1/comments", token=token).json

    assert (listed["line"], listed["original_line"], listed["position"]) == (None, 10, None)


def test_a_reply_belongs_to_the_first_comment_of_its_thread(client: PlainClient, pull, token: str):
    client.request("POST", REVIEWS, review(comment(10)), token)
    first = pull.inline_comments[0].id
    theirs = pull.reply("ada", first, "Why?").payload["comment"]

    ours = client.request("POST", f"{SHOP}/pulls/1/comments/{first}/replies", {"body": "So."}, token)

    assert theirs["in_reply_to_id"] == first
    assert (ours.status, ours.json["in_reply_to_id"]) == (201, first)
    assert client.request("POST", f"{SHOP}/pulls/1/comments/{theirs['id']}/replies", {"body": "x"}, token).status == 422
    assert len(pull.reviews) == 1


def test_f50_a_locked_conversation_takes_no_comment_but_checks(client: PlainClient, shop: Repository, pull, token: str):
    pull.lock()

    refused = client.request("POST", f"{SHOP}/issues/1/comments", {"body": "x"}, token)
    assert (refused.status, refused.json["message"]) == (403, "Unable to create comment because issue is locked.")
    assert client.request("POST", REVIEWS, review(), token).status == 403
    assert client.request("POST", f"{SHOP}/check-runs", {"name": "x", "head_sha": pull.head}, token).status == 201


def test_a_comment_says_that_the_app_wrote_it(client: PlainClient, world: World, pull, token: str):
    ours = client.request("POST", f"{SHOP}/issues/1/comments", {"body": "x"}, token).json
    theirs = pull.comment("ada", "y").payload["comment"]

    assert ours["performed_via_github_app"]["id"] == world.app_id
    assert (ours["user"]["login"], ours["user"]["type"]) == ("reviewbot[bot]", "Bot")
    assert theirs["performed_via_github_app"] is None


def test_a_comment_can_be_changed_and_deleted_by_its_author(client: PlainClient, pull, token: str):
    ours = client.request("POST", f"{SHOP}/issues/1/comments", {"body": "x"}, token).json["id"]
    theirs = pull.comment("ada", "y").payload["comment"]["id"]
    path = f"{SHOP}/issues/comments"

    assert client.request("PATCH", f"{path}/{ours}", {"body": "z"}, token).json["body"] == "z"
    assert client.request("PATCH", f"{path}/{theirs}", {"body": "z"}, token).status == 403
    assert client.request("DELETE", f"{path}/{ours}", token=token).status == 204
    assert client.request("GET", f"{path}/{ours}", token=token).status == 404


def test_the_same_reaction_twice_is_one(client: PlainClient, pull, token: str):
    said = pull.comment("ada", "y").payload["comment"]["id"]
    pull.react("ada", said, "+1")
    path = f"{SHOP}/issues/comments/{said}/reactions"

    assert [client.request("POST", path, {"content": "eyes"}, token).status for _ in range(2)] == [201, 200]
    kinds = [(one["content"], one["user"]["login"]) for one in client.request("GET", path, token=token).json]
    assert kinds == [("+1", "ada"), ("eyes", "reviewbot[bot]")]
    assert client.request("POST", path, {"content": "boo"}, token).status == 422


def note(**more: Any) -> dict[str, Any]:
    usual = {"path": "a.py", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}
    return usual | more


@pytest.mark.parametrize(
    ("output", "status"),
    [
        ({"title": "t", "summary": "s" * 65_535}, 201),
        ({"title": "t", "summary": "s" * 65_536}, 422),
        ({"title": "t", "summary": "s", "text": "ä" * 40_000}, 422),
        ({"title": "t"}, 422),
        ({"title": "t", "summary": "s", "annotations": [note()] * 50}, 201),
        ({"title": "t", "summary": "s", "annotations": [note()] * 51}, 422),
        ({"title": "t", "summary": "s", "annotations": [note(message="m" * 65_537)]}, 422),
        ({"title": "t", "summary": "s", "annotations": [note(title="t" * 256)]}, 422),
        ({"title": "t", "summary": "s", "annotations": [note(start_line=0)]}, 422),
        ({"title": "t", "summary": "s", "annotations": [note(annotation_level="error")]}, 422),
        ({"title": "t", "summary": "s", "annotations": [note(end_line=2, start_column=1)]}, 422),
    ],
)
def test_f46_a_check_keeps_to_its_limits(client: PlainClient, pull, token: str, output: dict, status: int):
    wish = {"name": "reviewbot", "head_sha": pull.head, "output": output}

    assert client.request("POST", f"{SHOP}/check-runs", wish, token).status == status
    assert len(pull.checks) == (status == 201)


def test_f47_annotations_of_an_update_are_added(client: PlainClient, pull, token: str):
    wish = {"name": "reviewbot", "head_sha": pull.head, "status": "in_progress"}
    path = f"{SHOP}/check-runs/{client.request('POST', f'{SHOP}/check-runs', wish, token).json['id']}"
    batch = {"output": {"title": "t", "summary": "s", "annotations": [note()]}}

    counts = [client.request("PATCH", path, batch, token).json["output"]["annotations_count"] for _ in range(2)]

    assert counts == [1, 2]
    assert len(client.request("GET", f"{path}/annotations", token=token).json) == 2


def test_a_conclusion_completes_a_check(client: PlainClient, pull, token: str):
    wish = {"name": "reviewbot", "head_sha": pull.head, "status": "in_progress", "external_id": "key"}
    made = client.request("POST", f"{SHOP}/check-runs", wish, token).json
    path = f"{SHOP}/check-runs/{made['id']}"
    assert (made["status"], made["conclusion"], made["completed_at"]) == ("in_progress", None, None)

    assert client.request("PATCH", path, {"status": "completed"}, token).status == 422
    assert client.request("PATCH", path, {"conclusion": "fine"}, token).status == 422
    done = client.request("PATCH", path, {"conclusion": "neutral"}, token).json

    assert (done["status"], done["conclusion"], done["external_id"]) == ("completed", "neutral", "key")
    assert done["completed_at"] is not None


def test_the_list_of_checks_shows_only_the_latest_of_a_name(client: PlainClient, pull, token: str):
    wish = {"name": "reviewbot", "head_sha": pull.head}
    numbers = [client.request("POST", f"{SHOP}/check-runs", wish, token).json["id"] for _ in range(2)]
    path = f"{SHOP}/commits/{pull.head}/check-runs?check_name=reviewbot&app_id=4711"

    latest = client.request("GET", path, token=token).json
    every = client.request("GET", f"{path}&filter=all", token=token).json

    assert [one["id"] for one in latest["check_runs"]] == [numbers[1]]
    assert [one["id"] for one in every["check_runs"]] == numbers[::-1]
    assert client.request("GET", f"{path}&app_id=1", token=token).json["total_count"] == 0


def test_a_check_is_of_a_commit_that_is_there(client: PlainClient, pull, token: str):
    assert client.request("POST", f"{SHOP}/check-runs", {"name": "x", "head_sha": "0" * 40}, token).status == 422


def test_the_ledger_knows_what_was_written(client: PlainClient, world: World, pull, token: str):
    client.request("GET", f"{SHOP}/pulls/1", token=token)
    client.request("POST", REVIEWS, review(comment(10)), token)

    (written,) = world.calls.writes
    assert (written.method, written.path, written.status) == ("POST", REVIEWS, 200)
    assert written.effects == [f"review:{pull.reviews[0].id}", f"review_comment:{pull.inline_comments[0].id}"]
    assert written.installation_id == world.installation().id
    assert world.calls.of("GET", "/repos/**/pulls/*")[0].status == 200
    assert world.mints[0].repository_ids == frozenset({pull.repository.id})
