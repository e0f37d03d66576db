"""The record for a review meeting: its figures by hand-counted values, its texts without any power."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from random import Random

import pytest

from reviewbot.cli.report import beginning
from reviewbot.domain.record import Answer, IncidentRecord, Result, Stand
from reviewbot.domain.record_figures import Fates, Group, Month, RecordFigures, fates_of
from reviewbot.domain.repository import RepoName
from reviewbot.errors import InputError
from reviewbot.report.record_report import html_record, markdown_record, terminal_record
from reviewbot.store.browse.figures import Figures, months_of
from reviewbot.store.transactions import Transactions, open_transactions
from tests.bench.seed_record import seed

HOSTILE = "<script>alert(1)</script> @team \x1b[2J [x](javascript:alert(1)) |"
DAY = 86_400.0


def incident(answer: Answer | None, at: float = 0.0, title: str = "Orders fail") -> IncidentRecord:
    repo = RepoName("acme", "shop")
    return IncidentRecord("k", "shop#1", 1, 1, repo, title, at, stand=Stand.ANSWERED, answer=answer)


def figures(*incidents: IncidentRecord) -> RecordFigures:
    return RecordFigures(
        0.0,
        10 * DAY,
        reviews=4,
        silent=1,
        outcomes={"complete": 3, "partial": 1},
        findings=6,
        cost_usd=Decimal("1.5"),
        fates=Fates(3, 2, 1, 2, 1),
        groups={"repository": (Group(HOSTILE, Fates(1, 0, 1), 4, 1),)},
        answers=Counter(one.answer for one in incidents if one.answer is not None),
        unanswered=sum(one.answer is None for one in incidents),
        incidents=incidents,
        months=months_of([(one.answer, one.opened_at) for one in incidents]),
    )


def test_rates_are_what_they_say():
    fates = fates_of(
        {
            (Result.ADDRESSED, False): 3,
            (Result.DISMISSED, False): 1,
            (Result.DISMISSED, True): 1,
            (Result.IGNORED, False): 4,
            (Result.IGNORED, True): 1,
        }
    )

    assert (fates.said, fates.proven, fates.acceptance) == (10, 2, 0.3)
    assert fates.precision == pytest.approx((3 + 2) / (3 + 2 + 1))
    assert Fates().acceptance is None
    assert Fates().precision is None


def test_the_headline_counts_incidents_that_a_change_caused():
    found = figures(
        incident(Answer.FLAGGED_AND_IGNORED),
        incident(Answer.MISSED),
        incident(Answer.NOT_A_CODE_CAUSE),
        incident(Answer.NOT_JUDGED),
        incident(None),
    )

    assert (found.told, found.counted) == (1, 2)
    assert "Of 2 incidents caused by a change, the review had named the cause of 1" in terminal_record(found)


def test_months_hold_what_was_opened_in_them():
    found = months_of([(Answer.MISSED, 0.0), (Answer.HELD_BACK, 40 * DAY), (None, 40 * DAY)])

    assert found == (Month("1970-01", {Answer.MISSED: 1}), Month("1970-02", {Answer.HELD_BACK: 1}))


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def test_s29_a_hostile_text_stays_text():
    page = Page()
    page.feed(html_record(figures(incident(Answer.MISSED, title=HOSTILE))))

    assert "script" not in page.tags
    assert "a" not in page.tags
    assert not [name for name in page.attributes if name.startswith("on")]


def test_s36_nothing_moves_the_cursor_and_nobody_is_called():
    found = figures(incident(Answer.MISSED, title=HOSTILE))

    assert "\x1b" not in terminal_record(found)
    assert "\x1b" not in markdown_record(found)
    assert "@team" not in markdown_record(found)
    assert "<script" not in markdown_record(found).replace("\\<", "")


def test_an_empty_record_says_so():
    empty = RecordFigures(0.0, DAY)

    assert "No incident on record has an answer yet" in terminal_record(empty)
    assert "No incident is on record in this time" in html_record(empty)


@pytest.mark.parametrize(("said", "days"), [("90d", 90), ("2w", 14), ("6m", 180), ("1y", 365)])
def test_a_span_is_counted_back_from_now(said: str, days: int):
    assert beginning(said, 1_000 * DAY) == (1_000 - days) * DAY


def test_a_date_and_all_are_taken_and_other_words_refused():
    assert beginning("1970-01-03", 9 * DAY) == 2 * DAY
    assert beginning("all", 9 * DAY) == 0.0
    with pytest.raises(InputError, match="--since soon: expected 90d"):
        beginning("soon", 9 * DAY)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transactions]:
    transactions = open_transactions(f"sqlite:///{tmp_path_factory.mktemp('record') / 'record.db'}")
    seed(transactions, 60, 300, 24, Random(3))
    yield transactions
    transactions.close()


def test_the_database_counts_what_is_in_it(seeded: Transactions):
    found = Figures(seeded).since(0.0, with_incidents=True)

    assert found.reviews == 60 == sum(found.outcomes.values())
    assert found.fates.said == found.findings
    assert sum(one.fates.said for one in found.groups["category"]) == found.findings
    assert sum(one.reviews for one in found.groups["repository"]) == 60
    assert len(found.incidents) == 24
    assert found.cost_usd == Decimal("10.8")
    assert 0 < found.silent < 60


def test_only_what_somebody_may_see_is_counted(seeded: Transactions):
    everything = Figures(seeded).since(0.0, with_incidents=True)
    parts = [Figures(seeded).since(0.0, [1_000 + number], with_incidents=True) for number in range(8)]

    assert Figures(seeded).since(0.0, []).reviews == 0
    assert Figures(seeded).since(0.0, []).incidents == ()
    assert sum(one.reviews for one in parts) == everything.reviews
    assert sum(one.cost_usd for one in parts) == everything.cost_usd
    assert sum(len(one.incidents) for one in parts) == 24


def test_only_what_happened_since_is_counted(seeded: Transactions):
    everything = Figures(seeded).since(0.0, with_incidents=True)

    late = Figures(seeded).since(everything.until - 90 * DAY, with_incidents=True)

    assert 0 < late.reviews < everything.reviews
    assert 0 < len(late.incidents) < 24
