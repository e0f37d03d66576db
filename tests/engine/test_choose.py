from __future__ import annotations

from reviewbot.domain.finding import Origin, Severity
from reviewbot.domain.policy import Policy
from reviewbot.engine.choose import choose
from tests.engine.builders import finding


def test_the_gravest_and_surest_come_first():
    rows = [
        finding(title="low", severity=Severity.LOW),
        finding(title="unsure", confidence=0.4),
        finding(title="sure", confidence=0.9),
        finding(title="worst", severity=Severity.CRITICAL, confidence=0.4),
    ]

    assert [one.title for one in choose(rows, Policy()).findings] == ["worst", "sure", "unsure", "low"]


def test_everything_held_back_says_why():
    rows = [
        finding(title="older", origin=Origin.PRE_EXISTING),
        finding(title="small", severity=Severity.LOW),
        finding(title="unsure", confidence=0.1),
        finding(title="first", confidence=0.9),
        finding(title="second", confidence=0.8),
    ]

    chosen = choose(rows, Policy(min_severity=Severity.MEDIUM, max_findings=1))

    assert [one.title for one in chosen.findings] == ["first"]
    assert {one.finding.title: one.reason for one in chosen.held_back} == {
        "older": "was there before this change",
        "small": "severity low is below medium",
        "unsure": "confidence 0.10 is below 0.30",
        "second": "beyond the cap of 1 findings",
    }
