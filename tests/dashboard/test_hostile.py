"""Whatever stands in a title, a path or a name is text on every page, and a stranger's question gets a plain answer."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from reviewbot.domain.finding import Category, Finding, Location, Severity
from reviewbot.domain.record import ChangePlace, Evidence, Step
from reviewbot.domain.review import Coverage, FileCoverage, HeldBack, Outcome, Review, Stage
from reviewbot.store.record_rows import PullFactRow
from reviewbot.store.review_records import add_review
from reviewbot.store.said_rows import RoundRow
from tests.dashboard.conftest import Board, incident
from tests.dashboard.payloads import MARK, PAYLOADS

OWN = ("/", "#main", "https://github.com/")
ACTIVE = set("iframe object embed base math template xmp marquee audio video isindex style".split())


class Page(HTMLParser):
    """What a browser would take for elements and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in ACTIVE or (tag == "meta" and "http-equiv" in values):
            self.wrong.append(tag)
        if tag == "script":
            self.scripts += 1
            if values.get("src") != "/static/htmx.min.js":
                self.wrong.append(f"script {values}")
        for name, value in values.items():
            is_link = name in ("href", "src", "action", "formaction", "xlink:href")
            if name.startswith(("on", "data-hx")) or (is_link and not value.startswith(OWN)):
                self.wrong.append(f"{tag} {name}={value[:80]}")
            if name.startswith("hx-") and MARK in value:
                self.wrong.append(f"{tag} {name}={value[:80]}")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem and MARK in data:
            self.wrong.append(f"inside of {self.cdata_elem}")


def hostile(board: Board, text: str) -> tuple[int, int]:
    """An incident and a pull request that say this text wherever somebody else may write."""
    place = ChangePlace("a" * 40, 1, text)
    record = incident(
        board.shop,
        "INC-9",
        text,
        key="api:hostile",
        summary=text,
        root_cause=text,
        why=text,
        severity=text,
        link=text,
        today_note=text,
        cause=place,
        fix=place,
        steps=(Step(1.0, text),),
        evidence=(Evidence("f" * 16, text, text, text, "verify", text, text),),
    )
    number = board.service.live.incidents.report(replace(record, name=text), text)
    finding = Finding(
        text, text, Severity.HIGH, 0.9, Category.OTHER, Location(f"a/{text}", 3, 4), text, (text,), anchor_text=text
    )
    held = HeldBack(replace(finding, title=f"held {text}"), Stage.VERIFY, text)
    coverage = Coverage((FileCoverage(text, 1, 2, detail=text),))
    review = Review(Outcome.PARTIAL, text, findings=(finding,), held_back=(held,), coverage=coverage)
    with board.service.transactions.writing() as session:
        review_id = add_review(session, review)
        row = session.exec(_rounds(board)).one()  # type: ignore[call-overload]
        row.review_id = review_id
        fact = session.get(PullFactRow, (board.shop.id, 1))
        assert fact is not None
        fact.title = fact.author = text.replace("\0", "")
        session.add_all([row, fact])
    return number, 1


def _rounds(board: Board) -> object:
    from sqlmodel import select

    return select(RoundRow).where(RoundRow.repo_id == board.shop.id)


@pytest.mark.parametrize("text", PAYLOADS, ids=range(len(PAYLOADS)))
def test_s29_a_hostile_text_is_text_on_every_page(board: Board, text: str):
    number, pull = hostile(board, text)
    client = board.client(with_login=False)

    paths = ("/", "/findings", "/incidents", f"/incidents/{number}", "/pulls", f"/pulls/{board.shop.id}/{pull}")
    for path in (*paths, "/repositories", "/spend", "/deliveries"):
        answer = client.get(path)
        page = Page()
        page.feed(answer.text)
        assert (answer.status_code, page.wrong, page.scripts) == (200, [], 1), path
    searched = client.get("/findings", params={"text": text[:200], "reviewer": text[:200]})
    page = Page()
    page.feed(searched.text)
    assert page.wrong == []


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_s36_no_cell_of_a_table_is_a_formula(board: Board, cell: str):
    hostile(board, cell)
    client = board.client(with_login=False)

    for name in ("findings", "incidents", "reviews"):
        answer = client.get(f"/api/{name}.csv")
        assert answer.headers["content-disposition"] == "attachment"
        rows = list(csv.reader(io.StringIO(answer.text, newline="")))
        assert len(rows) > 1
        assert not [one for row in rows for one in row if one[:1] in "=+-@\t\r" and one[:1]]


@pytest.mark.parametrize(
    "path",
    [
        "/incidents/999999",
        "/incidents/99999999999999999999999",
        "/incidents/abc",
        "/incidents/-1",
        "/pulls/1/1",
        "/pulls/99999999999999999999999/1",
        "/pulls/abc/1",
        "/runs/7/report",
        "/nothing/here",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/findings?before=abc",
        "/findings?repo=x",
    ],
)
def test_what_is_not_there_is_said_not_to_be_there(board: Board, path: str):
    answer = board.client(with_login=False).get(path)

    assert answer.status_code == 404
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("text", ["%", "_", "\\", "100%_\\", "'; DROP TABLE finding; --", "\x00", "é" * 200])
def test_any_words_can_be_looked_for(board: Board, text: str):
    client = board.client(with_login=False)

    assert client.get("/findings", params={"text": text}).status_code == 200
    assert client.get("/incidents", params={"text": text}).status_code == 200
    assert "No finding fits" in client.get("/findings", params={"text": text}).text


def test_people_and_repositories_that_are_gone_leave_a_record_that_can_be_read(board: Board):
    board.shop.delete()
    board.pull.lose_author()
    board.service.live.pulls.forget_repositories(1, [board.shop.id])
    client = board.client(with_login=False)

    assert "Orders fail" in client.get(f"/incidents/{board.incident}").text
    assert "second fails" in client.get(f"/pulls/{board.shop.id}/1").text
