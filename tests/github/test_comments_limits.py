"""Everything that is sent fits, measured after escaping; what has no room is counted, and nothing is left open."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.diff import Diff
from reviewbot.domain.finding import Finding, Location
from reviewbot.domain.markdown_text import plain, prose
from reviewbot.domain.policy import Guideline, PathInstructions, Policy
from reviewbot.domain.review import FileCoverage, HeldBack, Outcome, ReviewerRun, SkipReason, Stage
from reviewbot.domain.round import Fate, KnownFinding, Outline, Round
from reviewbot.github import replies
from reviewbot.github.check_run import CheckReport, check_of_round, check_without_review
from reviewbot.github.comments import Facts, RenderedReview, all_in_body, render_review
from reviewbot.github.limits import BODY_ROOM, CHECK_ROOM, cut, fitted, size
from reviewbot.github.markers import MARKER_ROOM
from tests.engine.builders import diff, file_diff
from tests.github.powers import count_of, powers_of
from tests.github.rendered_samples import CALLS, CHARGED_TWICE, FACTS, FIRST, REPO, review, settled

# each of them becomes several, the first ones up to twelve bytes
SWELLING = [
    "\u202e",
    "\U000e0041",
    "\x1b",
    "@a",
    "#1",
    "`",
    "*",
    "<",
    "&",
    "|",
    "ü",
    "漢",
    "😀",
    "\n\n",
    "`a`",
    " ",
    "a",
]
LONG = 20_000


def big_finding(text: str, number: int) -> Finding:
    return replace(
        CHARGED_TWICE,
        title=f"{number} {text}",
        explanation=text,
        suggestion=f"{text}\n```\n{text}\n```",
        evidence=(text[:500],),
        reviewer=text,
        agreed_by=(text,) * 20,
        location=Location("shop/payment.py", 39, 39) if number % 2 else Location(text.replace("\n", " ") or "x", 1, 1),
    )


def big_round(text: str, findings: int, files: int, outcome: Outcome = Outcome.PARTIAL) -> Round:
    said = tuple(big_finding(text, number) for number in range(findings))
    known = tuple(KnownFinding(one, FIRST, Fate.OPEN, text) for one in said)
    path = text.replace("\n", " ")[:3_000]
    coverage = tuple(
        FileCoverage(f"{number}{path}", number % 2, 2, reason, text)
        for number in range(files)
        for reason in (None, SkipReason.BUDGET, SkipReason.POLICY)
    )
    run = ReviewerRun(text, calls=CALLS, model=text, prompt_version=text, failure=text)
    reviewed = review(
        outcome,
        reason=text,
        files=coverage,
        runs=(run,) * 30,
        held_back=tuple(HeldBack(said[0], Stage.CHOOSE, f"{number} {text}") for number in range(30)) if said else (),
    )
    return Round(reviewed, Outline(), 2, said, known, known)


def change(text: str) -> Diff:
    return diff(file_diff("shop/payment.py", 38, " a", f"+{text[:500]}", "-b", " c"))


def assert_fits(rendered: RenderedReview | None, report: CheckReport) -> None:
    assert rendered is not None
    bodies = [rendered.body, all_in_body(rendered).body, *(one.body for one in rendered.comments)]
    assert [size(body) for body in bodies if size(body) + MARKER_ROOM > 65_536] == []
    assert max(size(report.summary), size(report.text)) <= 65_535
    assert len(report.title.encode()) <= 255
    for one in report.annotations:
        assert len(one.message.encode()) <= 64_000 and 0 < len(one.title.encode()) <= 255


@pytest.mark.parametrize("unit", SWELLING)
def test_f46_twenty_thousand_characters_that_swell_fit_everywhere(unit: str):
    text = unit * (LONG // len(unit))
    facts = Facts("reviewbot", text, text, (text,) * 30, "https://github.com")
    round_ = big_round(text, findings=6, files=40)
    rendered, report = render_review(round_, change(text), Policy(), facts), check_of_round(round_, Policy(), facts)

    assert_fits(rendered, report)
    assert rendered is not None
    assert [power for body in (rendered.body, report.summary, report.text) for power in powers_of(body)] == []


@pytest.mark.parametrize("findings", [40, 400])
def test_f46_a_body_is_cut_between_findings_and_counts_the_rest(findings: int):
    round_ = big_round("Why `x` breaks. " * 300, findings, files=3)
    rendered = render_review(round_, Diff(), Policy(), FACTS)
    assert rendered is not None

    shown = count_of(rendered.body, "</sub>")
    assert 0 < shown < findings
    assert rendered.body.endswith(f"{findings - shown} more findings had no room here; the check run names them.")


def test_f46_the_check_run_names_the_findings_that_the_body_had_no_room_for():
    round_ = big_round("Why `x` breaks. " * 300, findings=40, files=3)

    summary = check_of_round(round_, Policy(), FACTS).summary

    named = sum(
        f"- **Critical** `{CHARGED_TWICE.title}" in line or "- **Critical**" in line for line in summary.splitlines()
    )
    counted = [line for line in summary.splitlines() if line.endswith("more findings")]
    assert named + sum(int(line.split()[1]) for line in counted) == 3 * 40


def test_f46_long_lists_are_folded_and_closed_whatever_their_length():
    report = check_of_round(big_round("x" * 300, findings=1, files=800), Policy(), FACTS)

    for text in (report.summary, report.text):
        assert text.count("<details>") == text.count("</details>") > 0
        assert powers_of(text) == []
    assert " more" in report.summary


@pytest.mark.parametrize("unit", SWELLING)
def test_f46_answers_fit(unit: str):
    text = unit * (LONG // len(unit))
    facts = Facts("reviewbot", text, text, (text,) * 30)
    known = tuple(KnownFinding(big_finding(text, number), FIRST, Fate.IGNORED, text) for number in range(25))
    policy = Policy(
        reviewers=(text,) * 100,
        ignored_paths=(text,) * 60,
        only_paths=(text,) * 60,
        instructions=(PathInstructions(text, text),) * 200,
        guidelines=(Guideline(text, text),) * 50,
        language=text,
    )
    answers = [
        replies.config_text(policy, facts, [settled(one) for one in known], is_paused=True),
        replies.explain_text(known[0], facts, REPO, change(text), ReviewerRun(text, model=text, prompt_version=text)),
        replies.ignored_text(known[0].finding, text, facts),
        replies.answer_text(text),
        replies.unclear_text(text, "reviewbot"),
        replies.unknown_finding_text(text, known, "reviewbot"),
    ]
    checks = [check_without_review(outcome, text, facts, Policy(), known[:20]) for outcome in Outcome]

    assert [size(answer) for answer in answers if size(answer) > BODY_ROOM] == []
    assert [size(check.summary) for check in checks if max(size(check.summary), size(check.text)) > CHECK_ROOM] == []
    assert [check.title for check in checks if len(check.title.encode()) > 255] == []
    assert [power for answer in answers for power in powers_of(answer)] == []


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from([*SWELLING, "```", "\n", "\\", "]("]), min_size=1, max_size=40), st.integers(1, 12))
def test_f46_any_mixture_fits(units: list[str], findings: int):
    text = "".join(units) * (LONG // sum(map(len, units)))
    round_ = big_round(text, findings, files=5)

    assert_fits(render_review(round_, change(text), Policy(), FACTS), check_of_round(round_, Policy(), FACTS))


@given(st.text(), st.integers(80, 400))
def test_f46_a_cut_text_fits_and_says_how_long_it_was(text: str, room: int):
    for render in (plain, prose):
        shown = cut(text, room, render)

        assert size(shown) <= room
        if size(render(text.replace("\ud800", "\ufffd"))) > room:
            assert "characters in all" in shown


@given(st.lists(st.text(max_size=50)), st.integers(20, 500))
def test_f46_a_cut_list_fits_and_counts_what_is_missing(parts: list[str], room: int):
    kept = fitted(parts, room, lambda count: f"{count} more")

    assert size("\n".join(kept)) <= room
    if kept != parts:
        assert kept[:-1] == parts[: len(kept) - 1]
        assert kept[-1] == f"{len(parts) - len(kept) + 1} more"


def test_f46_sizes_are_never_less_than_characters_or_bytes():
    assert size("a\nb") == 4, "a line break may be stored as two characters"
    assert size("漢") == 3
