"""Who the App is to GitHub: its JWT, the tokens of its installations, and what is done when they are refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from reviewbot.github.auth import AppIdentity
from reviewbot.github.failures import (
    Forbidden,
    KeyRefused,
    NotInstalled,
    RateLimited,
    Refused,
    Suspended,
    Unreachable,
)
from reviewbot.github.pace import THE_APP
from tests.github.wire_server import (
    APP_ID,
    INSTALLATION,
    KEY,
    NO_ANSWER,
    PUBLIC,
    REPO_ID,
    START,
    Reply,
    Seen,
    World,
    comment_json,
    pull_json,
    serving,
    token_reply,
)


@pytest.fixture
def world() -> Iterator[World]:
    with serving() as script:
        yield World(script)


def claims(seen: Seen) -> dict[str, int]:
    kind, _, token = seen.headers["authorization"].partition(" ")
    assert kind == "Bearer"
    return jwt.decode(token, PUBLIC, algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False})


REFUSED = Reply(401, {"message": "Bad credentials"})
NOT_GRANTED = Reply(422, {"message": "The permissions requested are not granted to this installation."})
NO_REPOSITORY = Reply(
    422, {"message": "There is at least one repository that does not exist or is not accessible to the installation."}
)


def test_f24_a_jwt_is_issued_a_minute_ago_and_ends_within_nine(world: World):
    world.script.then(Reply(content=pull_json()))

    world.client().pull(3)

    now = int(START.timestamp())
    found = claims(world.script.seen[0])
    assert found == {"iat": now - 60, "exp": now + 480, "iss": str(APP_ID)}


@pytest.mark.parametrize("hours", [-3, 2])
def test_f24_a_clock_that_is_wrong_is_corrected_by_githubs_once(world: World, hours: int):
    real = START + timedelta(hours=hours)
    skewed = Reply(401, {"message": "'Expiration time' claim ('exp') is too far in the future"}, date=real)
    world.script.token_replies = [skewed, token_reply("a", date=real), token_reply("b", date=real)]
    world.script.then(*[Reply(content=pull_json())] * 2)
    app = world.app()

    app.repository(INSTALLATION, REPO_ID, world.client().repo).pull(3)
    app.repository(INSTALLATION, REPO_ID, world.client().repo).pull(3)

    mints = [one for one in world.script.seen if one.path.endswith("/access_tokens")]
    assert [claims(one)["iat"] for one in mints] == [
        int(START.timestamp()) - 60,
        int(real.timestamp()) - 60,
        int(real.timestamp()) - 60,
    ]


def test_f24_a_token_lasts_as_long_as_github_says_whatever_our_clock_says(world: World):
    real = START - timedelta(hours=5)
    world.script.token_replies = [token_reply("a", date=real)]
    world.script.then(*[Reply(content=pull_json(), date=real)] * 2)
    client = world.client()

    client.pull(3)
    world.clock.advance(3000)
    client.pull(3)

    assert world.script.mints == 1


def test_s09_a_token_is_for_one_repository_and_for_the_least_that_is_needed(world: World):
    world.script.then(Reply(content=pull_json()))

    world.client().pull(3)

    assert world.script.seen[0].json == {
        "repository_ids": [REPO_ID],
        "permissions": {
            "contents": "read",
            "metadata": "read",
            "pull_requests": "write",
            "checks": "write",
            "issues": "write",
        },
    }


def test_a_token_is_minted_when_it_is_first_needed_and_once(world: World):
    world.script.then(*[Reply(content=pull_json())] * 2)
    client = world.client()
    assert client.calls == 0

    client.pull(3)
    client.pull(3)

    assert client.token() == "ghs_t1"
    assert (world.script.mints, client.calls) == (1, 3)


def test_f25_a_token_is_renewed_five_minutes_before_its_end(world: World):
    client = world.client()
    assert client.token() == "ghs_t1"

    world.clock.advance(3299)
    assert client.token() == "ghs_t1"
    world.clock.advance(2)

    assert client.token() == "ghs_t2"


@pytest.mark.parametrize("what", ["read", "write"])
def test_f25_an_old_token_that_is_refused_is_replaced_once_and_the_request_sent_again(world: World, what: str):
    client = world.client()
    client.token()
    world.clock.advance(600)
    world.script.then(REFUSED, Reply(content=pull_json()) if what == "read" else Reply(201, comment_json()))

    client.pull(3) if what == "read" else client.comment(3, "Hello")

    assert [one.headers["authorization"] for one in world.script.asked] == ["token ghs_t1", "token ghs_t2"]
    assert world.slept == []


def test_f26_a_fresh_token_that_is_refused_is_shown_again_a_little_later(world: World):
    world.script.then(REFUSED, REFUSED, Reply(201, comment_json()))

    world.client().comment(3, "Hello")

    assert {one.headers["authorization"] for one in world.script.asked} == {"token ghs_t1"}
    assert world.slept == [0.5, 1.0]


def test_f26_a_token_that_is_refused_for_good_ends_as_a_failure_that_applied_nothing(world: World):
    world.script.then(*[REFUSED] * 20)

    with pytest.raises(Unreachable) as raised:
        world.client().comment(3, "Hello")

    assert not raised.value.maybe_applied
    assert world.script.mints == 2
    assert sum(world.slept) <= 10


def test_f27_a_suspended_installation_is_told_at_minting(world: World):
    world.script.token_replies = [Reply(403, {"message": "This installation has been suspended"})]

    with pytest.raises(Suspended):
        world.client().pull(3)

    assert world.script.asked == []


@pytest.mark.parametrize("reply", [Reply(404, {"message": "Not Found"}), Reply(410, {}), NO_REPOSITORY])
def test_f28_an_installation_that_is_gone_is_told_at_minting_without_a_storm(world: World, reply: Reply):
    world.script.token_replies = [reply]

    with pytest.raises(NotInstalled):
        world.client().pull(3)

    assert len(world.script.seen) == 1


def test_f30_what_is_not_granted_is_done_without(world: World):
    world.script.token_replies = [NOT_GRANTED, token_reply("a")]
    world.script.then(Reply(content=pull_json()))
    client = world.client()

    client.pull(3)

    assert client.lacking == {"issues"}
    assert "issues" not in world.script.seen[1].json["permissions"]


def test_f30_all_that_can_be_missed_is_tried_least_first(world: World):
    world.script.token_replies = [NOT_GRANTED, NOT_GRANTED, NOT_GRANTED, token_reply("a")]
    client = world.client()

    client.token()

    asked = [set(one.json["permissions"]) for one in world.script.seen]
    everything = {"contents", "metadata", "pull_requests", "checks", "issues"}
    assert [everything - one for one in asked] == [set(), {"issues"}, {"checks"}, {"checks", "issues"}]
    assert client.lacking == {"checks", "issues"}


def test_f30_an_installation_without_the_bare_necessities_is_forbidden(world: World):
    world.script.token_replies = [NOT_GRANTED] * 9

    with pytest.raises(Forbidden, match="pull_requests: write"):
        world.client().token()


def test_f30_what_is_lacking_is_remembered_for_the_next_clients_and_asked_for_again_later(world: World):
    world.script.token_replies = [NOT_GRANTED, token_reply("a"), token_reply("b"), token_reply("c")]
    app, repo = world.app(), world.client().repo

    for wait_seconds in (0, 300, 400):
        world.clock.advance(wait_seconds)
        client = app.repository(INSTALLATION, REPO_ID, repo)
        client.token()

    asked = ["issues" in one.json["permissions"] for one in world.script.seen]
    assert asked == [True, False, False, True]
    assert client.lacking == frozenset()


def test_another_complaint_about_the_permissions_is_not_taken_for_a_missing_one(world: World):
    world.script.token_replies = [Reply(400, {"message": "Problems parsing JSON"})]

    with pytest.raises((NotInstalled, Refused)):
        world.client().token()

    assert len(world.script.seen) == 1


@pytest.mark.parametrize(
    "reply", [Reply(401, {"message": "A JSON web token could not be decoded"}), Reply(401, {}, date=None)]
)
def test_f31_a_key_that_is_refused_is_not_shown_again_for_a_minute(world: World, reply: Reply):
    world.script.token_replies = [reply, token_reply("later")]
    app, repo = world.app(), world.client().repo

    for _ in range(5):
        with pytest.raises(KeyRefused, match="REVIEWBOT_GITHUB_PRIVATE_KEY"):
            app.repository(INSTALLATION, REPO_ID, repo).token()
    with pytest.raises(KeyRefused):
        app.me()
    requests = len(world.script.seen)
    world.clock.advance(61)

    assert app.repository(INSTALLATION, REPO_ID, repo).token() == "ghs_later"
    assert requests == 1


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> str:
    encryption = pem.BestAvailableEncryption(password) if password else pem.NoEncryption()
    return key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, encryption).decode()


_OTHER = rsa.generate_private_key(65537, 2048)
BAD_KEYS = {
    "empty": "",
    "no PEM": "secret-words",
    "cut off": KEY[:300],
    "elliptic": _pem(ec.generate_private_key(ec.SECP256R1())),
    "with a passphrase": _pem(_OTHER, b"passphrase"),
    "public": _OTHER.public_key().public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo).decode(),
}


@pytest.mark.parametrize("name", BAD_KEYS)
def test_f31_a_key_that_cannot_sign_is_refused_at_once_and_never_shown(name: str):
    with pytest.raises(KeyRefused) as raised:
        AppIdentity(APP_ID, BAD_KEYS[name])

    shown = f"{raised.value!r} {raised.value.__cause__!r}"
    assert not BAD_KEYS[name] or BAD_KEYS[name][:60] not in shown


def test_a_key_on_one_line_is_a_key():
    assert AppIdentity(APP_ID, KEY.replace("\n", "\\n")).jwt(0.0).token


@pytest.mark.parametrize("reply", [Reply(502), NO_ANSWER, Reply(201, raw=b"{"), Reply(201, {"token": 5})])
def test_f41_minting_is_tried_again_also_for_a_write(world: World, reply: Reply):
    world.script.token_replies = [reply, reply, token_reply("a")]
    world.script.then(Reply(201, comment_json()))

    world.client().comment(3, "Hello")

    assert world.script.mints == 3
    assert len(world.script.asked) == 1


def test_f41_a_write_that_found_no_token_was_not_done(world: World):
    world.script.token_replies = [Reply(502)] * 9

    with pytest.raises(Unreachable) as raised:
        world.client().comment(3, "Hello")

    assert not raised.value.maybe_applied


def test_the_pace_is_asked_before_every_request_minting_and_repeats_included(world: World):
    world.script.then(
        Reply(502), Reply(302, {}, {"Location": "/new"}), Reply(content=pull_json()), Reply(201, comment_json())
    )
    client = world.client()

    client.pull(3)
    client.comment(3, "Hello")

    minting = [(INSTALLATION, False), (THE_APP, False)]
    assert world.pace.asked == minting + [(INSTALLATION, False)] * 3 + [(INSTALLATION, True)]
    assert len(world.script.seen) == len(world.pace.asked) - 1 == client.calls


def test_what_the_app_asks_as_itself_is_paced_too(world: World):
    world.script.then(Reply(content={"id": APP_ID, "slug": "reviewbot", "name": "Reviewbot"}))

    world.app().me()

    assert world.pace.asked == [(THE_APP, False)]


SECONDARY = Reply(403, {"message": "You have exceeded a secondary rate limit"}, {"Retry-After": "90"})


def test_f48_f49_a_limit_is_told_to_the_pace_and_never_repeated(world: World):
    primary = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(START.timestamp()) + 1000)}
    world.script.then(SECONDARY, Reply(429, {}, primary))
    client = world.client()

    for _ in range(2):
        with pytest.raises(RateLimited):
            client.pull(3)

    assert world.pace.parkings == [(INSTALLATION, 90.0, True), (INSTALLATION, 1001.0, False)]
    assert len(world.script.asked) == 2


def test_f49_a_limit_at_minting_parks_the_app_and_one_in_graphql_the_installation(world: World):
    world.script.token_replies = [SECONDARY]
    world.script.then(Reply(content={"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}))
    client = world.client()

    for _ in range(2):
        with pytest.raises(RateLimited):
            client.threads(3)

    assert world.pace.parkings == [(THE_APP, 90.0, True), (INSTALLATION, 60.0, True)]


def test_f49_nothing_is_sent_while_an_installation_is_parked_and_others_go_on(world: World):
    pace = world.memory_pace()
    app = world.app(pace)
    one = app.repository(INSTALLATION, REPO_ID, world.client().repo)
    other = app.repository(INSTALLATION + 1, REPO_ID, one.repo)
    world.script.then(SECONDARY, Reply(content=pull_json()), Reply(content=pull_json()))
    with pytest.raises(RateLimited):
        one.pull(3)
    sent = len(world.script.seen)

    for _ in range(5):
        with pytest.raises(RateLimited):
            one.pull(3)
    assert len(world.script.seen) == sent
    other.pull(3)
    world.clock.advance(91)

    assert one.pull(3).ref.number == 3
