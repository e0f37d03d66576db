"""`--reviewer live`: what the App said at the time, in the same table."""

from __future__ import annotations

import json

import pytest
from sqlmodel import Session, create_engine

from reviewbot.domain.finding import Category, Finding, Location, Severity
from reviewbot.domain.incident import CaseKind
from reviewbot.domain.replay import Replay
from reviewbot.domain.review import Outcome
from reviewbot.store.live_rows import PullRow
from reviewbot.store.plain_values import as_json
from reviewbot.store.review_records import add_review
from reviewbot.store.said_rows import KnownFindingRow, RoundRow
from reviewbot.store.store import open_store
from tests.flows.world import MODEL, REPO, Command, World, arm_of, rows, scorecard

SAID = Finding(
    "New key on each attempt",
    "A timeout leads to a second charge.",
    Severity.HIGH,
    0.8,
    Category.CONCURRENCY,
    Location("shop/charge.py", 10, 10),
    "llm",
)


@pytest.fixture
def record(keyed: Command) -> None:
    """The App has reviewed #11 and said one thing; it knows #12 and has published nothing there."""
    url = keyed.environment["REVIEWBOT_DATABASE_URL"]
    open_store(url)
    owner, name = REPO.split("/")
    with Session(create_engine(url)) as session:
        for number in (11, 12):
            session.add(
                PullRow(
                    repo_id=7,
                    number=number,
                    installation_id=1,
                    owner=owner,
                    name=name,
                    triggers="{}",
                    token=1,
                    reason="",
                    policy_notice="",
                )
            )
            made = Replay("x", CaseKind.INCIDENT, "x", 1, REPO, "b", "h", Outcome.COMPLETE)
            session.add(
                RoundRow(
                    key=f"k{number}",
                    repo_id=7,
                    number=number,
                    installation_id=1,
                    head="h" * 40,
                    round_number=1,
                    review_id=add_review(session, made),
                    body=b"",
                    cost_nanodollars=0,
                    created_at=1.0,
                    published_at=2.0 if number == 11 else None,
                )
            )
        session.add(
            KnownFindingRow(
                repo_id=7,
                number=11,
                fingerprint="f",
                round_key="k11",
                said_at="h" * 40,
                fate="open",
                fate_note="",
                fate_by="",
                severity="high",
                title=SAID.title,
                body=as_json(SAID),
                changed_at=1.0,
            )
        )
        session.commit()


def test_what_was_said_then_is_an_arm_beside_the_others(
    record: None, keyed: Command, incidents: str, world: World, home
) -> None:
    arms = ["--reviewer", "live", "--reviewer", "llm", "--model", MODEL, "--trials", "1", "--out", "out"]

    ran = keyed("retro", "--incidents", "incidents.yaml", "--repos", world.mirrors, *arms)

    assert ran.code == 0, ran.said
    live = {row["case"]: row for row in rows(home / "out" / "replays.jsonl") if row["arm"] == "live"}
    assert [one["title"] for one in live["INC-1"]["findings"]] == [SAID.title]
    assert live["INC-2"]["outcome"] == "failed"
    assert "in the record" in live["INC-2"]["reason"] or "which pull request" in live["INC-2"]["reason"]
    arm = arm_of(scorecard(home / "out"), "live")
    assert (arm["caught"], arm["cases"]) == (1, 4), "what was not reviewed counts as not caught"
    assert arm["cost_usd"] == 0
    assert [(one["a"], one["b"]) for one in scorecard(home / "out")["comparisons"]] == [("live", "llm")]
    assert json.dumps(live["INC-1"]["base"]) != '""'


def test_people_are_asked_for_only_with_the_key_of_an_app(keyed: Command, incidents: str, world: World) -> None:
    arms = ["--reviewer", "people", "--out", "out"]

    ran = keyed("retro", "--incidents", "incidents.yaml", "--repos", world.mirrors, *arms)

    assert ran.code == 2 and "REVIEWBOT_GITHUB_APP_ID: the number of the GitHub App" in ran.err


def test_arms_that_look_things_up_cost_nothing_in_a_dry_run(keyed: Command, incidents: str, world: World) -> None:
    arms = ["--reviewer", "live", "--reviewer", "people", "--dry-run"]

    ran = keyed("retro", "--incidents", "incidents.yaml", "--repos", world.mirrors, *arms)

    assert ran.code == 0, ran.said
    assert "live (what the App said at the time) × 1: no model" in ran.out
