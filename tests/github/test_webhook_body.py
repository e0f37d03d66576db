"""Whatever bytes come, they are read or refused with a reason, never with a traceback (F11, F12, F14)."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.events import CommentWritten, Ignored, PullChanged
from reviewbot.github.webhook import UnreadablePayload, decode_body, parse_event
from tests.github.payload_samples import OWN, changed, issue_comment_delivery, parsed, pull_delivery

OPENED = json.dumps(pull_delivery("opened")).encode()


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_taken_as_it_is(content_type: str):
    assert decode_body(content_type, OPENED) == OPENED


@pytest.mark.parametrize("rest", ["", "; charset=utf-8"])
def test_f12_a_form_encoded_delivery_is_accepted(rest: str):
    raw = urlencode({"payload": OPENED}).encode()

    body = decode_body("application/x-www-form-urlencoded" + rest, raw)

    assert body == OPENED
    assert isinstance(parse_event("pull_request", body, OWN), PullChanged)


@given(st.text(max_size=60))
def test_f12_a_form_brings_any_text_unchanged(text: str):
    document = json.dumps({"body": text}, ensure_ascii=False).encode()

    assert decode_body("application/x-www-form-urlencoded", urlencode({"payload": document}).encode()) == document


@pytest.mark.parametrize("raw", [b"", b"other={}", b"payload={}&payload={}", b"&" * 500, b"Payload={}"])
def test_f12_a_form_without_exactly_one_payload_is_refused(raw: bytes):
    with pytest.raises(UnreadablePayload, match="payload fields instead of one"):
        decode_body("application/x-www-form-urlencoded", raw)


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data", "application/xml", ";", "json"])
def test_f12_another_content_type_is_refused_with_the_remedy(content_type: str):
    with pytest.raises(UnreadablePayload, match="set the webhook's content type"):
        decode_body(content_type, OPENED)


def nested(depth: int, opening: str, closing: str) -> bytes:
    return ('{"action":"opened","x":' + opening * depth + "1" + closing * depth + "}").encode()


HOSTILE = {
    "empty": b"",
    "no JSON": b"opened",
    "HTML": b"<html></html>",
    "cut off": OPENED[:-20],
    "two documents": OPENED + OPENED,
    "list": b"[]",
    "null": b"null",
    "text": b'"pull_request"',
    "number": b"1",
    "deep lists": nested(100_000, "[", "]"),
    "deep objects": nested(100_000, '{"a":', "}"),
    "deep and cut off": b'{"a":[' * 100_000,
    "5,000 digits": b'{"number":' + b"9" * 5_000 + b"}",
    "5,000 digits, negative, deep inside": b'{"a":[{"b":-' + b"9" * 5_000 + b"}]}",
    "half a surrogate pair": b'{"a":"\\ud800"}',
    "the other half": b'{"a":["\\uDFFF"]}',
    "half a surrogate pair as key": b'{"a":{"\\udc00":1}}',
    "surrogates in the wrong order": b'{"a":"\\udc00\\ud800"}',
    "surrogate in the encoding": b'{"a":"\xed\xa0\x80"}',
    "invalid UTF-8": b'{"a":"\xff"}',
    "overlong UTF-8": b'{"a":"\xc0\x80"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "UTF-16 without a mark": '{"a":1}'.encode("utf-16-le"),
    "UTF-32": '{"a":1}'.encode("utf-32"),
    "two byte order marks": b"\xef\xbb\xbf\xef\xbb\xbf{}",
    "raw NUL": b'{"a":"\x00"}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":[-Infinity]}',
    "same key twice": b'{"action":"opened","action":"closed"}',
    "same key twice, deep inside": b'{"a":[{"b":1,"b":1}]}',
    "same key twice in two spellings": b'{"a":1,"\\u0061":2}',
    "trailing comma": b'{"a":1,}',
    "comment": b"{/**/}",
    "single quotes": b"{'a':1}",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("event", ["pull_request", "ping", "never heard of"])
def test_f14_hostile_json_is_refused_with_a_reason_in_one_line(event: str, body: bytes):
    with pytest.raises(UnreadablePayload) as refused:
        parse_event(event, body, OWN)

    reason = str(refused.value)
    assert reason.startswith("the delivery ")
    assert reason.isprintable()
    assert len(reason) < 200


@pytest.mark.parametrize("path", ["number", "repository.id", "installation.id", "sender.id"])
@pytest.mark.parametrize("value", [2**63, 2**64, 10**400, -1, 0, 1.0, 1e300, True, "1", "", None, [], {}])
def test_f14_an_id_that_no_database_holds_is_refused_and_named(path: str, value: object):
    payload = changed(pull_delivery("opened"), path, value)

    with pytest.raises(UnreadablePayload, match=path):
        parsed("pull_request", payload)


def test_f14_the_largest_id_of_a_database_is_read_and_a_pull_requests_number_is_smaller():
    payload = changed(pull_delivery("opened"), "repository.id", 2**63 - 1)
    event = parsed("pull_request", payload)

    assert isinstance(event, PullChanged)
    assert event.ref.repo_id == 2**63 - 1
    with pytest.raises(UnreadablePayload, match="number"):
        parsed("pull_request", changed(payload, "number", 2**31))


def test_f14_nul_in_a_comment_becomes_a_character_that_postgresql_can_store():
    event = parsed("issue_comment", changed(issue_comment_delivery(), "comment.body", "a\0b"))

    assert isinstance(event, CommentWritten)
    assert event.body == "a\ufffdb"


def test_f14_nul_and_odd_numbers_where_nobody_looks_do_no_harm():
    payload = {**pull_delivery("opened"), "extra": ["\0", 2**64, -0.5, "\U0001f600"]}

    assert isinstance(parsed("pull_request", payload), PullChanged)


def test_f14_a_real_surrogate_pair_is_text():
    event = parsed("issue_comment", changed(issue_comment_delivery(), "comment.body", "\U0001f600"))

    assert isinstance(event, CommentWritten)
    assert event.body == "\U0001f600"


def test_f14_a_byte_order_mark_is_allowed():
    assert isinstance(parse_event("pull_request", b"\xef\xbb\xbf" + OPENED, OWN), PullChanged)


def test_f14_deep_nesting_is_refused_also_when_the_stack_is_nearly_full():
    def deeper(levels: int) -> None:
        if levels:
            return deeper(levels - 1)
        with pytest.raises(UnreadablePayload):
            parse_event("ping", nested(100_000, "[", "]"), OWN)
        return None

    deeper(700)


def test_f11_a_delivery_of_25_megabytes_is_read():
    payload = {**pull_delivery("opened"), "filler": ["\\\u00e9" * 1000] * 6_200}
    body = json.dumps(payload, ensure_ascii=False).encode()
    assert 24_000_000 < len(body) < 26_214_400

    assert isinstance(parse_event("pull_request", body, OWN), PullChanged)


def test_an_error_never_repeats_the_payloads_words():
    payload = changed(pull_delivery("opened"), "repository.full_name", "ghs_secret \x1b[31m")

    with pytest.raises(UnreadablePayload) as refused:
        parsed("pull_request", payload)

    assert "ghs_secret" not in str(refused.value)
    assert "repository.full_name" in str(refused.value)
    assert refused.value.__cause__ is None


def test_an_unknown_event_with_readable_json_is_ignored_whatever_its_form():
    assert isinstance(parse_event("marketplace_purchase", b'{"installation":"none"}', OWN), Ignored)
