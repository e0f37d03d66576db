"""Who may see and do what: every route against every kind of person."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from tests.dashboard.conftest import TOKEN, Board, ref_of

OPEN = {"/login", "/login/callback", "/api/openapi.json", "/static"}
OPERATORS = {"/runs", "/runs/{run_id}/report", "/deliveries", "/settings", "/deliveries/{delivery_id}/retry"}


def routes(board: Board) -> list[tuple[str, str]]:
    """Every route with its method, as the application itself lists them."""
    app = board.client().app
    found = []
    for route in app.routes:  # type: ignore[attr-defined]
        inner = getattr(route, "effective_route_contexts", None)
        for one in [route] if inner is None else inner():
            path = getattr(one, "path", "")
            methods = getattr(one, "methods", None) or {"GET"}
            found += [(method, path) for method in sorted(methods - {"HEAD"})]
    return found


def address(board: Board, path: str, *, foreign: bool = False) -> str:
    shop = board.secret if foreign else board.shop
    values = {
        "repo_id": shop.id,
        "number": 1,
        "incident_id": board.foreign_incident if foreign else board.incident,
        "run_id": 1,
        "delivery_id": board.delivery,
    }
    return re.sub(r"\{(\w+)\}", lambda name: str(values[name[1]]), path)


def ask(client: TestClient, method: str, path: str) -> int:
    body = (
        {"content": b"", "headers": {"content-type": "application/x-www-form-urlencoded"}} if method == "POST" else {}
    )
    return client.request(method, path, **body).status_code  # type: ignore[arg-type]


def test_s28_every_route_is_in_this_table(board: Board):
    paths = {path for _, path in routes(board)}

    assert paths >= OPEN | OPERATORS
    assert {"/", "/findings", "/incidents/{incident_id}", "/pulls/{repo_id}/{number}/retry", "/api/incidents"} <= paths
    assert len(paths) >= 25


def test_s28_nobody_gets_in_without_a_login(board: Board):
    client = board.client()
    for method, path in routes(board):
        if path in OPEN:
            continue
        status = ask(client, method, address(board, path))
        assert status in (401, 403, 303), (method, path, status)
        if status == 303:
            assert client.get(address(board, path)).headers["location"] == "/login"


@pytest.mark.parametrize("at", ["http://reviewbot.example.com", "http://127.0.0.1.evil.example", "http://evil.example"])
def test_s28_without_a_login_set_up_only_this_machine_is_let_in(board: Board, at: str):
    local, elsewhere = board.client(with_login=False), board.client(with_login=False, at=at)

    assert ask(local, "GET", "/") == 200
    assert ask(elsewhere, "GET", "/") == 401
    assert ask(elsewhere, "GET", "/api/findings") == 401


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"])
def test_s28_a_proxy_at_this_machine_is_not_this_machine(board: Board, header: str):
    client = board.client(with_login=False)

    assert client.get("/", headers={header: "203.0.113.9"}).status_code == 401


def test_s28_a_person_sees_only_repositories_that_github_shows_them(board: Board):
    eve = board.logged_in("eve")

    for method, path in routes(board):
        if "{" in path and method == "GET" and path not in OPERATORS | OPEN:
            assert ask(eve, method, address(board, path)) == 404, path
            assert ask(eve, method, address(board, path, foreign=True)) == 200, path
    for path in (
        "/",
        "/findings",
        "/incidents",
        "/pulls",
        "/repositories",
        "/spend",
        "/api/findings",
        "/api/incidents",
    ):
        page = eve.get(path).text
        assert "octo/shop" not in page
        assert "Orders fail" not in page
    assert "canary of acme" not in board.logged_in("ada").get("/incidents").text
    assert ask(eve, "GET", f"/findings?repo={board.shop.id}") == 404


def test_s28_operators_pages_are_for_operators(board: Board):
    ada, operator = board.logged_in("ada"), board.logged_in("ada", is_operator=True)

    for method, path in routes(board):
        if path in OPERATORS:
            assert ask(ada, method, address(board, path)) == 403, path
    for path in ("/runs", "/deliveries", "/settings"):
        assert operator.get(path).status_code == 200


def test_s28_no_change_without_the_token_of_our_own_pages(board: Board):
    operator = board.logged_in("ada", is_operator=True)
    changes = [path for method, path in routes(board) if method == "POST" and path != "/api/incidents"]

    assert len(changes) >= 4
    for path in changes:
        assert ask(operator, "POST", address(board, path)) == 403, path
        wrong = operator.post(address(board, path), data={"csrf": "another"})
        assert wrong.status_code == 403, path
    assert board.service.live.deliveries.read(board.delivery).state == "dead"


def csrf(client: TestClient, path: str) -> str:
    return re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)[1]  # type: ignore[index]


def test_s28_a_reader_may_look_and_not_ask_for_reviews(board: Board):
    ron, ada = board.logged_in("ron"), board.logged_in("ada")
    path = f"/pulls/{board.shop.id}/1"

    refused = ron.post(f"{path}/retry", data={"csrf": csrf(ron, path)})
    taken = ada.post(f"{path}/retry", data={"csrf": csrf(ada, path)})

    assert (refused.status_code, taken.status_code) == (403, 303)
    work = board.service.live.pulls.work(ref_of(board.shop, board.pull))
    assert work is not None
    assert work.wanted > work.handled


def test_s28_a_failed_delivery_is_tried_again_by_an_operator(board: Board):
    operator = board.logged_in("ada", is_operator=True)

    answer = operator.post(f"/deliveries/{board.delivery}/retry", data={"csrf": csrf(operator, "/deliveries")})

    assert answer.status_code == 303
    assert board.service.live.deliveries.read(board.delivery).state == "received"
    assert operator.post("/deliveries/99999/retry", data={"csrf": csrf(operator, "/")}).status_code == 404


def test_s28_a_session_ends_at_its_time_and_by_logging_out(board: Board):
    ada, ron = board.logged_in("ada"), board.logged_in("ron")

    assert ada.post("/logout", data={"csrf": csrf(ada, "/")}).status_code == 200
    assert ada.get("/").status_code == 303
    assert ron.get("/").status_code == 200
    board.world.clock.advance(9 * 3_600)
    assert ron.get("/").status_code == 303


def test_s28_the_cookie_is_kept_from_scripts_and_other_sites_and_its_secret_is_not_stored(board: Board):
    client = board.client(at="http://reviewbot.example.com")
    state = client.get("/login").headers["set-cookie"]
    assert "HttpOnly" in state
    assert "SameSite=lax" in state
    assert "Secure" in state

    ada = board.logged_in("ada")
    (cookie,) = [one for one in ada.cookies.jar if one.name == "reviewbot_session"]
    with board.service.transactions.reading() as session:
        rows = session.connection().exec_driver_sql("SELECT * FROM web_session").all()
    assert cookie.value not in str(rows)
    assert "ghu_" not in str(rows)


def test_s28_a_login_that_was_not_begun_here_is_refused(board: Board):
    client = board.client()
    client.get("/login")

    assert client.get("/login/callback", params={"code": "x", "state": "forged"}).status_code == 403
    assert board.client().get("/login/callback", params={"code": "x", "state": ""}).status_code == 403


def test_s28_logins_are_limited(board: Board):
    client = board.client()

    found = [client.get("/login").status_code for _ in range(25)]

    assert found[0] == 303
    assert found[-1] == 429


def test_a_token_reads_everything_and_a_wrong_one_nothing(board: Board):
    client = board.client(at="http://reviewbot.example.com")

    assert client.get("/api/incidents", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert client.get("/api/incidents", headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 401
    assert client.get("/api/incidents", headers={"Authorization": f"Basic {TOKEN}"}).status_code == 401


def test_every_answer_keeps_a_browser_from_doing_more(board: Board):
    client = board.logged_in("ada")
    for path in ("/", "/findings", "/nope", f"/incidents/{board.incident}"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
