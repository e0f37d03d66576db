"""The rules of the reviewer that asks a model: what it reads, in how many prompts, and what it says of the rest."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.diff import Diff, FileDiff, FileStatus, Hunk, Line, LineKind
from reviewbot.domain.policy import Policy
from reviewbot.domain.review import Outcome, SkipReason
from reviewbot.engine.review import review
from reviewbot.engine.reviewers.llm import LlmReviewer
from reviewbot.ports import ModelDenied, Prompt
from tests.engine.builders import file_diff
from tests.engine.reviews import Answering, findings_json, reviewable, task

WIDE = "x" * 200


def long_file(path: str, lines: int) -> FileDiff:
    return file_diff(path, 1, *(f"+{path}-{number}-{WIDE}" for number in range(lines)))


def test_a_change_of_ordinary_size_is_one_prompt_with_all_files_in_their_order() -> None:
    model = Answering()

    run = LlmReviewer(model).review(task(long_file("b.py", 3), long_file("a.py", 3)))

    (text,) = model.texts
    assert text.index("### b.py") < text.index("### a.py")
    assert run.paths_read == {"a.py", "b.py"} and run.failure is None


def test_files_are_packed_together_as_far_as_they_fit() -> None:
    model = Answering()
    files = [long_file(f"{number}.py", 10) for number in range(6)]

    run = LlmReviewer(model).review(task(*files, policy=Policy(prompt_tokens=2_500, max_prompts=4)))

    assert len(model.prompts) == 3, "two files of some 600 tokens fit into the 1500 that the diff may take"
    assert len(run.paths_read) == 6


def test_what_has_no_room_in_the_last_prompt_is_listed_as_not_read() -> None:
    model = Answering()
    files = [long_file(f"{number}.py", 20) for number in range(6)]

    run = LlmReviewer(model).review(task(*files, policy=Policy(prompt_tokens=2_500, max_prompts=4)))

    assert len(model.prompts) == 4
    assert run.paths_read == {"0.py", "1.py", "2.py", "3.py"}
    assert run.paths_unread == (("4.py", SkipReason.BUDGET), ("5.py", SkipReason.BUDGET))
    assert not any("4.py-0-" in text for text in model.texts)


def test_a_file_of_which_a_part_has_no_room_is_not_read() -> None:
    model = Answering()

    run = LlmReviewer(model).review(task(long_file("long.py", 100), policy=Policy(prompt_tokens=2_500, max_prompts=2)))

    assert len(model.prompts) == 2
    assert run.paths_read == frozenset() and run.paths_unread == (("long.py", SkipReason.BUDGET),)


def test_when_one_of_several_prompts_fails_the_review_is_partial_and_the_findings_of_the_others_stand() -> None:
    def answer(prompt: Prompt) -> str:
        if "### 1.py" in prompt.turns[0].text:
            raise ModelDenied("no credit is left")
        return findings_json(["It breaks"], "0.py", 1) if "### 0.py" in prompt.turns[0].text else '{"findings": []}'

    files = [long_file(f"{number}.py", 20) for number in range(3)]
    policy = Policy(prompt_tokens=2_500)

    result = review(reviewable(*files), [LlmReviewer(Answering(answer))], policy)

    assert result.outcome is Outcome.PARTIAL
    assert "llm failed: 1 of 3 prompts failed: no credit is left" in result.reason
    assert [one.title for one in result.findings] == ["It breaks"]
    assert {file.path: file.skipped for file in result.coverage.files} == {
        "0.py": None,
        "1.py": SkipReason.REVIEWER_FAILED,
        "2.py": None,
    }


def test_when_all_prompts_fail_for_one_reason_it_is_said_once_and_the_review_has_failed() -> None:
    def refuse(prompt: Prompt) -> str:
        raise ModelDenied("no credit is left")

    files = [long_file(f"{number}.py", 20) for number in range(3)]

    result = review(reviewable(*files), [LlmReviewer(Answering(refuse))], Policy(prompt_tokens=2_500))

    assert result.outcome is Outcome.FAILED
    assert result.reason == "llm failed: 3 of 3 prompts failed: no credit is left"


def test_an_answer_that_cannot_be_read_is_asked_for_once_more_and_both_calls_are_counted() -> None:
    model = Answering(lambda prompt: '{"findings": []}' if len(prompt.turns) > 1 else "Looks good.")

    run = LlmReviewer(model).review(task(long_file("a.py", 1)))

    assert run.failure is None and len(run.calls) == 2
    assert run.calls[0].failure and run.calls[1].failure is None
    assert run.usage.input_tokens == 200


def test_each_trial_is_a_request_of_its_own_with_the_same_words() -> None:
    model = Answering()

    for trial in (1, 2):
        LlmReviewer(model).review(task(long_file("a.py", 1), trial=trial))

    first, second = model.prompts
    assert model.texts[0] == model.texts[1] and first.system == second.system
    assert first.request_hash(model.name) != second.request_hash(model.name)


signs = st.lists(st.sampled_from("+- "), min_size=1, max_size=30).filter(lambda kinds: set(kinds) != {" "})
shapes = st.lists(st.tuples(st.lists(signs, min_size=1, max_size=3), st.integers(0, 700)), min_size=1, max_size=6)


def a_diff(shape: list[tuple[list[list[str]], int]]) -> Diff:
    """Files of hunks of signs; each line names its place in the diff, and some are long."""
    files = []
    for index, (hunks, width) in enumerate(shape):
        made = []
        for number, kinds in enumerate(hunks):
            old = new = 1 + 1_000 * number
            lines = []
            for position, sign in enumerate(kinds):
                kind = LineKind(sign)
                has_old, has_new = kind is not LineKind.ADDED, kind is not LineKind.REMOVED
                text = f"line {index}.{number}.{position}. {'y' * width}"
                lines.append(Line(kind, text, old if has_old else None, new if has_new else None))
                old, new = old + has_old, new + has_new
            start = 1 + 1_000 * number
            made.append(Hunk(start, old - start, start, new - start, "", tuple(lines)))
        files.append(FileDiff(f"{index}.py", f"{index}.py", FileStatus.MODIFIED, tuple(made)))
    return Diff(tuple(files))


@settings(max_examples=60, deadline=None)
@given(shapes, st.integers(600, 6_000), st.integers(1, 5))
def test_every_changed_line_of_a_file_that_counts_as_read_has_reached_a_prompt(
    shape: list[tuple[list[list[str]], int]], prompt_tokens: int, max_prompts: int
) -> None:
    diff, model = a_diff(shape), Answering()
    policy = Policy(prompt_tokens=prompt_tokens, max_prompts=max_prompts)

    run = LlmReviewer(model).review(task(*diff.files, policy=policy))

    assert len(model.prompts) <= max_prompts
    unread = {path for path, _ in run.paths_unread}
    assert run.paths_read | unread == {file.path for file in diff.files} and not run.paths_read & unread
    shown = {line for text in model.texts for line in text.splitlines()}
    for file in diff.files:
        for line in (line for hunk in file.hunks for line in hunk.lines if file.path in run.paths_read):
            mark = f"{line.kind.value} {line.text[:500]}"
            assert line.kind is LineKind.CONTEXT or any(mark in one for one in shown), (file.path, line)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40))
def test_a_change_that_only_deletes_reaches_the_model_line_by_line(count: int) -> None:
    model = Answering()

    run = LlmReviewer(model).review(task(file_diff("guard.py", 5, *(f"-guard_{number}()" for number in range(count)))))

    assert run.paths_read == {"guard.py"}
    for number in range(count):
        assert f"{5 + number:>5}       - guard_{number}()" in model.texts[0]
