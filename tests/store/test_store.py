from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from reviewbot.domain.incident import CaseKind, LocationClass, Verdict
from reviewbot.domain.replay import CaseVerdict, Judgement, Label, Replay
from reviewbot.domain.review import (
    Coverage,
    FileCoverage,
    Funnel,
    HeldBack,
    ModelCall,
    Outcome,
    ReviewerRun,
    SkipReason,
    Stage,
    Usage,
)
from reviewbot.errors import InputError, StoreError
from reviewbot.store.database import open_database
from reviewbot.store.store import Store, open_store
from tests.engine.builders import finding

CALL = ModelCall("m-1", "review", "1", "h" * 32, Usage(1_000, 50, 800, 0), Decimal("0.01234567"), 2.5)


def replay(case: str = "INC-1", **changes) -> Replay:
    whole = Replay(
        case=case,
        kind=CaseKind.INCIDENT,
        arm="llm",
        trial=1,
        repo="acme/shop",
        base="b" * 40,
        head="a" * 40,
        outcome=Outcome.PARTIAL,
        reason="not read: 1 × lock file",
        findings=(finding(title="Retry charges twice"),),
        held_back=(HeldBack(finding(title="Unsure", path=None), Stage.CHOOSE, "confidence 0.10 is below 0.30"),),
        coverage=Coverage((FileCoverage("a.py", 2, 2), FileCoverage("y.lock", 0, 1, SkipReason.LOCK_FILE))),
        runs=(ReviewerRun("llm", calls=(CALL,), model="m-1", prompt_version="review@1"),),
        funnel=Funnel(2, 2, 2, 2, 1),
    )
    return replace(whole, **changes)


def rows(store: Store, query: str) -> list[tuple]:
    with store._transactions.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_a_replay_can_be_asked_for_with_its_findings_and_what_they_cost(address: str):
    store = open_store(address)
    run_id = store.start_run("2026-01-01", "runs/one", "incidents.yaml")
    store.save_replays(run_id, [replay()])

    found = rows(
        store,
        "SELECT r.case_name, v.outcome, f.title, f.stage, f.path, c.cost_usd, c.cache_read_tokens FROM replay r"
        " JOIN review v ON v.id = r.review_id JOIN finding f ON f.review_id = v.id"
        " JOIN reviewer_run n ON n.review_id = v.id JOIN model_call c ON c.reviewer_run_id = n.id ORDER BY f.position",
    )

    assert [row[:5] + row[6:] for row in found] == [
        ("INC-1", "partial", "Retry charges twice", None, "app.py", 800),
        ("INC-1", "partial", "Unsure", "choose", None, 800),
    ]
    assert Decimal(str(found[0][5])).quantize(Decimal("0.00000001")) == CALL.cost_usd


def test_a_replay_that_is_saved_again_takes_the_place_of_the_first(address: str):
    store = open_store(address)
    run_id = store.start_run("2026-01-01", "runs/one", "incidents.yaml")
    store.save_replays(run_id, [replay()])
    store.save_replays(run_id, [replay(outcome=Outcome.COMPLETE, findings=())])

    assert rows(store, "SELECT outcome FROM review") == [("complete",)]
    assert rows(store, "SELECT count(*) FROM finding") == [(1,)]
    assert rows(store, "SELECT count(*) FROM model_call") == [(1,)]


def test_a_resumed_run_is_the_same_run(address: str):
    store = open_store(address)

    first = store.start_run("2026-01-01", "runs/one", "incidents.yaml")

    assert open_store(address).start_run("2026-01-01", "runs/one", "incidents.yaml") == first
    assert store.start_run("2026-01-02", "runs/one", "incidents.yaml") != first


def test_verdicts_are_kept_with_what_the_judge_wrote_and_its_calls(address: str):
    store = open_store(address)
    run_id = store.start_run("2026-01-01", "runs/one", "incidents.yaml")
    judgement = Judgement(finding(), Label.HIT, LocationClass.EXACT, incident_mechanism="a new key on each retry")
    verdict = CaseVerdict(
        "INC-1", "llm", 1, Verdict.CAUGHT, LocationClass.EXACT, judgement, (judgement,), calls=(CALL,)
    )

    store.save_verdicts(run_id, [verdict])
    store.save_verdicts(run_id, [verdict])

    assert rows(store, "SELECT verdict, location FROM verdict") == [("caught", "exact")]
    assert rows(store, "SELECT count(*) FROM model_call WHERE verdict_id IS NOT NULL") == [(1,)]
    assert "a new key on each retry" in str(rows(store, "SELECT judgements FROM verdict"))


def test_text_that_a_database_refuses_is_stored_readably(address: str):
    store = open_store(address)
    run_id = store.start_run("2026-01-01", "runs/one", "incidents.yaml")

    store.save_replays(run_id, [replay(findings=(finding(title="NUL \0 and \ud800 half", quote="x\0y"),))])

    assert rows(store, "SELECT title FROM finding WHERE position = 0") == [("NUL \ufffd and \ufffd half",)]


def test_many_threads_lose_nothing(address: str):
    store = open_store(address)
    run_id = store.start_run("2026-01-01", "runs/one", "incidents.yaml")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.save_replays(run_id, [replay(f"INC-{number}")]), range(40)))

    assert rows(store, "SELECT count(*) FROM replay") == [(40,)]


def test_the_migrations_make_exactly_the_tables_that_the_rows_describe(address: str):
    engine = open_database(address)

    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)

    assert differences == []
    assert "alembic_version" in inspect(engine).get_table_names()


def test_a_database_of_a_newer_version_is_refused_with_the_remedy(address: str):
    engine = open_database(address)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(StoreError, match="another version of reviewbot"):
        open_store(address)


def test_sqlite_writes_ahead_and_checks_references(tmp_path: Path):
    engine = open_database(f"sqlite:///{tmp_path / 'x.db'}")

    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


@pytest.mark.parametrize("url", ["mysql://host/db", "no address at all", ""])
def test_an_address_of_another_kind_is_refused(url: str):
    with pytest.raises(InputError, match="sqlite:///PATH or postgresql://"):
        open_store(url)


def test_an_unreachable_server_is_named_without_its_password():
    with pytest.raises(StoreError, match="REVIEWBOT_DATABASE_URL") as caught:
        open_store("postgresql://someone:hunter2secret@127.0.0.1:9/none?connect_timeout=2")

    assert "hunter2secret" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="cannot make the folder"):
        open_store(f"sqlite:///{tmp_path / 'file' / 'deep' / 'x.db'}")


def test_a_broken_file_is_no_traceback(tmp_path: Path):
    (tmp_path / "x.db").write_bytes(b"this is not a database, but it is long enough to be looked at" * 20)

    with pytest.raises(StoreError, match="cannot use the database"):
        open_store(f"sqlite:///{tmp_path / 'x.db'}")
