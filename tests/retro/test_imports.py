"""Each importer on a sample in the form that its tool documents; the samples are our own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.cli.incidents_import import SOURCES
from reviewbot.domain.repository import RepoName
from reviewbot.errors import InputError
from reviewbot.retro.answers import AnswerKey, load_answers
from reviewbot.retro.imports.values import ImportedIncident
from reviewbot.retro.imports.writing import incidents_text
from reviewbot.retro.incident_keys import CauseType, Confidence, ReferenceType
from reviewbot.retro.incident_schema import check_incidents
from tests.retro.incident_texts import SHA_1, SHA_2

SHOP = RepoName("acme", "shop")

PAGERDUTY = {
    "incidents": [
        {
            "id": "Q1X", "incident_number": 812, "title": "[#812] Checkout errors", "status": "resolved",
            "created_at": "2026-03-04T14:02:00Z", "last_status_change_at": "2026-03-04T15:00:00Z", "urgency": "high",
            "priority": {"id": "P1", "summary": "P1"}, "service": {"id": "S", "summary": "checkout"},
            "html_url": "https://acme.pagerduty.example/incidents/Q1X",
            "body": {"type": "incident_body", "details": "Fix: https://github.com/acme/shop/pull/4907 merged"},
        }
    ],
    "limit": 25, "offset": 0, "more": False,
}  # fmt: skip
INCIDENT_IO = {
    "incidents": [
        {
            "id": "01FD", "reference": "INC-123", "name": "Checkout double-charges", "summary": "Charged twice.",
            "severity": {"id": "01", "name": "Major", "rank": 2}, "created_at": "2026-03-04T14:10:00Z",
            "permalink": "https://app.incident.example/incidents/123",
            "incident_timestamp_values": [
                {"incident_timestamp": {"name": "Impact started at"}, "value": {"value": "2026-03-04T14:02:00Z"}},
                {"incident_timestamp": {"name": "Detected at"}, "value": {"value": "2026-03-04T14:09:00Z"}},
                {"incident_timestamp": {"name": "Resolved at"}, "value": {"value": "2026-03-04T15:00:00Z"}},
                {"incident_timestamp": {"name": "Closed at"}, "value": None},
            ],
            "custom_field_entries": [
                {"custom_field": {"name": "Affected services"}, "values": [{"value_option": {"value": "checkout"}}]},
                {"custom_field": {"name": "Root cause"}, "values": [{"value_text": "A new key on each retry."}]},
                {"custom_field": {"name": "Fix"}, "values": [{"value_link": f"https://github.com/acme/shop/commit/{SHA_2}"}]},
            ],
        }
    ]
}  # fmt: skip
ROOTLY = {
    "data": [
        {
            "id": "9f6c", "type": "incidents",
            "attributes": {
                "sequential_id": 41, "title": "Checkout double-charges", "summary": "Charged twice.",
                "severity": {"data": {"attributes": {"name": "SEV1", "slug": "sev1"}}},
                "started_at": "2026-03-04T06:02:00.000-08:00", "detected_at": "2026-03-04T14:09:00Z",
                "resolved_at": "2026-03-04T15:00:00Z", "url": "https://rootly.example/account/incidents/41",
                "services": [{"data": {"attributes": {"name": "no"}}, "name": "checkout"}],
                "resolution_message": "Rolled forward with https://github.com/acme/shop/pull/4907",
            },
        }
    ],
    "links": {"next": None},
}  # fmt: skip
FIREHYDRANT = {
    "data": [
        {
            "id": "7c1d", "number": 77, "name": "Checkout double-charges", "severity": "SEV1",
            "customer_impact_summary": "Charged twice.", "created_at": "2026-03-04T14:05:00Z",
            "description": "see https://github.com/acme/shop/pull/4907",
            "milestones": [
                {"type": "started", "occurred_at": "2026-03-04T14:02:00Z"},
                {"type": "detected", "occurred_at": "2026-03-04T14:09:00Z"},
                {"type": "resolved", "occurred_at": "2026-03-04T15:00:00Z"},
            ],
            "services": [{"id": "s", "name": "checkout"}], "labels": {"team": "payments"},
            "incident_url": "https://app.firehydrant.example/incidents/7c1d",
        }
    ]
}  # fmt: skip
STATUSPAGE = {
    "page": {"id": "p", "name": "Acme"},
    "incidents": [
        {
            "id": "p31z", "name": "Checkout double-charges", "status": "postmortem", "impact": "major",
            "created_at": "2026-03-04T14:10:00.000Z", "started_at": "2026-03-04T14:02:00.000Z",
            "resolved_at": "2026-03-04T15:00:00.000Z", "shortlink": "https://stspg.example/p31z",
            "components": [{"id": "c", "name": "checkout"}],
            "incident_updates": [
                {"status": "resolved", "body": "All good.", "created_at": "2026-03-04T15:00:00.000Z"},
                {"status": "investigating", "body": "Charged twice.", "created_at": "2026-03-04T14:09:00.000Z"},
            ],
            "postmortem_body": "<p>A new key on each retry, fixed by https://github.com/acme/shop/pull/4907</p>",
        }
    ],
}  # fmt: skip
OSV = {
    "schema_version": "1.6.0", "id": "GHSA-aaaa-bbbb-cccc", "summary": "Charged twice", "details": "A replay.",
    "published": "2026-03-04T14:02:00Z", "modified": "2026-03-05T00:00:00Z",
    "database_specific": {"severity": "HIGH"},
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "shop"},
            "ranges": [
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.1"}]},
                {"type": "GIT", "repo": "https://github.com/acme/shop.git",
                 "events": [{"introduced": SHA_1}, {"fixed": SHA_2}]},
            ],
        }
    ],
    "references": [{"type": "ADVISORY", "url": "https://osv.example/GHSA"}, {"type": "ODD", "url": "nonsense"}],
}  # fmt: skip
GITHUB = [
    {
        "number": 99, "title": "Checkout double-charges", "html_url": "https://github.com/acme/shop/issues/99",
        "body": f"Charged twice. It was introduced by {SHA_1[:10]} and fixed in #4907.", "state": "closed",
        "labels": [{"name": "incident"}, {"name": "sev1"}],
        "created_at": "2026-03-04T14:02:00Z", "closed_at": "2026-03-04T15:00:00Z",
    },
    {
        "number": 100, "title": "Mail is late", "url": "https://github.com/acme/shop/issues/100", "body": "",
        "labels": [], "createdAt": "2026-03-06T00:00:00Z", "closedAt": None,
        "closedByPullRequestsReferences": [
            {"number": 7, "repository": {"name": "mail", "owner": {"login": "acme"}}}
        ],
    },
]  # fmt: skip
CSV = (
    "Incident ID;Title;Sev;Started;Resolved;Service;Description;Root cause;Fix;Introduced by;Link\n"
    f"I-1;Checkout double-charges;sev1;2026-03-04 14:02;2026-03-04T15:00:00Z;checkout, mail;Charged twice.;"
    f"A new key;PR #4907 {SHA_2[:8]};https://github.com/acme/till/pull/5;https://wiki.example/I-1\n"
    '"I-2";"Says ""no"";\nin two lines";;;;;;;;;\n;;;;;;;;;;\n'
)
STARTED, RESOLVED = datetime(2026, 3, 4, 14, 2, tzinfo=UTC), datetime(2026, 3, 4, 15, tzinfo=UTC)


def read(source: str, document: object, tmp_path: Path) -> list[AnswerKey]:
    """What stands in the file that comes of an export, by the reader of such files."""
    content = document.encode() if isinstance(document, str) else json.dumps(document).encode()
    found = SOURCES[source](content, "export")
    assert found.problems == ()
    path = tmp_path / "incidents.yaml"
    path.write_text(incidents_text(found.incidents, SHOP))
    assert check_incidents(path) == []
    return list(load_answers(path).incidents)


@pytest.mark.parametrize(
    ("source", "document", "identity", "severity"),
    [
        ("pagerduty", PAGERDUTY, "PD-812", "P1"),
        ("incident.io", INCIDENT_IO, "INC-123", "Major"),
        ("rootly", ROOTLY, "ROOTLY-41", "SEV1"),
        ("firehydrant", FIREHYDRANT, "FH-77", "SEV1"),
        ("statuspage", STATUSPAGE, "SP-p31z", "major"),
    ],
)
def test_an_export_of_a_service_becomes_an_incidents_file(source, document, identity, severity, tmp_path: Path):
    (one,) = read(source, document, tmp_path)

    assert (one.id, one.severity, one.services) == (identity, severity, ("checkout",))
    assert (one.started_at, one.resolved_at) == (STARTED, RESOLVED)
    (fix,) = one.fixed
    assert (fix.repo, fix.pull or fix.commit, fix.confidence) == (
        SHOP,
        SHA_2 if source == "incident.io" else 4907,
        Confidence.POSSIBLE,
    )
    assert [reference.type for reference in one.references] == [ReferenceType.REPORT]
    if source in ("incident.io", "rootly", "firehydrant", "statuspage"):
        assert one.detected_at == datetime(2026, 3, 4, 14, 9, tzinfo=UTC)
        assert one.summary == "Charged twice."
    if source in ("incident.io", "statuspage"):
        assert one.root_cause.startswith("A new key on each retry")


def test_a_record_of_osv_gives_cause_and_fix_by_its_commits(tmp_path: Path):
    (one,) = read("osv", OSV, tmp_path)

    assert (one.id, one.severity, one.cause_type) == ("GHSA-aaaa-bbbb-cccc", "high", CauseType.CODE)
    assert [(change.repo, change.commit) for change in (*one.introduced, *one.fixed)] == [(SHOP, SHA_1), (SHOP, SHA_2)]
    assert [(one.type, one.url) for one in one.references] == [(ReferenceType.ADVISORY, "https://osv.example/GHSA")]
    assert read("osv", {"vulns": [OSV]}, tmp_path) == [one]


def test_issues_of_github_give_what_closed_them_and_what_their_text_names(tmp_path: Path):
    first, second = read("github", GITHUB, tmp_path)

    assert (first.id, first.severity, first.started_at, first.resolved_at) == ("shop-99", "sev1", STARTED, RESOLVED)
    assert [(one.commit, one.pull) for one in (*first.introduced, *first.fixed)] == [(SHA_1[:10], None), (None, 4907)]
    assert [(one.repo, one.pull) for one in second.fixed] == [(RepoName("acme", "mail"), 7)]


def test_a_table_is_read_by_its_headings(tmp_path: Path):
    first, second = read("csv", CSV, tmp_path)

    assert (first.id, first.severity, first.started_at) == ("I-1", "sev1", STARTED)
    assert (first.services, first.root_cause) == (("checkout", "mail"), "A new key")
    assert [(one.repo, one.commit, one.pull) for one in first.fixed] == [(SHOP, None, 4907), (SHOP, SHA_2[:8], None)]
    assert [(one.repo, one.pull) for one in first.introduced] == [(RepoName("acme", "till"), 5)]
    assert (second.id, second.name, second.cause_type) == ("I-2", 'Says "no"; in two lines', CauseType.UNKNOWN)


def test_an_incident_without_any_change_is_of_an_unknown_cause_until_somebody_names_its_fix(tmp_path: Path):
    bare = {"incidents": [{**PAGERDUTY["incidents"][0], "body": {}}]}

    (one,) = read("pagerduty", bare, tmp_path)

    assert (one.cause_type, one.fixed) == (CauseType.UNKNOWN, ())


@pytest.mark.parametrize(
    ("source", "document", "said"),
    [
        ("pagerduty", {"incidents": [{"id": "Q"}]}, "record 1 (Q) was left out: it has no title or summary"),
        ("incident.io", {"incidents": ["text"]}, "record 1 (without an id) was left out: it has no reference or id"),
        ("rootly", {"data": [{"id": "1", "attributes": {"title": "x", "started_at": "soon"}}]}, "started_at is 'soon'"),
        ("firehydrant", {"data": [{"name": "x"}]}, "it has no id"),
        ("statuspage", {"incidents": [{"id": "1", "name": "a"}, {"id": "1", "name": "b"}]}, "its id SP-1 stands twice"),
        ("osv", {"id": "X", "affected": [{"ranges": [{"type": "SEMVER"}]}]}, "no GIT range that names a commit"),
        ("osv", {**OSV, "withdrawn": "2026-04-01T00:00:00Z"}, "it was withdrawn on 2026-04-01"),
        ("github", [{"number": 1, "title": "x"}], "it has no url of an issue"),
        ("github", [{**GITHUB[0], "pull_request": {"url": "x"}}], "it is a pull request, not an issue"),
        ("csv", "id,fixed\nA,soon\n", "fixed is 'soon'; expected a sha, #12 or a link"),
        ("csv", "id,repo\nA,shop\n", "repo is 'shop'; expected owner/name"),
        ("csv", "id,cause type\nA,gremlins\n", "cause_type is 'gremlins'; expected one of code, "),
    ],
)
def test_a_record_that_cannot_be_read_is_named_and_never_silently_dropped(source, document, said):
    content = document.encode() if isinstance(document, str) else json.dumps(document).encode()

    found = SOURCES[source](content, "export")

    assert any(said in problem for problem in found.problems), found.problems


@pytest.mark.parametrize("source", [name for name in SOURCES if name != "csv"])
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_json_is_refused(source: str, content: bytes):
    with pytest.raises(InputError, match="export is not JSON"):
        SOURCES[source](content, "export")


@pytest.mark.parametrize(
    ("source", "key"), [("pagerduty", "incidents"), ("rootly", "data"), ("statuspage", "incidents")]
)
def test_an_export_of_another_tool_or_version_is_refused_with_what_was_expected(source: str, key: str):
    with pytest.raises(InputError, match=f'it has no list "{key}"'):
        SOURCES[source](b'{"events": []}', "export")


@pytest.mark.parametrize(
    ("content", "said"), [(b"\xff", "not UTF-8"), (b"name\nx\n", "no column is called id"), (b'id\n"x\n', "not CSV")]
)
def test_a_table_that_is_none_is_refused(content: bytes, said: str):
    with pytest.raises(InputError, match=said):
        SOURCES["csv"](content, "export")


_HOSTILE = st.text(max_size=60)


@given(_HOSTILE, _HOSTILE, _HOSTILE)
def test_any_text_of_an_export_comes_through_the_file(tmp_path_factory: pytest.TempPathFactory, name, summary, label):
    document = {
        "incidents": [{"incident_number": 1, "title": "x" + name, "body": {"details": summary}, "urgency": label}]
    }
    (one,) = SOURCES["pagerduty"](json.dumps(document).encode(), "export").incidents
    path = tmp_path_factory.mktemp("any") / "incidents.yaml"

    path.write_bytes(incidents_text([one]).encode("utf-8"))

    assert check_incidents(path) == []
    (read_again,) = load_answers(path).incidents
    assert (read_again.name, read_again.severity) == (one.name, one.severity)


def test_a_sha_that_looks_like_a_number_stays_a_sha(tmp_path: Path):
    (one,) = read("csv", "id,fixed\nA,12345678\nB,12e45678\n", tmp_path)[:1]

    assert [change.commit or change.pull for change in one.fixed] == ["12345678"]
    assert incidents_text([ImportedIncident("A")]).startswith('schema_version: "1.0"\n')
