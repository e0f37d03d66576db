"""What is taken for a secret, what is not, and what hiding leaves alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.secret_text import MARKER, hidden, marker, without_secrets
from tests.security.secret_samples import NEGATIVES, POSITIVES, Sample, drawn

SAMPLES = st.sampled_from([sample.text for sample in (*POSITIVES, *NEGATIVES)])
NOISE = st.text(st.sampled_from("ab1Zz_-=:/@\"'`[](){}<>. \n\t$%&*+,;!?|#\\\r"), max_size=30)
TELLING = st.sampled_from(
    [
        "password",
        "secret=",
        "token: ",
        "api_key",
        "[redacted: token]",
        "://u:",
        "@h",
        "ghp" + "_",
        "-----BEGIN PRIVATE KEY",
    ]
)
TEXTS = st.lists(st.one_of(SAMPLES, NOISE, TELLING, st.text(max_size=20)), max_size=6).map("".join)
LEAST_FRAGMENT = 12


def test_there_are_enough_samples_and_each_has_what_it_says():
    assert len(POSITIVES) >= 60 and len(NEGATIVES) >= 60
    assert all(len(sample.secret) >= 8 and sample.secret in sample.text for sample in POSITIVES)
    assert len({sample.text for sample in (*POSITIVES, *NEGATIVES)}) == len(POSITIVES) + len(NEGATIVES)


@pytest.mark.parametrize("sample", POSITIVES, ids=lambda sample: f"{sample.kind}: {sample.text[:24]}")
def test_s20_a_secret_is_replaced_by_a_marker_and_nothing_of_it_is_left(sample: Sample):
    result = hidden(sample.text)

    assert MARKER.search(result.text)
    assert result.secrets
    for at in range(len(sample.secret) - LEAST_FRAGMENT + 1):
        assert sample.secret[at : at + LEAST_FRAGMENT] not in result.text
    assert sample.secret not in result.text


@pytest.mark.parametrize("sample", NEGATIVES, ids=lambda sample: sample.text[:40])
def test_s20_a_text_without_a_secret_is_the_same_to_the_byte(sample: Sample):
    assert hidden(sample.text).text is sample.text or hidden(sample.text).text == sample.text
    assert hidden(sample.text).secrets == frozenset()


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_s20_hiding_twice_is_hiding_once_and_lines_stay_where_they_are(text: str):
    once = hidden(text)

    assert without_secrets(once.text) == once.text
    assert once.text.count("\n") == text.count("\n")
    assert (once.text == text) == (not once.secrets)


@settings(max_examples=200, deadline=None)
@given(st.lists(SAMPLES, max_size=6))
def test_s20_lines_that_hold_no_secret_are_not_touched(texts: list[str]):
    text = "\n\n".join(texts)

    for before, after in zip(text.split("\n"), without_secrets(text).split("\n"), strict=True):
        assert before == after or MARKER.search(after)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("abcdefgh \n.,"), max_size=200))
def test_s20_prose_is_never_touched(text: str):
    assert hidden(text).text == text


def test_s20_the_same_secret_in_many_places_counts_once_and_the_digest_does_not_tell_it():
    key = "gh" + "p_" + drawn(36)

    result = hidden(f"{key}\n{key} {key}\nxoxb" + "-123456789012-abcdef")

    assert len(result.secrets) == 2
    assert result.text.count(marker("github token")) == 3
    assert all(len(digest) == 16 and digest not in key for digest in result.secrets)


@pytest.mark.parametrize(
    "hostile",
    ["ghp_" + "a" * 300_000, "token=" * 50_000, "password" + " " * 300_000,
     "://u:" + "a" * 300_000, "eyJaaaaaaaa." * 30_000,
     "-----BEGIN PRIVATE KEY-----\n" * 10_000, "<password " * 30_000, "--key" * 60_000, "secret='" * 40_000,
     "authorization: bearer " * 15_000, ("sk_live_" + "a1B2" * 6 + " ") * 9_000],
    ids=lambda text: text[:12].strip(),
)  # fmt: skip
def test_s25_no_text_makes_the_search_for_secrets_take_for_ever(hostile: str):
    started = time.process_time()

    once = without_secrets(hostile)

    assert time.process_time() - started < 10
    assert once.count("\n") == hostile.count("\n")
