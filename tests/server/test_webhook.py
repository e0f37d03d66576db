"""What the door says to deliveries, good and bad."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest

from reviewbot.jobs.queue import DeliveryJob
from tests.server.deliveries import PATH, SECRET, post, request, signed
from tests.server.running import OLD_SECRET, Door, NotedJobs

HOSTILE = {
    "no JSON at all": b"Hello, World!",
    "no object": b"[]",
    "deep nesting": b"[" * 100_000 + b"]" * 100_000,
    "a number of 5,000 digits": b'{"a": ' + b"9" * 5_000 + b"}",
    "half a surrogate pair": b'{"a": "\\ud800"}',
    "no UTF-8": b'{"a": "\xff"}',
    "a key twice": b'{"a": 1, "a": 2}',
    "not a number": b'{"a": NaN}',
    "nothing": b"",
}


def test_a_delivery_is_accepted_kept_and_put_in_as_a_job(door: Door, jobs: NotedJobs):
    answer = post(door.port, {"zen": "Keep it logically awesome."})

    [job] = jobs.noted
    assert isinstance(job, DeliveryJob)
    stored = door.deliveries.read(job.delivery_id)
    assert answer.status == 202
    assert (stored.guid, stored.hook_target, stored.event) == ("guid-1", "integration:1", "ping")
    assert stored.body == b'{"zen": "Keep it logically awesome."}'


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha1=" + "0" * 40,
        "sha256=" + "0" * 64,
        "sha256=" + "0" * 63,
        "sha256=" + "é" * 64,
        signed(b'{"a": 1}').upper(),
        signed(b'{"a": 1}', b"another secret"),
    ],
)
def test_f08_what_github_has_not_signed_is_refused_and_nothing_is_kept(
    door: Door, jobs: NotedJobs, signature: str | None
):
    answer = post(door.port, b'{"a": 1}', X_Hub_Signature_256=signature)

    assert (answer.status, answer.said["status"]) == (401, "unsigned")
    assert (door.counts(), jobs.noted) == ({}, [])


def test_f08_hostile_json_without_a_signature_is_not_even_parsed(door: Door):
    answers = {post(door.port, body, X_Hub_Signature_256="sha256=" + "0" * 64).status for body in HOSTILE.values()}

    assert answers == {401}
    assert door.counts() == {}


def test_f09_the_secret_before_is_good_while_it_is_being_rotated(door: Door):
    body = b'{"a": 1}'

    assert post(door.port, body, X_Hub_Signature_256=signed(body, OLD_SECRET)).status == 202
    assert post(door.port, body, guid="guid-2", X_Hub_Signature_256=signed(body, SECRET)).status == 202


def test_f12_a_form_encoded_delivery_is_accepted(door: Door, jobs: NotedJobs):
    form = ("payload=" + quote_plus('{"a": "ü & ="}')).encode()

    answer = post(door.port, form, Content_Type="application/x-www-form-urlencoded")

    assert answer.status == 202
    assert door.deliveries.read(jobs.noted[0].delivery_id).body == '{"a": "ü & ="}'.encode()


def test_f12_another_content_type_is_refused_and_kept_aside(door: Door):
    answer = post(door.port, b"<a/>", Content_Type="text/xml")

    assert answer.status == 400
    assert "application/json" in answer.said["why"]
    assert door.counts() == {"dead": 1}


@pytest.mark.parametrize("event", ["ping", "an_event_of_the_year_2031"])
def test_f13_a_ping_and_an_unknown_event_are_acknowledged_as_ignored_and_kept(door: Door, jobs: NotedJobs, event: str):
    answer = post(door.port, {}, event=event)

    assert (answer.status, answer.said["status"]) == (202, "ignored")
    assert answer.said["why"]
    assert len(jobs.noted) == 1


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_f14_hostile_json_is_refused_with_a_reason_and_kept_aside(door: Door, jobs: NotedJobs, body: bytes):
    answer = post(door.port, body)

    assert (answer.status, answer.said["status"]) == (400, "malformed")
    assert answer.said["why"]
    assert b"Traceback" not in answer.body
    assert (door.counts(), jobs.noted) == ({"dead": 1}, [])


def test_f14_a_number_too_large_for_a_database_and_a_nul_hurt_nobody(door: Door):
    answer = post(door.port, b'{"number": 9223372036854775808, "a": "\\u0000"}')

    assert answer.status in (202, 400)
    assert sum(door.counts().values()) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"X_GitHub_Delivery": None},
        {"X_GitHub_Event": None},
        {"X_GitHub_Delivery": "x" * 65},
        {"X_GitHub_Delivery": "'; DROP TABLE delivery"},
        {"X_GitHub_Event": "pull_request\u00e9"},
    ],
)
def test_a_delivery_without_its_name_or_event_is_refused(door: Door, changed: dict[str, str | None]):
    answer = post(door.port, {}, **changed)

    assert answer.status == 400
    assert door.counts() == {}


def test_without_hook_headers_a_delivery_is_still_kept(door: Door, jobs: NotedJobs):
    post(door.port, {}, X_GitHub_Hook_Installation_Target_ID=None)

    assert door.deliveries.read(jobs.noted[0].delivery_id).hook_target == "unknown"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(door: Door, method: str):
    assert request(door.port, method, PATH).status == 405


def test_answers_say_nothing_of_the_server_and_there_is_no_description_of_it(door: Door):
    answer = post(door.port, {})

    assert "server" not in answer.headers
    assert [request(door.port, "GET", path).status for path in ("/docs", "/openapi.json", "/redoc")] == [404] * 3
