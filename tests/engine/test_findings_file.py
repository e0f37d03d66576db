"""The rules of taking in what other tools have found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.finding import Finding, Location, Origin, Severity
from reviewbot.domain.review import Outcome, Stage
from reviewbot.engine.review import review
from reviewbot.engine.reviewers.findings_file import FindingsFileReviewer, findings_in
from reviewbot.errors import InputError
from tests.engine.builders import file_diff, finding
from tests.engine.reviews import Saying, reviewable, task

CHANGED = file_diff("app.py", 10, " order = load()", "+total = order.total", " return total")
DIAGNOSTIC = {
    "message": "Item None has no attribute total\nCheck for None first.",
    "location": {"path": "app.py", "range": {"start": {"line": 11, "column": 5}, "end": {"line": 12, "column": 1}}},
    "severity": "ERROR",
    "code": {"value": "union-attr"},
}
RDJSON = {"source": {"name": "mypy"}, "diagnostics": [DIAGNOSTIC]}
SARIF = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {"driver": {"name": "scanner"}},
            "results": [
                {
                    "ruleId": "none-access",
                    "level": "error",
                    "message": {"text": "Item None has no attribute total"},
                    "locations": [
                        {"physicalLocation": {"artifactLocation": {"uri": "app.py"}, "region": {"startLine": 11}}}
                    ],
                }
            ],
        }
    ],
}


def read(document: object) -> tuple[Finding, ...]:
    return findings_in(json.dumps(document).encode(), "findings:report")


def reviewer(folder: Path, document: object) -> FindingsFileReviewer:
    file = folder / "report.json"
    file.write_text(json.dumps(document))
    return FindingsFileReviewer(file)


@pytest.mark.parametrize("document", [RDJSON, SARIF, DIAGNOSTIC], ids=["rdjson", "sarif", "rdjsonl of one line"])
def test_each_format_names_place_severity_and_rule(document: object):
    (found,) = read(document)

    assert found.location == Location("app.py", 11, 11)
    assert found.severity is Severity.HIGH
    assert found.title == "Item None has no attribute total"
    assert found.rule is None or "union-attr" in found.rule or "none-access" in found.rule


def test_rdjson_lines_are_a_diagnostic_each():
    raw = "\n".join([json.dumps(DIAGNOSTIC), "", json.dumps({**DIAGNOSTIC, "message": "Another"})]).encode()

    assert [one.title for one in findings_in(raw, "findings:x")] == ["Item None has no attribute total", "Another"]


def test_a_finding_on_no_added_line_was_there_before(tmp_path: Path):
    elsewhere = {**DIAGNOSTIC, "location": {"path": "app.py", "range": {"start": {"line": 10}}}}
    unchanged = {**DIAGNOSTIC, "location": {"path": "other.py", "range": {"start": {"line": 11}}}}

    run = reviewer(tmp_path, {"diagnostics": [DIAGNOSTIC, elsewhere, unchanged]}).review(task(CHANGED))

    assert [one.origin for one in run.findings] == [Origin.INTRODUCED, Origin.PRE_EXISTING, Origin.PRE_EXISTING]


def test_what_two_tools_and_a_model_say_of_one_line_is_said_once(tmp_path: Path):
    said = Saying(name="llm", findings=(finding("None has no attribute total", lines=(11, 11)),))

    result = review(reviewable(CHANGED), [said, reviewer(tmp_path, RDJSON)])

    (kept,) = result.findings
    assert kept.agreed_by == ("findings:report.json", "llm")
    assert [held.stage for held in result.held_back] == [Stage.MERGE]
    assert result.outcome is Outcome.COMPLETE


def test_a_file_alone_has_read_nothing_and_the_review_says_so(tmp_path: Path):
    result = review(reviewable(CHANGED), [reviewer(tmp_path, RDJSON)])

    assert len(result.findings) == 1
    assert result.outcome is Outcome.PARTIAL


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "JSON"),
        ("[]", "an object"),
        ('{"diagnostics": [{}]}', "diagnostics[0].message"),
        ('{"diagnostics": [{"message": "x", "location": {"path": "a", "range": {"start": {"line": "b"}}}}]}', "line"),
        ('{"message": "x", "location": {}}\n{"message": 1}', "line 2.message"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_failed_run_that_names_file_and_place(tmp_path: Path, content: str, said: str):
    file = tmp_path / "report.json"
    file.write_text(content)

    run = FindingsFileReviewer(file).review(task(CHANGED))

    assert run.failure is not None and str(file) in run.failure and said in run.failure
    assert run.findings == () and run.paths_read == frozenset()


def test_a_file_that_is_not_there_is_a_failed_run(tmp_path: Path):
    run = FindingsFileReviewer(tmp_path / "gone.json").review(task(CHANGED))

    assert run.failure is not None and "No such file" in run.failure


@given(st.binary(max_size=200))
def test_any_bytes_are_findings_or_an_input_error(raw: bytes):
    try:
        found = findings_in(raw, "findings:x")
    except InputError:
        return
    assert all(isinstance(one, Finding) for one in found)
