"""What is said of a pull request, round after round: at first everything, then what is grave and new; nothing twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.finding import Category, Finding, Severity
from reviewbot.domain.policy import Policy
from reviewbot.domain.review import Outcome, SkipReason, Stage
from reviewbot.domain.round import Fate, Round
from tests.engine.pull_rounds import Finder, Pull, diff_of, lines, titles

BASE = {"a.py": lines("def run():", "    load()", "    save()"), "b.py": lines("x = 1")}
ONE_BUG = {"a.py": lines("def run():", "    load()", "    leak ( f )", "    save()"), "b.py": lines("x = 2")}
TWO_BUGS = ONE_BUG | {"b.py": lines("x = 2", "race ( x )")}
LLM = Finder({"leak": "Handle leaks when load fails", "race": "Two writers race on x"})


def reasons(made: Round) -> dict[str, tuple[Stage, str]]:
    return {held.finding.title: (held.stage, held.reason) for held in made.review.held_back}


# The first round


def test_the_first_round_says_everything_that_was_chosen() -> None:
    low = replace(LLM, severity=Severity.LOW)

    made = Pull(BASE).push(TWO_BUGS, low)

    assert titles(made.to_say) == ["Handle leaks when load fails", "Two writers race on x"]
    assert (made.number, made.fixed, made.still_open) == (1, (), ())
    assert made.review.outcome is Outcome.COMPLETE and not made.review.held_back


def test_what_somebody_said_to_ignore_is_not_said_in_any_round() -> None:
    first = Pull(BASE).push(ONE_BUG, LLM)
    pull = Pull(BASE, ignored={first.to_say[0].fingerprint})

    made = pull.push(TWO_BUGS, LLM)

    assert titles(made.to_say) == ["Two writers race on x"]
    assert reasons(made) == {"Handle leaks when load fails": (Stage.ROUND, "somebody said to ignore it")}


def test_one_finding_on_two_equal_lines_is_said_once() -> None:
    head = {"a.py": lines("leak ( f )", *"abcdefghij", "leak ( f )")}

    made = Pull({"a.py": lines(*"abcdefghij")}).push(head, LLM)

    assert titles(made.to_say) == ["Handle leaks when load fails"]
    assert reasons(made)["Handle leaks when load fails"][1] == "says the same of another line with the same text"


# Later rounds


def test_a_later_round_says_what_is_new_and_keeps_the_rest_open() -> None:
    pull = Pull(BASE)
    pull.push(ONE_BUG, LLM)

    made = pull.push(TWO_BUGS, LLM)

    assert titles(made.to_say) == ["Two writers race on x"]
    assert titles(made.still_open) == ["Handle leaks when load fails"] and made.fixed == ()
    assert made.number == 2


def test_a_later_round_reads_only_files_with_something_new_and_is_complete_all_the_same() -> None:
    pull, second = Pull(BASE), replace(LLM, read=[])
    pull.push(ONE_BUG, LLM)

    made = pull.push(TWO_BUGS, second)

    assert second.read == ["b.py"]
    assert made.review.outcome is Outcome.COMPLETE
    assert {file.path: file.skipped for file in made.review.coverage.files} == {
        "a.py": SkipReason.REVIEWED_BEFORE,
        "b.py": None,
    }


def test_a_push_with_nothing_new_asks_nobody_says_nothing_and_is_complete() -> None:
    pull, again = Pull(BASE), replace(LLM, read=[])
    pull.push(ONE_BUG, LLM)

    made = pull.push(ONE_BUG, again)

    assert (again.read, made.to_say, made.fixed) == ([], (), ())
    assert titles(made.still_open) == ["Handle leaks when load fails"]
    assert (made.review.outcome, made.review.reason) == (Outcome.COMPLETE, "")


def test_a_later_round_does_not_raise_what_is_not_grave() -> None:
    pull, medium = Pull(BASE), replace(LLM, severity=Severity.MEDIUM)
    pull.push(BASE | {"b.py": lines("x = 2")}, medium)

    made = pull.push(TWO_BUGS, medium)

    assert made.to_say == ()
    assert reasons(made)["Two writers race on x"] == (
        Stage.ROUND,
        "severity medium is below high, which later rounds ask for",
    )


def test_the_policy_says_what_is_grave_enough_for_a_later_round() -> None:
    pull = Pull(BASE, Policy(later_severity=Severity.MEDIUM))
    pull.push(BASE | {"b.py": lines("x = 2")}, LLM)

    assert titles(pull.push(TWO_BUGS, replace(LLM, severity=Severity.MEDIUM)).to_say) == [
        "Handle leaks when load fails",
        "Two writers race on x",
    ]


def test_a_later_round_raises_nothing_at_lines_that_were_read_before() -> None:
    old = [f"    step{number}()" for number in range(30)]
    base = {"a.py": lines(*old)}
    first = {"a.py": lines("race ( x )", *old)}
    second = {"a.py": lines("race ( x )", *old, "new()")}
    pull = Pull(base)
    pull.push(first, Finder({}))

    made = pull.push(second, LLM)

    assert made.to_say == ()
    assert reasons(made)["Two writers race on x"][1] == "stands at lines that an earlier round has read"


def test_what_was_not_read_before_may_be_raised_later() -> None:
    pull = Pull(BASE)
    first = pull.push(TWO_BUGS, replace(LLM, unread=["b.py"]))

    made = pull.push(TWO_BUGS, LLM)

    assert first.review.outcome is Outcome.PARTIAL and first.outline.unread == {"b.py"}
    assert titles(made.to_say) == ["Two writers race on x"]


def test_a_full_review_raises_whatever_was_not_said_before_and_nothing_twice() -> None:
    pull, medium = Pull(BASE), replace(LLM, severity=Severity.MEDIUM)
    pull.push(TWO_BUGS, replace(medium, titles={"leak": "Handle leaks when load fails"}))

    made = pull.push(TWO_BUGS, medium, full=True)

    assert titles(made.to_say) == ["Two writers race on x"]
    assert titles(made.still_open) == ["Handle leaks when load fails"]
    assert reasons(made)["Handle leaks when load fails"] == (Stage.ROUND, "was said at 0000000000")


# Nothing twice


@pytest.mark.parametrize(
    ("head", "title"),
    [
        (lines("import os", "", "", "def run():", "    load()", "    leak ( f )", "    save()"), None),
        (lines("def run():", "    load()", "    if f:", "        leak ( f )", "    save()"), None),
        (lines("def run():", "    loads()", "    leak ( f )", "    saves()"), "The handle leaks whenever load fails"),
        (lines("def run():", "    load()", "    leak ( f , g )", "    save()"), None),
        (lines("def run():", "    loads()", "    leak ( f )", "    saves()"), "File descriptor is never closed"),
    ],
    ids=["lines moved", "indented", "a slightly other title", "the line was rewritten", "other words on the same line"],
)
def test_what_was_said_is_not_said_again_when_its_line_moves_or_its_words_change(head: str, title: str | None) -> None:
    pull = Pull(BASE)
    pull.push(ONE_BUG, LLM)
    again = replace(LLM, titles={"leak": title or LLM.titles["leak"]})

    made = pull.push(ONE_BUG | {"a.py": head}, again)

    assert made.to_say == () and made.fixed == ()
    assert titles(made.still_open) == ["Handle leaks when load fails"]


def test_what_was_said_of_a_file_is_not_said_again_when_the_file_is_renamed() -> None:
    pull = Pull({"old.py": BASE["a.py"]})
    pull.push({"old.py": ONE_BUG["a.py"]}, LLM)
    diff = diff_of({"old.py": BASE["a.py"]}, {"old.py": ONE_BUG["a.py"] + "\n"})
    renamed = replace(diff, files=(replace(diff.files[0], new_path="new.py"),))
    again = Pull({}).push({"new.py": ONE_BUG["a.py"]}, LLM)

    pull.number = 2
    made = pull.round(again.review, renamed, {"new.py": ONE_BUG["a.py"]}, pull.outline)

    assert made.to_say == () and titles(made.still_open) == ["Handle leaks when load fails"]


def test_the_same_mistake_at_another_line_is_another_finding() -> None:
    pull = Pull(BASE)
    pull.push(ONE_BUG, LLM)
    copied = ONE_BUG["a.py"] + lines(*"abcdef", "    leak ( socket )")

    made = pull.push(ONE_BUG | {"a.py": copied}, LLM)

    assert titles(made.to_say) == ["Handle leaks when load fails"]
    assert titles(made.still_open) == ["Handle leaks when load fails"]


@pytest.mark.parametrize("fate", [Fate.RESOLVED, Fate.IGNORED])
def test_what_a_person_settled_is_not_said_again_and_not_open(fate: Fate) -> None:
    pull = Pull(BASE)
    pull.push(ONE_BUG, LLM)
    pull.settle("Handle leaks when load fails", fate)

    made = pull.push(ONE_BUG | {"a.py": ONE_BUG["a.py"].replace("load", "reload")}, LLM)

    assert (made.to_say, made.still_open, made.fixed) == ((), (), ())


def test_what_has_become_graver_is_said_again_in_place_of_what_was_open() -> None:
    pull = Pull(BASE)
    pull.push(ONE_BUG, replace(LLM, severity=Severity.MEDIUM))

    made = pull.push(ONE_BUG | {"a.py": ONE_BUG["a.py"].replace("load", "reload")}, LLM)

    assert [one.severity for one in made.to_say] == [Severity.HIGH]
    assert (made.still_open, made.fixed) == ((), ())


def test_what_has_become_graver_is_not_said_again_at_a_line_that_did_not_change() -> None:
    pull = Pull({"a.py": lines(*"abcdefghijkl")})
    pull.push({"a.py": lines("leak ( f )", *"abcdefghijkl")}, replace(LLM, severity=Severity.MEDIUM))

    made = pull.push({"a.py": lines("leak ( f )", *"abcdefghijkl", "new")}, LLM)

    assert made.to_say == () and titles(made.still_open) == ["Handle leaks when load fails"]


def test_what_was_fixed_and_comes_back_is_news() -> None:
    pull = Pull(BASE)
    pull.push(ONE_BUG, LLM)
    fixed = pull.push(BASE | {"b.py": lines("x = 2")}, LLM)

    made = pull.push(ONE_BUG, LLM)

    assert titles(fixed.fixed) == ["Handle leaks when load fails"]
    assert titles(made.to_say) == ["Handle leaks when load fails"] and made.still_open == ()


def test_what_was_fixed_and_is_back_but_not_grave_counts_as_open() -> None:
    pull, medium = Pull(BASE), replace(LLM, severity=Severity.MEDIUM)
    pull.push(ONE_BUG, medium)
    pull.push(BASE | {"b.py": lines("x = 2")}, medium)

    made = pull.push(ONE_BUG, medium)

    assert made.to_say == ()
    assert [(one.finding.title, one.fate) for one in made.still_open] == [("Handle leaks when load fails", Fate.OPEN)]


# The cap


def test_repeats_take_no_room_from_what_is_new() -> None:
    words = [f"bug{number}" for number in range(4)]
    finder = Finder({word: f"Defect {word} breaks {word * 2}" for word in words}, severities={"bug3": Severity.HIGH})
    finder = replace(finder, severity=Severity.CRITICAL)
    base = {"a.py": lines(*"abcdefghijklmnop")}
    spread = [line for word in words[:3] for line in (word, *"mnopqr")]
    pull = Pull(base, Policy(max_findings=3))
    pull.push({"a.py": lines(*spread, *"abcdefghijklmnop")}, finder)

    made = pull.push({"a.py": lines(*spread, *"abcdefghijklmnop", "bug3")}, finder)

    assert titles(made.to_say) == ["Defect bug3 breaks bug3bug3"]
    assert {stage for stage, _ in reasons(made).values()} == {Stage.ROUND}


def test_what_is_beyond_the_cap_is_held_back_as_ever() -> None:
    made = Pull(BASE, Policy(max_findings=1)).push(TWO_BUGS, LLM)

    assert titles(made.to_say) == ["Handle leaks when load fails"]
    assert reasons(made) == {"Two writers race on x": (Stage.CHOOSE, "beyond the cap of 1 findings")}


def test_a_threshold_is_named_as_the_reason_before_a_round() -> None:
    pull = Pull(BASE, Policy(min_severity=Severity.HIGH))
    pull.push(ONE_BUG, LLM)

    made = pull.push(TWO_BUGS, replace(LLM, severity=Severity.LOW))

    assert reasons(made)["Two writers race on x"] == (Stage.CHOOSE, "severity low is below high")


# Whatever is pushed

BUGS = ["bug1", "bug2", "bug3", "bug4"]
GUARDED = Finder({bug: f"Defect {bug} breaks {bug * 2}" for bug in BUGS})
pieces = st.sampled_from([*BUGS, "a = 1", "b = 2", "}", "", "call ( )"])
# Each mistake stands at most once, so that a title and a line belong together.
texts = st.lists(pieces, max_size=12).map(
    lambda some: lines(*(line for n, line in enumerate(some) if line not in BUGS or line not in some[:n]))
)
heads = st.fixed_dictionaries({"a.py": texts, "b.py": texts})
pushes = st.lists(
    st.tuples(heads, st.sets(st.sampled_from(BUGS)), st.sets(st.sampled_from(["a.py", "b.py"]))), max_size=5
)


def where(pull: Pull, finding: Finding) -> tuple[str, str]:
    assert finding.location is not None
    return finding.location.path, finding.title


@settings(max_examples=300, deadline=None)
@given(base=heads, pushed=pushes)
def test_no_sequence_of_pushes_says_anything_twice_or_calls_fixed_what_stands(
    base: dict[str, str],
    pushed: list[tuple[dict[str, str], set[str], set[str]]],
) -> None:
    base = {
        path: "".join(line + "\n" for line in text.split("\n")[:-1] if line not in BUGS) for path, text in base.items()
    }
    pull = Pull(base)
    standing: set[tuple[str, str]] = set()
    for head, overlooked, unread in pushed:
        finder = replace(
            GUARDED, titles={b: t for b, t in GUARDED.titles.items() if b not in overlooked}, unread=unread
        )
        open_before = {one.fingerprint for one in pull.known if one.fate is Fate.OPEN}

        made = pull.push(head, finder)

        for finding in made.to_say:
            assert where(pull, finding) not in standing, "said twice"
        for one in made.fixed:
            path, title = where(pull, one.finding)
            word = title.split()[1]
            assert word not in head[path].split("\n"), "called fixed, and stands"
            assert path not in unread or head[path] == base[path], "called fixed, and not looked at"
        assert {one.fingerprint for one in (*made.fixed, *made.still_open)} == open_before
        assert not {one.fingerprint for one in made.fixed} & {one.fingerprint for one in made.still_open}
        assert sorted(titles(made.to_say)) == sorted(titles(made.review.findings))
        named = made.review.funnel.generated
        assert len(made.to_say) + len(made.review.held_back) == named, "each finding is said or held back, once"
        standing |= {where(pull, one) for one in made.to_say}
        standing -= {where(pull, one.finding) for one in made.fixed}


@settings(max_examples=100, deadline=None)
@given(base=heads, head=heads, shift=st.integers(0, 60), word=st.sampled_from(["now", "always", "the"]))
def test_moving_every_line_and_changing_titles_a_little_says_nothing_again(
    base: dict[str, str], head: dict[str, str], shift: int, word: str
) -> None:
    pull = Pull(base, Policy(later_severity=Severity.LOW))
    pull.push(head, GUARDED)
    moved = {path: "# moved\n" * shift + text for path, text in head.items()}
    said_before = titles(pull.said)

    made = pull.push(moved, replace(GUARDED, titles={bug: f"{title} {word}" for bug, title in GUARDED.titles.items()}))

    assert not [one for one in made.to_say if any(one.title.startswith(title) for title in said_before)]
    assert made.fixed == () or base == moved


def test_categories_and_rules_tell_findings_on_one_line_apart() -> None:
    rule = replace(LLM, name="lint", rule="lint:one")
    other = replace(LLM, name="lint", rule="lint:two", titles={"leak": "Line is too long here"})
    pull = Pull(BASE)
    pull.push(ONE_BUG, rule)

    made = pull.push(ONE_BUG | {"a.py": ONE_BUG["a.py"].replace("load", "reload")}, rule, other)

    assert titles(made.to_say) == ["Line is too long here"]
    assert Category.CORRECTNESS is made.to_say[0].category
