"""The rules of the policy file: what it may say, what is refused and where, and that its manual tells the truth."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from reviewbot.cli import config
from reviewbot.domain.diff import Diff, FileDiff, FileStatus
from reviewbot.domain.effort import Effort
from reviewbot.domain.events import Trigger
from reviewbot.domain.finding import Severity
from reviewbot.domain.policy import Conclusion, Gate, Guideline, PathInstructions, Policy
from reviewbot.errors import FileProblems, InputError
from reviewbot.policy_file import (
    GUIDELINE_FILES,
    POLICY_FILE,
    instructions_changed,
    load_policy,
    parse_policy,
    policy_hash,
    read_policy,
)
from reviewbot.policy_schema import Key, PolicyKeys, keys_of, policy_json_schema
from reviewbot.testing import MemorySnapshot

ROOT = Path(__file__).parents[1]
MANUAL = ROOT / "docs" / "policy.md"
SCHEMA_FILE = ROOT / "reviewbot" / "policy.schema.json"
REVISION = "abcdef0123456789abcdef0123456789abcdef01"

EVERYTHING = """\
version: 1
reviewers: [llm, static, acme.lint]
paths:
  include: ["src/**"]
  ignore: ["docs/**"]
instructions:
  - paths: "*.sql"
    text: Big tables.
severity: medium
confidence: 0.5
max_findings: 5
later_severity: critical
drafts: true
triggers: [opened]
budget:
  per_review_usd: 0.10
  per_day_usd: 20
gate:
  fail_from: high
  incomplete: failure
language: German
suggestions: true
guidelines: false
"""


def policy_of(text: str, defaults: Policy | None = None) -> Policy:
    return parse_policy(text.encode(), POLICY_FILE, defaults or Policy()).policy


def problems_of(text: str | bytes) -> list[str]:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(FileProblems) as refused:
        parse_policy(content, POLICY_FILE, Policy())
    return [str(problem).removeprefix(f"{POLICY_FILE}:") for problem in refused.value.problems]


def snapshot(**texts: str) -> MemorySnapshot:
    return MemorySnapshot({path: text.encode() for path, text in texts.items()}, REVISION)


# What a file says


def test_every_key_of_a_file_reaches_the_policy() -> None:
    policy = policy_of(EVERYTHING, Policy(guidelines=(Guideline("REVIEW.md", "Be kind."),)))

    assert policy == Policy(
        min_severity=Severity.MEDIUM,
        min_confidence=0.5,
        max_findings=5,
        ignored_paths=("docs/**",),
        only_paths=("src/**",),
        reviewers=("llm", "static", "acme.lint"),
        instructions=(PathInstructions("*.sql", "Big tables."),),
        language="German",
        drafts=True,
        triggers=(Trigger.OPENED,),
        later_severity=Severity.CRITICAL,
        suggestions=True,
        budget_per_review_usd=Decimal("0.1"),
        budget_per_day_usd=Decimal(20),
        gate=Gate(Severity.HIGH, Conclusion.FAILURE),
    )


def test_a_key_that_is_left_out_or_empty_keeps_the_operators_default() -> None:
    defaults = Policy(
        min_severity=Severity.HIGH,
        ignored_paths=("gen/**",),
        gate=Gate(Severity.CRITICAL),
        budget_per_day_usd=Decimal(9),
        reviewers=("static",),
    )

    assert policy_of(
        "gate:\n  incomplete: failure\npaths: {include: [a]}\nseverity:\nreviewers:\n", defaults
    ) == replace(defaults, gate=Gate(Severity.CRITICAL, Conclusion.FAILURE), only_paths=("a",))


def test_a_gate_that_the_operator_closed_can_be_opened_by_the_word_never() -> None:
    assert policy_of("gate: {fail_from: never}", Policy(gate=Gate(Severity.LOW))).gate.fail_from is None


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", "  # a\n#b", "\ufeff# a\r\n"])
def test_a_file_of_nothing_but_comments_changes_nothing(text: str) -> None:
    assert policy_of(text) == Policy()


def test_a_budget_of_the_file_lowers_the_operators_and_never_raises_it() -> None:
    defaults = Policy(budget_per_review_usd=Decimal(1), budget_per_day_usd=Decimal(10))

    policy = policy_of("budget: {per_review_usd: 5, per_day_usd: 2.5}", defaults)

    assert (policy.budget_per_review_usd, policy.budget_per_day_usd) == (Decimal(1), Decimal("2.5"))


def test_numbers_and_truth_values_are_read_where_all_versions_of_yaml_agree() -> None:
    assert policy_of("drafts: True\nconfidence: 1\nmax_findings: +7\n").max_findings == 7
    assert policy_of("instructions: [{paths: '2024', text: 'no'}]").instructions == (PathInstructions("2024", "no"),)


# What is refused


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 2", "1:10: '2' does not fit; expected 1"),
        ("severity: hihg", "1:11: 'hihg' does not fit (did you mean 'high'?); expected critical, high, medium or low"),
        ("severity: High", "1:11: 'High' does not fit (did you mean 'high'?); expected critical, high, medium or low"),
        ("confidence: 1.5", "1:13: '1.5' does not fit; expected less than or equal to 1"),
        ("confidence: .nan", "1:13: '.nan' stands here; expected a number, without quotes"),
        ("max_findings: '3'", "1:15: '3' stands here; expected a whole number, without quotes"),
        ("max_findings: 0x10", "1:15: '0x10' stands here; expected a whole number, without quotes"),
        ("max_findings: 010", "1:15: '010' stands here; expected a whole number, without quotes"),
        ("max_findings: 51", "1:15: '51' does not fit; expected less than or equal to 50"),
        (
            "max_findings: " + "9" * 5_000,
            "1:15: '" + "9" * 59 + "…' stands here; expected a whole number, without quotes",
        ),
        ("drafts: yes", "1:9: 'yes' stands here; expected true or false, without quotes"),
        ("budget: {per_day_usd: -1}", "1:23: '-1' does not fit; expected greater than or equal to 0"),
        ("gate: []", "1:7: a list stands here; expected a mapping with the keys fail_from, incomplete"),
        ("gate: {fail_from: success}", "1:19: 'success' does not fit; expected never, critical, high, medium or low"),
        ("gate: {incomplete: success}", "1:20: 'success' does not fit; expected neutral or failure"),
        ("triggers: opened", "1:11: 'opened' stands here; expected a list, as in [a, b]"),
        (
            "paths: {ignore: [null]}",
            "1:18: nothing stands here; expected text, in quotes where it looks like something else",
        ),
        ("paths: {ignore: [1]}", "1:18: '1' stands here; expected text, in quotes where it looks like something else"),
        ("language: 'a\tb'", "1:11: 'a b' does not fit; expected the name of a language, such as German"),
        ("instructions: [{text: a}]", "1:16: 'instructions[1]' has no 'paths'; expected paths: ..."),
        ("instructions:\n- paths: a\n  text:\n", "2:3: 'instructions[1]' has no 'text'; expected text: ..."),
        ("instructions: [a]", "1:16: 'a' stands here; expected a mapping with the keys paths, text"),
        (
            "gate: {fail: low}",
            "1:8: 'gate' has no key 'fail' (did you mean 'fail_from'?); expected one of fail_from, incomplete",
        ),
        (
            "gate:\n  fail:\n",
            "2:3: 'gate' has no key 'fail' (did you mean 'fail_from'?); expected one of fail_from, incomplete",
        ),
        (
            "drafts: true\ndrafts: true",
            "2:1: the key 'drafts' stands twice in one mapping, first in line 1; expected every key once",
        ),
        ("a: &x 1\nb: *x", "1:4: the anchor &x is not allowed; expected the value without an anchor"),
        ("drafts: !!bool true", "1:9: the tag tag:yaml.org,2002:bool is not allowed; expected the value without a tag"),
    ],
    ids=lambda value: value[:30],
)
def test_what_is_wrong_is_named_with_its_place_and_the_remedy(text: str, said: str) -> None:
    assert problems_of(text) == [said]


def test_a_document_that_is_no_mapping_is_told_the_keys() -> None:
    (said,) = problems_of("- llm\n")

    assert said.startswith("1:1: a list stands here; expected a mapping with the keys version, reviewers, paths")


def test_every_problem_is_listed_in_the_order_of_lines() -> None:
    text = "drafts: yes\nreviewer: [llm]\nseverity: low\nseverity: low\ngate:\n  fail_from: 3\n"

    places = [said.partition(": ")[0] for said in problems_of(text)]

    assert places == ["1:9", "2:1", "4:1", "6:14"]


@pytest.mark.parametrize("name", ["command:rm -rf /", "scripted:answers.json", "LLM", "../x", "a b", "http://x/"])
def test_s01_a_policy_file_names_no_program_and_no_file(name: str) -> None:
    (said,) = problems_of(f"reviewers: [{json.dumps(name)}]")

    assert "is no name of a reviewer; expected llm, static or an installed plug-in" in said


@pytest.mark.parametrize("key", ["model", "url", "base_url", "api_key", "command", "prompt", "extends", "include"])
def test_s27_a_policy_file_has_no_key_for_models_addresses_or_programs(key: str) -> None:
    (said,) = problems_of(f"{key}: anything\n")

    assert f"the policy has no key '{key}'" in said


BOMBS: dict[str, bytes] = {
    "aliases": b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "merge keys": b"a: &a {x: 1}\nb:\n  <<: *a\n",
    "depth": b"[" * 60_000,
    "depth of mappings": b"a: " + b"{a: " * 15_000,
    "values": b"a: [" + b"a," * 32_000 + b"a]",
    "mappings": b"a: [" + b"{}," * 21_000 + b"{}]",
    "keys": b"".join(b"k%d: 1\n" % number for number in range(6_000)),
    "repeated keys": b"a: 1\n" * 6_000,
    "size": b"#" * (64 * 1024 + 1),
    "a tag that makes an object": b"a: !!python/object/apply:os.system [id]\n",
    "not UTF-8": b"language: \xff\n",
    "UTF-16": "language: German\n".encode("utf-16"),
    "NUL": b"language: a\0b\n",
    "half a character": b'language: "\\ud800"\n',
    "unclosed": b"a: [1, 2",
    "tab": b"gate:\n\tfail_from: low\n",
    "two documents": b"drafts: true\n---\ndrafts: false\n",
    "a date that does not exist": b"max_findings: 2026-02-30\n",
    "a number without end": b"max_findings: 1e999999999\n",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_s26_a_bomb_is_refused_by_one_typed_error_that_names_a_place(bomb: bytes) -> None:
    with pytest.raises(FileProblems) as refused:
        parse_policy(bomb, POLICY_FILE, Policy())

    assert 1 <= len(refused.value.problems) <= 150
    assert all(problem.line >= 1 and problem.column >= 1 for problem in refused.value.problems)


@pytest.mark.parametrize("bomb", ["values", "mappings", "keys"])
def test_s26_a_file_of_too_many_values_is_refused_before_any_of_them_is_looked_at(bomb: str) -> None:
    assert problems_of(BOMBS[bomb]) == ["1:1: the file holds too many values; expected at most 10,000"]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_s26_no_bytes_end_in_anything_but_a_policy_or_file_problems(content: bytes) -> None:
    try:
        parse_policy(content, POLICY_FILE, Policy())
    except FileProblems as refused:
        assert refused.problems


words = st.sampled_from(
    [
        *PolicyKeys.model_fields,
        "fail_from",
        "text",
        "low",
        "high",
        "llm",
        "opened",
        "true",
        "yes",
        "1",
        "0.5",
        "'1'",
        "-3",
    ]
)
trees = st.recursive(
    words | st.just(""),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(item or "null" for item in items) + "]")
        | st.dictionaries(words, inner, max_size=4).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value or 'null'}" for key, value in pairs.items()) + "}"
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(words, trees, min_size=1, max_size=5))
def test_what_the_schema_refuses_the_checks_refuse(pairs: dict[str, str]) -> None:
    text = "\n".join(f"{key}: {value}" for key, value in pairs.items())
    validator = jsonschema.Draft202012Validator(policy_json_schema())
    if not validator.is_valid(yaml.safe_load(text)):
        assert problems_of(text)


# Where the policy is read


def test_s02_policy_and_guidelines_are_those_of_the_given_revision() -> None:
    read = read_policy(snapshot(**{POLICY_FILE: "severity: high\n", "REVIEW.md": "Mind the locks.\n"}), Policy())

    assert read.policy.min_severity is Severity.HIGH
    assert read.policy.guidelines == (Guideline("REVIEW.md", "Mind the locks."),)
    assert (read.source, read.problems) == (".reviewbot.yml at abcdef0123", ())
    assert read.hash == policy_hash(read.policy)


def test_without_a_policy_file_the_defaults_hold() -> None:
    defaults = Policy(min_severity=Severity.HIGH)

    read = read_policy(snapshot(), defaults)

    assert (read.policy, read.source, read.problems) == (defaults, "defaults", ())


def test_f70_an_invalid_policy_file_leaves_the_defaults_and_names_its_problems() -> None:
    read = read_policy(snapshot(**{POLICY_FILE: "severity: hihg\n", "AGENTS.md": "Mind the locks."}), Policy())

    assert read.policy == Policy(guidelines=(Guideline("AGENTS.md", "Mind the locks."),))
    assert read.source == "defaults" and read.hash == policy_hash(read.policy)
    assert [str(problem) for problem in read.problems] == [
        ".reviewbot.yml:1:11: 'hihg' does not fit (did you mean 'high'?); expected critical, high, medium or low"
    ]


def test_f70_an_older_file_that_was_in_order_is_laid_over_what_was_read() -> None:
    read = read_policy(snapshot(**{POLICY_FILE: "[", "REVIEW.md": "Be kind."}), Policy())

    policy = parse_policy(b"severity: high\n", POLICY_FILE, read.policy).policy

    assert (policy.min_severity, policy.guidelines) == (Severity.HIGH, (Guideline("REVIEW.md", "Be kind."),))


def test_guidelines_are_read_in_their_order_and_equal_texts_once() -> None:
    texts = {path: f"Rules of {path}" for path in GUIDELINE_FILES} | {"CLAUDE.md": "Rules of AGENTS.md\n"}

    read = read_policy(snapshot(**texts), Policy())

    assert [one.path for one in read.policy.guidelines] == [path for path in GUIDELINE_FILES if path != "CLAUDE.md"]


def test_guidelines_can_be_switched_off() -> None:
    read = read_policy(snapshot(**{POLICY_FILE: "guidelines: false\n", "REVIEW.md": "Be kind."}), Policy())

    assert read.policy.guidelines == ()


def test_long_guidelines_are_cut_to_8_kb_each_and_24_kb_in_all_and_say_so() -> None:
    texts = {path: f"{path} " + "ä" * 9_000 for path in GUIDELINE_FILES}

    shown = read_policy(snapshot(**texts), Policy()).policy.guidelines

    sizes = [len(one.text.encode()) for one in shown]
    assert all(size <= 8 * 1024 for size in sizes) and sum(sizes) <= 24 * 1024
    assert all("… (cut: the file has 18,0" in one.text for one in shown)
    assert [one.path for one in shown] == list(GUIDELINE_FILES)


def test_guidelines_of_any_bytes_become_text() -> None:
    read = read_policy(MemorySnapshot({"REVIEW.md": b"\xef\xbb\xbfMind \xff locks\n", "AGENTS.md": b" \n"}), Policy())

    assert read.policy.guidelines == (Guideline("REVIEW.md", "Mind \ufffd locks"),)


def test_s02_a_change_to_the_policy_or_a_guideline_is_named_whatever_it_does_to_the_file() -> None:
    def file(old: str | None, new: str | None) -> FileDiff:
        return FileDiff(old, new, FileStatus.MODIFIED)

    diff = Diff(
        (
            file("src/AGENTS.md", "src/AGENTS.md"),
            file(None, POLICY_FILE),
            file("REVIEW.md", "docs/REVIEW.md"),
            file("notes.md", "AGENTS.md"),
            file(".cursorrules", None),
            file("a.py", "a.py"),
        )
    )

    assert instructions_changed(diff) == (POLICY_FILE, "REVIEW.md", "AGENTS.md", ".cursorrules")


# The hash


def test_the_hash_is_the_same_for_files_that_say_the_same() -> None:
    one = parse_policy(b"budget: {per_review_usd: 0.50}\nseverity: low\n", POLICY_FILE, Policy())
    other = parse_policy(b"# the same\nbudget:\n  per_review_usd: .5\n", POLICY_FILE, Policy())

    assert one.hash == other.hash == policy_hash(one.policy)
    assert len(one.hash) == 16 and int(one.hash, 16) >= 0


OTHER = Policy(
    min_severity=Severity.HIGH,
    min_confidence=0.9,
    max_findings=3,
    max_files=3,
    max_lines=3,
    prompt_tokens=3,
    max_prompts=3,
    ignored_paths=("a",),
    only_paths=("a",),
    reviewers=("static",),
    instructions=(PathInstructions("a", "b"),),
    guidelines=(Guideline("a", "b"),),
    effort=Effort.DEEP,
    language="German",
    drafts=True,
    triggers=(),
    later_severity=Severity.LOW,
    suggestions=True,
    budget_per_review_usd=Decimal(1),
    budget_per_day_usd=Decimal(1),
    gate=Gate(Severity.LOW),
)


@pytest.mark.parametrize("name", [field.name for field in fields(Policy)])
def test_the_hash_changes_with_everything_that_decides_what_a_review_says(name: str) -> None:
    other = replace(Policy(), **{name: getattr(OTHER, name)})
    decides_only_whether = name in ("drafts", "triggers", "budget_per_day_usd")

    assert other != Policy(), "the example differs in every field"
    assert (policy_hash(other) == policy_hash(Policy())) is decides_only_whether


def test_the_hash_changes_with_the_operators_facts() -> None:
    assert len({policy_hash(Policy(), facts) for facts in ((), ("llm",), ("llm", "review@1"), ("llmreview@1",))}) == 4


# Schema, manual, command


def test_the_shipped_schema_is_the_one_of_the_models() -> None:
    assert json.loads(SCHEMA_FILE.read_text()) == json.loads(json.dumps(policy_json_schema())), (
        "write it again: reviewbot config policy-schema > reviewbot/policy.schema.json"
    )
    jsonschema.Draft202012Validator.check_schema(policy_json_schema())


def test_the_defaults_of_the_models_are_those_of_the_engine() -> None:
    stated = yaml.safe_dump(PolicyKeys().model_dump(exclude_none=True))

    assert policy_of(stated) == Policy()


def shown(value: object) -> str:
    return f"`{json.dumps(value)}`" if value is not None else "none"


def row(key: Key) -> str:
    default = "required" if key.is_required else shown(key.default)
    return f"| `{key.name}` | {default} | {shown(key.example)} | {key.description} |"


def test_the_manual_tells_every_key_with_default_and_example() -> None:
    table = "\n".join(["| Key | Default | Example | |", "|---|---|---|---|", *map(row, keys_of())])

    manual = MANUAL.read_text()

    between = manual.partition("<!-- keys: begin -->\n")[2].partition("<!-- keys: end -->")[0]
    assert between.strip() == table, f"put this between the two marks:\n{table}"


def nested(name: str, value: Any) -> dict[str, Any]:
    if name.startswith("instructions[]."):
        return {"instructions": [{"paths": "a", "text": "b", name.partition(".")[2]: value}]}
    outer, _, inner = name.partition(".")
    return {outer: {inner: value}} if inner else {outer: value}


@pytest.mark.parametrize("key", keys_of(), ids=lambda key: key.name)
def test_every_example_of_the_manual_is_in_order_and_says_something(key: Key) -> None:
    document = nested(key.name, key.example)

    jsonschema.validate(document, policy_json_schema())
    policy = policy_of(json.dumps(document), Policy(guidelines=(Guideline("REVIEW.md", "Be kind."),)))
    assert policy != Policy(guidelines=(Guideline("REVIEW.md", "Be kind."),)) or key.name == "version"


def test_the_example_file_of_the_manual_is_in_order() -> None:
    (example,) = MANUAL.read_text().split("```yaml\n")[1:]

    assert policy_of(example.partition("```")[0]).reviewers == ("llm", "static")


def test_the_manual_names_the_guideline_files_in_their_order() -> None:
    names = ", ".join(f"`{path}`" for path in GUIDELINE_FILES)

    assert names in MANUAL.read_text().replace("\n", " ")


def test_the_commands_print_the_schema_and_check_a_file(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yml", tmp_path / "bad.yml"
    good.write_text(EVERYTHING)
    bad.write_text("drafts: yes\nseverity: x\n")

    schema = CliRunner().invoke(config.app, ["policy-schema"])
    passed = CliRunner().invoke(config.app, ["check-policy", str(good)])
    failed = CliRunner().invoke(config.app, ["check-policy", str(bad)])

    assert schema.exit_code == 0 and json.loads(schema.stdout) == json.loads(SCHEMA_FILE.read_text())
    assert (passed.exit_code, passed.stdout) == (0, f"{good} is in order.\n")
    assert failed.exit_code == 2 and [line.partition(" ")[0] for line in failed.stdout.splitlines()] == [
        f"{bad}:1:9:",
        f"{bad}:2:11:",
    ]


def test_a_policy_file_that_cannot_be_read_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_policy(tmp_path / "missing.yml", Policy())
