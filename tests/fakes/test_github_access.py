"""The fake GitHub's doors: who may ask for what, and how answers are given."""

from __future__ import annotations

import time

import pytest

from tests.fakes.github import GitHub, Repository, World
from tests.fakes.github.plain_client import PlainClient

SHOP = "/repos/octo/shop"


@pytest.mark.parametrize(
    ("claims", "complaint"),
    [
        ({"exp": 60}, ""),
        ({"exp": 700}, "too far in the future"),
        ({"exp": -10}, "a time in the future"),
        ({"iat": 30}, "'iat'"),
        ({"iss": "1"}, "Integration not found"),
    ],
)
def test_the_app_has_to_keep_to_the_window_of_its_jwt(client: PlainClient, claims: dict, complaint: str):
    now = int(time.time())
    shifted = {name: now + value if isinstance(value, int) else value for name, value in claims.items()}

    answer = client.request("GET", "/app", token=client.jwt(**shifted))

    assert answer.status == (401 if complaint else 200)
    assert complaint in answer.json.get("message", "")


def test_a_jwt_of_another_key_is_refused(client: PlainClient, world: World):
    old = client.jwt()
    world.rotate_key()

    assert client.request("GET", "/app", token=old).status == 401
    assert client.request("GET", "/app", token=client.jwt()).status == 200


def test_the_date_header_tells_the_time_of_the_world(client: PlainClient, world: World):
    world.clock.advance(7200)

    answer = client.request("GET", "/app", token=client.jwt())

    assert answer.status == 401
    assert answer.headers["date"] == world.clock.http_date()


def test_a_token_opens_the_repositories_it_was_minted_for_and_no_others(
    client: PlainClient, world: World, shop: Repository
):
    world.repository("octo/safe")
    token = client.token(shop)

    assert client.request("GET", SHOP, token=token).status == 200
    assert client.request("GET", "/repos/octo/safe", token=token).status == 404
    listed = client.request("GET", "/installation/repositories", token=token).json
    assert [one["full_name"] for one in listed["repositories"]] == ["octo/shop"]


def test_a_token_does_what_its_permissions_say(client: PlainClient, shop: Repository):
    pull = shop.pull(files={"b.py": "b = 2\n"})
    token = client.token(shop, pull_requests="read", checks="write")

    assert client.request("GET", f"{SHOP}/pulls/1", token=token).status == 200
    assert client.request("GET", f"{SHOP}/contents/b.py", token=token).status == 403
    refused = client.request("POST", f"{SHOP}/pulls/1/reviews", {"body": "x", "event": "COMMENT"}, token)
    assert (refused.status, refused.json["message"]) == (403, "Resource not accessible by integration")
    assert pull.reviews == []


def test_a_permission_that_was_taken_back_is_gone_at_once(
    client: PlainClient, world: World, shop: Repository, token: str
):
    world.installation().permissions["checks"] = "read"

    answer = client.request("POST", f"{SHOP}/check-runs", {"name": "x", "head_sha": shop.head}, token)

    assert answer.status == 403


@pytest.mark.parametrize(
    ("wish", "status"),
    [({"repository_ids": [17]}, 422), ({"permissions": {"contents": "write"}}, 422), ({}, 201)],
)
def test_a_token_cannot_have_more_than_the_installation(
    client: PlainClient, world: World, shop: Repository, wish: dict, status: int
):
    number = world.installation().id

    assert client.request("POST", f"/app/installations/{number}/access_tokens", wish, client.jwt()).status == status


def test_a_token_ends_after_an_hour(client: PlainClient, world: World, shop: Repository, token: str):
    world.clock.advance(3590)
    assert client.request("GET", SHOP, token=token).status == 200

    world.clock.advance(20)
    assert client.request("GET", SHOP, token=token).status == 401


def test_f26_a_fresh_token_can_be_refused_for_a_while(client: PlainClient, world: World, shop: Repository, token: str):
    world.fresh_token_refusals = 2

    assert [client.request("GET", SHOP, token=token).status for _ in range(3)] == [401, 401, 200]


def test_f27_a_suspended_installation_mints_nothing(client: PlainClient, world: World, shop: Repository, token: str):
    path = f"/app/installations/{world.installation().id}/access_tokens"
    world.suspend()

    refused = client.request("POST", path, {}, client.jwt())
    assert (refused.status, refused.json["message"]) == (403, "This installation has been suspended")
    assert client.request("GET", SHOP, token=token).status == 403

    world.unsuspend()
    assert client.request("POST", path, {}, client.jwt()).status == 201


def test_f28_an_uninstalled_app_has_no_tokens_and_gets_none(
    client: PlainClient, world: World, shop: Repository, token: str
):
    path = f"/app/installations/{world.installation().id}/access_tokens"
    world.uninstall()

    assert client.request("GET", SHOP, token=token).status == 401
    assert client.request("POST", path, {}, client.jwt()).status == 404


def test_f28_a_withdrawn_repository_is_not_there(client: PlainClient, world: World, shop: Repository, token: str):
    world.withdraw(shop)
    assert client.request("GET", SHOP, token=token).status == 404

    world.admit(shop)
    assert client.request("GET", SHOP, token=token).status == 200


def test_f29_the_old_name_of_a_repository_leads_to_its_number(client: PlainClient, shop: Repository, token: str):
    shop.pull(files={"b.py": "b = 2\n"})
    shop.rename("octo/store")

    moved = client.request("GET", f"{SHOP}/pulls/1?per_page=5", token=token)

    assert moved.status == 301
    path = moved.headers["location"].removeprefix(shop.world.api_url)
    assert path == f"/repositories/{shop.id}/pulls/1?per_page=5"
    assert client.request("GET", path, token=token).json["base"]["repo"]["full_name"] == "octo/store"


def test_f29_an_archived_repository_is_read_only(client: PlainClient, shop: Repository, token: str):
    shop.archive()

    assert client.request("GET", SHOP, token=token).json["archived"] is True
    refused = client.request("POST", f"{SHOP}/check-runs", {"name": "x", "head_sha": shop.head}, token)
    assert (refused.status, refused.json["message"]) == (403, "Repository was archived so is read-only.")


def test_a_blocked_repository_answers_451(client: PlainClient, shop: Repository, token: str):
    shop.state.is_blocked = True

    assert client.request("GET", SHOP, token=token).status == 451


def test_an_unknown_route_is_a_violation(client: PlainClient, world: World, shop: Repository, token: str):
    assert client.request("PUT", f"{SHOP}/pulls/1/merge", {}, token).status == 404

    assert world.violations == ["unknown route PUT /repos/octo/shop/pulls/1/merge"]


def test_a_token_in_the_address_is_a_violation(client: PlainClient, world: World, shop: Repository, token: str):
    client.request("GET", f"{SHOP}?access_token={token}", token=token)

    assert len(world.violations) == 1


def test_a_write_with_a_wide_token_is_a_violation(client: PlainClient, world: World, shop: Repository):
    path = f"/app/installations/{world.installation().id}/access_tokens"
    wide = client.request("POST", path, {}, client.jwt()).json["token"]

    client.request("GET", SHOP, token=wide)
    assert world.violations == []

    client.request("POST", f"{SHOP}/check-runs", {"name": "x", "head_sha": shop.head}, wide)
    assert len(world.violations) == 1


def test_what_did_not_change_is_free(client: PlainClient, world: World, shop: Repository, token: str):
    first = client.request("GET", f"{SHOP}/pulls", token=token)
    again = client.request("GET", f"{SHOP}/pulls", token=token, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"]

    shop.pull(files={"b.py": "b = 2\n"})
    changed = client.request("GET", f"{SHOP}/pulls", token=token, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status == 200


def test_lists_come_in_pages_with_links(client: PlainClient, shop: Repository, token: str):
    pull = shop.pull(files={"b.py": "b = 2\n"})
    for number in range(5):
        pull.comment("ada", f"comment {number}")

    path, seen = f"{SHOP}/issues/1/comments?per_page=2", []
    while path:
        answer = client.request("GET", path, token=token)
        seen += [one["body"] for one in answer.json]
        links = [link for link in answer.headers.get("link", "").split(", ") if 'rel="next"' in link]
        path = links[0].partition(">")[0].removeprefix(f"<{shop.world.api_url}") if links else ""

    assert seen == [f"comment {number}" for number in range(5)]


def test_enterprise_has_its_api_below_a_prefix(github: GitHub):
    world = github.world(enterprise=True)
    repository = world.repository("octo/shop")
    client = PlainClient(world)

    assert world.api_url.endswith("/api/v3")
    answer = client.request("GET", SHOP, token=client.token(repository))
    assert answer.json["url"] == f"{world.api_url}{SHOP}"
    assert [call.path for call in world.calls][-1] == SHOP
    client.close()


def test_worlds_know_nothing_of_each_other(github: GitHub, client: PlainClient, token: str):
    other = github.world()
    stranger = PlainClient(other)

    assert stranger.request("GET", SHOP, token=token).status == 401
    assert len(other.calls) == 1
    stranger.close()


@pytest.mark.parametrize(
    ("role", "permission"),
    [("admin", "admin"), ("maintain", "write"), ("write", "write"), ("triage", "read"), ("read", "read")],
)
def test_a_permission_is_told_coarsely_and_as_a_role(
    client: PlainClient, shop: Repository, token: str, role: str, permission: str
):
    shop.allow("eve", role)

    answer = client.request("GET", f"{SHOP}/collaborators/eve/permission", token=token)

    assert (answer.json["permission"], answer.json["role_name"]) == (permission, role)


def test_a_manifest_code_works_once(client: PlainClient, world: World):
    world.manifest_codes["code"] = {"webhook_secret": "given"}

    made = client.request("POST", "/app-manifests/code/conversions")
    assert made.status == 201
    assert made.json["webhook_secret"] == "given"
    assert made.json["pem"] == world.private_key
    assert client.request("POST", "/app-manifests/code/conversions").status == 404


def test_a_request_is_answered_fast(client: PlainClient, shop: Repository, token: str):
    shop.pull(files={"b.py": "b = 2\n"})
    client.request("GET", f"{SHOP}/pulls/1", token=token)
    seconds = []
    for _ in range(50):
        start = time.perf_counter()
        client.request("GET", f"{SHOP}/pulls/1", token=token)
        seconds.append(time.perf_counter() - start)

    assert sorted(seconds)[25] < 0.01
