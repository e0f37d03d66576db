"""Whatever is signed and sent, the parser answers with an event or with one kind of error (F14, F15)."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.events import Event, Ignored
from reviewbot.github.webhook import UnreadablePayload, decode_body, parse_event
from tests.github.payload_samples import OWN, Json, samples

NAMES = sorted({event for event, _ in samples()} | {"ping", "push"})
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**400])
    | st.floats()
    | st.text(max_size=20)
    | st.text(st.characters(categories=["Cs", "Cc", "Cf", "Mn"]), max_size=5)
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def assert_answered(event: str, body: bytes) -> None:
    try:
        answer = parse_event(event, body, OWN)
    except UnreadablePayload as refused:
        assert str(refused).isprintable()
        return
    assert isinstance(answer, Event)
    if isinstance(answer, Ignored):
        assert answer.reason.isprintable()
    # What the store and the log will do with it.
    repr(answer).encode()
    assert "\0" not in str(getattr(answer, "body", "")) + str(getattr(answer, "author", ""))


@given(st.sampled_from(NAMES) | st.text(max_size=20), st.binary(max_size=200))
def test_f14_any_bytes(event: str, body: bytes):
    assert_answered(event, body)


@given(st.text(max_size=40), st.binary(max_size=200))
def test_f12_any_form(content_type: str, raw: bytes):
    for kind in (content_type, "application/x-www-form-urlencoded"):
        try:
            body = decode_body(kind, b"payload=" + raw)
        except UnreadablePayload:
            continue
        assert_answered("pull_request", body)


@given(st.sampled_from(NAMES), ANY_JSON)
def test_f14_any_json(event: str, document: object):
    assert_answered(event, json.dumps(document).encode())


@given(st.sampled_from(samples()), st.data())
def test_f15_real_payloads_with_changes_in_any_place(sample: tuple[str, Json], choices: st.DataObject):
    event, payload = sample
    payload = copy.deepcopy(payload)
    for _ in range(choices.draw(st.integers(1, 4), label="changes")):
        _change(payload, choices)

    assert_answered(event, json.dumps(payload).encode())


def _change(payload: Json, choices: st.DataObject) -> None:
    place: Any = payload
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = choices.draw(st.sampled_from(keys))
        inner = place[key]
        if not isinstance(inner, dict | list) or choices.draw(st.integers(0, 3)) == 0:
            break
        place = inner
    if choices.draw(st.booleans(), label="remove"):
        del place[key]
    else:
        place[key] = choices.draw(ANY_JSON)


@given(st.sampled_from(samples()), st.integers(0, 3000), st.binary(max_size=4))
def test_f14_real_payloads_with_damaged_bytes(sample: tuple[str, Json], position: int, damage: bytes):
    event, payload = sample
    body = json.dumps(payload).encode()

    assert_answered(event, body[:position] + damage + body[position + len(damage) :])
