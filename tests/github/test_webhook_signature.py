"""Only what GitHub signed with our secret is believed (F08, F09, F10, S30)."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.github.webhook import verify_signature

# GitHub's published example: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
SECRET = b"It's a Secret to Everybody"
BODY = b"Hello, World!"
SIGNATURE = b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

DIGITS = SIGNATURE.removeprefix(b"sha256=")


def signed(secret: bytes, body: bytes) -> bytes:
    return b"sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest().encode()


def test_f08_githubs_published_example_is_accepted():
    assert verify_signature([SECRET], BODY, [SIGNATURE])


@pytest.mark.parametrize(
    "header_values",
    [
        pytest.param([], id="missing"),
        pytest.param([b""], id="empty"),
        pytest.param([b"sha1=" + hmac.new(SECRET, BODY, hashlib.sha1).hexdigest().encode()], id="sha1 only"),
        pytest.param([b"sha256=" + hmac.new(SECRET, BODY, hashlib.sha1).hexdigest().encode()], id="sha1 called sha256"),
        pytest.param([SIGNATURE[:-1]], id="one digit short"),
        pytest.param([SIGNATURE + b"0"], id="one digit long"),
        pytest.param([b"sha256="], id="no digits"),
        pytest.param([DIGITS], id="no prefix"),
        pytest.param([b"sha256=" + DIGITS.upper()], id="upper-case digits"),
        pytest.param([b"SHA256=" + DIGITS], id="upper-case prefix"),
        pytest.param([b"sha256=" + "ä".encode() * 32], id="non-ASCII"),
        pytest.param([b"sha256=" + b"\xff" * 64], id="not even UTF-8"),
        pytest.param([b"sha256=" + "٧".encode() * 32], id="digits of another script"),
        pytest.param([SIGNATURE + b"\n"], id="line break behind"),
        pytest.param([b" " + SIGNATURE], id="blank before"),
        pytest.param([SIGNATURE, SIGNATURE], id="two headers, both right"),
        pytest.param([b"sha256=" + b"0" * 64, SIGNATURE], id="two headers, the second right"),
        pytest.param([SIGNATURE + b", " + SIGNATURE], id="two headers joined"),
        pytest.param([b"sha256=" + b"0" * 64], id="wrong"),
    ],
)
def test_f08_any_other_signature_is_refused_without_an_exception(header_values: list[bytes]):
    assert not verify_signature([SECRET], BODY, header_values)


@pytest.mark.parametrize("body", [b"", b"Hello, World", b"Hello, World!\n", b"hello, World!"])
def test_f08_a_changed_body_is_refused(body: bytes):
    assert not verify_signature([SECRET], body, [SIGNATURE])


@given(st.lists(st.binary(max_size=80), max_size=3))
def test_f08_whatever_stands_in_the_header_the_answer_is_no(header_values: list[bytes]):
    assert not verify_signature([SECRET], BODY, header_values)


@given(st.binary(min_size=1, max_size=40), st.binary(max_size=200))
def test_a_signature_with_our_secret_is_accepted_whatever_was_signed(secret: bytes, body: bytes):
    assert verify_signature([secret], body, [signed(secret, body)])


def test_f09_while_the_secret_is_rotated_the_old_and_the_new_one_are_good():
    secrets = [b"new", b"old"]

    assert verify_signature(secrets, BODY, [signed(b"new", BODY)])
    assert verify_signature(secrets, BODY, [signed(b"old", BODY)])
    assert not verify_signature(secrets, BODY, [signed(b"older", BODY)])


@pytest.mark.parametrize("secrets", [[], [b""], [b"", b""]])
def test_f10_without_a_secret_nothing_is_believed(secrets: list[bytes]):
    assert not verify_signature(secrets, BODY, [signed(b"", BODY)])
    assert not verify_signature(secrets, BODY, [])


def test_f10_an_empty_secret_beside_a_real_one_opens_nothing():
    assert not verify_signature([b"", SECRET], BODY, [signed(b"", BODY)])
    assert verify_signature([b"", SECRET], BODY, [SIGNATURE])
