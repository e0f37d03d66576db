"""One review in its five forms."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal

import pytest

from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Category, Severity
from reviewbot.domain.review import (
    Coverage,
    FileCoverage,
    HeldBack,
    ModelCall,
    Outcome,
    Review,
    ReviewerRun,
    SkipReason,
    Stage,
    Usage,
)
from reviewbot.errors import InputError
from reviewbot.report.review_formats import render_review
from tests.engine.builders import diff, file_diff, finding

CHANGE = diff(file_diff("app.py", 10, " def pay():", "+    charge()", "-    check()"))
READ = FileCoverage("app.py", 1, 1)
GAP = FileCoverage("big.py", 0, 4, SkipReason.TOO_LARGE, "more than 20,000 changed lines")


def review(*findings, outcome=Outcome.COMPLETE, files=(READ,), **more) -> Review:
    return Review(outcome, findings=findings, coverage=Coverage(files), **more)


def written(value: Review, form: str) -> str:
    return render_review(value, CHANGE, form)


def test_a_finding_is_shown_with_its_place_its_line_and_what_breaks():
    text = written(review(finding(title="Charges twice", lines=(11, 11))), "terminal")

    assert text.splitlines()[0] == "app.py:11: high: Charges twice"
    assert "    + charge()" in text
    assert text.endswith("Reviewed 1 file (1 hunk): 1 finding.")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (review(), "Nothing found in 1 file (1 hunk)."),
        (
            review(outcome=Outcome.PARTIAL, files=(READ, GAP), runs=(ReviewerRun("llm"),)),
            "PARTIAL: 1 of 2 files was not read in full; 0 findings in what was read.\n"
            "  big.py: over the size limit: more than 20,000 changed lines",
        ),
        (
            review(outcome=Outcome.PARTIAL, files=(GAP,), reason="nothing was read: big.py: too long; split it"),
            "PARTIAL: nothing was read: big.py: too long; split it. This says nothing about the change.\n"
            "  big.py: over the size limit: more than 20,000 changed lines",
        ),
        (
            review(outcome=Outcome.FAILED, reason="llm failed: the key was refused", files=()),
            "FAILED: nothing was reviewed: llm failed: the key was refused. This says nothing about the change.",
        ),
        (
            review(outcome=Outcome.SKIPPED, reason="nothing to review: 3 × lock file", files=()),
            "SKIPPED: nothing to review: 3 × lock file. Nothing was read.",
        ),
    ],
)
def test_each_outcome_says_what_was_looked_at_and_no_more(value: Review, said: str):
    assert written(value, "terminal") == said


def test_an_unknown_cost_is_said_and_a_known_one_shown():
    call = ModelCall("m-1", "review", "1", "h", Usage(12_000, 300), Decimal("0.125"), 2.0)
    known = review(runs=(ReviewerRun("llm", calls=(call,)),))
    unknown = review(runs=(ReviewerRun("llm", calls=(replace(call, cost_usd=None),)),))

    assert "1 call, 12,000 tokens in, 300 out, $0.12." in written(known, "terminal")
    assert "cost unknown" in written(unknown, "terminal")


def test_json_keeps_what_was_held_back_with_stage_and_reason():
    held = HeldBack(finding(title="unsure"), Stage.CHOOSE, "confidence 0.10 is below 0.30")

    document = json.loads(written(review(finding(), held_back=(held,)), "json"))

    assert document["version"] == 1
    assert (document["held_back"][0]["stage"], document["held_back"][0]["reason"]) == (
        "choose",
        "confidence 0.10 is below 0.30",
    )
    assert document["findings"][0]["fingerprint"] == finding().fingerprint


def test_sarif_points_to_lines_rules_and_fingerprints():
    run = json.loads(
        written(review(finding(lines=(10, 11)), finding(title="Gone", side=Side.LEFT, lines=(12, 12))), "sarif")
    )
    run = run["runs"][0]

    first, second = run["results"]
    assert first["locations"][0]["physicalLocation"]["region"] == {"startLine": 10, "endLine": 11}
    assert "region" not in second["locations"][0]["physicalLocation"], "a removed line is in no file any more"
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == first["ruleId"]
    assert first["level"] == "error"
    assert first["partialFingerprints"] == {"reviewbot/v1": finding().fingerprint}


def test_sarif_scores_security_and_nothing_else():
    value = review(finding(category=Category.SECURITY, severity=Severity.CRITICAL), finding(category=Category.DATA))

    rules = json.loads(written(value, "sarif"))["runs"][0]["tool"]["driver"]["rules"]

    assert [rule.get("properties", {}).get("security-severity") for rule in rules] == [None, "9.5"]


@pytest.mark.parametrize("outcome", [Outcome.PARTIAL, Outcome.FAILED])
def test_sarif_of_a_review_that_is_not_whole_is_no_success(outcome: Outcome):
    value = review(outcome=outcome, files=(READ, GAP), reason="llm failed: busy")

    invocation = json.loads(written(value, "sarif"))["runs"][0]["invocations"][0]

    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"]


def test_sarif_paths_are_uris():
    value = review(finding(path="a b/ü#.py"))

    location = json.loads(written(value, "sarif"))["runs"][0]["results"][0]["locations"][0]

    assert location["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/%C3%BC%23.py"


def test_rdjson_is_what_reviewdog_reads():
    document = json.loads(written(review(finding(lines=(10, 11))), "rdjson"))

    (one,) = document["diagnostics"]
    assert one["location"] == {"path": "app.py", "range": {"start": {"line": 10}, "end": {"line": 11}}}
    assert one["severity"] == "ERROR"


HOSTILE = "<b>x</b> ![i](http://e.example) @all fixes #1 \x1b[31m \u202e ``` \ud800 end"


@pytest.mark.parametrize("form", ["terminal", "json", "sarif", "rdjson", "markdown"])
def test_hostile_text_stays_text_in_every_form(form: str):
    text = written(review(finding(title=HOSTILE, quote=HOSTILE)), form)

    text.encode("utf-8")
    assert "\x1b" not in text
    if form == "markdown":
        assert not re.search(r"(?<!\\)<b>|(?<!\\)!\[|(?<!\\)\]\(|@all", text)


def test_no_title_or_path_forges_a_line_of_the_terminal():
    forged = "x\r\nNothing found in 9 files (9 hunks)."

    text = written(review(finding(title=forged, path=forged)), "terminal")

    assert [line for line in text.splitlines() if line.startswith("Nothing found")] == []
    assert "\r" not in text


def test_an_unknown_form_is_named():
    with pytest.raises(InputError, match="terminal, json, sarif, rdjson or markdown"):
        written(review(), "xml")
