from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL, make_url

from reviewbot.store.address import masked, shown

URLS = [
    "postgresql://someone:hunter2secret@host/db",
    "postgresql://someone@host/db?password=hunter2secret&sslmode=require",
    "postgresql://someone@host/db?PASSWORD=hunter2secret",
    "postgresql://someone:hunter2secret@host/db?sslpassword=hunter2secret",
    "postgresql+psycopg://hunter2secret:hunter2secret@/db?password=hunter2secret&password=hunter2secret",
]


@pytest.mark.parametrize("address", URLS[:4])
def test_a_shown_address_has_its_host_and_no_password(address: str):
    text = shown(make_url(address))

    assert "hunter2" not in text
    assert "host/db" in text


@pytest.mark.parametrize("address", URLS)
@pytest.mark.parametrize(
    "words", ["cannot reach {}", "invalid dsn: {!r}: missing =", 'password authentication failed for "{}"']
)
def test_words_that_quote_an_address_lose_its_password(address: str, words: str):
    assert "hunter2secret" not in masked(words.format(address), make_url(address))
    assert ":hunter2secret@" not in masked(words.format(address))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20))
def test_no_form_of_a_password_is_left(rest: str):
    password = f"hunter2{rest}"
    url = URL.create("postgresql", "someone", password, "host", 5432, "db", {"sslpassword": password})

    assert "hunter2" not in masked(f"could not use {url.render_as_string(False)} with {password}", url)


def test_ordinary_words_stay_as_they_are():
    words = "FATAL: database \"x\" does not exist (server at 'db:5432', user@host)"

    assert masked(words, make_url("postgresql://u@db/x")) == words
