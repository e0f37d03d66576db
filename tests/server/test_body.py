"""Bodies of every size and speed, over real sockets."""

from __future__ import annotations

import asyncio
import http.client
import socket
import time
from collections.abc import AsyncIterator

import pytest

from reviewbot.server.body import MEGABYTE, BodyLimits, BodyReader, BodyTooLarge, NoRoomForBody
from reviewbot.server.protocol import PromptHeaders
from reviewbot.store.transactions import Transactions
from tests.server.deliveries import PATH, headers_for, post, request
from tests.server.running import Door, NotedJobs, open_door

MOST = 25 * MEGABYTE


def padded(size: int) -> bytes:
    """JSON of exactly this many bytes."""
    return b'{"a": "' + b"x" * (size - 9) + b'"}'


def raw_head(*lines: str, body: bytes = b"") -> bytes:
    headers = [f"{name}: {value}" for name, value in headers_for(body).items()]
    return "\r\n".join([f"POST {PATH} HTTP/1.1", "Host: localhost", *headers, *lines, "", ""]).encode()


def status_of(sock: socket.socket) -> int:
    answer = sock.recv(200)
    return int(answer.split()[1]) if answer else 0


def test_f11_the_largest_delivery_of_github_is_accepted(door: Door, jobs: NotedJobs):
    body = padded(MOST)

    answer = post(door.port, body)

    assert answer.status == 202
    assert len(door.deliveries.read(jobs.noted[0].delivery_id).body) == MOST


def test_f11_one_byte_more_is_refused_before_it_is_sent(door: Door, jobs: NotedJobs):
    with socket.create_connection(("127.0.0.1", door.port), 10) as sock:
        sock.sendall(raw_head(f"Content-Length: {MOST + 1}"))

        assert status_of(sock) == 413
    assert jobs.noted == []


@pytest.mark.parametrize("length", ["9" * 30, "1" + "0" * 400])
def test_f11_a_length_beyond_all_numbers_is_refused(door: Door, length: str):
    with socket.create_connection(("127.0.0.1", door.port), 10) as sock:
        sock.sendall(raw_head(f"Content-Length: {length}"))

        assert status_of(sock) in (400, 413)


def test_f11_an_endless_chunked_body_is_refused_at_the_limit(door: Door):
    sent = 0
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", door.port), 10) as sock:
        sock.sendall(raw_head("Transfer-Encoding: chunked"))
        try:
            while sent < 4 * MOST:
                sock.sendall(chunk)
                sent += 0x10000
        except OSError:
            pass

    assert MOST < sent < MOST + 16 * MEGABYTE
    assert post(door.port, {}).status == 202


def test_f11_a_chunked_body_within_the_limit_is_accepted(door: Door):
    body = b'{"a": 1}'
    with socket.create_connection(("127.0.0.1", door.port), 10) as sock:
        sock.sendall(raw_head("Transfer-Encoding: chunked", body=body))
        sock.sendall(b"3\r\n" + body[:3] + b"\r\n5\r\n" + body[3:] + b"\r\n0\r\n\r\n")

        assert status_of(sock) == 202


def test_f11_a_body_without_any_length_is_taken_for_none(door: Door):
    with socket.create_connection(("127.0.0.1", door.port), 10) as sock:
        sock.sendall(raw_head(body=b'{"a": 1}'))

        assert status_of(sock) == 401


def test_f11_a_body_that_drips_is_given_up(sqlite: Transactions, jobs: NotedJobs):
    with (
        open_door(sqlite, jobs, BodyLimits(seconds=0.5)) as door,
        socket.create_connection(("127.0.0.1", door.port), 10) as sock,
    ):
        started = time.monotonic()
        sock.sendall(raw_head("Content-Length: 1000"))
        sock.settimeout(0.05)
        status = None
        while status is None and time.monotonic() - started < 5:
            try:
                sock.sendall(b"x")
                status = status_of(sock)
            except TimeoutError:
                continue

        assert status == 408
        assert time.monotonic() - started < 2


def test_f11_the_limits_in_force_are_those_of_github():
    assert (BodyLimits().bytes, BodyLimits().seconds) == (25 * 1024 * 1024, 10.0)


def test_f11_many_large_bodies_at_once_are_bounded_and_the_room_comes_back(sqlite: Transactions, jobs: NotedJobs):
    with open_door(sqlite, jobs, BodyLimits(all_bytes=3 * MEGABYTE)) as door:
        with socket.create_connection(("127.0.0.1", door.port), 10) as holding:
            body = padded(2 * MEGABYTE)
            holding.sendall(raw_head(f"Content-Length: {len(body)}", body=body) + body[:-1])
            while door.endpoint.held_bytes < len(body) - 1:
                time.sleep(0.01)
            refused = post(door.port, padded(2 * MEGABYTE), guid="guid-2").status
            small = post(door.port, {}, guid="guid-3").status
            holding.sendall(body[-1:])
            held = status_of(holding)
        after = post(door.port, padded(2 * MEGABYTE), guid="guid-2").status

        assert (refused, small, held, after) == (503, 202, 202, 202)
        assert door.endpoint.held_bytes == 0


def test_a_sender_that_goes_away_leaves_nothing_behind(door: Door, jobs: NotedJobs):
    with socket.create_connection(("127.0.0.1", door.port), 10) as sock:
        sock.sendall(raw_head("Content-Length: 1000") + b"x" * 10)

    assert post(door.port, {}).status == 202
    assert (len(jobs.noted), door.endpoint.held_bytes) == (1, 0)


def test_f11_a_connection_on_which_no_head_comes_is_closed(sqlite: Transactions, jobs: NotedJobs):
    class Hurried(PromptHeaders):
        head_seconds = 0.3

    with open_door(sqlite, jobs, protocol=Hurried) as door:
        with socket.create_connection(("127.0.0.1", door.port), 5) as silent:
            silent.sendall(b"POST /github/webhook HTTP/1.1\r\nHost: ")
            assert silent.recv(100) == b""
        patient = http.client.HTTPConnection("127.0.0.1", door.port, timeout=5)
        patient.request("GET", "/healthz")
        first = patient.getresponse()
        first.read()
        local_address = patient.sock.getsockname()
        time.sleep(0.5)
        patient.request("GET", "/healthz")
        second = patient.getresponse()
        is_the_same = patient.sock.getsockname() == local_address
        patient.close()

    assert (first.status, second.status, is_the_same) == (200, 200, True)


def test_a_head_without_end_is_refused(door: Door):
    with socket.create_connection(("127.0.0.1", door.port), 10) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 200_000)

        assert status_of(sock) in (400, 431)


def test_nothing_that_was_read_is_forgotten_to_be_given_back():
    async def chunks(*sizes: int) -> AsyncIterator[bytes]:
        for size in sizes:
            yield b"x" * size

    async def read(reader: BodyReader, *sizes: int) -> None:
        async with reader.hold() as body:
            await body.read(chunks(*sizes), None)

    reader = BodyReader(BodyLimits(bytes=10, all_bytes=15))

    async def all_ways() -> None:
        await read(reader, 5, 5)
        with pytest.raises(BodyTooLarge):
            await read(reader, 5, 6)
        async with reader.hold() as other:
            await other.read(chunks(10), None)
            with pytest.raises(NoRoomForBody):
                await read(reader, 5, 1)

    asyncio.run(all_ways())
    assert reader.held_bytes == 0


def test_other_paths_take_no_bodies(door: Door):
    assert request(door.port, "POST", "/", b"x").status == 405
