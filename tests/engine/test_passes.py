"""The rules of a review in several passes: what each sees, what they share, and what they may cost."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.change import Change
from reviewbot.domain.diff import Diff, FileDiff, LineKind
from reviewbot.domain.effort import Effort
from reviewbot.domain.policy import Policy
from reviewbot.domain.review import Outcome
from reviewbot.engine.effort import plan_for
from reviewbot.engine.review import Reviewable, SecondLook, review
from reviewbot.engine.reviewers.llm import LlmReviewer
from reviewbot.ports import ModelDenied, Prompt, ReviewTask
from reviewbot.testing import MemorySnapshot
from tests.engine.builders import file_diff
from tests.engine.reviews import Answering, findings_json, reviewable, task

GUARD = file_diff("app.py", 10, "-    if order is None:", "-        return None", "     return order.total")


def large(lines: int = 300) -> tuple[FileDiff, Reviewable]:
    """A change of so many lines in a file that gives every lens something to look at, with callers around it."""
    source = [f"    result_{number} = lock.acquire(timeout={number}) or parse(row_{number})" for number in range(lines)]
    content = "def load():\n" + "\n".join(source) + "\n"
    callers = {f"use_{number}.py": f"from app import load\n\nload({number})\n".encode() for number in range(40)}
    changed = file_diff("app.py", 2, *(f"+{line}" for line in source))
    head = MemorySnapshot({"app.py": content.encode(), **callers})
    return changed, Reviewable(Change(Diff((changed,))), MemorySnapshot({"app.py": b"def load():\n", **callers}), head)


def asked(effort: Effort, *files: FileDiff, title: str = "", answer=lambda prompt: '{"findings": []}') -> list[Prompt]:
    model = Answering(answer)
    given_task = task(*files)
    change = replace(given_task.change, title=title)
    LlmReviewer(model, effort=effort).review(replace(given_task, change=change))
    return model.prompts


def test_quick_is_one_call_for_a_small_change():
    assert [prompt.name for prompt in asked(Effort.QUICK, GUARD)] == ["review"]


def test_standard_reads_all_round_then_through_lenses_then_for_gaps():
    names = [prompt.name for prompt in asked(Effort.STANDARD, GUARD)]

    assert sorted(names[:2]) == ["lens", "review"] and names[2:] == ["gap"]


def test_standard_looks_through_the_lens_of_correctness_where_no_other_needs_its_place():
    sum_of_two = file_diff("app.py", 10, "-    total = first - second", "+    total = first + second")
    few, many = (plan_for(Effort.STANDARD, [file], has_claims=False) for file in (sum_of_two, large()[0]))

    (narrow,), (full,) = few.lens_passes, many.lens_passes
    assert "correctness" in [lens.name for lens in narrow] and len(narrow) == 3
    assert "correctness" not in [lens.name for lens in full] and len(full) == 3


@pytest.mark.parametrize(("lines", "checked"), [(20, 5), (300, 5), (400, 6), (800, 10), (3_000, 12)])
def test_standard_checks_more_findings_of_a_larger_change(lines: int, checked: int):
    changed = file_diff("app.py", 1, *(f"+row_{number} = parse({number})" for number in range(lines)))

    assert plan_for(Effort.STANDARD, [changed], has_claims=False).refuted == checked


def test_deep_gives_each_lens_a_context_of_its_own():
    prompts = asked(Effort.DEEP, large()[0])

    lenses = [prompt for prompt in prompts if prompt.name == "lens"]
    assert len(lenses) > 3
    assert all(prompt.turns[-1].text.count("Lens: ") == 1 for prompt in lenses)


def test_all_passes_over_the_same_files_share_everything_up_to_the_question():
    prompts = asked(Effort.DEEP, GUARD, title="Clean up")

    assert len({prompt.system for prompt in prompts}) == 1
    assert len({prompt.turns[0].parts[0] for prompt in prompts}) == 1
    assert all(prompt.turns[0].parts[0].cacheable for prompt in prompts)
    assert len({prompt.turns[0].text for prompt in prompts}) == len(prompts)


def test_the_claims_of_the_author_reach_one_lens_and_no_other_pass():
    prompts = asked(Effort.DEEP, GUARD, title="Refactor without effect")

    seeing = [prompt for prompt in prompts if "Refactor without effect" in prompt.turns[0].text]
    assert [prompt.version.partition(",")[2] for prompt in seeing] == ["intent@1"]


def test_the_gap_pass_sees_what_was_found_by_title_alone():
    def answer(prompt: Prompt) -> str:
        return findings_json(["Order is lost"]) if prompt.name == "review" else '{"findings": []}'

    *_, gap = asked(Effort.STANDARD, GUARD, answer=answer)

    assert "- Order is lost" in gap.turns[0].text and "It fails." not in gap.turns[0].text


def test_findings_say_which_lens_they_came_through_and_agreement_is_kept():
    def answer(prompt: Prompt) -> str:
        return findings_json(["Order is lost"]) if prompt.name in ("review", "lens") else '{"findings": []}'

    result = review(reviewable(GUARD), [LlmReviewer(Answering(answer), effort=Effort.STANDARD)])

    (found,) = result.findings
    assert found.agreed_by[0] == "llm" and found.agreed_by[1].startswith("llm/") and len(found.agreed_by) == 2


def test_a_lens_that_fails_leaves_the_others_standing_and_the_review_partial():
    def answer(prompt: Prompt) -> str:
        if prompt.name == "lens":
            raise ModelDenied("no credit is left")
        return findings_json(["Order is lost"]) if prompt.name == "review" else '{"findings": []}'

    result = review(reviewable(GUARD), [LlmReviewer(Answering(answer), effort=Effort.STANDARD)])

    assert [one.title for one in result.findings] == ["Order is lost"]
    assert result.outcome is Outcome.PARTIAL and "1 of 3 prompts failed" in result.reason
    assert [file.path for file in result.coverage.read] == ["app.py"]


def test_standard_takes_at_most_eight_calls_and_sixty_thousand_tokens_for_three_hundred_lines():
    def answer(prompt: Prompt) -> str:
        if prompt.name == "verify":
            return json.dumps(
                {"verdict": "refuted", "origin": "unknown", "harm": "failure", "reach": "few", "worth": "fix"}
            )
        line = 40 * (1 + ["review", "lens", "gap"].index(prompt.name))
        rows = [
            json.loads(findings_json([f"{prompt.name} {word}"], line=line + 9 * at)) for at, word in enumerate("abcd")
        ]
        return json.dumps({"findings": [row for one in rows for row in one["findings"]]})

    model = Answering(answer)
    _, opened = large()

    review(opened, [LlmReviewer(model, effort=Effort.STANDARD)], second_look=SecondLook(model, Effort.STANDARD))

    assert [prompt.name for prompt in model.prompts].count("verify") == 5, "as many as there may be"
    assert len(model.prompts) <= 8
    assert sum(prompt.estimated_tokens for prompt in model.prompts) <= 60_000


@pytest.mark.parametrize("effort", [Effort.STANDARD, Effort.DEEP])
def test_a_model_that_asks_to_look_is_shown_and_then_has_to_answer(effort: Effort):
    wish = {"tool": "grep", "path": "", "text": "load", "first_line": 1, "last_line": 1, "side": "RIGHT"}

    def answer(prompt: Prompt) -> str:
        return json.dumps({"looks": [wish], "findings": []})

    changed, opened = large(20)
    model = Answering(answer)
    run = LlmReviewer(model, effort=effort).review(
        ReviewTask(opened.change, opened.head, opened.base, Policy(), (changed.path,))
    )

    assert run.failure is None
    all_round = [prompt for prompt in model.prompts if prompt.name == "review"]
    assert len(all_round) == (5 if effort is Effort.DEEP else 1)
    if effort is Effort.DEEP:
        assert "use_0.py:3: load(0)" in all_round[-1].turns[-1].text
        assert "there is nothing more to see" in all_round[-1].turns[-1].text


lines = st.lists(st.tuples(st.sampled_from("+-"), st.text("abc =()", min_size=1, max_size=30)), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(st.lists(lines, min_size=1, max_size=3), st.sampled_from(list(Effort)))
def test_every_changed_line_reaches_the_all_round_pass_and_every_lens(
    shape: list[list[tuple[str, str]]], effort: Effort
):
    files = [
        file_diff(f"{number}.py", 1, *(f"{sign}mark{number}x{at} {text}" for at, (sign, text) in enumerate(changed)))
        for number, changed in enumerate(shape)
    ]

    prompts = asked(effort, *files)

    for prompt in prompts:
        shown = prompt.turns[0].parts[0].text
        for file in files:
            for line in (line for hunk in file.hunks for line in hunk.lines if line.kind is not LineKind.CONTEXT):
                assert f"{line.kind.value} {line.text.rstrip()}" in shown
