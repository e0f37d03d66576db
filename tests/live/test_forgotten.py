"""A database that was restored from a backup, or is new: GitHub remembers what was said, and nothing is said twice."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from reviewbot.domain.pull import PullRef
from reviewbot.domain.round import Fate
from reviewbot.store.database import open_database
from tests.fakes.github import Pull, Repository, World, violations
from tests.live.service import Service, WorldTransactions
from tests.live.test_reviews import CLEAN, FLAWED, TWICE, only_check

THRICE = TWICE.replace("third = 3", "third = 3  # BUG-high-third")
MANY = "".join(f"line = {number}  # BUG-high-number{number}\n" for number in range(70))


@dataclass
class Backup:
    """A copy of a database as it was at one moment."""

    address: str
    world: World
    folder: Path

    def restored(self) -> Service:
        """The service on the copy; it knows nothing of what happened since."""
        transactions = WorldTransactions(open_database(self.address))
        transactions.world = self.world
        return Service(self.world, transactions, self.folder)


@pytest.fixture
def back_up(service: Service, address: str, world: World, tmp_path: Path) -> Callable[[], Backup]:
    def sqlite_copy() -> str:
        target = tmp_path / f"copy-{os.urandom(4).hex()}.db"
        with sqlite3.connect(address.removeprefix("sqlite:///")) as source, sqlite3.connect(target) as copy:
            source.backup(copy)
        return f"sqlite:///{target}"

    def postgresql_copy() -> str:
        import psycopg

        service.transactions.close()
        name, copy = address.partition("?")[0].rpartition("/")[2], f"copy_{os.urandom(6).hex()}"
        with psycopg.connect(address.replace(f"/{name}?", "/postgres?", 1), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {copy} TEMPLATE {name}")
        return address.replace(f"/{name}?", f"/{copy}?", 1)

    take = sqlite_copy if address.startswith("sqlite") else postgresql_copy
    return lambda: Backup(take(), world, tmp_path / "cache")


def said(pull: Pull) -> list[str]:
    """The titles of the findings that were said on lines, in order."""
    roots = [comment.body for comment in pull.inline_comments if comment.in_reply_to is None]
    return sorted(body.split("\n")[0] for body in roots)


def titles(*names: str) -> list[str]:
    return sorted(f"**High: {name} fails**" for name in names)


def opened(service: Service, shop: Repository, content: str) -> Pull:
    pull = shop.pull(files={"app.py": content})
    service.receive(pull.opened)
    service.settle()
    return pull


@pytest.mark.parametrize("content", [FLAWED, TWICE, CLEAN, MANY], ids=["one", "two", "none", "many"])
def test_f67_an_emptied_database_takes_what_stands_at_the_same_head_for_its_own(
    service: Service, shop: Repository, world: World, back_up: Callable[[], Backup], content: str
):
    empty = back_up()
    pull = opened(service, shop, content)
    before = (said(pull), len(pull.reviews), only_check(pull).title, len(only_check(pull).annotations))

    later = empty.restored()
    later.receive(pull.opened)
    later.reconcile()
    later.settle()

    check = only_check(pull)
    assert (said(pull), len(pull.reviews), check.title, len(check.annotations)) == before
    assert violations(world) == []


def test_f67_an_emptied_database_says_only_what_a_later_push_brings(
    service: Service, shop: Repository, world: World, back_up: Callable[[], Backup]
):
    empty = back_up()
    pull = opened(service, shop, TWICE)

    later = empty.restored()
    later.receive(pull.push({"app.py": THRICE}))
    later.settle()

    assert said(pull) == titles("first", "second", "third")
    assert "2" in (only_check(pull).title or "")
    assert violations(world) == []


def test_f67_what_was_recalled_is_settled_like_anything_else_when_it_is_fixed(
    service: Service, shop: Repository, world: World, back_up: Callable[[], Backup]
):
    empty = back_up()
    pull = opened(service, shop, TWICE)
    later = empty.restored()
    later.receive(pull.push({"app.py": THRICE}))
    later.settle()

    later.receive(pull.push({"app.py": FLAWED}))
    later.settle()

    replies = [comment for comment in pull.inline_comments if comment.in_reply_to is not None]
    resolved = [thread.root_id for thread in pull.state.threads.values() if thread.is_resolved]
    assert {reply.in_reply_to for reply in replies} == set(resolved)
    assert len(resolved) == 2
    assert said(pull) == titles("first", "second", "third")
    assert violations(world) == []


def test_f67_an_old_copy_that_knows_the_first_round_does_not_say_the_second_again(
    service: Service, shop: Repository, world: World, back_up: Callable[[], Backup]
):
    pull = opened(service, shop, FLAWED)
    old = back_up()
    service.receive(pull.push({"app.py": TWICE}))
    service.settle()

    later = old.restored()
    later.receive(pull.push({"app.py": THRICE}))
    later.settle()

    assert said(pull) == titles("first", "second", "third")
    assert violations(world) == []


def test_f67_what_people_settled_before_the_database_was_lost_stays_settled(
    service: Service, shop: Repository, world: World, back_up: Callable[[], Backup]
):
    empty = back_up()
    pull = opened(service, shop, TWICE)
    settled, standing = pull.inline_comments
    service.receive(pull.resolve(settled.id))
    service.settle()
    pull.line_comment("eve", "app.py", 2, standing.body)

    later = empty.restored()
    later.receive(pull.push({"other.py": "x = 1\n"}))
    later.settle()

    fates = {known.comment_id: known.fate for known in later.live.rounds.known(PullRef(shop.id, pull.number))}
    assert fates == {settled.id: Fate.RESOLVED, standing.id: Fate.OPEN}
    assert said(pull) == titles("first", "second")
    assert violations(world) == []


def test_f67_what_stands_in_the_body_of_a_review_is_not_said_again(
    service: Service, shop: Repository, world: World, back_up: Callable[[], Backup]
):
    empty = back_up()
    world.fault("POST", "/repos/**/reviews", "422 line")
    pull = opened(service, shop, TWICE)
    assert said(pull) == []

    later = empty.restored()
    later.receive(pull.push({"app.py": THRICE}))
    later.settle()

    assert said(pull) == titles("third")
    assert violations(world) == []


def test_f67_what_was_fixed_before_the_database_was_lost_and_is_back_is_news(
    service: Service, shop: Repository, world: World, back_up: Callable[[], Backup]
):
    empty = back_up()
    pull = opened(service, shop, TWICE)
    service.receive(pull.push({"app.py": FLAWED}))
    service.settle()

    later = empty.restored()
    later.receive(pull.push({"app.py": TWICE}))
    later.settle()

    assert said(pull) == titles("first", "first", "second")


@pytest.mark.parametrize("place", ["threads", "body"])
def test_f67_marks_that_others_have_copied_silence_nothing(
    service: Service, shop: Repository, world: World, back_up: Callable[[], Backup], place: str
):
    empty = back_up()
    if place == "body":
        world.fault("POST", "/repos/**/reviews", "422 line")
    pull = opened(service, shop, TWICE)
    forged = shop.pull(files={"app.py": TWICE})
    forged.review("eve", pull.reviews[0].body)
    for comment in pull.inline_comments:
        forged.line_comment("eve", "app.py", comment.line or 1, comment.body)

    later = empty.restored()
    later.receive(forged.opened)
    later.settle()

    assert said(forged) == titles("first", "second")


@pytest.mark.parametrize("crossing", ["sent check", "saved round", "sent review", "published", "completed check"])
def test_f67_a_copy_from_the_middle_of_a_review_ends_it_without_repeating_anything(
    service: Service, shop: Repository, world: World, back_up: Callable[[], Backup], crossing: str
):
    copies: list[Backup] = []
    cross = service.live.crashpoint

    def copy_at(name: str) -> None:
        cross(name)
        if name == crossing and not copies:
            copies.append(back_up())

    service.live = replace(service.live, crashpoint=copy_at)
    pull = opened(service, shop, MANY)
    before = (said(pull), len(pull.reviews), only_check(pull).title, len(only_check(pull).annotations))

    later = copies[0].restored()
    later.receive(pull.opened)
    later.reconcile()
    world.clock.advance(60.0)
    later.settle()

    check = only_check(pull)
    assert (said(pull), len(pull.reviews), check.title, len(check.annotations)) == before
    assert violations(world) == []


def test_f67_notices_and_answers_are_not_given_again(
    service: Service, shop: Repository, world: World, back_up: Callable[[], Backup]
):
    shop.commit({".reviewbot.yml": "nonsense: [\n"})
    empty = back_up()
    pull = opened(service, shop, TWICE)
    asked = pull.comment("ada", "@reviewbot help")
    service.receive(asked)
    service.settle()
    answers = len(pull.answers)
    assert answers == 2

    later = empty.restored()
    later.receive(pull.opened, asked)
    later.settle()

    assert len(pull.answers) == answers
    assert violations(world) == []


def test_f67_a_database_that_has_forgotten_nothing_asks_github_one_thing_more_for_each_review(
    service: Service, shop: Repository, world: World
):
    pull = opened(service, shop, CLEAN)
    assert len(world.calls.of("GET", "/repos/**/reviews")) == 1

    for content in (FLAWED, TWICE):
        service.receive(pull.push({"app.py": content}))
        service.settle()

    assert said(pull) == titles("first", "second")
    assert world.calls.of("POST", "/graphql") == []
