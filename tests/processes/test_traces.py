"""What an operator sees of one review: one id on every line of the log, and its steps at a collector."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from tests.fakes.collector import collector
from tests.fakes.github import Pull, Repository, World
from tests.processes.product import Product, wait_for

TEXT = "first = 1\nsecond = 'what the change says'  # BUG-second\n"


def is_done(pull: Pull) -> bool:
    return any(check.status == "completed" for check in pull.checks)


def test_one_id_leads_through_a_review(world: World, shop: Repository, tmp_path: Path):
    with collector() as seen:
        more = {"REVIEWBOT_LOG_FORMAT": "json", "REVIEWBOT_OTEL_ENDPOINT": seen.url}
        product = Product(world, tmp_path / "product", f"sqlite:///{tmp_path}/record.db", more)
        server = product.serve()
        pull = shop.pull(files={"app.py": TEXT})
        product.sender.send(pull.opened)
        wait_for(lambda: is_done(pull), 40, product.log)
        wait_for(lambda: "head concluded" in product.log(), 10, product.log)
        server.send_signal(signal.SIGTERM)
        server.wait(15)

    lines = [json.loads(line) for line in product.log().splitlines()]
    # The first sweep may have seen the pull request, too; it belongs to no delivery.
    (asked,) = [line for line in lines if line["event"] == "look asked for" and "trace" in line]
    (concluded,) = [line for line in lines if line["event"] == "head concluded"]
    assert asked["trace"].startswith("delivery:")
    assert concluded["trace"] in [line["look"] for line in lines if line["event"] == "look asked for"]
    (look,) = [span for span in seen.spans if span.attributes.get("reviewbot.trace") == concluded["trace"]]
    of_the_look = [span for span in seen.spans if span.trace == look.trace]
    names = {span.name for span in of_the_look}
    assert look.name == "pull"
    assert {"reviewer", "git fetch", "github GET", "github POST"} <= names
    assert {span.parent for span in of_the_look} <= {span.number for span in of_the_look} | {""}
    assert seen.services == {"reviewbot"}
    assert b"what the change says" not in seen.raw


def test_a_collector_that_is_away_delays_no_review_and_no_end(world: World, shop: Repository, tmp_path: Path):
    more = {"REVIEWBOT_OTEL_ENDPOINT": "http://127.0.0.1:9"}
    product = Product(world, tmp_path / "product", f"sqlite:///{tmp_path}/record.db", more)
    server = product.serve()
    pull = shop.pull(files={"app.py": TEXT})
    product.sender.send(pull.opened)
    wait_for(lambda: is_done(pull), 40, product.log)
    server.send_signal(signal.SIGTERM)

    assert server.wait(10) == 0
