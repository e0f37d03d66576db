from __future__ import annotations

import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event, text

from reviewbot.errors import InputError, StoreError
from reviewbot.store.deliveries import Deliveries, Delivery, Remembered
from reviewbot.store.outbox import Outbox, SendState
from reviewbot.store.pulls import Pulls
from reviewbot.store.transactions import Transactions, open_transactions
from tests.store.builders import INSTALLATION, REF, REPO
from tests.store.commit_cutter import cutter_before
from tests.store.conftest import run_sql

DELIVERY = Delivery("integration:1", "guid-1", "pull_request", b"{}")


def test_nothing_of_a_transaction_stays_that_fails_half_way(transactions: Transactions):
    with pytest.raises(ZeroDivisionError), transactions.writing() as session:
        session.execute(text("INSERT INTO repository (repo_id, etag) VALUES (1, 'x')"))
        1 / 0  # noqa: B018

    assert run_sql(transactions, "SELECT count(*) FROM repository") == [(0,)]


def test_f62_time_is_the_databases_and_grows(transactions: Transactions):
    with transactions.reading() as session:
        first = transactions.now(session)
        time.sleep(0.005)
        second = transactions.now(session)

    assert 0.004 < second - first < 2
    assert abs(second - time.time()) < 5


def test_a_transaction_that_reads_first_may_still_write(transactions: Transactions):
    def count_up(_: int) -> None:
        with transactions.writing() as session:
            locked = "" if transactions.is_sqlite else " FOR UPDATE"
            found = session.execute(text(f"SELECT etag FROM repository WHERE repo_id = 1{locked}")).scalar_one()
            session.execute(text("UPDATE repository SET etag = :etag"), {"etag": str(int(found) + 1)})

    run_sql(transactions, "INSERT INTO repository (repo_id, etag) VALUES (1, '0')")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_up, range(40)))

    assert run_sql(transactions, "SELECT etag FROM repository") == [("40",)]


def test_writers_of_several_engines_wait_for_each_other(transactions: Transactions):
    others = [transactions, Transactions(transactions.engine)]

    with ThreadPoolExecutor(8) as pool:
        wanted = list(pool.map(lambda n: Pulls(others[n % 2]).want(REF, INSTALLATION, REPO), range(30)))

    assert sorted(wanted) == list(range(1, 31))


def test_f02_a_database_that_cannot_be_written_is_a_store_error_and_recovers(address: str):
    transactions = open_transactions(address)
    deliveries = Deliveries(transactions)
    name = transactions.engine.url.database

    def make_writable(is_writable: bool) -> None:
        if transactions.is_sqlite:
            with transactions.engine.connect() as connection:
                connection.execute(text(f"PRAGMA query_only = {'OFF' if is_writable else 'ON'}"))
        else:
            with transactions.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("SET default_transaction_read_only = off"))
                word = "off" if is_writable else "on"
                connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = {word}"))
            transactions.close()

    make_writable(False)
    with pytest.raises(StoreError, match="cannot write to the database"):
        deliveries.remember(DELIVERY)
    make_writable(True)

    assert deliveries.remember(DELIVERY)[0] is Remembered.NEW


def test_f02_f64_a_lock_that_is_not_given_up_is_a_store_error_and_recovers(address: str):
    query = "&options=-c%20lock_timeout%3D200" if address.startswith("postgresql") else "?timeout=0.2"
    blocked, blocker = open_transactions(address + query), open_transactions(address)
    deliveries = Deliveries(blocked)

    with blocker.writing() as session:
        lock = "SELECT 1" if blocker.is_sqlite else "LOCK TABLE delivery IN ACCESS EXCLUSIVE MODE"
        session.execute(text(lock))
        started = time.monotonic()
        with pytest.raises(StoreError, match="lock"):
            deliveries.remember(DELIVERY)
        assert time.monotonic() - started < 5

    assert deliveries.remember(DELIVERY)[0] is Remembered.NEW


def test_f64_a_full_disk_is_a_store_error_and_recovers(tmp_path: Path):
    transactions = open_transactions(f"sqlite:///{tmp_path / 'x.db'}")
    deliveries = Deliveries(transactions)
    big = Delivery("integration:1", "big", "push", b"".join(str(n).encode() for n in range(200_000)))

    def allow_pages(most: int) -> None:
        transactions.close()
        event.listen(
            transactions.engine, "connect", lambda connection, _: connection.execute(f"PRAGMA max_page_count = {most}")
        )

    allow_pages(90)
    with pytest.raises(StoreError, match="full"):
        deliveries.remember(big)
    allow_pages(100_000)

    assert deliveries.remember(big)[0] is Remembered.NEW


def test_f64_a_file_that_is_gone_is_a_store_error(tmp_path: Path):
    transactions = open_transactions(f"sqlite:///{tmp_path / 'folder' / 'x.db'}")
    transactions.close()
    shutil.rmtree(tmp_path / "folder")

    with pytest.raises(StoreError, match="unable to open database file"):
        Deliveries(transactions).remember(DELIVERY)


@pytest.mark.parametrize("where", ["before", "after"])
def test_f63_a_delivery_whose_commit_got_no_answer_is_stored_once(postgresql_only: str, where):
    with cutter_before(postgresql_only) as (cutter, through):
        transactions = open_transactions(through)
        deliveries, told = Deliveries(transactions), []
        cutter.cut_next_commit(where)

        remembered, delivery_id = deliveries.remember(DELIVERY, lambda _, new_id: told.append(new_id))

        assert cutter.cuts == 1
        assert remembered is (Remembered.NEW if where == "before" else Remembered.KNOWN)
        assert delivery_id in told
        assert run_sql(transactions, "SELECT id FROM delivery") == [(delivery_id,)]
        transactions.close()


@pytest.mark.parametrize("where", ["before", "after"])
def test_f63_work_whose_commits_got_no_answer_goes_on_as_if_they_had(postgresql_only: str, where):
    with cutter_before(postgresql_only) as (cutter, through):
        transactions = open_transactions(through)
        pulls, outbox = Pulls(transactions), Outbox(transactions)
        pulls.want(REF, INSTALLATION, REPO)

        cutter.cut_next_commit(where)
        hold = pulls.take(REF, "w1")
        assert hold is not None
        cutter.cut_next_commit(where)
        planned = outbox.plan(hold, "k", "review", {"body": "x"})
        cutter.cut_next_commit(where)
        sending = outbox.sending(hold, planned.id)
        cutter.cut_next_commit(where)
        outbox.sent(hold, planned.id, "99")
        cutter.cut_next_commit(where)
        pulls.note_review(hold)
        cutter.cut_next_commit(where)
        pulls.conclude(hold, None, "complete", "")
        cutter.cut_next_commit(where)
        more = pulls.release(hold)

        assert cutter.cuts == 7
        assert sending is not None and sending.attempts == 1
        assert [(row.state, row.remote_id) for row in outbox.of("k")] == [(SendState.SENT, "99")]
        assert not more and pulls.due(9) == () and pulls.reviews_since(REF, 60) == 1
        transactions.close()


def test_f63_connections_that_the_server_ended_are_replaced(postgresql_only: str):
    transactions, admin = open_transactions(postgresql_only), open_transactions(postgresql_only)
    deliveries = Deliveries(transactions)

    def end_all(_session: object, _id: int) -> None:
        if calls.append(1) or len(calls) > 1:
            return
        with admin.engine.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )

    calls: list[int] = []

    assert deliveries.remember(DELIVERY, end_all)[0] is Remembered.NEW
    assert len(calls) == 2
    transactions.close()
    admin.close()


def test_a_server_that_is_gone_is_a_store_error_without_the_password(postgresql_only: str):
    with cutter_before(postgresql_only) as (_, through):
        transactions = open_transactions(through.replace("postgres:", "postgres:hunter2secret", 1))
        transactions.close()
    with pytest.raises(StoreError, match="cannot write to the database postgresql") as caught:
        Deliveries(transactions).remember(DELIVERY)

    assert "hunter2secret" not in str(caught.value)


SECRET_ADDRESSES = [
    "postgresql://someone:hunter2secret@127.0.0.1:9/none?connect_timeout=2",
    "postgresql://someone@127.0.0.1:9/none?password=hunter2secret&connect_timeout=2",
    "postgresql://127.0.0.1:9/none?user=x&password=hunter2%20secret&sslpassword=hunter2secret&connect_timeout=2",
    "postgresql://someone:hunter2%2Fsecret@127.0.0.1:9/none?no_such_option=1",
    "postgresql://someone:hunter2secret@127.0.0.1:port/none",
    "postgresql+no_such_driver://someone:hunter2secret@127.0.0.1:9/none?connect_timeout=2",
    "mysql://someone:hunter2secret@127.0.0.1/none",
]


@pytest.mark.parametrize("address", SECRET_ADDRESSES)
def test_no_error_of_an_address_tells_its_password(address: str):
    with pytest.raises((StoreError, InputError)) as caught:
        open_transactions(address)

    assert "hunter2" not in str(caught.value)


def test_a_database_needs_no_environment_and_no_folder_of_its_own(tmp_path: Path):
    script = (
        "from reviewbot.store.transactions import open_transactions as o;"
        f"t = o('sqlite:///{tmp_path / 'a %41 b' / 'x.db'}'); print(t.is_sqlite)"
    )

    done = subprocess.run([sys.executable, "-c", script], env={}, capture_output=True, text=True, cwd=tmp_path.root)

    assert (done.stdout.strip(), done.returncode) == ("True", 0), done.stderr


def test_f61_a_process_stopped_in_the_middle_of_a_transaction_does_not_keep_its_rows(postgresql_only: str):
    stopped, other = open_transactions(postgresql_only), open_transactions(postgresql_only)
    with other.writing() as session:
        session.execute(text("INSERT INTO repository (repo_id, etag) VALUES (1, 'x')"))

    with pytest.raises(StoreError), stopped.writing() as session:
        session.execute(text("UPDATE repository SET etag = 'late' WHERE repo_id = 1"))
        with other.writing() as another:
            another.execute(text("UPDATE repository SET etag = 'in time' WHERE repo_id = 1"))

    assert run_sql(other, "SELECT etag FROM repository") == [("in time",)]
    stopped.close()
    other.close()
