"""No text of a change, a model, a plug-in or an error has any power where we write it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from reviewbot.domain.diff import Diff, Side
from reviewbot.domain.finding import Category, Finding, Location, Severity
from reviewbot.domain.policy import Guideline, PathInstructions, Policy
from reviewbot.domain.review import FileCoverage, HeldBack, Outcome, ReviewerRun, SkipReason, Stage
from reviewbot.domain.round import Fate, KnownFinding, Outline, Round
from reviewbot.domain.text import revealed
from reviewbot.github import replies
from reviewbot.github.check_run import check_of_round, check_without_review
from reviewbot.github.comments import Facts, all_in_body, render_review
from reviewbot.github.markers import marker
from tests.engine.builders import diff, file_diff
from tests.github.powers import count_of, powers_of
from tests.github.rendered_samples import CALLS, FIRST, REPO, SECOND, review, settled

ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/x.png)",
    "[y](javascript:alert(1))",
    "[z][ref]\n\n[ref]: https://evil.example",
    "<https://evil.example>",
    "https://evil.example/a?b=c",
    "www.evil.example",
    "mail@evil.example",
    "<a href='https://evil.example'>x</a>",
    "<!-- hidden -->",
    "<!--",
    "-->",
    "</sub>",
    "</details><summary>x",
    "<details open>",
    "@everyone",
    "@acme/owners",
    "@dependabot merge",
    "fixes #12",
    "Closes GH-7",
    "resolves: other/repo#3",
    "close https://github.com/acme/shop/issues/1",
    "duplicate of #4",
    ":octocat: :+1:",
    "/lgtm",
    "\n/merge\n",
    "\n\nbors r+\n\n",
    "\n\nrecheck",
    "!deploy",
    "```",
    "````suggestion\nrm -rf /\n````",
    "~~~",
    "`",
    "``x` `",
    "\\`a`",
    "`$x$`",
    "$`x`$",
    "$$\\href{https://evil.example}{x}$$",
    "| a | b |\n| --- | --- |\n| 1 | 2 |",
    "# heading",
    "> [!WARNING]\n> x",
    "- [ ] task",
    "[^1]\n\n[^1]: note",
    "1. one\n2. two",
    "---",
    "===",
    "    indented",
    "&lt;b&gt; &#64;all &commat;all",
    "*a* **b** ***c*** _d_ ~~e~~",
    "a\u202eb\u200bc\u2066d\ufeff",
    "\u115f\u3164\uffa0\u2800\ufe0f\U000e0041\U000e0100",
    "\x1b[31mred\x1b]8;;https://evil.example\x07",
    "\x00\x08\x7f\x85\u2028\u2029",
    "a\rb\r/lgtm\r",
    "\ud800\udcff",
    "{{ 7 * 7 }} ${{ secrets.TOKEN }}",
    marker(b"secret", "key", "review"),
    "\\",
    "`@all fixes #1`",
    "x" * 300,
)


def strings(seed: int) -> Callable[[], str]:
    """Attacks alone, joined and broken in the middle: never the same twice."""
    chance = random.Random(seed)

    def one() -> str:
        parts = [chance.choice(ATTACKS) for _ in range(chance.randint(1, 4))]
        text = chance.choice(["", " ", "\n", "\n\n", "`"]).join(parts)
        if chance.random() < 0.2:
            text = text[: chance.randint(1, len(text))]
        return text

    return one


def one_path(text: str) -> str:
    return re.sub(r"[\0\n]", "", text)[:200] or "x"


def hostile_finding(one: Callable[[], str], path: str, quote: str, chance: random.Random) -> Finding:
    return Finding(
        title=one(),
        explanation=one(),
        severity=chance.choice(list(Severity)),
        confidence=chance.random(),
        category=chance.choice(list(Category)),
        location=chance.choice(
            [None, Location(path, 1, 2), Location(path, 1, 1, Side.LEFT), Location(one_path(one()), 9, 9)]
        ),
        reviewer=one(),
        evidence=(quote, one()),
        suggestion=chance.choice([None, one(), f"```\n{one()}\n```"]),
        agreed_by=(one(),),
    )


def hostile_round(seed: int) -> tuple[Round, Diff, Facts]:
    one, chance = strings(seed), random.Random(seed)
    path, lines = one_path(one()), [one().replace("\n", " ") for _ in range(4)]
    change = diff(file_diff(path, 1, f" {lines[0]}", f"+{lines[1]}", f"-{lines[2]}", f"+{lines[3]}"))
    new = tuple(hostile_finding(one, path, chance.choice(lines), chance) for _ in range(3))
    said = tuple(
        KnownFinding(hostile_finding(one, path, "", chance), FIRST, chance.choice(list(Fate)), one()) for _ in range(3)
    )
    run = ReviewerRun(one(), calls=CALLS, model=one(), prompt_version=one(), failure=one())
    reviewed = review(
        chance.choice(list(Outcome)),
        reason=one(),
        files=(
            FileCoverage(path, 1, 1),
            FileCoverage(one_path(one()), 0, 1, SkipReason.TOO_LARGE, one()),
            FileCoverage(one_path(one()), 0, 1, SkipReason.POLICY, one()),
        ),
        runs=(run,),
        held_back=(HeldBack(new[0], Stage.CHOOSE, one()),),
    )
    facts = Facts("reviewbot", one(), one(), (one(), one()), "https://github.com")
    return Round(reviewed, Outline(), chance.randint(1, 3), new, said[:1], said[1:]), change, facts


@pytest.mark.parametrize("seed", range(160))
def test_s16_s17_a_review_of_hostile_strings_is_text_and_nothing_else(seed: int):
    """About twenty-five strings in each of 160 reviews: four thousand in all, in every field there is."""
    round_, change, facts = hostile_round(seed)
    rendered = render_review(round_, change, Policy(), facts)
    assert rendered is not None
    report = check_of_round(round_, Policy(), facts)

    texts = [rendered.body, all_in_body(rendered).body, *(comment.body for comment in rendered.comments)]
    assert [power for text in (*texts, report.summary, report.text) for power in powers_of(text)] == []
    assert [count_of(comment.body, "</sub>") for comment in rendered.comments] == [1] * len(rendered.comments)
    assert count_of(all_in_body(rendered).body, "</sub>") == len(round_.to_say), "nothing swallows what follows it"
    assert count_of(report.summary, "</sub>") == 1


@pytest.mark.parametrize("seed", range(60))
def test_s16_s17_answers_to_hostile_strings_are_text_and_nothing_else(seed: int):
    round_, change, facts = hostile_round(seed)
    one = strings(seed + 1_000)
    known = (*round_.still_open, *round_.fixed)
    policy = Policy(
        reviewers=(one(),),
        ignored_paths=(one(), one()),
        instructions=(PathInstructions(one(), one()),),
        guidelines=(Guideline(one_path(one()), one()),),
        language=one(),
    )
    texts = [
        replies.config_text(policy, facts, [settled(one) for one in known], is_paused=True),
        replies.explain_text(known[0], facts, REPO, change, round_.review.runs[0]),
        replies.ignored_text(known[0].finding, one(), facts),
        replies.answer_text(one()),
        replies.unclear_text(one(), "reviewbot"),
        replies.unknown_finding_text(one(), known, "reviewbot"),
        replies.fixed_reply(known[0], SECOND),
        check_without_review(Outcome.FAILED, one(), facts, policy, known).summary,
        check_without_review(Outcome.SKIPPED, one(), facts, policy).text,
    ]

    assert [power for text in texts for power in powers_of(text)] == []


@pytest.mark.parametrize("seed", range(60))
def test_s17_titles_and_annotations_call_nobody_and_lead_nowhere(seed: int):
    round_, _, facts = hostile_round(seed)
    report = check_of_round(round_, Policy(), facts)

    texts = [report.title, *(text for one in report.annotations for text in (one.title, one.message))]
    assert [text for text in texts if re.search(r"@\w|#\w|GH-\w|://|\bwww\.", text)] == []
    assert [text for text in texts if revealed(text.replace("\u200b", "")) != text.replace("\u200b", "")] == []


HIDDEN = ["\u202e", "\u200b", "\ufeff", "\u115f", "\u3164", "\uffa0", "\u2800", "\ufe0f", "\U000e0100", "\x1b", "\x9b"]


@pytest.mark.parametrize("char", HIDDEN)
def test_s14_hidden_characters_are_shown_by_their_number_in_every_place(char: str):
    shown = f"U+{ord(char):04X}"
    path = f"a{char}b.py"
    change = diff(file_diff(path, 1, f"+first{char}line", f"+z{char}", " other"))
    finding = Finding(
        f"title{char}",
        f"why{char}",
        Severity.HIGH,
        0.9,
        Category.OTHER,
        Location(path, 3, 3),
        "llm",
        evidence=(f"first{char}line",),
        suggestion=f"```\nnew{char}\n```",
    )
    rendered = render_review(
        Round(review(), Outline(), to_say=(finding,)), change, Policy(suggestions=True), Facts("r", "", "")
    )
    assert rendered is not None
    texts = [rendered.comments[0].body, all_in_body(rendered).body]

    assert [char in text.replace("\u200b", "") for text in texts] == [False, False]
    assert rendered.comments[0].body.replace("\\", "").count(shown) == 4, "title, reason, evidence and suggestion"
    assert all_in_body(rendered).body.replace("\\", "").count(shown) == 5, "and the path"


def test_s19_a_quote_that_is_not_in_the_change_is_not_shown():
    change = diff(file_diff("app.py", 1, "+a = 1", "+b = 2", "+c = 3"))
    finding = Finding(
        "t", "e", Severity.HIGH, 0.9, Category.OTHER, Location("app.py", 1, 1), "llm",
        evidence=("SECRET_KEY = 'canary-of-another-file'", "b = 2"), anchor_text="SECRET canary",
    )  # fmt: skip
    rendered = render_review(Round(review(), Outline(), to_say=(finding,)), change, Policy(), Facts("r", "", ""))
    assert rendered is not None

    assert "canary" not in rendered.comments[0].body + all_in_body(rendered).body
    assert "b = 2" in rendered.comments[0].body


def test_a_path_cannot_make_a_link_lead_elsewhere():
    facts = Facts("r", "", "", (), "https://github.com")
    paths = ["../../../../evil/x", "a/../../b", "/etc/passwd", "a//b", ".", "a) [x](evil.example"]
    findings = tuple(
        replace(hostile_finding(lambda: "x", "p", "", random.Random(1)), location=Location(path, 1, 1))
        for path in paths
    )
    rendered = render_review(Round(review(), Outline(), to_say=findings), Diff(), Policy(), facts)
    assert rendered is not None

    assert powers_of(rendered.body) == []
    assert rendered.body.count("](https://github.com/acme/shop/blob/") == 1


@pytest.mark.parametrize(
    "server_url", ["javascript:alert(1)//", "https://x) [y](https://evil", "https://a b", "", "ftp://x"]
)
def test_an_address_of_the_server_that_is_none_makes_no_links(server_url: str):
    finding = replace(hostile_finding(lambda: "x", "p", "", random.Random(1)), location=Location("a.py", 1, 1))
    round_ = Round(review(), Outline(), to_say=(finding,))
    rendered = render_review(round_, Diff(), Policy(), Facts("r", "", "", (), server_url))
    assert rendered is not None

    assert "](" not in rendered.body
