"""Webhooks: what an event says, how it is signed and delivered, and what GitHub's ledger says of it."""

from __future__ import annotations

import hmac
import json
import random
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from tests.fakes.github import Repository, Sender, Twist, World
from tests.fakes.github.plain_client import PlainClient
from tests.fakes.github.sender import signature_of
from tests.fakes.github.transport import Connection, Server
from tests.fakes.github.web import Request, Response

SECRET = "shared"


class Hook:
    """What the App would be: it keeps what comes in and answers with `status`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.status = 202
        self.server = Server(self._answer)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/github/webhook"

    @property
    def guids(self) -> list[str]:
        return [request.headers["x-github-delivery"] for request in self.requests]

    def _answer(self, connection: Connection, request: Request) -> None:
        self.requests.append(request)
        connection.send(Response(self.status, {}))


@pytest.fixture
def hook() -> Iterator[Hook]:
    import threading

    made = Hook()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def sender(world: World, hook: Hook) -> Sender:
    return Sender(world, hook.url, SECRET)


@pytest.fixture
def pull(shop: Repository):
    return shop.pull(files={"b.py": "b = 2\n"})


def test_the_signature_is_that_of_the_documentation():
    signature = signature_of("It's a Secret to Everybody", b"Hello, World!")

    assert signature == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_a_delivery_has_the_headers_of_a_github_app(sender: Sender, hook: Hook, world: World, pull):
    (delivery,) = sender.send(pull.opened)

    (request,) = hook.requests
    assert (request.method, request.path) == ("POST", "/github/webhook")
    assert request.headers["x-github-event"] == "pull_request"
    assert request.headers["x-github-delivery"] == pull.opened.guid == delivery.guid
    assert request.headers["x-github-hook-installation-target-id"] == str(world.app_id)
    assert request.headers["x-github-hook-installation-target-type"] == "integration"
    assert request.headers["user-agent"].startswith("GitHub-Hookshot/")
    expected = hmac.new(SECRET.encode(), request.body, "sha256").hexdigest()
    assert request.headers["x-hub-signature-256"] == f"sha256={expected}"
    assert json.loads(request.body)["action"] == "opened"


def test_a_delivery_can_be_twisted(sender: Sender, hook: Hook, pull):
    sender.send(pull.opened, twist=Twist(secret="wrong"))
    sender.send(pull.opened, twist=Twist(as_form=True))
    sender.send(pull.opened, twist=Twist(target=("repository", 7), hook_id=8))
    sender.send(pull.opened, twist=Twist(headers=(("X-Hub-Signature-256", None),), body=b"{"))

    wrong, form, other, bare = hook.requests
    assert wrong.headers["x-hub-signature-256"] != signature_of(SECRET, wrong.body)
    assert json.loads(parse_qs(form.body.decode())["payload"][0])["number"] == 1
    assert form.headers["x-hub-signature-256"] == signature_of(SECRET, form.body)
    assert other.headers["x-github-hook-installation-target-type"] == "repository"
    assert ("x-hub-signature-256" in bare.headers, bare.body) == (False, b"{")
    assert len(set(hook.guids)) == 1


def test_events_wait_until_something_is_done_about_them(sender: Sender, hook: Hook, pull):
    pushed, closed, reopened = pull.push(), pull.close(), pull.reopen()
    sender.hold(pushed)
    sender.drop(closed, status_code=502)
    sender.lose(reopened)
    assert sender.waiting == [pull.opened]

    sender.send_all()
    sender.release()

    assert hook.guids == [pull.opened.guid, pushed.guid]
    assert sender.waiting == []


def test_events_can_come_in_another_order(sender: Sender, hook: Hook, pull):
    happened = [pull.opened] + [pull.push() for _ in range(5)]

    sender.send_all(random.Random(1))

    assert sorted(hook.guids) == sorted(event.guid for event in happened)
    assert hook.guids != [event.guid for event in happened]


def test_f04_a_failed_delivery_is_sent_again_when_asked_for(
    sender: Sender, hook: Hook, world: World, client: PlainClient, pull
):
    hook.status = 503
    sender.send(pull.opened)
    listed = client.request("GET", "/app/hook/deliveries", token=client.jwt()).json
    assert [(one["status"], one["status_code"]) for one in listed] == [("Invalid HTTP Response: 503", 503)]

    hook.status = 202
    path = f"/app/hook/deliveries/{listed[0]['id']}/attempts"
    assert client.request("POST", path, token=client.jwt()).status == 202

    newest, oldest = client.request("GET", "/app/hook/deliveries", token=client.jwt()).json
    assert (newest["status"], newest["redelivery"], newest["guid"]) == ("OK", True, oldest["guid"])
    assert hook.guids == [pull.opened.guid] * 2


def test_deliveries_come_in_pages_the_last_one_first(sender: Sender, client: PlainClient, pull):
    events = [pull.opened, pull.push(), pull.push()]
    for event in events:
        sender.drop(event)

    path, seen = "/app/hook/deliveries?per_page=2", []
    while path:
        answer = client.request("GET", path, token=client.jwt())
        seen += [one["guid"] for one in answer.json]
        link = answer.headers.get("link", "")
        path = link.partition(">")[0].removeprefix(f"<{sender.world.api_url}") if link else ""

    assert seen == [event.guid for event in events[::-1]]


def test_f18_deliveries_are_kept_for_three_days(sender: Sender, world: World, client: PlainClient, pull):
    delivery = sender.drop(pull.opened)
    world.clock.hold()
    world.clock.advance(3 * 24 * 3600 + 1)
    late = client.jwt(iat=int(world.clock.now()), exp=int(world.clock.now()) + 300)

    assert client.request("GET", "/app/hook/deliveries", token=late).json == []
    assert client.request("POST", f"/app/hook/deliveries/{delivery.id}/attempts", token=late).status == 404


def test_f22_what_the_app_writes_comes_back_as_events(world: World, client: PlainClient, pull, token: str):
    before = len(world.events)
    body = {"event": "COMMENT", "body": "x", "comments": [{"path": "b.py", "line": 1, "body": "y"}]}
    client.request("POST", "/repos/octo/shop/pulls/1/reviews", body, token)
    client.request("POST", "/repos/octo/shop/issues/1/comments", {"body": "x"}, token)
    check = {"name": "reviewbot", "head_sha": pull.head}
    client.request("POST", "/repos/octo/shop/check-runs", check, token)

    echoes = world.events[before:]

    assert [(event.name, event.action) for event in echoes] == [
        ("pull_request_review", "submitted"),
        ("pull_request_review_comment", "created"),
        ("issue_comment", "created"),
        ("check_run", "created"),
    ]
    assert {event.payload["sender"]["login"] for event in echoes} == {"reviewbot[bot]"}


def test_a_payload_says_what_was_so_at_its_moment(pull, shop: Repository):
    first = pull.head
    pushed = pull.push(files={"b.py": "b = 3\n"})

    assert pull.opened.payload["pull_request"]["head"]["sha"] == first
    assert (pushed.payload["before"], pushed.payload["after"]) == (first, pull.head)
    assert pushed.payload["installation"]["id"] == pushed.installation_id
    assert pushed.payload["repository"]["id"] == pushed.repository_id == shop.id


def test_f15_a_lost_author_and_an_empty_body_are_null(client: PlainClient, shop: Repository, token: str):
    pull = shop.pull(files={"b.py": "b = 2\n"}, body=None)
    pull.lose_author()

    shown = client.request("GET", "/repos/octo/shop/pulls/1", token=token).json

    assert (shown["user"], shown["body"]) == (None, None)


def test_every_step_of_a_pull_request_has_its_event(shop: Repository, pull):
    shop.commit({"c": "1\n"}, branch="other")
    steps = [pull.to_draft(), pull.ready(), pull.lock(), pull.unlock(), pull.edit("New"), pull.retarget("other")]
    steps += [pull.force_push({"d": "1\n"}), pull.close(), pull.reopen(), pull.merge()]

    assert [event.action for event in steps] == [
        "converted_to_draft",
        "ready_for_review",
        "locked",
        "unlocked",
        "edited",
        "edited",
        "synchronize",
        "closed",
        "reopened",
        "closed",
    ]
    assert steps[5].payload["changes"]["base"]["ref"] == {"from": "main"}
    assert steps[-1].payload["pull_request"]["merged"] is True
