from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.retro.naming import named_causes

SHA = "9f1c2ab7d4"


def named(text: str) -> list[str | int | None]:
    return [one.sha or one.pull for one in named_causes(text)]


@pytest.mark.parametrize(
    "text",
    [
        f'Fixes: {SHA} ("Add a cache")',
        f"parser: do not crash\n\nSome words.\n\nFixes: {SHA}\nSigned-off-by: A",
        f"This reverts commit {SHA}.",
        f"The bug was introduced by commit {SHA} last week",
        f"It was introduced in {SHA}",
        f"a regression from {SHA}",
        f"Regressions from {SHA}",
        f"broken since commit {SHA}",
        f"This has been the case since commit {SHA}",
        f"reintroduced\nby commit {SHA}",
        f"Follow-up to {SHA}",
        f"Introduced-by: {SHA}",
        f"The leak was caused by the recent change `{SHA}`",
        f"Bug: introduced with ({SHA})",
    ],
)
def test_wordings_that_name_a_commit_as_the_cause(text: str):
    assert named(text) == [SHA]


@pytest.mark.parametrize(
    ("text", "pull"),
    [
        ("a regression from #4821", 4821),
        ("This was introduced in pull request 12", 12),
        ("broken by PR #7", 7),
        ("Reverts #99", 99),
        ("Introduced-by: #3", 3),
    ],
)
def test_wordings_that_name_a_pull_request_as_the_cause(text: str, pull: int):
    assert named(text) == [pull]


@pytest.mark.parametrize(
    "text",
    [
        "Fixes #4821",
        "Closes #12, see #13",
        f"(cherry picked from commit {SHA})",
        f"This bug was backported from commit {SHA}",
        f"See {SHA} for how it was done elsewhere",
        "introduced in 20231114",
        "introduced in version 2.4",
        "the issue was added to the list #",
        "",
    ],
)
def test_wordings_that_name_no_cause(text: str):
    assert named(text) == []


def test_each_change_is_named_once_with_the_words_that_do():
    (one,) = named_causes(f"It was introduced in {SHA}.\n\nFixes: {SHA.upper()}")

    assert one.words == f"Fixes: {SHA.upper()}"


@given(st.text(alphabet=st.sampled_from(list("fixesrvtdby: #()0123456789abcdef\n.in")), max_size=200))
def test_any_text_is_read(text: str):
    for one in named_causes(text):
        assert (one.sha is None) != (one.pull is None)
        assert one.sha is None or one.sha in text.lower()
