"""Quiet changes found by rule: in a real repository, with what was repaired later left out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.incident import Exposure
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.errors import RepositoryNotFound
from reviewbot.git.history import changes_between
from reviewbot.git.repository import Repository, open_repository
from reviewbot.pipelines.controls import found_controls
from reviewbot.retro.exposures import ControlRule
from reviewbot.retro.incident_keys import MatchKey
from reviewbot.retro.quiet import Shape, is_ordinary, looks_like
from tests.fakes.repositories import RepositoryBuilder

REPO = RepoName("acme", "shop")
SIZE, PATH, MONTH = MatchKey.SIZE, MatchKey.PATH, MatchKey.MONTH
RULE = ControlRule(per_incident=9, quiet_days=30)


class Past:
    """A repository whose first commit is of 2023-11-01; each change is of a day of its own."""

    def __init__(self, path: Path) -> None:
        self.builder = RepositoryBuilder(path)
        self.at(datetime(2023, 11, 1, 12, tzinfo=UTC))
        self.builder.write("README.md", "The shop\n").commit("Start")

    def at(self, moment: datetime) -> Past:
        self.builder._seconds = int(moment.timestamp())
        return self

    def day(self, days: int) -> Past:
        self.builder._seconds += days * 24 * 3_600
        return self

    def change(self, path: str, text: str = "one\ntwo\nthree\nfour\n", message: str = "Change") -> Sha:
        self.day(1)
        return self.builder.write(path, text).commit(f"{message} {path}")

    @property
    def repository(self) -> Repository:
        return open_repository(self.builder.path, REPO)

    def controls(self, culprit: Sha, rule: ControlRule = RULE, named: tuple[Exposure, ...] = ()) -> list[str]:
        repository = self.repository
        found = found_controls([Exposure("INC-1", REPO, culprit)], named, rule, lambda _: repository)
        return [str(one.commit) for one in found.exposures]


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return Past(tmp_path / "shop")


def test_changes_of_its_size_place_and_month_that_stayed_are_found(past: Past):
    culprit = past.change("src/culprit.py")
    quiet = past.change("src/quiet.py")
    past.change("src/large.py", "".join(f"{number}\n" for number in range(200)))
    past.change("docs/guide.rst")
    past.change("src/test_quiet.py")
    past.day(25).change("src/december.py")
    past.day(60).change("src/end.py")

    assert past.controls(culprit) == [quiet]


def test_what_somebody_repaired_reverted_or_named_soon_after_is_not_quiet(past: Past):
    culprit = past.change("src/culprit.py")
    repaired = past.change("src/repaired.py")
    named = past.change("src/named.py")
    reverted = past.change("src/reverted.py")
    late = past.change("src/late.py")
    other = past.change("src/other.py")
    past.change("src/repaired.py", "one\nTWO\nthree\nfour\n", "Fix two in")
    past.change("src/elsewhere/a.go", message=f"It was introduced in {named[:12]}: bug in")
    past.day(1).builder.remove("src/reverted.py").commit("Revert the last one")
    past.change("src/other.py", "one\ntwo\nthree\nfour\nfive\n", "Fix what was missing in")
    past.day(40).change("src/late.py", "one\nTWO\nthree\nfour\n", "Fix two much later in")
    past.day(60).change("src/end.py")

    found = set(past.controls(culprit))
    assert {late, other} <= found
    assert not found & {repaired, named, reverted}


def test_a_change_that_is_too_young_to_be_called_quiet_is_not_taken(past: Past):
    culprit = past.change("src/culprit.py")
    past.change("src/young.py")
    past.day(20).change("src/end.py")

    assert past.controls(culprit) == []


@pytest.mark.parametrize("is_repaired", [False, True])
def test_a_merged_pull_request_is_one_change_and_its_inner_commits_are_what_is_repaired(past: Past, is_repaired: bool):
    culprit = past.change("src/culprit.py")
    past.builder.branch("topic")
    past.change("src/merged.py")
    past.builder.switch("main")
    merge = past.day(1).builder.merge("topic", "Merge pull request #7 from ada/topic")
    past.change("src/merged.py", "one\nTWO\nthree\nfour\n", "Fix" if is_repaired else "Rename in")
    past.day(60).change("src/end.py")

    assert (merge in past.controls(culprit)) == (not is_repaired)


def test_named_controls_and_culprits_are_not_found_again_and_the_number_is_kept(past: Past):
    culprit = past.change("src/culprit.py")
    found = [past.change(f"src/quiet_{number}.py") for number in range(4)]
    past.day(90).change("src/end.py")

    rest = past.controls(culprit, named=(Exposure("quiet", REPO, found[1]),))
    two = past.controls(culprit, ControlRule(per_incident=2, quiet_days=30))

    assert sorted(rest) == sorted([found[0], *found[2:]])
    assert len(two) == 2 and two == past.controls(culprit, ControlRule(per_incident=2, quiet_days=30))


def test_a_culprit_with_too_few_is_named_and_a_repository_that_is_not_there_gives_none(past: Past):
    culprit = past.change("src/culprit.py")
    repository = past.repository

    def find(name: RepoName) -> Repository:
        if name != REPO:
            raise RepositoryNotFound("no such repository")
        return repository

    cases = [Exposure("INC-1", REPO, culprit), Exposure("INC-2", RepoName("acme", "gone"), culprit)]
    found = found_controls(cases, [], RULE, find)

    assert found.exposures == () and found.notes == ("INC-1: 0 of 9 controls found in acme/shop",)


def test_a_message_with_control_characters_does_not_split_a_change(past: Past):
    first = past.builder.head
    odd = past.change("src/a.py", message="Odd \x01 0123 \x02")
    repository, end = past.repository, datetime(2024, 1, 1, tzinfo=UTC)

    found = changes_between(repository, repository.resolve("HEAD"), datetime(2023, 1, 1, tzinfo=UTC), end)

    assert [one.sha for one in found] == [first, odd]


MOMENT = datetime(2023, 11, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lines", "path", "moment", "keys", "fits"),
    [
        (30, "src/b.py", MOMENT, (SIZE, PATH, MONTH), True),
        (31, "src/b.py", MOMENT, (SIZE,), False),
        (31, "src/b.py", MOMENT, (PATH, MONTH), True),
        (4, "src/b.py", MOMENT, (SIZE,), True),
        (10, "docs/b.rst", MOMENT, (PATH,), False),
        (10, "other/b.py", MOMENT, (PATH,), True),
        (10, "src/b.py", datetime(2023, 12, 1, tzinfo=UTC), (MONTH,), False),
        (10, "src/b.py", datetime(2023, 12, 1, tzinfo=UTC), (SIZE, PATH), True),
    ],
)
def test_in_what_a_control_has_to_resemble(lines, path, moment, keys, fits):
    culprit = Shape(10, ("src/a.py",), MOMENT)

    assert (looks_like(culprit, Shape(lines, (path,), moment), keys) is not None) == fits


_SHAPES = st.builds(
    Shape,
    st.integers(0, 5_000),
    st.lists(st.sampled_from(["a.py", "src/a.py", "src/x/b.py", "docs/c.md"]), max_size=3).map(tuple),
    st.just(MOMENT),
)


@given(_SHAPES, _SHAPES)
def test_likeness_is_mutual_and_nothing_is_nearer_than_the_same(one: Shape, other: Shape):
    there, back = looks_like(one, other, tuple(MatchKey)), looks_like(other, one, tuple(MatchKey))

    assert there == pytest.approx(back)
    assert there is None or there >= 0
    if one.paths:
        assert looks_like(one, one, tuple(MatchKey)) == pytest.approx(0)


def test_a_revert_is_no_ordinary_change():
    assert [is_ordinary(text) for text in ("Add a cart", 'Revert "Add a cart"', "Add\n\nThis reverts x")] == [
        True,
        False,
        True,
    ]
