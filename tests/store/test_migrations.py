from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, inspect, make_url, text

from reviewbot.errors import StoreError
from reviewbot.store.database import open_database
from reviewbot.store.migrating import migrate
from reviewbot.store.store import Store
from reviewbot.store.transactions import Transactions
from tests.store.conftest import run_sql
from tests.store.test_store import replay

ROOT = Path(__file__).parents[2]

KILLED = """
import os, signal, sys
from sqlalchemy import Engine, event
from reviewbot.store.database import open_database

address, steps = sys.argv[1], [int(step) for step in sys.argv[2:]]
for last in steps:
    if os.fork() == 0:
        count = 0
        @event.listens_for(Engine, "before_cursor_execute")
        def die(connection, cursor, statement, *_):
            global count
            count += statement.lstrip().startswith(("CREATE", "UPDATE alembic", "INSERT INTO alembic"))
            if count == last or statement.startswith("UPDATE alembic"):
                os.kill(os.getpid(), signal.SIGKILL)
        open_database(address)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.wait()[1]))
"""

TOGETHER = """
import os, sys
from reviewbot.store.database import open_database

gate_out, gate_in = os.pipe()
children = []
for _ in range(6):
    child = os.fork()
    if child == 0:
        os.close(gate_in)
        os.read(gate_out, 1)
        open_database(sys.argv[1])
        os._exit(0)
    children.append(child)
os.close(gate_in)
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""


def run(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def first_version(address: str) -> Store:
    """A store on a database as the version before the live service left it."""
    url = make_url(address)
    engine = create_engine(url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url)
    migrate(engine, "0001")
    return Store(Transactions(engine))


def test_a_database_of_the_version_before_gets_the_new_tables_and_keeps_its_rows(address: str):
    store = first_version(address)
    store.save_replays(store.start_run("2026-01-01", "runs/one", "incidents.yaml"), [replay()])

    transactions = Transactions(open_database(address))

    assert run_sql(transactions, "SELECT title FROM finding ORDER BY position") == [
        ("Retry charges twice",),
        ("Unsure",),
    ]
    assert run_sql(transactions, "SELECT count(*) FROM delivery") == [(0,)]


def test_f66_a_process_of_the_version_before_goes_on_while_the_tables_are_new(address: str):
    store = first_version(address)
    run_id = store.start_run("2026-01-01", "runs/one", "incidents.yaml")
    store.save_replays(run_id, [replay("INC-1")])

    new = open_database(address)
    store.save_replays(run_id, [replay("INC-2")])

    assert run_sql(Transactions(new), "SELECT case_name FROM replay ORDER BY id") == [("INC-1",), ("INC-2",)]


def test_f66_a_migration_that_was_killed_anywhere_is_run_again(address: str):
    store = first_version(address)
    store.save_replays(store.start_run("2026-01-01", "runs/one", "incidents.yaml"), [replay()])
    steps = ("1", "2", "9", "20", "1000")

    killed = run(KILLED, address, *steps)
    names = set(inspect(store._transactions.engine).get_table_names())
    engine = open_database(address)

    assert killed.split() == ["-9"] * len(steps)
    assert "delivery" not in names, "a killed migration leaves nothing behind"
    assert {"delivery", "round"} <= set(inspect(engine).get_table_names())
    assert run_sql(Transactions(engine), "SELECT count(*) FROM finding") == [(2,)]


def test_f66_processes_that_start_at_once_make_the_tables_once(address: str):
    assert run(TOGETHER, address).strip() == str([0] * 6)
    assert "delivery" in inspect(open_database(address)).get_table_names()


def test_opening_a_current_database_waits_for_no_writer(address: str):
    writer = Transactions(open_database(address))

    with writer.writing() as session:
        session.execute(text("INSERT INTO repository (repo_id, etag) VALUES (1, 'x')"))
        query = "?timeout=0.2" if writer.is_sqlite else "&options=-c%20lock_timeout%3D200"
        engine = open_database(address + query)

    assert inspect(engine).has_table("repository")


@pytest.mark.parametrize("name", ["a b", "100%", "x%(here)s"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str):
    path = tmp_path / f"{name}.db"

    engine: Engine = open_database(make_url("sqlite://").set(database=str(path)).render_as_string())

    assert path.exists()
    assert inspect(engine).has_table("delivery")


def test_the_way_back_leaves_the_first_tables(address: str):
    from alembic import command
    from alembic.config import Config

    from reviewbot.store import database

    engine = open_database(address)
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    with database.writing_engine(engine).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")

    names = set(inspect(engine).get_table_names())
    assert "review" in names
    assert "delivery" not in names


def with_a_version_from_tomorrow(address: str, works_with: str) -> None:
    """What the next version leaves: its revision, and the oldest one whose program may go on."""
    with open_database(address).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("UPDATE schema_compatible SET works_with = :one"), {"one": works_with})


def test_f66_the_version_before_works_beside_the_next_where_that_one_says_so(address: str):
    with_a_version_from_tomorrow(address, "0004")

    transactions = Transactions(open_database(address))

    store = Store(transactions)
    store.save_replays(store.start_run("2026-01-01", "runs/one", "incidents.yaml"), [replay()])
    assert run_sql(transactions, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_f66_it_is_refused_where_the_next_says_nothing_of_it(address: str):
    with_a_version_from_tomorrow(address, "0005")

    with pytest.raises(StoreError, match="another version of reviewbot"):
        open_database(address)
