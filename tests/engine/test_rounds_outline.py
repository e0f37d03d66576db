"""What later rounds read again, and what they take for new."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.diff import Diff, Side
from reviewbot.domain.finding import Location
from reviewbot.domain.review import Coverage, FileCoverage, SkipReason
from reviewbot.domain.round import Outline
from reviewbot.engine.outline import new_lines, new_part, outline_of
from tests.engine.pull_rounds import diff_of, lines

BASE = {"a.py": lines("one", "two", "three", "four", "five"), "b.py": lines("x", "y")}
HEAD = {"a.py": lines("one", "two", "three", "guard", "four", "five"), "b.py": lines("x", "z")}


def read(diff: Diff) -> Outline:
    """The outline of a round that has read everything."""
    return outline_of(
        diff, Coverage(tuple(FileCoverage(file.path, len(file.hunks), len(file.hunks)) for file in diff.files))
    )


def paths(diff: Diff) -> list[str]:
    return [file.path for file in diff.files]


def test_without_an_earlier_outline_everything_is_new() -> None:
    diff = diff_of(BASE, HEAD)

    assert new_part(diff, None).diff is diff and new_part(diff, None).reviewed_before == ()


def test_only_files_with_something_new_are_read_again_and_the_others_are_covered() -> None:
    before = read(diff_of(BASE, HEAD))

    part = new_part(diff_of(BASE, HEAD | {"b.py": lines("x", "zz")}), before)

    assert paths(part.diff) == ["b.py"]
    assert part.reviewed_before == (FileCoverage("a.py", 0, 1, SkipReason.REVIEWED_BEFORE),)


@pytest.mark.parametrize(
    "skipped", [SkipReason.BUDGET, SkipReason.REVIEWER_FAILED, SkipReason.TOO_LARGE, SkipReason.POLICY]
)
def test_a_file_that_was_not_read_is_new_for_ever(skipped: SkipReason) -> None:
    diff = diff_of(BASE, HEAD)
    coverage = Coverage((FileCoverage("a.py", 0, 1, skipped), FileCoverage("b.py", 1, 1)))

    before = outline_of(diff, coverage)

    assert paths(new_part(diff, before).diff) == ["a.py"]
    assert before.unread == ({"a.py"} if skipped.is_gap else set())


def test_what_an_earlier_round_has_read_stays_read_over_many_rounds() -> None:
    diff = diff_of(BASE, HEAD)
    before = read(diff)

    part = new_part(diff, before)
    after = outline_of(diff, Coverage(part.reviewed_before))

    assert part.diff.is_empty and after == before


def test_a_rebase_that_only_moves_lines_makes_nothing_new() -> None:
    rebased = {"a.py": lines("zero", "zero", "zero", "zero", *BASE["a.py"].split()), "b.py": BASE["b.py"]}
    pushed = HEAD | {"a.py": lines("zero", "zero", "zero", "zero", *HEAD["a.py"].split())}

    part = new_part(diff_of(rebased, pushed), read(diff_of(BASE, HEAD)))

    assert part.diff.is_empty


@pytest.mark.parametrize(
    "moved",
    [
        lines("one", "guard", "two", "three", "four", "five"),
        lines("one", "two", "three", "guard", "four", "new five"),
        lines("one", "two", "three", "guard", "guard", "four", "five"),
        lines("one", "two", "three", "Guard", "four", "five"),
        lines("one", "two", "three", "guard", "four"),
    ],
    ids=["a line moved", "a neighbour changed", "a line doubled", "a letter changed", "a line removed"],
)
def test_the_same_lines_in_another_place_or_with_other_neighbours_are_read_again(moved: str) -> None:
    part = new_part(diff_of(BASE, HEAD | {"a.py": moved}), read(diff_of(BASE, HEAD)))

    assert paths(part.diff) == ["a.py"]


def test_a_file_whose_mode_changes_is_read_again() -> None:
    diff = diff_of(BASE, HEAD)
    first, *others = diff.files

    part = new_part(Diff((replace(first, old_mode="100644", new_mode="100755"), *others)), read(diff))

    assert paths(part.diff) == ["a.py"]


def test_names_and_lines_of_undecodable_bytes_are_known_again() -> None:
    (file,) = diff_of({"a.py": lines("a")}, {"a.py": lines("b")}).files
    line = replace(file.hunks[0].lines[0], text="\udcff\0")
    hostile = Diff(
        (replace(file, old_path="\udcff", new_path="\udcff", hunks=(replace(file.hunks[0], lines=(line,)),)),)
    )

    before = outline_of(hostile, Coverage((FileCoverage("\ufffd", 1, 1),)))

    assert list(before.lines) == ["\ufffd"] and new_part(hostile, before).diff.is_empty


def test_of_two_files_that_look_the_same_by_name_one_unread_makes_both_new() -> None:
    (file,) = diff_of({"a.py": lines("a")}, {"a.py": lines("b")}).files
    twins = Diff(tuple(replace(file, old_path=name, new_path=name) for name in ("\udcfe", "\udcff")))

    before = outline_of(
        twins, Coverage((FileCoverage("\ufffd", 1, 1), FileCoverage("\ufffd", 0, 1, SkipReason.BUDGET)))
    )

    assert new_part(twins, before).diff == twins


# New lines


def test_new_lines_are_those_that_changed_and_what_stands_near_them() -> None:
    long = [f"line {number}" for number in range(60)]
    first = {"a.py": lines("early", *long)}
    second = {"a.py": lines("early", *long[:40], "late", *long[40:])}
    base = {"a.py": lines(*long)}

    new = new_lines(diff_of(base, second), read(diff_of(base, first)))

    assert not new.touches(Location("a.py", 1, 1)), "it was there before"
    assert new.touches(Location("a.py", 42, 42)) and new.touches(Location("a.py", 44, 44))


def test_a_line_that_lost_its_guard_is_new() -> None:
    base = {"a.py": lines("a", "b")}
    first = {"a.py": lines("a", "check(x)", "use(x)", "b")}
    second = {"a.py": lines("a", "use(x)", "b")}

    new = new_lines(diff_of(base, second), read(diff_of(base, first)))

    assert new.touches(Location("a.py", 2, 2))


def test_the_place_of_a_removal_is_new_on_both_sides() -> None:
    base = {"a.py": lines("a", "check(x)", "use(x)", "b")}
    first = {"a.py": lines("a", "check(x)", "use(x)", "b", "c")}
    second = {"a.py": lines("a", "use(x)", "b", "c")}

    new = new_lines(diff_of(base, second), read(diff_of(base, first)))

    assert new.touches(Location("a.py", 2, 2)) and new.touches(Location("a.py", 2, 2, Side.LEFT))


def test_every_line_of_a_block_that_now_stands_twice_is_new() -> None:
    block, between = [f"step{number}()" for number in range(12)], [f"line {number}" for number in range(30)]
    base = {"a.py": lines(*between)}
    first, second = {"a.py": lines(*block, *between)}, {"a.py": lines(*block, *between, *block)}

    new = new_lines(diff_of(base, second), read(diff_of(base, first)))

    assert new.touches(Location("a.py", 48, 48)), "in the middle of the second"
    assert not new_lines(diff_of(base, first), read(diff_of(base, first))).touches(Location("a.py", 6, 6))


def test_all_lines_of_a_file_that_was_not_read_are_new() -> None:
    diff = diff_of(BASE, HEAD)

    new = new_lines(diff, outline_of(diff, Coverage((FileCoverage("a.py", 0, 1, SkipReason.BUDGET),))))

    assert new.touches(Location("a.py", 4, 4)) and new.touches(Location("b.py", 2, 2))


def test_outside_the_diff_every_place_counts_as_new() -> None:
    diff = diff_of(BASE, HEAD)

    new = new_lines(diff, read(diff))

    assert new.touches(Location("consumer.py", 3, 3)) and not new.touches(Location("a.py", 4, 4))


texts = st.lists(st.sampled_from(["a", "b", "}", "guard", ""]), max_size=8).map(lambda some: lines(*some))


@settings(max_examples=200, deadline=None)
@given(base=texts, first=texts, second=texts)
def test_a_file_counts_as_read_exactly_when_its_diff_shows_what_it_showed(base: str, first: str, second: str) -> None:
    before, now = diff_of({"a.py": base}, {"a.py": first}), diff_of({"a.py": base}, {"a.py": second})

    part = new_part(now, read(before))

    assert part.diff.is_empty is (not now.files or _shown(before) == _shown(now))


def _shown(diff: Diff) -> list[tuple[str, str]]:
    return [(line.kind.value, line.text) for file in diff.files for hunk in file.hunks for line in hunk.lines]
