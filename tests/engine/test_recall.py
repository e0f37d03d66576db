"""Which incidents of the past are worth a look for a finding: by values and properties."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.finding import Category, Finding, Severity
from reviewbot.engine.recall import PastIncident, alike

POOL = PastIncident(
    "INC-1", "Checkout stopped", "Connections of the pool were not returned after a timeout, so that it ran dry.", 1.0
)
CLOCK = PastIncident(
    "INC-2", "Invoices twice", "The scheduler ran twice in the hour that daylight saving repeats.", 2.0
)
CERT = PastIncident("INC-3", "Login down", "The certificate of the identity provider had expired.", 3.0)
RECORD = (POOL, CLOCK, CERT)


def finding(title: str, explanation: str = "") -> Finding:
    return Finding(title, explanation, Severity.HIGH, 0.9, Category.RESOURCE, None, "llm")


def test_an_incident_that_shares_the_telling_words_is_found():
    found = alike(
        finding("A connection leaks", "On a timeout it is never returned to the pool, which runs dry."), RECORD
    )

    assert found[0] is POOL


def test_words_of_every_day_find_nothing():
    assert alike(finding("The request fails when there is an error"), RECORD) == ()
    assert alike(finding("Typo in a comment"), RECORD) == ()


def test_an_empty_record_finds_nothing():
    assert alike(finding("A connection leaks"), ()) == ()


texts = st.text(max_size=200)


@given(st.lists(texts, max_size=8), texts, texts)
def test_any_text_is_held_against_any_record(record: list[str], title: str, explanation: str):
    incidents = [PastIncident(f"INC-{number}", "", text, 0.0) for number, text in enumerate(record)]

    found = alike(finding(title, explanation), incidents)

    assert len(found) <= 3
    assert set(found) <= set(incidents)
    assert len(set(found)) == len(found)


@given(st.permutations(RECORD))
def test_the_order_of_the_record_does_not_matter(record: list[PastIncident]):
    said = finding("Pool of connections runs dry", "The certificate and the scheduler time out.")

    assert alike(said, record) == alike(said, RECORD)
