"""What the client does when the wire breaks, and what it never sends."""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from github.Auth import Token

from reviewbot.errors import InputError
from reviewbot.github.app import GitHubApp
from reviewbot.github.call import DIFF, Call
from reviewbot.github.clock import MachineClock
from reviewbot.github.failures import TooLarge, Unreachable
from reviewbot.github.wire import Wire
from tests.github.wire_server import (
    APP_ID,
    INSTALLATION,
    KEY,
    NO_ANSWER,
    REPO,
    REPO_ID,
    Reply,
    World,
    comment_json,
    hang,
    pull_json,
    serving,
)


@pytest.fixture
def world() -> Iterator[World]:
    with serving() as script:
        yield World(script)


GZIPPED = gzip.compress(b'{"number": 3}')
GARBAGE = {
    "a page": Reply(raw=b"<html>Unicorn!</html>", headers={"Content-Type": "text/html"}),
    "nothing": Reply(raw=b""),
    "truncated JSON": Reply(raw=b'{"number": 3, "sta'),
    "cut off": Reply(raw=b'{"number": 3}', length=500),
    "broken gzip": Reply(raw=GZIPPED[:-12], headers={"Content-Encoding": "gzip"}),
    "no gzip at all": Reply(raw=b'{"number": 3}', headers={"Content-Encoding": "gzip"}),
    "a list": Reply(content=[1, 2]),
    "a null": Reply(raw=b"null"),
    "other fields": Reply(content={"message": "ok"}),
    "another type": Reply(content=pull_json(number="three")),
    "no sha": Reply(content=pull_json(head={"sha": "--upload-pack=x", "ref": "x", "repo": None})),
    "deep nesting": Reply(raw=b"[" * 100_000),
    "a reset": NO_ANSWER,
    "an unasked 304": Reply(304),
    "an unasked 202": Reply(202, raw=b""),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_f52_garbage_is_asked_for_again_three_times_and_then_unreachable(world: World, name: str):
    world.script.then(*[GARBAGE[name]] * 9)

    with pytest.raises(Unreachable) as raised:
        world.client().pull(3)

    assert not raised.value.maybe_applied
    assert len(world.script.asked) == 4
    assert world.slept == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("name", [one for one in GARBAGE if one != "an unasked 304"])
def test_f42_garbage_after_a_write_may_hide_that_it_was_done(world: World, name: str):
    world.script.then(GARBAGE[name])

    with pytest.raises(Unreachable) as raised:
        world.client().comment(3, "Hello")

    assert raised.value.maybe_applied
    assert len(world.script.asked) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_f41_a_read_survives_three_failures(world: World, status: int):
    world.script.then(*[Reply(status, {"message": "Server Error"})] * 3, Reply(content=pull_json()))

    assert world.client().pull(3).title == "Sell more"


@pytest.mark.parametrize("reply", [Reply(500), Reply(502, raw=b"<html>"), NO_ANSWER, Reply(201, raw=b"{", length=99)])
def test_f42_a_write_is_never_repeated(world: World, reply: Reply):
    world.script.then(reply)

    with pytest.raises(Unreachable) as raised:
        world.client().create_review(3, "a" * 40, "Fine", ())

    assert raised.value.maybe_applied
    assert world.script.lines == ["POST /repos/acme/shop/pulls/3/reviews"]


def test_f42_a_write_that_timed_out_may_have_been_done(world: World):
    world.script.then(hang(0.6))

    with pytest.raises(Unreachable) as raised:
        world.client(timeout_seconds=0.2).comment(3, "Hello")

    assert raised.value.maybe_applied
    assert len(world.script.asked) == 1


def test_f41_a_write_to_a_port_where_nobody_listens_was_not_done():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    wire = Wire(f"http://127.0.0.1:{port}", MachineClock(), 1)

    with pytest.raises(Unreachable) as raised:
        wire.send(Call("POST", "/x", body={}, is_write=True), _auth(), lambda: None)

    assert not raised.value.maybe_applied
    assert "Connection refused" in str(raised.value)


def test_f42_a_lost_write_is_no_refused_connection_because_it_was_made_while_one_was_handled(world: World):
    world.script.then(NO_ANSWER)
    client = world.client()
    client.token()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        elsewhere = Wire(f"http://127.0.0.1:{free.getsockname()[1]}", MachineClock(), 1)

    try:
        elsewhere.send(Call("GET", "/x"), _auth(), lambda: None)
    except Unreachable:
        with pytest.raises(Unreachable) as raised:
            client.comment(3, "Hello")

    assert raised.value.maybe_applied


@pytest.mark.parametrize("host", ["a" * 70, "a..b", "xn--\u00e4"])
def test_f52_a_host_without_an_address_is_unreachable_and_nothing_was_done(host: str):
    wire = Wire(f"http://{host}:1", MachineClock(), 1)

    with pytest.raises(Unreachable) as raised:
        wire.send(Call("POST", "/x", body={}, is_write=True), _auth(), lambda: None)

    assert not raised.value.maybe_applied


def test_f52_a_certificate_that_nobody_trusts_is_unreachable_and_nothing_was_done(tmp_path: Path):
    with _tls_server(tmp_path) as port:
        wire = Wire(f"https://127.0.0.1:{port}", MachineClock(), 2)

        with pytest.raises(Unreachable) as raised:
            wire.send(Call("POST", "/x", body={}, is_write=True), _auth(), lambda: None)

    assert not raised.value.maybe_applied
    assert "CERTIFICATE" in str(raised.value).upper()


def test_f52_a_plain_server_behind_https_is_unreachable_and_nothing_was_done(world: World):
    wire = Wire(world.script.url.replace("http:", "https:"), MachineClock(), 2)

    with pytest.raises(Unreachable) as raised:
        wire.send(Call("POST", "/x", body={}, is_write=True), _auth(), lambda: None)

    assert not raised.value.maybe_applied


def test_f52_an_answer_that_drips_ends_in_time(world: World):
    def drip(connection: socket.socket) -> None:
        for _ in range(40):
            time.sleep(0.05)
            connection.sendall(b" ")

    world.script.then(Reply(raw=b"{", length=1000, then=drip))
    wire = Wire(world.script.url, MachineClock(), 0.1)
    began = time.monotonic()

    with pytest.raises(Unreachable, match="not whole after"):
        wire.send(Call("GET", "/x"), _auth(), lambda: None)

    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_an_answer_is_read_up_to_a_limit_and_no_further_also_unpacked(world: World, encoding: str):
    body = b'"' + b"x" * 3_000_000 + b'"'
    headers = {"Content-Encoding": encoding} if encoding else {}
    world.script.then(*[Reply(raw=gzip.compress(body) if encoding else body, headers=headers)] * 2)
    wire = Wire(world.script.url, MachineClock(), 5, most_bytes=1_000_000)

    with pytest.raises(Unreachable, match="more than 1000000 bytes"):
        wire.send(Call("GET", "/x"), _auth(), lambda: None)
    with pytest.raises(TooLarge):
        wire.send(Call("GET", "/x", accept=DIFF), _auth(), lambda: None)


def test_a_chunked_answer_is_read_whole(world: World):
    body = b'5\r\n{"a":\r\n3\r\n 1}\r\n0\r\n\r\n'
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body)

        thread = threading.Thread(target=answer)
        thread.start()
        found = Wire(f"http://127.0.0.1:{port}", MachineClock(), 2).send(Call("GET", "/x"), _auth(), lambda: None)
        thread.join()

    assert found.body == b'{"a": 1}'


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_f29_a_read_follows_a_redirect_on_the_same_host_with_its_query(world: World, status: int):
    moved = Reply(status, {}, {"Location": "/repositories/4242/pulls/3/files"})
    world.script.then(moved, Reply(content=[]))

    assert world.client().changed_files(3) == ()
    assert world.script.lines[1] == "GET /repositories/4242/pulls/3/files?per_page=100"
    assert world.script.asked[1].headers["authorization"].endswith("ghs_t1")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_f29_a_write_that_was_moved_is_sent_once_to_the_new_place(world: World, status: int):
    moved = Reply(status, {}, {"Location": f"{world.script.url}/repositories/4242/issues/3/comments"})
    world.script.then(moved, Reply(201, comment_json()))

    world.client().comment(3, "Hello")

    first, second = world.script.asked
    assert (second.method, second.path) == ("POST", "/repositories/4242/issues/3/comments")
    assert first.json == second.json == {"body": "Hello"}


def test_f29_a_write_that_is_moved_twice_is_given_up(world: World):
    moved = Reply(307, {}, {"Location": "/elsewhere"})
    world.script.then(moved, moved, moved)

    with pytest.raises(Unreachable) as raised:
        world.client().comment(3, "Hello")

    assert not raised.value.maybe_applied
    assert len(world.script.asked) == 2


@pytest.mark.parametrize(
    "location",
    ["http://localhost:1/x", "//evil.example/x", "https://127.0.0.1/x", "", "http://[", "ftp://127.0.0.1/x"],
)
@pytest.mark.parametrize("method", ["read", "write"])
def test_f29_a_redirect_to_another_host_is_refused(world: World, location: str, method: str):
    world.script.then(*[Reply(302, {}, {"Location": location} if location else {})] * 4)
    client = world.client()

    with pytest.raises(Unreachable, match="another host") as raised:
        client.pull(3) if method == "read" else client.comment(3, "Hello")

    assert not raised.value.maybe_applied


def test_f29_another_server_never_sees_a_request_nor_a_token(world: World):
    with serving() as other:
        world.script.then(*[Reply(302, {}, {"Location": f"{other.url}/repos/acme/shop/pulls/3"})] * 4)

        with pytest.raises(Unreachable):
            world.client().pull(3)

        assert other.seen == []


def test_redirects_in_a_circle_come_to_an_end(world: World):
    world.script.then(*[Reply(301, {}, {"Location": "/round"})] * 40)

    with pytest.raises(Unreachable, match="without end"):
        world.client().pull(3)

    assert len(world.script.asked) == 16


@pytest.mark.parametrize(
    ("path", "rest", "graphql"),
    [("", "/repos/acme/shop/pulls/3", "/graphql"), ("/api/v3", "/api/v3/repos/acme/shop/pulls/3", "/api/graphql")],
)
def test_an_enterprise_server_has_its_paths_and_graphql_beside_them(world: World, path: str, rest: str, graphql: str):
    world.path = path
    threads = {"data": {"repository": {"pullRequest": {"reviewThreads": {"nodes": [], "pageInfo": {}}}}}}
    world.script.then(Reply(content=pull_json()), Reply(content=threads))
    client = world.client()

    client.pull(3)
    client.threads(3)

    assert world.script.lines == [f"GET {rest}", f"POST {graphql}"]
    assert world.script.seen[0].path == f"{path}/app/installations/{INSTALLATION}/access_tokens"


@pytest.mark.parametrize("address", ["", "api.github.com", "ftp://host", "https://", "https://me:secret@host/api"])
def test_an_address_that_is_none_is_refused_without_showing_what_is_secret_in_it(world: World, address: str):
    with pytest.raises(InputError) as raised:
        GitHubApp(APP_ID, KEY, address, world.pace)

    assert "secret" not in str(raised.value)


def test_every_request_names_reviewbot_and_the_version_of_the_api(world: World):
    world.script.then(Reply(content=pull_json()))

    world.client().pull(3)

    for seen in world.script.seen:
        assert seen.headers["user-agent"].startswith("reviewbot/")
        assert seen.headers["x-github-api-version"] == "2022-11-28"
        assert seen.headers["accept"] == "application/vnd.github+json"


def test_s21_no_token_key_or_text_of_a_review_reaches_a_log_or_an_url(world: World, caplog: pytest.LogCaptureFixture):
    world.script.then(Reply(content=pull_json()), Reply(500), Reply(201, comment_json(body="What I think")))
    client = world.client()

    with caplog.at_level(logging.DEBUG):
        client.pull(3)
        with pytest.raises(Unreachable) as raised:
            client.comment(3, "What I think")
        client.comment(3, "What I think")

    logged = caplog.text + "".join(str(record.__dict__) for record in caplog.records) + str(raised.value)
    for secret in ("ghs_", "BEGIN", "What I think", "eyJ"):
        assert secret not in logged
        assert all(secret not in seen.path for seen in world.script.seen)
    assert "ghs_" not in repr(client.__dict__)


def test_one_client_serves_many_threads(world: World):
    world.script.then(*[lambda seen: Reply(content=pull_json(number=int(seen.path.rpartition("/")[2])))] * 80)
    client = world.client()

    with ThreadPoolExecutor(8) as pool:
        numbers = [pull.ref.number for pull in pool.map(client.pull, range(1, 81))]

    assert numbers == list(range(1, 81))
    assert world.script.mints == 1
    assert client.calls == 81


def _auth() -> Token:
    return Token("ghs_x")


class _tls_server:
    """A server with a certificate of its own making."""

    def __init__(self, directory: Path) -> None:
        self._certificate, self._key = directory / "cert.pem", directory / "key.pem"

    def __enter__(self) -> int:
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
        began = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, key.public_key(), 1, began, began + timedelta(days=1))
        self._certificate.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
        self._key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate, self._key)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, args=(context,), daemon=True)
        self._thread.start()
        return self._server.getsockname()[1]

    def _accept(self, context: ssl.SSLContext) -> None:
        connection, _ = self._server.accept()
        with connection:
            try:
                context.wrap_socket(connection, server_side=True)
            except OSError:
                return

    def __exit__(self, *_: object) -> None:
        self._thread.join(2)
        self._server.close()


def test_a_repository_is_addressed_by_its_name(world: World):
    world.script.then(Reply(content=pull_json()))

    assert world.app().repository(INSTALLATION, REPO_ID, REPO).pull(3).repo == REPO
