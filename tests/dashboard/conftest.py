"""A dashboard over a real service: two organisations, people with roles, incidents, findings, deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from reviewbot.domain.pull import PullRef
from reviewbot.domain.record import Answer, ChangePlace, Evidence, IncidentRecord, Stand
from reviewbot.domain.repository import RepoName
from reviewbot.github.oauth import GitHubLogin
from reviewbot.server.dashboard.access import Doorkeeper
from reviewbot.server.dashboard.app import dashboard
from reviewbot.server.dashboard.desk import Desk
from reviewbot.store.database import open_database
from reviewbot.store.deliveries import Delivery, DeliveryState
from reviewbot.store.sessions import Sessions
from tests.fakes.github import Pull, Repository, World
from tests.fakes.github.fixtures import github, world
from tests.fakes.github.routes_login import CLIENT_ID, CLIENT_SECRET, authorize
from tests.live.service import Service, WorldTransactions

__all__ = ["github", "world"]

TOKEN = "a-token-of-the-tests-for-the-api"
FLAWED = "first = 1\nsecond = compute(2)  # BUG-high-second\nthird = 3\n"


@dataclass
class Board:
    """The dashboard of a world, and what is on record in it."""

    world: World
    service: Service
    shop: Repository
    secret: Repository
    pull: Pull
    incident: int
    foreign_incident: int
    delivery: int

    def client(
        self, *, with_login: bool = True, at: str = "http://127.0.0.1", operators: tuple[int, ...] = ()
    ) -> TestClient:
        """A browser that nobody has logged in with; from this machine unless `at` says otherwise."""
        live = self.service.live
        login = GitHubLogin(self.world.api_url, self.world.web_url, CLIENT_ID, CLIENT_SECRET) if with_login else None
        door = Doorkeeper(Sessions(self.service.transactions), login, (TOKEN,), operators)
        desk = Desk(self.service.transactions, live, door)
        return TestClient(dashboard(desk), base_url=at, client=("127.0.0.1", 50_000), follow_redirects=False)

    def logged_in(self, login: str, *, is_operator: bool = False) -> TestClient:
        """A browser in which somebody has logged in through GitHub."""
        operators = (self.world.user(login).id,) if is_operator else ()
        client = self.client(operators=operators)
        to_github = client.get("/login")
        asked = parse_qs(urlsplit(to_github.headers["location"]).query)
        code = authorize(self.world, login, asked["code_challenge"][0])
        back = client.get("/login/callback", params={"code": code, "state": asked["state"][0]})
        assert (back.status_code, back.headers["location"]) == (303, "/")
        return client


def incident(shop: Repository, name: str, title: str, **changes: object) -> IncidentRecord:
    assert shop.state.installation is not None
    values: dict[str, object] = {
        "key": f"api:{name}",
        "name": name,
        "repo_id": shop.id,
        "installation_id": shop.state.installation.id,
        "repo": RepoName.parse(shop.full_name),
        "title": title,
        "opened_at": 1_790_000_000.0,
        "stand": Stand.ANSWERED,
        "answer": Answer.FLAGGED_AND_IGNORED,
        "cause": ChangePlace("a" * 40, 1, "wrote all that the fix took away: 1 line"),
        "evidence": (Evidence("f" * 16, "second fails", "app.py:2", result="ignored"),),
    }
    return IncidentRecord(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def board(world: World, tmp_path: Path) -> Iterator[Board]:
    transactions = WorldTransactions(open_database(f"sqlite:///{tmp_path / 'reviewbot.db'}"))
    transactions.world = world
    service = Service(world, transactions, tmp_path / "cache")
    shop = world.repository("octo/shop", files={"app.py": "first = 1\nsecond = 2\nthird = 3\n"})
    secret = world.repository("acme/secret", files={"app.py": "first = 1\n"})
    shop.allow("ada", "write")
    shop.allow("ron", "read")
    secret.allow("eve", "admin")
    pull = shop.pull(files={"app.py": FLAWED}, title="Change the shop")
    foreign = secret.pull(files={"app.py": FLAWED}, title="A canary of acme")
    service.receive(pull.opened, foreign.opened)
    service.settle()
    service.receive(pull.merge())
    service.settle()
    number = service.live.incidents.report(incident(shop, "INC-1", "Orders fail"), "reported")
    other = service.live.incidents.report(incident(secret, "INC-2", "A canary of acme"), "reported")
    _, delivery = service.live.deliveries.remember(Delivery("integration:1", "guid-1", "push", b"{}"), lambda *_: None)
    service.live.deliveries.settle(delivery, DeliveryState.DEAD, "gave up")
    yield Board(world, service, shop, secret, pull, number, other, delivery)
    transactions.close()


def ref_of(shop: Repository, pull: Pull) -> PullRef:
    return PullRef(shop.id, pull.number)
