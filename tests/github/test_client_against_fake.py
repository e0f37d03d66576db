"""The whole client before the fake GitHub, which notes whatever the real one would not take."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from reviewbot.domain.events import CommentPlace
from reviewbot.domain.repository import RepoName
from reviewbot.github.answers import PostedAnnotation, ReviewComment
from reviewbot.github.app import GitHubApp
from reviewbot.github.failures import (
    Forbidden,
    GitHubFailure,
    Locked,
    NotInstalled,
    NotThere,
    RateLimited,
    Refused,
    Suspended,
    TooLarge,
    Unreachable,
)
from reviewbot.github.pace import MemoryPace
from reviewbot.github.repository import RepositoryClient
from tests.fakes.github import GitHub, Kind, Pull, Repository, World, serve


class FakeClock:
    """The fake's own time."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._world.clock.now(), UTC)

    def monotonic(self) -> float:
        return self._world.clock.now()


class Scene:
    """One repository with one pull request, and the client that looks at it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.shop: Repository = world.repository("octo/shop", files={"a.py": "x = 1\ny = 2\n", "b.py": "z = 1\n"})
        self.pull: Pull = self.shop.pull(files={"a.py": "x = 3\ny = 4\n"}, author="ada")
        self.slept: list[float] = []
        self.app = self.new_app()
        self.client = self.new_client()

    def new_app(self) -> GitHubApp:
        clock = FakeClock(self.world)
        pace = MemoryPace(1.0, clock.monotonic, self.sleep)
        return GitHubApp(
            self.world.app_id, self.world.private_key, self.world.api_url, pace, 2, self.sleep, clock=clock
        )

    def new_client(self) -> RepositoryClient:
        installation = self.shop.state.installation
        assert installation is not None
        return self.app.repository(installation.id, self.shop.id, RepoName.parse(self.shop.full_name))

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.world.clock.advance(seconds)

    def review(self) -> tuple[int, int]:
        """Posts a review with one comment; its id and the comment's."""
        posted = self.client.create_review(
            self.pull.number, self.pull.head, "One thing", [ReviewComment("a.py", "Why three?", 1)]
        )
        (comment,) = self.client.review_comments(self.pull.number, posted.id)
        return posted.id, comment.id


@pytest.fixture(scope="module")
def github() -> Iterator[GitHub]:
    with serve() as github:
        yield github


@pytest.fixture(params=[False, True], ids=["github.com", "enterprise"])
def scene(github: GitHub, request: pytest.FixtureRequest) -> Iterator[Scene]:
    scene = Scene(github.world(enterprise=request.param))
    yield scene
    scene.world.close()


@pytest.fixture
def plain(github: GitHub) -> Iterator[Scene]:
    scene = Scene(github.world())
    yield scene
    scene.world.close()


def test_everything_that_a_review_reads_is_read(scene: Scene):
    client, number = scene.client, scene.pull.number

    pull = client.pull(number)

    assert (pull.ref.repo_id, pull.head, pull.base) == (scene.shop.id, scene.pull.head, scene.pull.base)
    assert (pull.author, pull.changed_files, pull.is_open) == ("ada", 1, True)
    assert [(file.path, file.status, file.additions) for file in client.changed_files(number)] == [
        ("a.py", "modified", 2)
    ]
    assert client.diff(number).startswith(b"diff --git a/a.py b/a.py")
    assert client.file("b.py", "main") == b"z = 1\n"
    assert client.file("none.py", "main") is None
    assert [one.number for one in client.open_pulls().pulls] == [number]
    assert scene.world.violations == []
    assert client.calls == len(scene.world.calls)


def test_f19_an_unchanged_list_of_open_pull_requests_is_known_by_its_etag(scene: Scene):
    first = scene.client.open_pulls()

    assert scene.client.open_pulls(first.etag).unchanged
    scene.world.clock.advance(5)
    scene.pull.push({"a.py": "x = 9\n"})
    assert [one.head for one in scene.client.open_pulls(first.etag).pulls] == [scene.pull.head]
    assert scene.world.violations == []


def test_a_check_run_is_made_found_and_completed(scene: Scene):
    client, head = scene.client, scene.pull.head

    made = client.create_check(name="reviewbot", head_sha=head, status="in_progress", external_id="key")
    annotation = {"path": "a.py", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}
    output = {"title": "t", "summary": "s", "annotations": [annotation]}
    done = client.update_check(made.id, status="completed", conclusion="neutral", output=output)

    assert (done.status, done.conclusion, done.annotations_count) == ("completed", "neutral", 1)
    assert client.checks(head, "reviewbot") == (done,)
    assert client.annotations(made.id) == (PostedAnnotation("a.py", 1, 1, "", "m"),)
    assert client.check(made.id) == done
    assert client.checks(head, "other") == ()
    assert scene.world.violations == []


def test_a_review_is_posted_found_answered_and_resolved(scene: Scene):
    client, number = scene.client, scene.pull.number

    review_id, comment_id = scene.review()
    reply = client.reply(number, comment_id, "Fixed.")
    (thread,) = client.threads(number)
    client.resolve(thread.id)
    client.react(CommentPlace.THREAD, comment_id, "eyes")
    scene.pull.react("ada", comment_id, "+1")

    (review,) = [one for one in client.reviews(number) if one.id == review_id]
    assert (review.commit_id, review.state, client.is_ours(review.author)) == (scene.pull.head, "COMMENTED", True)
    assert {one.id for one in client.thread_comments(number)} == {comment_id, reply.id}
    assert reply.in_reply_to == comment_id
    assert [one.id for one in thread.comments] == [comment_id, reply.id]
    assert all(one.is_ours for one in thread.comments)
    assert client.threads(number)[0].is_resolved
    assert sorted(one.kind for one in client.reactions(comment_id)) == ["+1", "eyes"]
    assert scene.world.violations == []


def test_a_comment_is_written_and_changed_and_told_from_a_persons(scene: Scene):
    client, number = scene.client, scene.pull.number
    scene.pull.comment("ada", "Hello")

    ours = client.comment(number, "One")
    client.update_comment(ours.id, "Two")
    client.react(CommentPlace.CONVERSATION, ours.id, "eyes")

    found = client.conversation(number)
    assert [(one.body, client.is_ours(one.author)) for one in found] == [("Hello", False), ("Two", True)]
    assert [one.kind for one in client.reactions(ours.id, CommentPlace.CONVERSATION)] == ["eyes"]
    assert scene.world.violations == []


def test_s05_our_own_is_known_before_anything_was_written(scene: Scene):
    _, comment_id = scene.review()
    scene.pull.reply("ada", comment_id, "No")
    scene.app = scene.new_app()
    fresh = scene.new_client()

    (thread,) = fresh.threads(scene.pull.number)

    assert [one.is_ours for one in thread.comments] == [True, False]
    assert scene.world.violations == []


def test_s04_a_permission_is_asked_for(scene: Scene):
    ada = scene.shop.allow("ada", "maintain")
    scene.shop.allow("eve", "triage")

    levels = [scene.client.permission(login) for login in ("ada", "eve", "nobody-at-all")]

    assert levels == ["write", "read", "none"]
    assert scene.client.permission("ada", ada.id + 1) == "none"
    assert scene.world.violations == []


def test_the_app_lists_what_it_is_and_where(scene: Scene):
    app, installation = scene.app, scene.shop.state.installation
    assert installation is not None

    assert (app.me().id, app.me().slug) == (scene.world.app_id, scene.world.slug)
    assert f"App {scene.world.app_id}" in app.check()
    assert app.installations() == (installation.id,)
    (repository,) = app.installation_repositories(installation.id)
    assert repository == (scene.shop.id, RepoName("octo", "shop"), "main", False)
    assert list(app.deliveries()) == []
    assert app.git_token(scene.client) == scene.client.token()
    assert scene.world.violations == []


def test_s09_tokens_are_for_one_repository(plain: Scene):
    plain.client.pull(plain.pull.number)

    (token,) = plain.world.mints
    assert (token.repository_ids, token.permissions.get("contents")) == ({plain.shop.id}, "read")


def test_every_method_of_the_client_is_walked_through_here():
    methods = {name for name, _ in inspect.getmembers(RepositoryClient, inspect.isfunction) if not name.startswith("_")}
    text = inspect.getsource(inspect.getmodule(Scene))  # type: ignore[arg-type]

    assert {name for name in methods if f".{name}(" not in text} == set()


def test_the_pull_request_of_a_commit_is_the_merged_one(plain: Scene):
    head = plain.pull.head
    again = plain.shop.pull(head=head, author="bob")

    assert plain.client.pull_with(head) in (plain.pull.number, again.number)
    again.merge("ada")
    assert plain.client.pull_with(head) == again.number
    assert plain.client.pull_with(plain.shop.pull(files={"c.py": "1\n"}).head) not in (None, again.number)


def test_an_issue_is_read_with_the_pull_requests_that_closed_it(scene: Scene):
    issue = scene.shop.issue("Orders fail", "Since noon.", labels=("incident", "sev1"))
    scene.shop.issue("Another", labels=())
    opened, merged = scene.shop.pull(files={"x.py": "1\n"}), scene.shop.pull(files={"y.py": "1\n"})
    issue.link(opened)
    merged.merge("ada")
    issue.close(by=merged)

    read = scene.client.issue(issue.number)
    (listed,) = scene.client.issues_labelled("incident")
    (closer,) = scene.client.closers(issue.number)

    assert (read.title, read.body, read.labels, read.is_open) == (
        "Orders fail",
        "Since noon.",
        ("incident", "sev1"),
        False,
    )
    assert listed == read
    assert (closer.repo_id, closer.number, closer.commit) == (scene.shop.id, merged.number, merged.state.merge_commit)
    issue.delete()
    with pytest.raises(NotThere):
        scene.client.issue(issue.number)


def test_f54_a_pending_review_is_taken_away(plain: Scene):
    plain.pull.review("reviewbot[bot]", "half", state="PENDING")
    (review,) = plain.client.reviews(plain.pull.number)

    plain.client.delete_pending_review(plain.pull.number, review.id)

    assert plain.client.reviews(plain.pull.number) == ()


def test_f25_tokens_that_ended_early_are_replaced(plain: Scene):
    plain.client.pull(plain.pull.number)
    plain.world.clock.advance(60)
    plain.world.expire_tokens()

    plain.client.comment(plain.pull.number, "Still here")

    assert len(plain.world.mints) == 2
    assert plain.world.violations == []


def test_f26_a_token_that_not_all_servers_know_yet_is_shown_again(plain: Scene):
    plain.world.fresh_token_seconds = 2.0

    assert plain.client.pull(plain.pull.number).ref.number == plain.pull.number
    assert len(plain.world.mints) == 1
    assert sum(plain.slept) <= 5


def test_f27_a_suspended_installation_is_noticed_with_and_without_a_token(plain: Scene):
    plain.client.pull(plain.pull.number)
    plain.world.suspend()

    with pytest.raises(Suspended):
        plain.client.pull(plain.pull.number)
    with pytest.raises(Suspended):
        plain.new_client().pull(plain.pull.number)
    plain.world.unsuspend()
    assert plain.client.pull(plain.pull.number)


def test_f28_an_app_that_was_removed_is_not_installed(plain: Scene):
    plain.world.uninstall()

    with pytest.raises(NotInstalled):
        plain.client.pull(plain.pull.number)


def test_f28_a_repository_that_was_taken_out_is_not_installed(plain: Scene):
    client = plain.client
    plain.world.withdraw(plain.shop)

    with pytest.raises(NotInstalled):
        client.pull(plain.pull.number)


def test_f29_a_renamed_repository_is_read_and_written_under_its_old_name(scene: Scene):
    scene.shop.rename("octo/store")

    scene.client.comment(scene.pull.number, "Found you")
    pull = scene.client.pull(scene.pull.number)

    assert str(pull.repo) == str(scene.client.repo) == "octo/store"
    assert [one.body for one in scene.client.conversation(scene.pull.number)] == ["Found you"]
    assert scene.world.violations == []


def test_f30_a_missing_permission_is_done_without_where_that_is_possible(github: GitHub):
    world = github.world()
    granted = {"contents": "read", "metadata": "read", "pull_requests": "write", "checks": "write"}
    world.installation("octo", permissions=granted)
    scene = Scene(world)

    scene.client.pull(scene.pull.number)

    assert scene.client.lacking == {"issues"}
    world.close()


def test_f30_resolving_needs_more_than_the_app_asks_for_at_the_real_github(plain: Scene):
    plain.world.graphql_wants_contents_write = True
    plain.review()
    (thread,) = plain.client.threads(plain.pull.number)

    with pytest.raises(Forbidden):
        plain.client.resolve(thread.id)


def test_f33_a_diff_of_too_many_files_is_too_large(plain: Scene):
    large = plain.shop.pull(files={f"f{number}.py": "x\n" for number in range(301)})

    with pytest.raises(TooLarge):
        plain.client.diff(large.number)
    assert len(plain.client.changed_files(large.number)) == 301
    assert plain.world.violations == []


def test_f37_the_merge_base_is_where_a_pull_request_began_and_not_where_its_base_is_now(scene: Scene):
    began = scene.pull.base
    later = scene.shop.commit({"b.py": "z = 2\n"})

    assert scene.client.merge_base(later, scene.pull.head) == began
    assert scene.client.tip("main") == later
    with pytest.raises(NotThere):
        scene.client.merge_base(later, "f" * 40)


def test_f44_f45_a_line_or_commit_that_is_not_part_of_it_is_refused_with_the_reason(plain: Scene):
    number, head = plain.pull.number, plain.pull.head

    with pytest.raises(Refused) as off_line:
        plain.client.create_review(number, head, "x", [ReviewComment("a.py", "y", 999)])
    with pytest.raises(Refused) as off_commit:
        plain.client.create_review(number, "f" * 40, "x")

    assert off_line.value.errors and off_commit.value.errors


def test_f46_a_body_that_is_too_long_is_refused(plain: Scene):
    with pytest.raises(Refused, match="too long"):
        plain.client.comment(plain.pull.number, "x" * 65_537)


def test_f50_a_locked_conversation_is_locked(plain: Scene):
    plain.pull.lock()

    with pytest.raises(Locked):
        plain.client.comment(plain.pull.number, "Hello")


def test_f50_an_archived_repository_is_locked(plain: Scene):
    plain.shop.archive()

    with pytest.raises(Locked):
        plain.client.comment(plain.pull.number, "Hello")


PASSING = [
    Kind.RESET_BEFORE, Kind.ERROR_BEFORE, Kind.HTML, Kind.TRUNCATED, Kind.BROKEN_GZIP, Kind.EMPTY, Kind.WRONG_JSON,
    Kind.NOT_FOUND, Kind.REDIRECT_SAME_HOST, Kind.UNAUTHORIZED,
]  # fmt: skip


@pytest.mark.parametrize("kind", PASSING)
def test_f32_f41_f52_a_read_survives_what_passes(plain: Scene, kind: Kind):
    plain.world.fault("GET", "/repos/*/*/pulls/*", kind, times=2 if kind is not Kind.REDIRECT_SAME_HOST else 1)

    assert plain.client.pull(plain.pull.number).head == plain.pull.head
    assert plain.world.violations == []


LOST = [
    (Kind.RESET_BEFORE, 0), (Kind.RESET_AFTER, 1), (Kind.ERROR_BEFORE, 0), (Kind.ERROR_AFTER, 1),
    (Kind.HTML, 1), (Kind.TRUNCATED, 1), (Kind.BROKEN_GZIP, 1), (Kind.EMPTY, 1), (Kind.WRONG_JSON, 1),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "comments"), LOST)
def test_f42_a_write_whose_answer_is_lost_is_sent_once_and_said_to_be_uncertain(
    plain: Scene, kind: Kind, comments: int
):
    plain.world.fault("POST", "/repos/*/*/issues/*/comments", kind, times=None)

    with pytest.raises(Unreachable) as raised:
        plain.client.comment(plain.pull.number, "Once")

    assert raised.value.maybe_applied
    assert len(plain.world.calls.of("POST", "/repos/*/*/issues/*/comments")) == 1
    assert len(plain.pull.state.comments) == comments


SURE: list[tuple[Kind, type[GitHubFailure]]] = [
    (Kind.FORBIDDEN, Forbidden), (Kind.NOT_FOUND, NotThere), (Kind.GONE, NotThere), (Kind.BLOCKED, NotThere),
    (Kind.UNPROCESSABLE, Refused), (Kind.PRIMARY_403, RateLimited), (Kind.PRIMARY_429, RateLimited),
    (Kind.SECONDARY_403, RateLimited), (Kind.SECONDARY_429, RateLimited), (Kind.ABUSE, RateLimited),
    (Kind.REDIRECT_OTHER_HOST, Unreachable),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "failure"), SURE)
def test_f48_f49_f50_a_write_that_was_turned_away_is_told_by_its_reason(
    plain: Scene, kind: Kind, failure: type[GitHubFailure]
):
    plain.world.fault("POST", "/repos/*/*/issues/*/comments", kind, times=None)

    with pytest.raises(failure) as raised:
        plain.client.comment(plain.pull.number, "Once")

    assert not getattr(raised.value, "maybe_applied", False)
    assert plain.pull.state.comments == {}
    assert len(plain.world.calls.of("POST", "/repos/*/*/issues/*/comments")) == 1


@pytest.mark.parametrize(
    "kind", [Kind.PRIMARY_403, Kind.PRIMARY_429, Kind.SECONDARY_403, Kind.SECONDARY_429, Kind.ABUSE]
)
@pytest.mark.parametrize("retry_after", [None, 70])
def test_f48_f49_nothing_is_sent_inside_a_penalty_window(plain: Scene, kind: Kind, retry_after: int | None):
    plain.world.fault("GET", "/repos/*/*/pulls/*", kind, retry_after=retry_after)
    with pytest.raises(RateLimited) as raised:
        plain.client.pull(plain.pull.number)

    with pytest.raises(RateLimited):
        plain.new_client().comment(plain.pull.number, "Hello")
    plain.world.clock.advance(raised.value.until_seconds_from_now + 1)

    assert plain.client.pull(plain.pull.number).head == plain.pull.head
    assert plain.world.violations == []
