"""What is asked of GitHub about one repository, and what its answers come to."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from reviewbot.domain.events import CommentPlace
from reviewbot.domain.repository import RepoName
from reviewbot.github.answers import Author, ReviewComment
from reviewbot.github.failures import Forbidden, NotThere, TooLarge, Unreachable
from tests.github.wire_server import APP_ID, REPO_ID, SHA, Reply, World, comment_json, pull_json, serving


@pytest.fixture
def world() -> Iterator[World]:
    with serving() as script:
        yield World(script)


def linked(world: World, content: Any, rest: str) -> Reply:
    return Reply(content=content, headers={"Link": f'<{world.script.url}/x?{rest}>; rel="next", <x>; rel="last"'})


def file_json(name: str, **changes: Any) -> dict[str, Any]:
    return {"filename": name, "status": "modified", "additions": 1, "deletions": 2, "patch": "@@"} | changes


def test_a_pull_request_is_read_whole(world: World):
    world.script.then(Reply(content=pull_json(draft=True, locked=True, body="Because")))

    pull = world.client().pull(3)

    assert (pull.ref.repo_id, pull.ref.number, str(pull.repo)) == (REPO_ID, 3, "acme/shop")
    assert (pull.head, pull.base, pull.base_branch, pull.default_branch) == (SHA, "b" * 40, "main", "main")
    assert (pull.is_open, pull.is_draft, pull.is_locked, pull.is_merged, pull.is_archived) == (
        True, True, True, False, False,
    )  # fmt: skip
    assert (pull.author, pull.author_id, pull.title, pull.description) == ("ada", 9, "Sell more", "Because")


def test_f15_a_deleted_fork_and_a_deleted_author_are_no_obstacle(world: World):
    world.script.then(Reply(content=pull_json(user=None, head={"ref": "x", "sha": SHA, "repo": None})))

    pull = world.client().pull(3)

    assert (pull.head_repo, pull.author_id, pull.author) == (None, None, "ghost")


def test_f32_a_pull_request_that_was_just_announced_is_looked_for_three_times_more(world: World):
    world.script.then(*[Reply(404, {"message": "Not Found"})] * 3, Reply(content=pull_json()))

    assert world.client().pull(3).ref.number == 3
    assert world.slept == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(("status", "requests"), [(404, 4), (410, 1), (451, 1)])
def test_f32_what_stays_away_is_not_there(world: World, status: int, requests: int):
    world.script.then(*[Reply(status, {"message": "Not Found"})] * 9)

    with pytest.raises(NotThere):
        world.client().pull(3)

    assert len(world.script.asked) == requests


def test_f29_a_repository_that_was_renamed_is_called_by_its_new_name_from_then_on(world: World):
    renamed = pull_json()
    renamed["base"]["repo"]["full_name"] = "acme/store"
    world.script.then(Reply(301, {}, {"Location": "/repositories/4242/pulls/3"}), Reply(content=renamed))
    world.script.then(Reply(content=[]))
    client = world.client()

    client.pull(3)
    client.reviews(3)

    assert client.repo == RepoName("acme", "store")
    assert world.script.lines[-1] == "GET /repos/acme/store/pulls/3/reviews?per_page=100"


def test_f29_another_repository_that_took_the_name_is_not_read(world: World):
    other = pull_json()
    other["base"]["repo"]["id"] = 1
    world.script.then(Reply(content=other))

    with pytest.raises(NotThere, match="another repository"):
        world.client().pull(3)


def test_f34_files_are_read_page_by_page_up_to_three_thousand(world: World):
    for page in range(2, 40):
        world.script.then(linked(world, [file_json(f"{page}/{n}") for n in range(100)], f"per_page=100&page={page}"))

    files = world.client().changed_files(3)

    assert len(files) == 3000
    assert world.script.lines[1:3] == [
        "GET /repos/acme/shop/pulls/3/files?page=2&per_page=100",
        "GET /repos/acme/shop/pulls/3/files?page=3&per_page=100",
    ]
    assert len(world.script.asked) == 30


def test_f34_a_file_may_have_no_patch_and_an_old_name(world: World):
    moved = file_json("b", status="renamed", previous_filename="a")
    del moved["patch"]
    world.script.then(Reply(content=[moved]))

    (file,) = world.client().changed_files(3)

    assert (file.path, file.old_path, file.status, file.patch) == ("b", "a", "renamed", None)


def test_a_list_whose_next_page_is_itself_ends(world: World):
    world.script.then(*[linked(world, [], "per_page=100")] * 3)

    assert world.client().reviews(3) == ()
    assert len(world.script.asked) == 1


def test_f52_a_page_that_came_as_garbage_is_read_again_alone(world: World):
    world.script.then(
        linked(world, [file_json("a")], "per_page=100&page=2"), Reply(raw=b"["), Reply(content=[file_json("b")])
    )

    assert [file.path for file in world.client().changed_files(3)] == ["a", "b"]


@pytest.mark.parametrize("diff", [b"", b"diff --git a/x b/x\n+\xff\xfe\x00\r\n", b"diff --git a/\xc3\xa4 b/\xc3\xa4\n"])
def test_f40_a_diff_is_given_byte_for_byte(world: World, diff: bytes):
    world.script.then(Reply(raw=diff, headers={"Content-Type": "text/plain; charset=utf-8"}))

    assert world.client().diff(3) == diff
    assert world.script.asked[0].headers["accept"] == "application/vnd.github.diff"


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (406, "Sorry, the diff exceeded the maximum number of files (300)."),
        (422, "Sorry, there was a problem generating this diff. The repository may be missing relevant data."),
        (503, "Sorry, this diff is taking too long to generate."),
    ],
)
def test_f33_a_diff_that_github_does_not_give_is_too_large_at_once(world: World, status: int, message: str):
    world.script.then(Reply(status, {"message": message}))

    with pytest.raises(TooLarge):
        world.client().diff(3)

    assert len(world.script.asked) == 1


def test_f52_a_page_is_no_diff(world: World):
    world.script.then(*[Reply(raw=b"<!DOCTYPE html>")] * 4)

    with pytest.raises(Unreachable, match="no diff"):
        world.client().diff(3)


def content_json(content: bytes, **changes: Any) -> dict[str, Any]:
    return {"type": "file", "encoding": "base64", "content": base64.encodebytes(content).decode()} | changes


@pytest.mark.parametrize(
    ("reply", "content"),
    [
        (Reply(content=content_json(b"a: 1\n\xff" * 50)), b"a: 1\n\xff" * 50),
        (Reply(404, {"message": "Not Found"}), None),
        (Reply(content=[{"type": "file"}]), None),
        (Reply(content={"type": "symlink", "target": "x"}), None),
        (Reply(content={"type": "submodule"}), None),
    ],
    ids=["file", "missing", "directory", "symlink", "submodule"],
)
def test_a_file_is_bytes_or_nothing(world: World, reply: Reply, content: bytes | None):
    world.script.then(reply)

    assert world.client().file("a b/ä#?.yml", "main") == content
    assert world.script.lines == ["GET /repos/acme/shop/contents/a%20b/%C3%A4%23%3F.yml?ref=main"]


def test_a_file_above_a_megabyte_is_too_large(world: World):
    world.script.then(Reply(content=content_json(b"", encoding="none")))

    with pytest.raises(TooLarge):
        world.client().file("big", "main")


def check_json(**changes: Any) -> dict[str, Any]:
    output = {"title": "Reading", "annotations_count": 7}
    return {
        "id": 1,
        "name": "reviewbot",
        "head_sha": SHA,
        "status": "queued",
        "conclusion": None,
        "external_id": "key",
        "app": {"id": APP_ID},
        "output": output,
    } | changes


def test_f22_only_check_runs_of_our_own_app_are_seen(world: World):
    runs = [check_json(), check_json(id=2, app={"id": 1}), check_json(id=3, app=None), check_json(id=4, name="other")]
    world.script.then(Reply(content={"total_count": 4, "check_runs": runs}))

    (check,) = world.client().checks(SHA, "reviewbot")

    assert (check.id, check.external_id, check.annotations_count, check.title) == (1, "key", 7, "Reading")
    assert "filter=all" in world.script.lines[0]


def test_a_check_run_is_made_and_changed_with_githubs_own_names_and_nothing_that_was_not_given(world: World):
    world.script.then(Reply(201, check_json()), Reply(200, check_json(status="completed", conclusion="success")))
    client = world.client()

    client.create_check(name="reviewbot", head_sha=SHA, external_id="key", status="in_progress")
    done = client.update_check(1, status="completed", conclusion="success", output={"title": "t", "summary": "s"})

    first, second = world.script.asked
    assert first.json == {"name": "reviewbot", "head_sha": SHA, "external_id": "key", "status": "in_progress"}
    assert second.line == "PATCH /repos/acme/shop/check-runs/1"
    assert done.conclusion == "success"


def review_json(**changes: Any) -> dict[str, Any]:
    return {"id": 8, "body": "x", "state": "COMMENTED", "commit_id": SHA, "user": BOT} | changes


BOT = {"login": "reviewbot[bot]", "id": 900, "type": "Bot"}
APP_JSON = {"id": APP_ID, "slug": "reviewbot", "name": "Reviewbot"}


def test_s08_a_review_is_a_comment_and_never_an_approval(world: World):
    world.script.then(Reply(200, review_json()))
    comments = [ReviewComment("a.py", "No", 5), ReviewComment("b.py", "No", 9, "LEFT", 7, "LEFT")]

    posted = world.client().create_review(3, SHA, "Two things", comments)

    assert posted.id == 8
    assert world.script.asked[0].json == {
        "commit_id": SHA,
        "body": "Two things",
        "event": "COMMENT",
        "comments": [
            {"path": "a.py", "body": "No", "line": 5, "side": "RIGHT"},
            {"path": "b.py", "body": "No", "line": 9, "side": "LEFT", "start_line": 7, "start_side": "LEFT"},
        ],
    }


def test_a_review_whose_commit_is_gone_is_read(world: World):
    world.script.then(Reply(content=[review_json(commit_id=None, user=None)]))

    (review,) = world.client().reviews(3)

    assert (review.commit_id, review.author) == (None, Author(None, "ghost", False))


@pytest.mark.parametrize(
    ("author", "is_ours"),
    [
        (Author(900, "reviewbot[bot]", True), True),
        (Author(900, "renamed[bot]", True), True),
        (Author(901, "reviewbot[bot]", True), False),
        (Author(900, "reviewbot[bot]", False), False),
        (Author(5, "other[bot]", True, app_id=APP_ID), True),
        (Author(900, "reviewbot[bot]", True, app_id=1), False),
        (Author(9, "ada", False, app_id=APP_ID), False),
        (Author(None, "ghost", False), False),
    ],
)
def test_s05_our_own_is_known_by_numbers_and_never_by_a_name(world: World, author: Author, is_ours: bool):
    world.script.then(Reply(content=APP_JSON), Reply(content=BOT))

    assert world.client().is_ours(author) is is_ours


def test_s05_our_own_account_is_asked_for_once(world: World):
    world.script.then(Reply(content=APP_JSON), Reply(content=BOT))
    app, repo = world.app(), world.client().repo

    for repo_id in (1, 2, 3):
        assert app.repository(5, repo_id, repo).is_ours(Author(900, "reviewbot[bot]", True))

    assert world.script.lines == ["GET /app", "GET /users/reviewbot%5Bbot%5D"]


def test_s05_what_we_have_just_written_tells_our_own_account(world: World):
    world.script.then(Reply(201, comment_json()))
    client = world.client()

    posted = client.comment(3, "Hello")

    assert client.is_ours(posted.author)
    assert len(world.script.asked) == 1


def thread_json(resolved: bool, *authors: dict[str, Any] | None) -> dict[str, Any]:
    nodes = [{"databaseId": n, "body": "b", "author": author} for n, author in enumerate(authors, 1)]
    return {"id": f"T{resolved}", "isResolved": resolved, "comments": {"nodes": nodes}}


def threads_json(*threads: dict[str, Any], after: str | None = None) -> Reply:
    page = {"hasNextPage": after is not None, "endCursor": after}
    found = {"reviewThreads": {"nodes": list(threads), "pageInfo": page}}
    return Reply(content={"data": {"repository": {"pullRequest": found}}})


def test_threads_are_read_page_by_page_with_whose_they_are(world: World):
    ours = {"__typename": "Bot", "login": "reviewbot", "databaseId": 900}
    ada = {"__typename": "User", "login": "ada", "databaseId": 9}
    world.script.then(threads_json(thread_json(False, ours, ada), after="c1"), threads_json(thread_json(True, None)))
    world.script.then(Reply(content=APP_JSON), Reply(content=BOT))

    first, second = world.client().threads(3)

    assert [comment.is_ours for comment in first.comments] == [True, False]
    assert (first.is_resolved, second.is_resolved) == (False, True)
    assert second.comments[0].author.id is None
    assert [one.json["variables"]["after"] for one in world.script.asked[:2]] == [None, "c1"]


def test_a_question_of_graphql_is_asked_again_and_a_mutation_is_not(world: World):
    broken = Reply(content={"errors": [{"message": "Something went wrong while executing your query."}]})
    world.script.then(broken, threads_json(), broken)
    client = world.client()

    assert client.threads(3) == ()
    with pytest.raises(Unreachable) as raised:
        client.resolve("T1")

    assert raised.value.maybe_applied
    assert len(world.script.asked) == 3


def test_f30_resolving_a_thread_without_the_permission_is_forbidden(world: World):
    error = {"type": "FORBIDDEN", "message": "Resource not accessible by integration"}
    world.script.then(Reply(content={"data": {"resolveReviewThread": None}, "errors": [error]}))

    with pytest.raises(Forbidden):
        world.client().resolve("T1")


@pytest.mark.parametrize(
    ("said", "level"),
    [("admin", "admin"), ("write", "write"), ("maintain", "write"), ("triage", "read"), ("none", "none")],
)
def test_s04_a_permission_is_githubs_word_for_it(world: World, said: str, level: str):
    world.script.then(Reply(content={"permission": said, "user": {"id": 9}}))

    assert world.client().permission("ada", 9) == level
    assert world.script.lines == ["GET /repos/acme/shop/collaborators/ada/permission"]


@pytest.mark.parametrize(
    "reply", [Reply(404, {}), Reply(content={"permission": "admin", "user": {"id": 10}}),
              Reply(content={"permission": "admin", "user": None})], ids=["unknown", "renamed", "gone"]
)  # fmt: skip
def test_s04_who_is_not_known_or_has_another_number_may_do_nothing(world: World, reply: Reply):
    world.script.then(reply)

    assert world.client().permission("ada", 9) == "none"


def test_a_name_cannot_leave_its_place_in_a_path(world: World):
    world.script.then(Reply(404, {}))

    world.client().permission("../../admin?x=", None)

    assert world.script.lines == ["GET /repos/acme/shop/collaborators/..%2F..%2Fadmin%3Fx%3D/permission"]


def open_json(number: int) -> dict[str, Any]:
    return {"number": number, "draft": number % 2 == 0, "head": {"sha": SHA}}


def test_f19_open_pull_requests_that_have_not_changed_cost_nothing(world: World):
    listed = Reply(content=[open_json(1)], headers={"ETag": 'W/"abc"'})
    world.script.then(listed, Reply(304))
    client = world.client()

    first = client.open_pulls()
    again = client.open_pulls(first.etag)

    assert [pull.number for pull in first.pulls] == [1]
    assert (again.unchanged, again.etag) == (True, 'W/"abc"')
    assert world.script.asked[1].headers["if-none-match"] == 'W/"abc"'
    assert "sort=updated" in world.script.lines[0]


def test_f19_open_pull_requests_are_read_page_by_page_each_once(world: World):
    world.script.then(
        linked(world, [open_json(3), open_json(2)], "state=open&page=2"), Reply(content=[open_json(2), open_json(1)])
    )

    found = world.client().open_pulls("old")

    assert [(pull.number, pull.is_draft) for pull in found.pulls] == [(3, False), (2, True), (1, False)]
    assert "if-none-match" not in world.script.asked[1].headers


def test_comments_replies_reactions_and_pending_reviews_have_their_places(world: World):
    reaction = {"content": "+1", "user": {"id": 9}}
    world.script.then(Reply(201, comment_json()), Reply(200, comment_json()), Reply(201, comment_json()))
    world.script.then(Reply(201, reaction), Reply(200, reaction), Reply(content=[reaction, {"content": "-1"}]))
    world.script.then(Reply(200, review_json()), Reply(content=[comment_json(path="a", line=None)]))
    client = world.client()

    client.comment(3, "a")
    client.update_comment(31, "b")
    client.reply(3, 31, "c")
    client.react(CommentPlace.CONVERSATION, 31, "eyes")
    client.react(CommentPlace.THREAD, 32, "eyes")
    reactions = client.reactions(32)
    client.delete_pending_review(3, 8)
    (comment,) = client.review_comments(3, 8)

    assert world.script.lines == [
        "POST /repos/acme/shop/issues/3/comments",
        "PATCH /repos/acme/shop/issues/comments/31",
        "POST /repos/acme/shop/pulls/3/comments/31/replies",
        "POST /repos/acme/shop/issues/comments/31/reactions",
        "POST /repos/acme/shop/pulls/comments/32/reactions",
        "GET /repos/acme/shop/pulls/comments/32/reactions?per_page=100",
        "DELETE /repos/acme/shop/pulls/3/reviews/8",
        "GET /repos/acme/shop/pulls/3/reviews/8/comments?per_page=100",
    ]
    assert [(one.kind, one.user_id) for one in reactions] == [("+1", 9), ("-1", None)]
    assert (comment.path, comment.line) == ("a", None)
