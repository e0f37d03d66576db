"""Every commit object gives a record, however odd."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.repository import Sha
from reviewbot.git.commits import parse_commit

SHA = Sha("a" * 40)


def test_dates_are_utc_whatever_the_zone_was() -> None:
    record = parse_commit(SHA, b"tree x\nauthor A B <a@b> 86400 +0530\ncommitter C <c@d> 3600 -0800\n\nSubject\n")
    assert record.author == "A B"
    assert record.author_date == datetime(1970, 1, 2, tzinfo=UTC)
    assert record.committer_date == datetime(1970, 1, 1, 1, tzinfo=UTC)


def test_a_subject_of_two_lines_is_one_line() -> None:
    record = parse_commit(SHA, b"tree x\n\nOne\ntwo\n\nBody\n\nmore\n")
    assert (record.subject, record.body) == ("One two", "Body\n\nmore")


def test_a_declared_encoding_is_heeded_and_an_unknown_one_is_not() -> None:
    assert parse_commit(SHA, b"encoding ISO-8859-1\n\ncaf\xe9").subject == "café"
    assert parse_commit(SHA, "encoding klingon\n\ncafé".encode()).subject == "café"


def test_a_signature_is_no_header_and_no_message() -> None:
    content = b"gpgsig -----BEGIN\n parent " + b"b" * 40 + b"\n -----END\n\nSubject"
    record = parse_commit(SHA, content)
    assert (record.parents, record.subject) == ((), "Subject")


def test_a_date_that_cannot_be_is_the_start_of_time() -> None:
    for date in (b"99999999999999999", b"-99999999999999999", b"soon", b""):
        record = parse_commit(SHA, b"author A <a> " + date + b" +0000\n\nx")
        assert (record.author, record.author_date) == ("A", datetime(1970, 1, 1, tzinfo=UTC))


@given(st.binary(max_size=200))
def test_any_author_line_and_message_give_a_record(content: bytes) -> None:
    record = parse_commit(SHA, b"author " + content + b"\nparent " + content + b"\n\n" + content)
    assert record.author_date.tzinfo is UTC
    assert "\n" not in record.subject
