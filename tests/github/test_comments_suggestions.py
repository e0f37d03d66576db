"""A block that GitHub applies is offered only where the policy wants it and nothing can go wrong (FAULTS.md S18)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.diff import FileDiff, Side
from reviewbot.domain.finding import Finding, Location
from reviewbot.domain.policy import Policy
from reviewbot.domain.round import Outline, Round
from reviewbot.github.comments import all_in_body, render_review
from reviewbot.github.suggestion import read_suggestion
from tests.engine.builders import diff, file_diff
from tests.github.powers import powers_of
from tests.github.rendered_samples import CHARGED_TWICE, FACTS, review

ON, OFF = Policy(suggestions=True), Policy()
CODE = "Pass the key again.\n\n```python\n        if charge(order, key=order.id):\n```"
FILE = file_diff(
    "shop/payment.py", 38, " def pay(order):", "+    for attempt in range(3):", "+        if charge(order):", " "
)


def body(
    suggestion: str | None = CODE,
    policy: Policy = ON,
    lines: tuple[int, int] = (40, 40),
    side: Side = Side.RIGHT,
    file: FileDiff = FILE,
) -> str:
    finding: Finding = replace(
        CHARGED_TWICE, suggestion=suggestion, location=Location(file.path, *lines, side), evidence=()
    )
    rendered = render_review(Round(review(), Outline(), to_say=(finding,)), diff(file), policy, FACTS)
    assert rendered is not None
    assert "```suggestion" not in all_in_body(rendered).body, "in the body there is nothing to apply it to"
    return rendered.comments[0].body if rendered.comments else rendered.body


def test_s18_a_harmless_block_can_be_applied_and_is_called_untested():
    assert (
        "Suggested, not tested: Pass the key again\\.\n\n"
        "```suggestion\n        if charge(order, key=order.id):\n```\n\n<sub>"
    ) in body()


def test_s18_suggestions_are_off_by_default():
    assert "```suggestion" not in body(policy=OFF)
    assert "```diff\n+         if charge(order, key=order.id):\n```" in body(policy=OFF)


def test_s18_a_suggestion_in_words_stays_words():
    assert "Suggested, not tested: Pass \\*it\\*\\.\n" in body("Pass *it*.")
    assert "Suggested" not in body(None) + body("") + body("  \n ")


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/release.yml",
        ".github/CODEOWNERS",
        "CODEOWNERS",
        "docs/CODEOWNERS",
        ".gitlab-ci.yml",
        ".circleci/config.yml",
        ".buildkite/pipeline.yml",
        "Jenkinsfile",
        "ci/Jenkinsfile.release",
        "azure-pipelines.yml",
        "bitbucket-pipelines.yml",
        ".travis.yml",
        ".husky/pre-commit",
        ".gitattributes",
        ".gitmodules",
        ".npmrc",
        ".reviewbot.yml",
        ".pre-commit-config.yaml",
        "action.yml",
        "Makefile",
        "AGENTS.md",
        "CLAUDE.md",
        "REVIEW.md",
        "package-lock.json",
        "web/yarn.lock",
        "poetry.lock",
        "pnpm-lock.yaml",
        "bun.lockb",
        "Cargo.lock",
        "go.sum",
        "gradle.lockfile",
        "npm-shrinkwrap.json",
    ],
)
def test_s18_files_that_decide_what_runs_get_no_block(path: str):
    shown = body(file=replace(FILE, old_path=path, new_path=path))

    assert "```suggestion" not in shown
    assert "+         if charge(order, key=order.id):" in shown, "it can be read all the same"


@pytest.mark.parametrize("path", ["shop/locking.py", "lib/block.rs", "src/clock.ts", "app/review.py", "deadlock/x.go"])
def test_s18_files_that_only_sound_like_it_get_theirs(path: str):
    assert "```suggestion" in body(file=replace(FILE, old_path=path, new_path=path))


@pytest.mark.parametrize("mode", ["120000", "160000"])
def test_s18_links_and_submodules_get_no_block(mode: str):
    assert "```suggestion" not in body(file=replace(FILE, new_mode=mode))


@pytest.mark.parametrize(
    ("lines", "side"), [((37, 40), Side.RIGHT), ((40, 50), Side.RIGHT), ((50, 50), Side.RIGHT), ((38, 38), Side.LEFT)]
)
def test_s18_a_place_that_is_not_wholly_in_one_hunk_on_the_right_gets_no_block(lines: tuple[int, int], side: Side):
    assert "```suggestion" not in body(lines=lines, side=side)


@pytest.mark.parametrize(("count", "is_offered"), [(1, True), (10, True), (11, False)])
def test_s18_ten_lines_at_most_are_written(count: int, is_offered: bool):
    lines = "\n".join(f"    step_{number}()" for number in range(count))

    assert ("```suggestion" in body(f"```\n{lines}\n```")) is is_offered


@pytest.mark.parametrize(("count", "is_offered"), [(10, True), (11, False)])
def test_s18_ten_lines_at_most_are_replaced(count: int, is_offered: bool):
    file = file_diff("a.py", 1, *(f"+line {number}" for number in range(12)))

    assert ("```suggestion" in body("```\npass\n```", lines=(1, count), file=file)) is is_offered


@pytest.mark.parametrize(
    "line",
    [
        "if a\u202e:",
        "x = '\u200b'",
        "y\ufe0f",
        "z\x1b[31m",
        "a\rb",
        "\udcff",
        "/merge",
        "  /lgtm",
        "!deploy prod",
        "@dependabot merge",
        "bors r+",
        "x" * 401,
    ],
)
def test_s18_a_line_that_hides_something_or_commands_another_bot_makes_no_block(line: str):
    shown = body(f"```\n{line}\n```")

    assert "```suggestion" not in shown
    assert powers_of(shown) == []


@pytest.mark.parametrize("line", ["@property", "@app.get('/x')", "// a comment", "# fixes nothing", "\tindented", ""])
def test_s18_ordinary_code_makes_a_block(line: str):
    assert f"```suggestion\n{line}\n```" in body(f"```\n{line}\n```")


@pytest.mark.parametrize(
    "text",
    [
        "```\nopen",
        "```\na\n```\n```\nb\n```",
        "````\na\n```",
        "~~~\na\n```",
        "```suggestion\na\n```suggestion",
        "`` a ``",
        "a ```b``` c",
    ],
)
def test_s18_fences_that_are_not_one_closed_block_are_words(text: str):
    shown = body(text)

    assert read_suggestion(text).lines == ()
    assert "```" not in shown.replace("\\`", "") and powers_of(shown) == []


@pytest.mark.parametrize("field", ["title", "explanation", "reviewer"])
@pytest.mark.parametrize(
    "fence", ["```", "````", "``````", "~~~", "~~~~~", " ```", "   ```", "\t```", "> ```", "- ```"]
)
@pytest.mark.parametrize("word", ["suggestion", "Suggestion", "suggestion foo", ""])
def test_s18_no_other_field_makes_a_block(field: str, fence: str, word: str):
    text = f"x\n\n{fence}{word}\nrm -rf /\n{fence}\n"
    finding = replace(CHARGED_TWICE, suggestion=None, evidence=(text,), **{field: text})
    rendered = render_review(Round(review(), Outline(), to_say=(finding,)), diff(FILE), ON, FACTS)
    assert rendered is not None

    assert powers_of(rendered.comments[0].body) == []


@given(st.lists(st.sampled_from(["`", "```", "````", "~~~", "suggestion", "\n", "\r\n", " ", "a", "\\", "@x", "/x"])))
def test_s18_whatever_is_suggested_only_a_checked_block_survives(pieces: list[str]):
    text = "".join(pieces)

    assert powers_of(body(text, policy=OFF)) == []
    assert powers_of(body(text), languages=frozenset({"suggestion"})) == []


def test_a_suggestion_is_read_in_a_time_that_grows_with_its_length():
    assert read_suggestion("```x\n" * 200_000).lines == ()
