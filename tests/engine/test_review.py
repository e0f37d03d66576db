"""The rules of the engine's one door: how a review ends, what it covers, and what it counts."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import pytest

from reviewbot.domain.diff import Diff, FileDiff, FileStatus
from reviewbot.domain.finding import Severity
from reviewbot.domain.policy import Policy
from reviewbot.domain.review import FileCoverage, Funnel, Outcome, Review, ReviewerRun, SkipReason, Stage
from reviewbot.engine.outline import NewPart
from reviewbot.engine.review import review
from reviewbot.errors import BudgetExhausted, ReviewCancelled, StoreError
from reviewbot.ports import ReviewTask
from tests.engine.builders import file_diff, finding
from tests.engine.reviews import Doing, Saying, reviewable

APP = file_diff("app.py", 10, "-order = first(orders)", "+order = orders[0]")
OTHER = file_diff("other.py", 1, "+import os")
LOCK = file_diff("uv.lock", 1, "+version = 1")
HUGE = file_diff("table.py", 1, *("+x = 1" for _ in range(30)))
SMALL = Policy(max_lines=20)


def reasons(result: Review) -> dict[str, SkipReason | None]:
    return {file.path: file.skipped for file in result.coverage.files}


# Outcomes


def test_a_change_that_was_read_whole_is_complete_with_or_without_findings() -> None:
    silent = review(reviewable(APP), [Saying()])
    speaking = review(reviewable(APP), [Saying(findings=(finding(),))])

    assert (silent.outcome, silent.reason) == (Outcome.COMPLETE, "")
    assert (speaking.outcome, len(speaking.findings)) == (Outcome.COMPLETE, 1)
    assert reasons(silent) == {"app.py": None}


def test_without_a_reviewer_a_review_has_failed_even_of_nothing() -> None:
    assert review(reviewable(APP), []).outcome is Outcome.FAILED
    assert review(reviewable(), []).outcome is Outcome.FAILED


def test_an_empty_change_is_skipped() -> None:
    result = review(reviewable(), [Saying()])

    assert (result.outcome, result.reason, result.runs) == (Outcome.SKIPPED, "the change is empty", ())


def test_a_change_that_nobody_wants_to_read_is_skipped_with_the_reasons_counted() -> None:
    result = review(reviewable(LOCK), [Saying()])

    assert (result.outcome, result.reason) == (Outcome.SKIPPED, "nothing to review: 1 × lock file")
    assert reasons(result) == {"uv.lock": SkipReason.LOCK_FILE}


def test_a_change_of_which_nothing_has_room_is_partial_and_says_that_nothing_was_read() -> None:
    result = review(reviewable(HUGE), [Saying()], SMALL)

    assert result.outcome is Outcome.PARTIAL and result.looked_at_nothing
    assert result.reason.startswith("nothing was read: table.py: ") and "split it" in result.reason


def test_a_change_cut_off_before_its_first_file_is_partial_and_nothing_was_read() -> None:
    result = review(reviewable(is_cut=True), [Saying()])

    assert result.outcome is Outcome.PARTIAL and result.looked_at_nothing and "over the size limit" in result.reason


@pytest.mark.parametrize(
    ("files", "is_cut", "said"),
    [((APP, HUGE), False, "not read: 1 × over the size limit"), ((APP,), True, "files at its end were left out")],
    ids=["a file over the limit", "a diff that was cut"],
)
def test_a_change_of_which_a_part_has_no_room_is_partial(files: tuple[FileDiff, ...], is_cut: bool, said: str) -> None:
    result = review(reviewable(*files, is_cut=is_cut), [Saying()], SMALL)

    assert result.outcome is Outcome.PARTIAL and said in result.reason


def test_a_file_left_out_on_purpose_makes_no_review_partial() -> None:
    assert review(reviewable(APP, LOCK), [Saying()]).outcome is Outcome.COMPLETE


def test_when_the_only_reviewer_fails_the_review_has_failed() -> None:
    result = review(reviewable(APP), [Saying(reads=(), failure="no licence")])

    assert (result.outcome, result.reason) == (Outcome.FAILED, "saying failed: no licence")
    assert reasons(result) == {"app.py": SkipReason.REVIEWER_FAILED}


def test_f56_when_one_of_two_reviewers_fails_the_findings_of_the_other_stand_and_the_review_is_partial() -> None:
    good, bad = Saying("good", (finding(reviewer="good"),)), Saying("bad", reads=(), failure="no licence")

    result = review(reviewable(APP), [bad, good])

    assert (result.outcome, result.reason) == (Outcome.PARTIAL, "bad failed: no licence")
    assert [one.reviewer for one in result.findings] == ["good"]
    assert [run.reviewer for run in result.runs] == ["bad", "good"], "in the order of the reviewers"
    assert reasons(result) == {"app.py": None}, "the other has read it"


def test_findings_made_before_a_failure_stand() -> None:
    result = review(reviewable(APP, OTHER), [Saying(findings=(finding(),), reads=("app.py",), failure="cut off")])

    assert result.outcome is Outcome.PARTIAL and len(result.findings) == 1


# Reviewers that misbehave


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda: 1 / 0, "crashed with ZeroDivisionError: division by zero"),
        (lambda: sys.exit(3), "crashed with SystemExit: 3"),
        (lambda: None, "returned NoneType and not a ReviewerRun"),
        (lambda: ReviewerRun("doing", ("all fine",)), "returned findings that are no Finding"),  # type: ignore[arg-type]
    ],
    ids=["raises", "leaves", "returns nothing", "returns words"],
)
def test_f59_a_reviewer_that_misbehaves_has_failed_and_the_others_are_heard(
    act: Callable[[], object], said: str
) -> None:
    result = review(reviewable(APP), [Doing(act), Saying(findings=(finding(),))])

    assert result.outcome is Outcome.PARTIAL
    assert result.reason.startswith(f"doing failed: {said}")
    assert len(result.findings) == 1
    assert result.runs[0].paths_unread == (("app.py", SkipReason.REVIEWER_FAILED),)


def test_f59_a_reviewer_that_hangs_has_failed_after_its_time() -> None:
    released = threading.Event()

    result = review(
        reviewable(APP), [Doing(lambda: released.wait(30)), Saying(findings=(finding(),))], timeout_seconds=0.1
    )
    released.set()

    assert result.reason.startswith("doing failed: did not end within 0.1 seconds")
    assert len(result.findings) == 1


@pytest.mark.parametrize("error", [BudgetExhausted("spent"), StoreError("disk full")])
def test_what_ends_a_whole_run_ends_the_review(error: Exception) -> None:
    def fail() -> object:
        raise error

    with pytest.raises(type(error)):
        review(reviewable(APP), [Doing(fail), Saying()])


def test_reviewers_are_asked_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)

    def meet() -> object:
        both.wait()
        return ReviewerRun("doing", paths_read=frozenset({"app.py"}))

    assert review(reviewable(APP), [Doing(meet), Doing(meet)]).outcome is Outcome.COMPLETE


def test_reviewers_are_not_asked_where_there_is_nothing_to_read() -> None:
    asked: list[bool] = []

    review(reviewable(LOCK), [Doing(lambda: asked.append(True))])

    assert asked == []


# Coverage


@pytest.mark.parametrize(
    ("unread", "failure", "reason"),
    [
        ((), None, SkipReason.NOT_SUPPORTED),
        ((("app.py", SkipReason.BUDGET),), None, SkipReason.BUDGET),
        ((("app.py", SkipReason.TOO_LARGE),), None, SkipReason.TOO_LARGE),
        ((("app.py", SkipReason.BUDGET),), "cut off", SkipReason.REVIEWER_FAILED),
        ((("elsewhere.py", SkipReason.BUDGET),), None, SkipReason.NOT_SUPPORTED),
    ],
)
def test_a_file_that_nobody_read_bears_the_gravest_reason(
    unread: tuple[tuple[str, SkipReason], ...], failure: str | None, reason: SkipReason
) -> None:
    result = review(reviewable(APP, OTHER), [Saying(reads=("other.py",), unread=unread, failure=failure)])

    assert reasons(result) == {"app.py": reason, "other.py": None}
    assert result.outcome is Outcome.PARTIAL


def test_a_file_counts_as_read_with_all_its_hunks_as_soon_as_one_reviewer_has_read_it() -> None:
    first, second = Saying("first", reads=("app.py",)), Saying("second", reads=("other.py",))

    result = review(reviewable(APP, OTHER), [first, second])

    assert result.outcome is Outcome.COMPLETE
    assert [(file.hunks_read, file.hunks) for file in result.coverage.files] == [(1, 1), (1, 1)]


def test_a_deleted_file_is_read_like_any_other() -> None:
    gone = file_diff("gone.py", 1, "-guard()", status=FileStatus.REMOVED)

    result = review(reviewable(gone), [Saying()])

    assert (result.outcome, reasons(result)) == (Outcome.COMPLETE, {"gone.py": None})


# The funnel


def test_the_funnel_counts_what_left_each_stage_and_every_finding_is_somewhere() -> None:
    said = (
        finding("Null order crashes checkout", severity=Severity.HIGH),
        finding("Null order crashes checkout", confidence=0.5),
        finding("Nowhere to be seen", path="missing.py"),
        finding("Perhaps slow", lines=(10, 10), confidence=0.1),
    )

    result = review(reviewable(APP), [Saying(findings=said)])

    assert result.funnel == Funnel(generated=4, anchored=3, merged=2, verified=2, chosen=1)
    assert [one.title for one in result.findings] == ["Null order crashes checkout"]
    assert sorted(held.stage for held in result.held_back) == sorted([Stage.ANCHOR, Stage.MERGE, Stage.CHOOSE])
    assert all(held.reason for held in result.held_back)
    assert len(result.findings) + len(result.held_back) == result.funnel.generated


# Later rounds: only part of a change is read


READ_BEFORE = FileCoverage("app.py", 0, 1, SkipReason.REVIEWED_BEFORE)


def test_of_a_change_that_was_read_in_part_reviewers_see_only_the_new_part_and_the_rest_is_covered() -> None:
    seen: list[tuple[tuple[str, ...], Diff]] = []

    class Watching(Saying):
        def review(self, task: ReviewTask) -> ReviewerRun:
            seen.append((task.paths, task.change.diff))
            return super().review(task)

    result = review(reviewable(APP, OTHER), [Watching()], part=NewPart(Diff((OTHER,)), (READ_BEFORE,)))

    assert seen == [(("other.py",), Diff((OTHER,)))]
    assert (result.outcome, result.reason) == (Outcome.COMPLETE, "")
    assert [(file.path, file.skipped) for file in result.coverage.files] == [
        ("app.py", SkipReason.REVIEWED_BEFORE),
        ("other.py", None),
    ]
    assert result.coverage.gaps == ()


def test_a_finding_is_anchored_in_the_whole_diff_also_where_only_part_of_it_is_read() -> None:
    saying = Saying(findings=(finding(quote="order = orders[0]", lines=(99, 99)),))

    result = review(reviewable(APP, OTHER), [saying], part=NewPart(Diff((OTHER,)), (READ_BEFORE,)))

    assert [str(one.location) for one in result.findings] == ["app.py:10"]


def test_a_change_of_which_everything_was_read_before_is_complete_and_nobody_is_asked() -> None:
    asked: list[bool] = []

    result = review(
        reviewable(APP, LOCK), [Doing(lambda: asked.append(True))], part=NewPart(Diff((LOCK,)), (READ_BEFORE,))
    )

    assert (result.outcome, result.reason, asked, result.runs) == (Outcome.COMPLETE, "", [], ())
    assert reasons(result) == {"app.py": SkipReason.REVIEWED_BEFORE, "uv.lock": SkipReason.LOCK_FILE}


def test_what_was_read_before_does_not_make_up_for_a_gap_or_a_failure() -> None:
    huge = review(reviewable(APP, HUGE), [Saying()], SMALL, part=NewPart(Diff((HUGE,)), (READ_BEFORE,)))
    failed = review(
        reviewable(APP, OTHER), [Saying(reads=(), failure="x")], part=NewPart(Diff((OTHER,)), (READ_BEFORE,))
    )

    assert huge.outcome is Outcome.PARTIAL and huge.reason.startswith("nothing new was read: table.py: ")
    assert failed.outcome is Outcome.FAILED


def test_limits_count_only_what_is_new() -> None:
    covered = (FileCoverage("table.py", 0, 1, SkipReason.REVIEWED_BEFORE),)

    result = review(reviewable(HUGE, APP), [Saying()], SMALL, part=NewPart(Diff((APP,)), covered))

    assert result.outcome is Outcome.COMPLETE
    assert reasons(result) == {"table.py": SkipReason.REVIEWED_BEFORE, "app.py": None}


# A review that nobody wants any more


def test_f36_a_review_that_is_cancelled_stops_waiting_for_its_reviewers() -> None:
    released, begun = threading.Event(), threading.Event()

    def hang() -> object:
        begun.set()
        return released.wait(30)

    with pytest.raises(ReviewCancelled, match="no longer the one that is wanted"):
        review(reviewable(APP), [Doing(hang)], cancelled=begun.is_set)
    assert not released.is_set()
    released.set()


def test_a_review_that_is_cancelled_before_it_begins_asks_nobody() -> None:
    asked: list[bool] = []

    with pytest.raises(ReviewCancelled):
        review(reviewable(APP), [Doing(lambda: asked.append(True))], cancelled=lambda: True)

    assert asked == []


def test_a_review_asks_whether_it_is_cancelled_in_its_own_thread_alone() -> None:
    threads: set[int] = set()

    def cancelled() -> bool:
        threads.add(threading.get_ident())
        return False

    result = review(reviewable(APP), [Saying(), Saying("other")], cancelled=cancelled)

    assert result.outcome is Outcome.COMPLETE and threads == {threading.get_ident()}


def test_a_review_that_has_ended_is_not_cancelled_any_more() -> None:
    done: list[bool] = []

    def finish() -> object:
        done.append(True)
        return ReviewerRun("doing", paths_read=frozenset({"app.py"}))

    assert review(reviewable(APP), [Doing(finish)], cancelled=lambda: bool(done)).outcome is Outcome.COMPLETE


def test_an_error_in_the_question_whether_it_is_cancelled_ends_the_review() -> None:
    def fail() -> bool:
        raise StoreError("the database is gone")

    with pytest.raises(StoreError):
        review(reviewable(APP), [Saying()], cancelled=fail)
