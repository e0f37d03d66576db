"""From a signed webhook to one honest review, in the processes that users start."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from tests.fakes.github import GitHub, Pull, Repository, Sender, World, violations
from tests.processes.product import SECRET, Product, wait_for

FLAWED = "first = 1\nsecond = 2  # BUG-second\n"


def is_done(pull: Pull) -> bool:
    return any(check.status == "completed" for check in pull.checks)


def test_a_webhook_becomes_one_review_and_the_server_stops_in_time(product: Product, shop: Repository, world: World):
    server = product.serve()
    pull = shop.pull(files={"app.py": FLAWED})

    (delivery,) = product.sender.send(pull.opened)
    wait_for(lambda: is_done(pull), 40, product.log)
    began = time.monotonic()
    server.send_signal(signal.SIGTERM)
    code = server.wait(15)

    assert delivery.status_code == 202
    assert code == 0
    assert time.monotonic() - began <= 10
    assert [comment.line for comment in pull.inline_comments] == [2]
    assert violations(world) == []
    assert SECRET not in product.log()


def test_an_enterprise_server_is_reviewed_with_git_over_http(github: GitHub, tmp_path: Path):
    world = github.world(enterprise=True)
    shop = world.repository("octo/shop", files={"app.py": "first = 1\nsecond = 2\n"})
    more = {"REVIEWBOT_GITHUB_GIT_URL": world.git_url}
    product = Product(world, tmp_path / "product", f"sqlite:///{tmp_path / 'r.db'}", more)
    try:
        product.serve()
        pull = shop.pull(files={"app.py": FLAWED})
        product.sender.send(pull.opened)
        wait_for(lambda: is_done(pull), 40, product.log)
        assert len(pull.inline_comments) == 1
        assert violations(world) == []
    finally:
        product.stop()
        world.close()


def test_f09_a_secret_is_changed_without_losing_a_delivery(product: Product, shop: Repository, world: World):
    old, new = "the-old-secret-of-ours", "the-new-secret-of-ours"
    product.more["REVIEWBOT_WEBHOOK_SECRET"] = f"{new},{old}"
    product.serve()
    url = f"{product.url}/github/webhook"

    codes = [
        Sender(world, url, secret).send(shop.pull(files={"app.py": f"{number}\n"}).opened)[0].status_code
        for number, secret in enumerate([old, new, "some-other-secret-here"])
    ]

    assert codes == [202, 202, 401]


def test_f53_acknowledgements_go_on_while_github_is_down(product: Product, shop: Repository, world: World):
    product.serve()
    outage = world.fault("*", "/repos/**", "5xx before effect", times=None)
    pull = shop.pull(files={"app.py": FLAWED})

    (delivery,) = product.sender.send(pull.opened)
    wait_for(lambda: len(world.calls.of("GET", "/repos/**")) >= 3, 40, product.log)
    outage.times = 0
    wait_for(lambda: is_done(pull), 90, product.log)

    assert delivery.status_code == 202
    assert len(pull.reviews) == 1
    assert violations(world) == []


def test_f01_a_slow_github_does_not_slow_the_acknowledgements(product: Product, shop: Repository, world: World):
    product.serve()
    world.fault("*", "/repos/**", "delay", seconds=1.0, times=None)
    pulls = [shop.pull(files={"app.py": f"{FLAWED}{number}\n"}) for number in range(10)]
    seconds = []

    for pull in pulls:
        began = time.monotonic()
        product.sender.send(pull.opened)
        seconds.append(time.monotonic() - began)

    assert max(seconds) < 1.0
