"""What people said on a pull request, read from the fake GitHub as the App."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reviewbot.domain.repository import RepoName, Sha
from reviewbot.errors import InputError
from reviewbot.pipelines.installed import InstalledRepositories
from reviewbot.pipelines.said_by_people import PeopleRecord
from tests.fakes.github import serve
from tests.github.test_client_against_fake import Scene

REMARK = "This asks for a new key on each attempt, so a timeout charges twice."
SHOP = RepoName("octo", "shop")


@pytest.fixture
def scene() -> Iterator[Scene]:
    with serve() as github:
        scene = Scene(github.world())
        yield scene
        assert not scene.world.violations
        scene.world.close()


def said(scene: Scene) -> list[tuple[str, str]]:
    found = PeopleRecord(scene.app).findings(SHOP, scene.pull.number)
    assert found is not None
    return [(one.title, str(one.location or "")) for one in found]


def test_a_remark_on_a_line_is_a_finding_there(scene: Scene) -> None:
    scene.pull.line_comment("bob", "a.py", 2, REMARK)

    assert said(scene) == [(REMARK, "a.py:2")]


def test_a_remark_in_the_conversation_has_no_place(scene: Scene) -> None:
    scene.pull.comment("bob", REMARK)

    assert said(scene) == [(REMARK, "")]


def test_the_author_thanks_answers_and_what_came_after_the_merge_are_left_out(scene: Scene) -> None:
    scene.pull.line_comment("bob", "a.py", 1, REMARK)
    first = next(iter(scene.pull.state.review_comments))
    scene.pull.reply("bob", first, "And again here, for the same reason as above.")
    scene.pull.comment("ada", "I, the author, think that all of this is fine.")
    scene.pull.comment("bob", "LGTM!")
    scene.world.clock.advance(60)
    scene.pull.merge("ada")
    scene.world.clock.advance(60)
    scene.pull.comment("bob", "This broke checkout in production, see INC-1 for the details.")

    assert said(scene) == [(REMARK, "a.py:1")]


def test_what_the_app_itself_said_is_left_out(scene: Scene) -> None:
    scene.client.comment(scene.pull.number, "A summary by the App, which is no person's remark.")

    assert said(scene) == []


def test_no_such_pull_request_is_told_from_silence(scene: Scene) -> None:
    assert PeopleRecord(scene.app).findings(SHOP, 999) is None


def test_a_repository_without_the_app_is_said(scene: Scene) -> None:
    with pytest.raises(InputError, match="the App is not installed in octo/other"):
        PeopleRecord(scene.app).findings(RepoName("octo", "other"), 1)


def test_what_github_refuses_is_said_with_its_reason(scene: Scene) -> None:
    scene.world.suspend()

    with pytest.raises(InputError, match=r"cannot be read|does not say"):
        PeopleRecord(scene.app).findings(SHOP, scene.pull.number)


def test_github_tells_which_pull_request_brought_a_commit(scene: Scene) -> None:
    head = Sha(scene.pull.head)
    other = Sha(scene.shop.state.store.commit_named("main") or "")

    repositories = InstalledRepositories(scene.app)

    assert repositories.pull_of(SHOP, head) == scene.pull.number
    assert repositories.pull_of(SHOP, other) is None
    scene.pull.merge("ada")
    assert repositories.pull_of(SHOP, Sha(scene.pull.state.merge_commit or "")) == scene.pull.number


def test_a_commit_that_github_does_not_know_is_an_error_with_its_reason(scene: Scene) -> None:
    with pytest.raises(InputError, match="GitHub does not say which pull request of octo/shop brought ffffffffff"):
        InstalledRepositories(scene.app).pull_of(SHOP, Sha("f" * 40))
