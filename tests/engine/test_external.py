"""What programs print, read into findings: our own format and SARIF 2.1.0."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.diff import Side
from reviewbot.domain.finding import Category, Finding, Location, Origin, Severity
from reviewbot.engine.external import MAX_FINDINGS, MAX_OUTPUT_BYTES, change_document, diff_text, parse_external
from reviewbot.errors import InputError
from reviewbot.testing import sample_tasks

FULL = {
    "title": "Division by zero",
    "explanation": "An empty list divides by zero.",
    "path": "ledger.py",
    "first_line": 2,
    "last_line": 4,
    "severity": "critical",
    "confidence": 0.9,
    "category": "correctness",
}


def read(document: object, root: str = "") -> tuple[Finding, ...]:
    return parse_external(json.dumps(document).encode(), "ours", root)


def read_one(**changes: object) -> Finding:
    (finding,) = read({"findings": [{**FULL, **changes}]})
    return finding


def result(**changes: object) -> dict[str, Any]:
    return {"message": {"text": "Bad call. It may fail."}, **changes}


def sarif(*results: object, rules: list[object] | None = None, **run: object) -> dict[str, object]:
    tool = {"driver": {"name": "tool", "rules": rules or []}}
    return {"version": "2.1.0", "runs": [{"tool": tool, "results": list(results), **run}]}


def at(uri: str, **region: int) -> list[dict[str, object]]:
    return [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}]


def test_a_full_finding_is_read_as_it_stands_and_unknown_keys_are_passed_over() -> None:
    finding = read_one(cwe="CWE-369", tool={"name": "x"})

    assert finding == Finding(
        "Division by zero",
        "An empty list divides by zero.",
        Severity.CRITICAL,
        0.9,
        Category.CORRECTNESS,
        Location("ledger.py", 2, 4),
        "ours",
    )


def test_what_may_be_left_out_has_a_plain_meaning() -> None:
    (finding,) = read({"findings": [{"title": "T", "path": "./a.py", "first_line": 3, "severity": "low"}]})

    assert (finding.location, finding.explanation) == (Location("a.py", 3, 3), "T")
    assert (finding.confidence, finding.category) == (0.5, Category.OTHER)


def test_a_finding_may_have_no_place_or_one_on_the_deleted_side() -> None:
    assert read_one(path=None).location is None
    assert read_one(side="LEFT").location == Location("ledger.py", 2, 4, Side.LEFT)


def test_no_findings_is_a_result() -> None:
    assert read({"findings": []}) == ()
    assert read(sarif()) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": " "}, "findings[0].title is ' '; expected text"),
        ({"title": 7}, "findings[0].title is 7; expected text"),
        ({"severity": "urgent"}, "findings[0].severity is 'urgent'; expected critical | high | medium | low"),
        ({"severity": None}, "findings[0].severity is missing"),
        ({"confidence": 90}, "findings[0].confidence is 90; expected a number from 0 to 1"),
        ({"confidence": True}, "findings[0].confidence is true"),
        ({"category": "style"}, "findings[0].category is 'style'; expected correctness | "),
        ({"first_line": 0}, "findings[0].first_line is 0; expected a whole number from 1"),
        ({"first_line": "2"}, "findings[0].first_line is '2'"),
        ({"first_line": None}, "findings[0].first_line is missing"),
        ({"last_line": 1}, "findings[0].last_line is 1; expected a number not below first_line (2)"),
        ({"path": ["a.py"]}, "findings[0].path is a list; expected text"),
        ({"side": "BOTH"}, "findings[0].side is 'BOTH'; expected LEFT | RIGHT"),
    ],
)
def test_what_is_wrong_is_named_by_its_place_with_what_was_expected(changes: dict[str, object], words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_one(**changes)

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "not JSON"),
        (b"Looks good to me!", "not JSON"),
        (b"[]", "the document is a list"),
        (b"{}", "findings is missing"),
        (b'{"findings": null}', "findings is missing"),
        (b'{"findings": {}}', "findings is an object; expected a list"),
        (b'{"findings": [1]}', "findings[0] is 1; expected an object"),
        (b'{"findings": [], "x": NaN}', "NaN is no JSON number"),
        (b'{"runs": {}}', "runs is an object; expected a list"),
        (b'{"version": "1.0.0", "runs": []}', "version is '1.0.0'; expected 2.1.0"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"findings": [' + b"{}," * MAX_FINDINGS + b"{}]}", "findings has 5001 members; expected at most 5000"),
        (b" " * (MAX_OUTPUT_BYTES + 1), "expected at most 20000000"),
    ],
)
def test_what_is_no_answer_is_never_taken_for_no_findings(raw: bytes, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_external(raw, "ours")

    assert words in str(caught.value)


def test_text_that_no_database_takes_is_made_storable() -> None:
    raw = json.dumps({"findings": [{**FULL, "title": "a\ud800b\0c\udcff", "explanation": "\ud83d\ude00"}]}).encode()

    (finding,) = parse_external(raw, "ours")

    assert finding.title == "a\ufffdb\ufffdc\ufffd"
    assert finding.explanation == "\U0001f600"


def test_sarif_takes_title_text_and_rule_from_message_and_rule() -> None:
    rules = [{"id": "S1", "fullDescription": {"text": "Why it matters."}}]

    (finding,) = read(sarif(result(ruleId="S1", locations=at("src/a.py", startLine=3, endLine=5)), rules=rules))

    assert (finding.title, finding.rule) == ("Bad call.", "S1")
    assert finding.explanation == "Bad call. It may fail.\n\nWhy it matters."
    assert finding.location == Location("src/a.py", 3, 5)


@pytest.mark.parametrize(
    ("changes", "rule", "severity"),
    [
        ({}, {}, Severity.MEDIUM),
        ({"level": "error"}, {}, Severity.HIGH),
        ({"level": "note"}, {}, Severity.LOW),
        ({"level": "none"}, {}, Severity.LOW),
        ({}, {"defaultConfiguration": {"level": "error"}}, Severity.HIGH),
        ({"level": "note"}, {"defaultConfiguration": {"level": "error"}}, Severity.LOW),
        ({"level": "note"}, {"properties": {"security-severity": "9.1"}}, Severity.CRITICAL),
        ({}, {"properties": {"security-severity": 7}}, Severity.HIGH),
        ({}, {"properties": {"security-severity": "4.0"}}, Severity.MEDIUM),
        ({}, {"properties": {"security-severity": "0.1"}}, Severity.LOW),
        ({"properties": {"security-severity": "9"}}, {"properties": {"security-severity": "1"}}, Severity.CRITICAL),
    ],
)
def test_sarif_severity_is_the_security_score_or_else_the_level(
    changes: dict[str, object], rule: dict[str, object], severity: Severity
) -> None:
    (finding,) = read(sarif(result(ruleId="R", **changes), rules=[{"id": "R", **rule}]))

    assert finding.severity is severity


@pytest.mark.parametrize(
    "reference",
    [
        {"ruleId": "X2"},
        {"ruleIndex": 1},
        {"rule": {"id": "X2"}},
        {"rule": {"index": 1}},
        {"ruleId": "X2/3"},
        {"rule": {"index": 0, "toolComponent": {"index": 0}}},
    ],
)
def test_sarif_rules_are_found_by_index_by_id_and_in_extensions(reference: dict[str, object]) -> None:
    wanted = {"id": "X2", "properties": {"precision": "very-high", "tags": ["security"]}}
    tool = {"driver": {"rules": [{"id": "X1"}, wanted]}, "extensions": [{"rules": [wanted]}]}

    (finding,) = read({"runs": [{"tool": tool, "results": [result(**reference)]}]})

    assert (finding.confidence, finding.category) == (0.95, Category.SECURITY)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("src/a.py", "src/a.py"),
        ("./src/../a.py", "a.py"),
        ("d%C3%A9j%C3%A0%20vu.py", "déjà vu.py"),
        ("100%25.py", "100%.py"),
        ("latin%FF.py", "latin\ufffd.py"),
        ("file:///tree/root/src/a.py", "src/a.py"),
        ("file://localhost/tree/root/src/a%20b.py", "src/a b.py"),
        ("/tree/root/a.py", "a.py"),
        ("file:///tree/rootless/a.py", "/tree/rootless/a.py"),
        ("a.py#L3", "a.py"),
    ],
)
def test_sarif_uris_become_paths_of_the_tree(uri: str, path: str) -> None:
    (finding,) = read(sarif(result(locations=at(uri, startLine=2))), root="/tree/root")

    assert finding.location == Location(path, 2, 2)


def test_sarif_uris_stand_upon_their_bases() -> None:
    bases = {
        "SRC": {"uri": "src/", "uriBaseId": "ROOT"},
        "ROOT": {"uri": "file:///tree/root/"},
        "NOWHERE": {"description": {"text": "set by the consumer"}},
        "LOOP": {"uri": "x/", "uriBaseId": "LOOP"},
    }

    def located(base: str) -> object:
        place = {"physicalLocation": {"artifactLocation": {"uri": "a.py", "uriBaseId": base}}}
        (finding,) = read(sarif(result(locations=[place]), originalUriBaseIds=bases), root="/tree/root")
        return finding.location

    assert located("SRC") == Location("src/a.py", 1, 1)
    assert located("ROOT") == Location("a.py", 1, 1)
    assert located("NOWHERE") == located("UNTOLD") == Location("a.py", 1, 1)
    assert located("LOOP") is not None


def test_sarif_artifacts_are_found_by_index_and_no_place_is_no_place() -> None:
    by_index = [{"physicalLocation": {"artifactLocation": {"index": 1}, "region": {"startLine": 9}}}]
    artifacts = [{"location": {"uri": "a.py"}}, {"location": {"uri": "b.py"}}]

    found = read(sarif(result(locations=by_index), result(), result(locations=[{}]), artifacts=artifacts))

    assert [finding.location for finding in found] == [Location("b.py", 9, 9), None, None]


def test_sarif_messages_by_id_have_their_arguments_filled_in_once() -> None:
    rules = [{"id": "R", "messageStrings": {"m": {"text": "{0} then {1} and {7}"}}}]
    message = {"id": "m", "arguments": ["{1}", "b"]}

    (finding,) = read(sarif({"ruleId": "R", "message": message}, rules=rules))

    assert finding.title == "{1} then b and {7}"


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "pass"},
        {"kind": "notApplicable"},
        {"baselineState": "absent"},
        {"suppressions": [{"kind": "inSource"}]},
        {"suppressions": [{"kind": "external", "status": "accepted"}]},
    ],
)
def test_sarif_results_that_are_no_findings_are_left_out(changes: dict[str, object]) -> None:
    assert read(sarif(result(**changes))) == ()


def test_sarif_results_whose_suppression_was_rejected_and_old_ones_stay() -> None:
    rejected = result(suppressions=[{"kind": "external", "status": "rejected"}])

    found = read(sarif(rejected, result(baselineState="unchanged"), result(baselineState="new")))

    assert [finding.origin for finding in found] == [Origin.UNKNOWN, Origin.PRE_EXISTING, Origin.INTRODUCED]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (sarif(invocations=[{"executionSuccessful": False}]), "runs[0].invocations[0].executionSuccessful is false"),
        (sarif(result(level="fatal")), "runs[0].results[0].level is 'fatal'; expected error | warning | note | none"),
        (sarif({"ruleId": "R"}), "runs[0].results[0].message is missing"),
        (sarif(result(locations=at("a", startLine=0))), "physicalLocation.region.startLine is 0"),
        (sarif(result(locations=at("a", startLine=5, endLine=4))), "endLine is 4; expected a number not below"),
        (sarif(result(properties={"security-severity": "high"})), "security-severity is 'high'"),
        (sarif(7), "runs[0].results[0] is 7; expected an object"),
        (sarif(*[result()] * (MAX_FINDINGS + 1)), "more than 5000 findings"),
    ],
)
def test_sarif_that_cannot_be_trusted_is_refused_by_its_place(document: object, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read(document)

    assert words in str(caught.value)


_KEYS = st.sampled_from(
    "findings runs results message text id locations physicalLocation artifactLocation uri uriBaseId index region "
    "startLine endLine level kind tool driver rules ruleIndex rule properties tags invocations path first_line "
    "severity title confidence originalUriBaseIds suppressions arguments extensions security-severity".split()
)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["high", "%FF", "//[a"])
_TREES = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5))
_RESULTS = st.lists(st.dictionaries(_KEYS, _TREES, max_size=6), max_size=3)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=300) | _TREES.map(lambda tree: json.dumps(tree).encode()))
def test_any_bytes_end_in_findings_or_an_input_error(raw: bytes) -> None:
    check_end(raw)


@settings(max_examples=100, deadline=None)
@given(_RESULTS, st.booleans())
def test_anything_that_resembles_an_answer_ends_in_findings_or_an_input_error(rows: list[object], is_own: bool) -> None:
    document = {"findings": [{**FULL, **row} for row in rows]} if is_own else sarif(*[result(**row) for row in rows])
    check_end(json.dumps(document).encode())


def check_end(raw: bytes) -> None:
    try:
        findings = parse_external(raw, "ours", root="/tree")
    except InputError as error:
        str(error).encode()
        return
    for finding in findings:
        assert finding.title
        assert 0 <= finding.confidence <= 1
        assert "\0" not in (finding.title + finding.explanation)
        repr(finding).encode()


def test_the_change_document_is_version_1_and_holds_the_whole_diff() -> None:
    task = sample_tasks()["only deleted lines"]

    document = change_document(task, "/tree")

    assert (document["version"], document["root"], document["paths"]) == (1, "/tree", ["ledger.py"])
    change = document["change"]
    assert isinstance(change, dict)
    assert set(change) == {"repo", "base", "head", "title", "description", "diff"}
    assert change["diff"] == (
        "--- a/ledger.py\n+++ b/ledger.py\n@@ -1,4 +1,2 @@\n def total(rows):\n-    if not rows:\n-        return 0\n"
        "     return sum(rows) / len(rows)\n"
    )


def test_any_diff_survives_the_way_through_json() -> None:
    for task in sample_tasks().values():
        document = json.loads(json.dumps(change_document(task, "/tree")))

        assert document["change"]["diff"] == diff_text(task.change.diff)
