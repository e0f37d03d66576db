"""The API: what pages show, and the way in for incidents of other systems."""

from __future__ import annotations

from typing import Any

import pytest

from reviewbot.domain.record import Stand
from tests.dashboard.conftest import TOKEN, Board

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
REPORT: dict[str, Any] = {
    "id": "PD-7",
    "repo": "octo/shop",
    "title": "Orders fail",
    "summary": "Since noon.",
    "started_at": "2026-11-02T10:00:00Z",
    "fix": {"pull": 12},
}


def test_an_incident_of_another_system_is_put_on_record_once(board: Board):
    client = board.client()

    first = client.post("/api/incidents", json=REPORT, headers=HEADERS)
    second = client.post("/api/incidents", json=REPORT, headers=HEADERS)

    assert first.status_code == 201
    assert first.json() == second.json()
    kept = board.service.live.incidents.get(first.json()["id"])
    assert kept is not None
    assert (kept.record.title, kept.record.stand, kept.record.fix.pull) == ("Orders fail", Stand.WAITING, 12)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"title": ""}, "title"),
        ({"repo": "octo"}, "repo"),
        ({"id": "a b"}, "id"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"started_at": "yesterday"}, "started_at"),
        ({"started_at": "2026-11-02T10:00:00"}, "started_at"),
        ({"fix": {}}, "fix"),
        ({"cause": {"commit": "--upload-pack=x"}}, "cause"),
        ({"cause": {"pull": 2**40}}, "cause"),
        ({"unknown": 1}, "unknown"),
        ({"summary": "x" * 20_001}, "summary"),
    ],
)
def test_a_report_that_is_not_in_order_is_told_where(board: Board, change: dict[str, Any], word: str):
    answer = board.client().post("/api/incidents", json={**REPORT, **change}, headers=HEADERS)

    assert answer.status_code == 422
    assert word in str(answer.json()["detail"][0]["loc"])


def test_a_repository_that_nothing_is_on_record_of_is_named(board: Board):
    answer = board.client().post("/api/incidents", json={**REPORT, "repo": "octo/none"}, headers=HEADERS)

    assert answer.status_code == 404
    assert "octo/none" in answer.json()["detail"]


def test_the_api_describes_itself(board: Board):
    described = board.client().get("/api/openapi.json").json()

    wanted = {"/api/figures", "/api/findings", "/api/incidents", "/api/incidents/{incident_id}"}
    assert wanted <= described["paths"].keys()
    assert all(path.startswith("/api/") for path in described["paths"])
    assert described["paths"]["/api/incidents"]["post"]["responses"].keys() >= {"201", "422"}


def test_findings_can_be_filtered_and_read_in_pages(board: Board):
    client = board.client()

    everything = client.get("/api/findings", headers=HEADERS).json()
    assert {one["repo"] for one in everything} == {"octo/shop", "acme/secret"}
    ignored = client.get("/api/findings", params={"fate": "ignored"}, headers=HEADERS).json()
    assert [(one["repo"], one["result"]) for one in ignored] == [("octo/shop", "ignored")]
    assert client.get("/api/findings", params={"severity": "low"}, headers=HEADERS).json() == []
    assert client.get("/api/findings", params={"before": everything[-1]["id"]}, headers=HEADERS).json() == []


def test_one_incident_is_told_with_its_evidence(board: Board):
    told = board.client().get(f"/api/incidents/{board.incident}", headers=HEADERS).json()

    assert (told["name"], told["answer"], told["repo"]) == ("INC-1", "flagged and ignored", "octo/shop")
    assert told["evidence"][0]["title"] == "second fails"
    assert told["steps"][0]["text"] == "reported"


def test_figures_are_those_of_the_page(board: Board):
    told = board.client().get("/api/figures", headers=HEADERS).json()

    assert (told["reviews"], told["findings"], told["incidents_told"]) == (2, 2, 2)
    assert told["fates"]["ignored"] == 1
