"""When a finding that was said counts as fixed: only where somebody looked, or nothing is left to look at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewbot.domain.diff import Diff, FileStatus
from reviewbot.domain.finding import Category, Finding, Location, Origin, Severity
from reviewbot.domain.policy import Policy
from reviewbot.domain.repository import Sha
from reviewbot.domain.review import Coverage, FileCoverage, Outcome, Review
from reviewbot.domain.round import Fate, KnownFinding, Round
from reviewbot.engine.rounds import round_of
from tests.engine.pull_rounds import Finder, Pull, diff_of, lines, titles
from tests.engine.reviews import Saying

BASE = {"a.py": lines("def run():", "    check ( f )", "    save()"), "b.py": lines("x = 1")}
BUG = {"a.py": lines("def run():", "    check ( f )", "    leak ( f )", "    save()"), "b.py": lines("x = 2")}
SILENT = Finder({})
LLM = Finder({"leak": "Handle leaks when load fails"})
LINT = Finder({"leak": "Handle is never closed"}, name="lint", rule="lint:leak")
STATIC = replace(LINT, name="static", rule=None)
UNCHECKED = Finder({"check": "Nothing is checked any more"})


def after(*pushed: tuple[dict[str, str], Finder | Saying], base: dict[str, str] | None = None) -> Round:
    """The round of the last push."""
    pull = Pull(BASE if base is None else base)
    rounds = [pull.push(head, reviewer) for head, reviewer in pushed]
    return rounds[-1]


def with_line(text: str) -> dict[str, str]:
    return BUG | {"a.py": BUG["a.py"].replace("    leak ( f )", text)}


def fate(made: Round) -> str:
    (is_fixed, is_open) = (bool(made.fixed), bool(made.still_open))
    return {(True, False): "fixed", (False, True): "open"}.get((is_fixed, is_open), "both or neither")


def test_a_line_that_was_rewritten_and_is_not_named_again_is_fixed() -> None:
    made = after((BUG, LLM), (with_line("    with f: load()"), SILENT))

    assert titles(made.fixed) == ["Handle leaks when load fails"] and made.still_open == ()
    assert made.fixed[0].said_at == f"{1:040x}"


def test_a_line_that_was_rewritten_and_is_named_again_is_open() -> None:
    assert fate(after((BUG, LLM), (with_line("    leak ( f , g )"), LLM))) == "open"


def test_a_model_that_is_silent_on_the_same_line_fixes_nothing() -> None:
    moved = {"a.py": lines("", "", "def run():", "    check ( f )", "    other()", "    leak ( f )", "    save()")}

    assert fate(after((BUG, LLM), (BUG | moved, SILENT))) == "open"


def test_what_is_held_back_this_time_counts_as_named_again() -> None:
    unsure = replace(LLM, severity=Severity.LOW)
    pull = Pull(BASE, Policy(min_severity=Severity.MEDIUM))
    pull.push(BUG, LLM)

    made = pull.push(with_line("    leak ( f , g )"), unsure)

    assert fate(made) == "open"


@pytest.mark.parametrize("deterministic", [LINT, STATIC], ids=["a rule", "the static reviewer"])
def test_a_reviewer_that_always_says_the_same_is_believed_when_it_is_silent(deterministic: Finder) -> None:
    around = BUG | {"a.py": BUG["a.py"].replace("save()", "f.close()")}

    assert fate(after((BUG, deterministic), (around, replace(deterministic, titles={})))) == "fixed"
    assert fate(after((BUG, deterministic), (around, deterministic))) == "open"


def test_a_deterministic_reviewer_that_failed_on_the_file_fixes_nothing() -> None:
    around = BUG | {"a.py": BUG["a.py"].replace("save()", "f.close()")}

    assert fate(after((BUG, LINT), (around, replace(LINT, titles={}, unread=["a.py"])))) == "open"


def test_a_rule_whose_reviewer_no_longer_runs_is_fixed_only_with_its_line() -> None:
    around = BUG | {"a.py": BUG["a.py"].replace("save()", "f.close()")}

    assert fate(after((BUG, LINT), (around, SILENT))) == "open"
    assert fate(after((BUG, LINT), (with_line("    pass"), SILENT))) == "fixed"


def test_a_partial_review_fixes_nothing_that_it_did_not_read() -> None:
    made = after((BUG, LLM), (with_line("    pass") | {"b.py": lines("x = 3")}, replace(SILENT, unread=["a.py"])))

    assert made.review.outcome is Outcome.PARTIAL
    assert fate(made) == "open"


def test_what_another_reviewer_read_does_not_count_while_its_own_could_not() -> None:
    pull = Pull(BASE)
    pull.push(BUG, LLM)

    made = pull.push(with_line("    pass"), replace(SILENT, unread=["a.py"]), replace(SILENT, name="other"))

    assert fate(made) == "open"


def test_a_review_that_failed_fixes_nothing_that_is_still_there() -> None:
    made = after((BUG, LLM), (with_line("    pass"), Saying("llm", reads=(), failure="no answer")))

    assert made.review.outcome is Outcome.FAILED and fate(made) == "open"


def test_a_file_that_was_deleted_takes_its_findings_with_it() -> None:
    assert fate(after((BUG, LLM), ({"b.py": lines("x = 2")}, replace(SILENT, unread=["a.py"])))) == "fixed"


def test_a_new_file_that_is_gone_again_takes_its_findings_with_it() -> None:
    assert fate(after((BUG | {"new.py": lines("leak ( g )")}, replace(LLM, unread=["a.py"])), (BUG, SILENT))) == "fixed"


def test_a_file_that_is_again_as_in_the_base_has_its_findings_fixed() -> None:
    assert fate(after((BUG, LLM), (BASE | {"b.py": lines("x = 2")}, SILENT))) == "fixed"


def test_an_empty_change_has_fixed_everything() -> None:
    made = after((BUG, LLM), (BASE, SILENT))

    assert made.review.outcome is Outcome.SKIPPED and fate(made) == "fixed"


def test_of_a_diff_that_was_cut_a_missing_file_is_not_taken_for_fixed() -> None:
    pull = Pull(BASE)
    pull.push(BUG, LLM)

    made = pull.push(BASE | {"b.py": lines("x = 2")}, SILENT, is_cut=True)

    assert made.review.outcome is Outcome.PARTIAL and fate(made) == "open"


def test_a_removed_guard_is_open_while_it_is_missing_and_fixed_when_it_is_back() -> None:
    unguarded = {"a.py": lines("def run():", "    save()"), "b.py": BASE["b.py"]}
    still = {"a.py": lines("def run():", "    save(2)"), "b.py": BASE["b.py"]}
    back = {"a.py": lines("def run():", "    check ( f )", "    save(2)"), "b.py": BASE["b.py"]}

    assert titles(after((unguarded, UNCHECKED)).to_say) == ["Nothing is checked any more"]
    assert fate(after((unguarded, UNCHECKED), (still, SILENT))) == "open"
    assert fate(after((unguarded, UNCHECKED), (back, SILENT))) == "fixed"


def test_a_text_that_could_stand_anywhere_has_to_stand_near_its_place() -> None:
    brace = Finder({"}": "Block ends too early"})
    far = [f"    step{number}()" for number in range(80)]
    base = {"a.js": lines("run {", "  a()", *far)}
    bug = {"a.js": lines("run {", "}", "  a()", *far)}
    moved = {"a.js": lines("run {", "  a()", *far, "}")}
    near = {"a.js": lines("run {", "  a()", "}", *far)}

    assert fate(after((bug, brace), (moved, SILENT), base=base)) == "fixed"
    assert fate(after((bug, brace), (near, SILENT), base=base)) == "open"


# Findings in files that the change does not touch

CONSUMER = Finding(
    title="Caller passes seconds where milliseconds are expected",
    explanation="It waits too short.",
    severity=Severity.HIGH,
    confidence=0.9,
    category=Category.COMPATIBILITY,
    location=Location("caller.py", 2, 2),
    reviewer="llm",
    evidence=("wait_for(seconds)",),
    origin=Origin.INTRODUCED,
)


def test_a_finding_outside_the_diff_is_open_while_its_line_stands() -> None:
    base = BASE | {"caller.py": lines("import a", "wait_for(seconds)")}
    pull = Pull(base)
    pull.push(base | {"b.py": lines("x = 2")}, Saying("llm", (CONSUMER,)))

    second = pull.push(base | {"b.py": lines("x = 3")}, SILENT)
    third = pull.push(base | {"b.py": lines("x = 3"), "caller.py": lines("import a", "wait_for(ms)")}, SILENT)

    assert titles(second.still_open) == titles(third.fixed) == [CONSUMER.title]


def test_a_finding_outside_the_diff_is_fixed_when_its_file_is_gone_or_its_line_has_left_the_base() -> None:
    base = BASE | {"caller.py": lines("import a", "wait_for(seconds)")}
    for now in ({}, {"caller.py": lines("import a", "wait_for(ms)")}):
        pull = Pull(base)
        pull.push(base | {"b.py": lines("x = 2")}, Saying("llm", (CONSUMER,)))
        pull.base = BASE | now

        assert fate(pull.push(BASE | now | {"b.py": lines("x = 3")}, SILENT)) == "fixed"


# Oddities


def round_with(known: Finding, diff: Diff, *said: Finding, fate: Fate = Fate.OPEN) -> Round:
    coverage = Coverage(tuple(FileCoverage(file.path, len(file.hunks), len(file.hunks)) for file in diff.files))
    review = Review(Outcome.COMPLETE, findings=said, coverage=coverage)
    stored = KnownFinding(known, Sha("1" * 40), fate)
    return round_of(review, diff, 2, None, (stored,), (), Policy(), lambda path: ("leak ( f )",))


def test_a_finding_without_a_place_or_a_text_stays_open() -> None:
    diff = diff_of({"a.py": "a\n"}, {"a.py": "leak ( f )\n"})
    nowhere = replace(CONSUMER, location=None)
    textless = replace(CONSUMER, location=Location("a.py", 1, 1), anchor_text="")

    assert fate(round_with(nowhere, diff)) == fate(round_with(textless, diff)) == "open"


def test_a_copy_of_a_file_leaves_the_findings_of_its_source_alone() -> None:
    diff = diff_of({"a.py": "a\n"}, {"a.py": "b\n"})
    copied = Diff((replace(diff.files[0], new_path="copy.py", status=FileStatus.COPIED),))
    known = replace(CONSUMER, location=Location("a.py", 1, 1), anchor_text="leak ( f )")

    assert fate(round_with(known, copied)) == "open"


@pytest.mark.parametrize("fate_before", [Fate.FIXED, Fate.RESOLVED, Fate.IGNORED])
def test_what_is_settled_stays_settled(fate_before: Fate) -> None:
    diff = diff_of({"a.py": "a\n"}, {"a.py": "leak ( f )\n"})

    made = round_with(replace(CONSUMER, location=Location("a.py", 1, 1)), diff, fate=fate_before)

    assert made.fixed == made.still_open == ()
