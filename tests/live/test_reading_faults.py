"""What cannot be read, or is another while it is read: the outcome is said, and nothing unread passes for read."""

from __future__ import annotations

import pytest

from reviewbot.domain.policy import Policy
from reviewbot.domain.pull import PullRef
from reviewbot.domain.round import Fate
from tests.fakes.github import Expected, Repository, World, violations
from tests.live.service import Service
from tests.live.test_reviews import CLEAN, FLAWED, TWICE, only_check
from tests.live.watched import opened, text_of, without_git

PULL = "/repos/*/*/pulls/1"
DIFF_REFUSALS = ("406 too large", "422 problem generating diff", "503 diff is taking too long")


def refuse_diff(world: World, kind: str, number: int = 1) -> None:
    """Every look reads the pull request once before it asks for the diff, which has the same address."""
    at_first_look_of_the_api = 4
    world.fault("GET", f"/repos/*/*/pulls/{number}", kind, nth=at_first_look_of_the_api)


def test_f32_a_pull_request_that_github_does_not_know_yet_is_reviewed_once_it_does(
    service: Service, shop: Repository, world: World
):
    world.fault("GET", PULL, "404", times=9)

    pull = opened(service, shop, {"app.py": FLAWED})

    assert [review.commit_id for review in pull.reviews] == [pull.head]
    assert violations(world) == []


def test_f32_one_that_stays_unknown_is_left_alone_and_found_by_the_sweep(
    service: Service, shop: Repository, world: World
):
    fault = world.fault("GET", PULL, "404", times=None)
    pull = opened(service, shop, {"app.py": FLAWED})
    assert fault.struck < 40
    assert pull.checks == []

    fault.times = 0
    service.reconcile()
    service.settle()

    assert only_check(pull).conclusion == "neutral"
    assert violations(world) == []


def test_f33_a_fetch_that_fails_for_a_while_is_tried_again_and_the_review_is_whole(
    service: Service, shop: Repository, world: World
):
    service.git = world.git_url
    world.fault("*", "/git/**", "5xx before effect", times=2)

    pull = opened(service, shop, {"app.py": CLEAN})

    assert only_check(pull).conclusion == "success"
    assert violations(world) == []


@pytest.mark.parametrize("kind", ["5xx before effect", "404", "200 html", "connection cut in the body"])
def test_f33_where_git_gives_nothing_githubs_own_diff_is_read_and_the_check_says_so(
    service: Service, shop: Repository, world: World, kind: str
):
    without_git(service, world, kind)

    pull = opened(service, shop, {"app.py": FLAWED})

    (comment,) = pull.inline_comments
    assert (comment.path, comment.line) == ("app.py", 2)
    assert "Partial: 1 high finding" in str(only_check(pull).title)
    assert "the repository could not be fetched" in text_of(pull)
    assert "`@reviewbot review` in a comment tries again" in text_of(pull)
    assert world.git_url not in text_of(pull)
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


@pytest.mark.parametrize("kind", DIFF_REFUSALS)
def test_f33_a_diff_that_github_refuses_is_put_together_from_the_list_of_files(
    service: Service, shop: Repository, world: World, kind: str
):
    without_git(service, world)
    refuse_diff(world, kind)

    pull = opened(service, shop, {"app.py": FLAWED, 'new name ".py': "x = 1  # BUG-high-new\n", "logo.png": b"\0\1\2"})

    assert {comment.path for comment in pull.inline_comments} == {"app.py", 'new name ".py'}
    assert len(world.calls.of("GET", "/repos/*/*/pulls/1/files")) == 1
    assert "Partial: 2 high findings in what was read, but 1 of 3 files was not read in full" in text_of(pull)
    assert "`logo.png`: over the size limit: GitHub shows no text of it" in text_of(pull)
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


def test_f33_what_moved_without_a_change_needs_no_text(service: Service, shop: Repository, world: World):
    content = "".join(f"value_{number} = {number}\n" for number in range(20))
    shop.commit({"old.py": content})
    without_git(service, world)
    refuse_diff(world, DIFF_REFUSALS[0])

    pull = opened(service, shop, {"old.py": None, "new.py": content, "app.py": CLEAN})

    assert "`new.py`: no text change: renamed" in text_of(pull)
    assert "not read in full" not in text_of(pull)


def test_f33_after_a_partial_review_an_asked_for_one_is_whole(service: Service, shop: Repository, world: World):
    without_git(service, world)
    pull = opened(service, shop, {"app.py": CLEAN})
    assert only_check(pull).conclusion == "neutral"
    world.faults.clear()

    service.receive(pull.comment("ada", "@reviewbot review"))
    service.settle()

    assert only_check(pull).conclusion == "success"
    assert violations(world) == []


def test_f33_without_git_the_policy_is_still_the_default_branchs_and_never_the_bases(
    service: Service, shop: Repository, world: World
):
    shop.commit({".reviewbot.yml": "version: 1\ngate: {fail_from: high}\n"})
    shop.commit({".reviewbot.yml": "version: 1\nseverity: critical\n"}, branch="theirs")
    without_git(service, world)

    pull = opened(service, shop, {"app.py": FLAWED}, base="theirs")

    assert only_check(pull).conclusion == "failure"
    assert len(pull.inline_comments) == 1


def test_f33_nothing_counts_as_fixed_because_it_could_not_be_read(service: Service, shop: Repository, world: World):
    pull = opened(service, shop, {"app.py": FLAWED})
    without_git(service, world)
    world.fault("GET", "/repos/*/*/contents/app.py", "404", times=None)

    service.receive(pull.force_push(files={"other.py": "x = 1\n"}))
    service.settle()

    (known,) = service.live.rounds.known(PullRef(shop.id, pull.number))
    assert known.fate is Fate.OPEN
    assert "1 still open" in str(only_check(pull).title)


def test_f33_a_file_over_a_megabyte_is_no_obstacle(service: Service, shop: Repository, world: World):
    shop.commit({"big.py": "x = 1\n" * 200_000})
    without_git(service, world)

    pull = opened(service, shop, {"big.py": "x = 1  # BUG-high-big\n" + "x = 1\n" * 199_999})

    assert [comment.path for comment in pull.inline_comments] == ["big.py"]
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


def test_f34_of_more_than_3000_files_the_check_says_how_many_were_there_to_read(
    service: Service, shop: Repository, world: World
):
    without_git(service, world)

    pull = opened(service, shop, {f"f{number:04}.txt": f"{number}\n" for number in range(3_020)})

    assert "GitHub shows 3,000 of 3,020 changed files" in text_of(pull)
    assert only_check(pull).conclusion == "neutral"
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


def test_f34_files_over_the_policys_limit_are_counted_and_named(service: Service, shop: Repository, world: World):
    service.defaults = Policy(max_files=3)
    service.start()

    pull = opened(service, shop, {f"f{number}.py": f"x = {number}\n" for number in range(5)})

    assert "2 of 5 files were not read in full" in str(only_check(pull).title)
    assert "`f4.py`: over the size limit: the diff has more than 3 files to read" in text_of(pull)
    assert only_check(pull).conclusion == "neutral"
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


@pytest.mark.parametrize("kind", ["diff", "files"])
def test_f35_a_diff_that_is_read_while_the_head_moves_is_not_taken_for_that_of_the_old_head(
    service: Service, shop: Repository, world: World, kind: str
):
    without_git(service, world)
    pull = shop.pull(files={"app.py": CLEAN})
    if kind == "files":
        refuse_diff(world, DIFF_REFUSALS[0])
        world.fault("GET", "/repos/*/*/pulls/1/files", "delay", seconds=0, before=lambda: pull.push({"app.py": TWICE}))
    else:
        world.fault("GET", PULL, "delay", seconds=0, nth=4, before=lambda: pull.push({"app.py": TWICE}))

    service.receive(pull.opened)
    service.settle()

    assert [review.commit_id for review in pull.reviews] == [pull.head]
    assert len(pull.inline_comments) == 2
    assert len(service.factory.reviewers[0].reads) == 1, "nobody reads the diff of one head as that of another"
    assert violations(world, Expected(incomplete_heads={pull.head})) == []


def test_f39_the_pull_request_of_a_deleted_fork_is_reviewed(service: Service, shop: Repository, world: World):
    pull = shop.pull(files={"app.py": FLAWED}, author="mallory", from_fork=True)
    pull.delete_fork()

    service.receive(pull.opened)
    service.settle()

    assert [review.commit_id for review in pull.reviews] == [pull.head]
    assert violations(world) == []


def test_f39_a_head_that_was_pushed_over_and_collected_gives_way_to_the_one_that_is_there(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})

    def replace_head() -> None:
        pull.force_push(files={"app.py": TWICE})
        shop.collect_garbage()

    service.git = world.git_url
    world.fault("GET", "/git/**", "delay", seconds=0, before=replace_head)
    began = world.clock.now()
    service.receive(pull.opened)
    service.settle()

    assert world.clock.now() - began < 10, "it is looked at at once"
    assert [review.commit_id for review in pull.reviews] == [pull.head]
    assert violations(world) == []


def test_f39_a_head_that_github_cannot_give_at_all_ends_in_words_and_is_not_tried_for_ever(
    service: Service, shop: Repository, world: World
):
    pull = shop.pull(files={"app.py": FLAWED})
    shop.state.store.point("refs/pull/1/head", None)
    shop.state.store.point(f"refs/heads/{pull.state.head_branch}", None)
    parents = dict(shop.state.store.parents)
    shop.collect_garbage()
    shop.state.store.parents.update(parents)

    service.receive(pull.opened)
    service.settle()

    check = only_check(pull)
    assert check.conclusion == "neutral"
    assert "no longer on GitHub" in str(check.title)
    assert "newer head" not in str(check.title)
    assert pull.reviews == []
    assert violations(world) == []
