"""SARIF 2.1.0, the common output format of analysers, read into findings.

Severity: `security-severity` of the result or its rule (9 critical, 7 high, 4 medium, below low), else the level:
error is high, warning (the default) medium, note and none low. Confidence: the rule's `precision`, else 0.7.
Results that passed, were suppressed or are absent from this revision are no findings; code flows are not read.
"""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from reviewbot.domain.finding import Category, Finding, Location, Origin, Severity
from reviewbot.domain.text import shortened
from reviewbot.engine.json_tree import Node, storable
from reviewbot.errors import InputError

_LEVELS = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "note": Severity.LOW, "none": Severity.LOW}
_PRECISIONS = {"very-high": 0.95, "high": 0.85, "medium": 0.6, "low": 0.4}
_DEFAULT_CONFIDENCE = 0.7
_NO_FINDING_KINDS = frozenset({"pass", "notApplicable", "informational"})
_ORIGINS = {"new": Origin.INTRODUCED, "updated": Origin.INTRODUCED, "unchanged": Origin.PRE_EXISTING}
_MAX_BASE_CHAIN = 10


@dataclass(frozen=True)
class _Run:
    """One tool's run with its rules by component and by id."""

    node: Node
    components: tuple[tuple[Node, ...], ...]
    by_id: dict[str, Node]
    root: str


def sarif_findings(document: Node, reviewer: str, root: str, limit: int) -> tuple[Finding, ...]:
    """All findings of a SARIF log; a run that says it failed is an InputError, and so are more than `limit`."""
    version = document.at("version").value
    if version is not None and (not isinstance(version, str) or not version.startswith("2.1")):
        raise document.at("version").refusal("2.1.0")
    if document.at("runs").is_absent:
        raise document.at("runs").refusal("a list of runs")
    findings: list[Finding] = []
    for node in document.at("runs").rows():
        for finding in _run_findings(_run(node, root), reviewer):
            findings.append(finding)
            if len(findings) > limit:
                raise InputError(f"{node.where}.results: more than {limit} findings; expected at most {limit}")
    return tuple(findings)


def _run(node: Node, root: str) -> _Run:
    for invocation in node.at("invocations").rows():
        if invocation.at("executionSuccessful").value is False:
            raise invocation.at("executionSuccessful").refusal("true: the tool says that its run failed")
    tool = node.at("tool")
    components = (tool.at("driver"), *tool.at("extensions").rows())
    rules = tuple(tuple(component.at("rules").rows()) for component in components)
    by_id = {rule.at("id").text(): rule for component in reversed(rules) for rule in component}
    return _Run(node, rules, by_id, root)


def _run_findings(run: _Run, reviewer: str) -> Iterator[Finding]:
    for result in run.node.at("results").rows():
        if not isinstance(result.value, dict):
            raise result.refusal("an object")
        if _counts(result):
            yield _finding(run, result, reviewer)


def _counts(result: Node) -> bool:
    if result.at("kind").text() in _NO_FINDING_KINDS or result.at("baselineState").text() == "absent":
        return False
    states = [suppression.at("status").text() for suppression in result.at("suppressions").rows()]
    return not any(state in ("", "accepted") for state in states)


def _finding(run: _Run, result: Node, reviewer: str) -> Finding:
    rule = _rule(run, result)
    message = _message(result, rule)
    rule_id = result.at("ruleId").text() or result.at("rule").at("id").text() or rule.at("id").text()
    described = rule.at("fullDescription").at("text").text() or rule.at("shortDescription").at("text").text()
    explanation = message if not described or described in message else f"{message}\n\n{described}"
    return Finding(
        title=shortened(re.split(r"(?<=[.!?])\s|\n", message, maxsplit=1)[0], 200),
        explanation=explanation[:6_000],
        severity=_severity(result, rule),
        confidence=_PRECISIONS.get(rule.at("properties").at("precision").text(), _DEFAULT_CONFIDENCE),
        category=_category(result, rule),
        location=_location(run, result),
        reviewer=reviewer,
        origin=_ORIGINS.get(result.at("baselineState").text(), Origin.UNKNOWN),
        rule=shortened(rule_id, 200) or None,
    )


def _rule(run: _Run, result: Node) -> Node:
    """The rule by its index, else by its id, of which `CA1000/1` is a case of `CA1000`; absent where none is told."""
    reference = result.at("rule")
    component = reference.at("toolComponent").at("index").whole_number(-1, least=-1) + 1
    index = reference.at("index").whole_number(result.at("ruleIndex").whole_number(-1, least=-1), least=-1)
    if component < len(run.components) and 0 <= index < len(run.components[component]):
        return run.components[component][index]
    rule_id = result.at("ruleId").text() or reference.at("id").text()
    return run.by_id.get(rule_id) or run.by_id.get(rule_id.rpartition("/")[0]) or Node(None, "rule")


def _message(result: Node, rule: Node) -> str:
    message = result.at("message")
    text = message.at("text").text() or message.at("markdown").text()
    if not text and not message.at("id").is_absent:
        text = rule.at("messageStrings").at(message.at("id").text()).at("text").text()
    words = [argument.text() for argument in message.at("arguments").rows()]
    # One pass, so that an argument that holds {1} itself is not replaced again.
    text = re.sub(r"\{(\d{1,3})\}", lambda hit: words[int(hit[1])] if int(hit[1]) < len(words) else hit[0], text)
    if not text.strip():
        raise message.refusal("a message with text, or the id of a message of its rule")
    return text.strip()


def _severity(result: Node, rule: Node) -> Severity:
    for owner in (result, rule):
        score = _score(owner.at("properties").at("security-severity"))
        if score is not None:
            bounds = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.0, Severity.LOW))
            return next(severity for least, severity in bounds if score >= least)
    level = result.at("level")
    if level.is_absent:
        level = rule.at("defaultConfiguration").at("level")
    severity = _LEVELS.get(level.text() or "warning")
    if severity is None:
        raise level.refusal(" | ".join(_LEVELS))
    return severity


def _score(node: Node) -> float | None:
    if node.is_absent:
        return None
    try:
        score = float(str(node.value))
    except ValueError:
        score = math.nan
    if not 0 <= score <= 10:
        raise node.refusal("a number from 0 to 10")
    return score


def _category(result: Node, rule: Node) -> Category:
    owners = [owner.at("properties") for owner in (result, rule)]
    tags = {tag.text().lower() for owner in owners for tag in owner.at("tags").rows()}
    if "security" in tags or any(not owner.at("security-severity").is_absent for owner in owners):
        return Category.SECURITY
    return next((category for category in Category if category.value in tags), Category.OTHER)


def _location(run: _Run, result: Node) -> Location | None:
    """The first place of a result; a place without a line is the file's first line."""
    physical = result.at("locations").row(0).at("physicalLocation")
    path = _path(run, physical.at("artifactLocation"))
    if not path:
        return None
    region = physical.at("region")
    first_line = region.at("startLine").whole_number(1)
    last_line = region.at("endLine").whole_number(first_line)
    if last_line < first_line:
        raise region.at("endLine").refusal(f"a number not below startLine ({first_line})")
    return Location(path, first_line, last_line)


def _path(run: _Run, artifact: Node) -> str:
    index = artifact.at("index").whole_number(-1, least=-1)
    if artifact.at("uri").is_absent and index >= 0:
        artifact = run.node.at("artifacts").row(index).at("location")
    uri = _absolute(run, artifact.at("uri").text(), artifact.at("uriBaseId").text())
    try:
        parts = urlsplit(uri)
    except ValueError:
        raise artifact.at("uri").refusal("a URI") from None
    if parts.scheme == "file":
        path = unquote(parts.path, errors="surrogateescape")
    else:
        path = unquote(uri.split("#")[0], errors="surrogateescape")
    if not path:
        return ""
    if run.root and path.startswith(run.root.rstrip("/") + "/"):
        path = path[len(run.root.rstrip("/")) + 1 :]
    return storable(posixpath.normpath(path))


def _absolute(run: _Run, uri: str, base_id: str) -> str:
    """The URI after its bases, which may stand upon one another; a base without a URI is the root of the tree."""
    bases = run.node.at("originalUriBaseIds")
    for _ in range(_MAX_BASE_CHAIN):
        if not base_id or not uri or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", uri) or uri.startswith("/"):
            break
        base = bases.at(base_id)
        base_uri = base.at("uri").text()
        uri = f"{base_uri.rstrip('/')}/{uri}" if base_uri else uri
        base_id = base.at("uriBaseId").text()
    return uri
