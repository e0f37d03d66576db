"""What must stay quick however much is stored. The limits are several times what an idle machine needs."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from reviewbot.domain.pull import PullRef
from reviewbot.store.deliveries import Deliveries, Delivery
from reviewbot.store.feedback import Feedback
from reviewbot.store.installations import Installations
from reviewbot.store.outbox import Outbox
from reviewbot.store.policies import Policies
from reviewbot.store.pulls import Pulls
from reviewbot.store.rounds import Rounds
from reviewbot.store.said_rows import KnownFindingRow
from reviewbot.store.spending import Spending
from reviewbot.store.transactions import Transactions, open_transactions
from reviewbot.store.workers import Workers
from tests.store.builders import DOUBLE_CHARGE, HEAD, INSTALLATION, REF, REPO, REPO_ID, held, key, made_round
from tests.store.conftest import run_sql


def median_ms(act: Callable[[int], object], times: int) -> float:
    spent = []
    for number in range(times):
        started = time.perf_counter()
        act(number)
        spent.append((time.perf_counter() - started) * 1_000)
    return statistics.median(spent)


def test_f01_a_delivery_is_on_the_disk_within_milliseconds(transactions: Transactions):
    deliveries, body = Deliveries(transactions), os.urandom(14_000).hex().encode()

    spent = median_ms(lambda n: deliveries.remember(Delivery("integration:1", f"guid-{n}", "push", body)), 100)

    assert spent < 20


def test_a_hundred_thousand_findings_do_not_slow_the_look_at_one_pull_request(transactions: Transactions):
    rounds, hold = Rounds(transactions), held(transactions)
    rounds.save(hold, key(), made_round(DOUBLE_CHARGE))
    rounds.published(hold, key(), {DOUBLE_CHARGE.fingerprint: 11})
    copy = {"id": "n.i + 1000000000", "number": "n.i / 20 + 1000", "fingerprint": "'f' || n.i", "comment_id": "n.i"}
    columns = [column.name for column in KnownFindingRow.__table__.c]
    run_sql(
        transactions,
        f"INSERT INTO known_finding ({', '.join(columns)})"
        " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
        f" SELECT {', '.join(copy.get(name, name) for name in columns)} FROM known_finding, n",
    )

    assert len(rounds.known(PullRef(REPO_ID, 1_002))) == 20
    assert median_ms(lambda n: rounds.known(REF), 20) < 20
    assert median_ms(lambda n: rounds.by_comment(REF, 11), 20) < 20
    assert median_ms(lambda n: rounds.match(REF, DOUBLE_CHARGE.fingerprint[:8]), 20) < 20


@contextmanager
def recorded(transactions: Transactions) -> Iterator[list[tuple[str, object]]]:
    found: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement: str, parameters: object, *_: object) -> None:
        if statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE", "INSERT")):
            found.append((statement, parameters))

    event.listen(transactions.engine, "before_cursor_execute", note)
    yield found
    event.remove(transactions.engine, "before_cursor_execute", note)


CALLS: dict[str, Callable[[Transactions], object]] = {
    "known guids": lambda t: Deliveries(t).known(["a", "b"]),
    "remember": lambda t: Deliveries(t).remember(Delivery("h", "g", "e", b"1")),
    "remember another": lambda t: Deliveries(t).remember(Delivery("h", "g", "e", b"2")),
    "unsettled": lambda t: Deliveries(t).unsettled(30, 10),
    "due": lambda t: Pulls(t).due(10),
    "open work": lambda t: list(Pulls(t).open_work()),
    "take": lambda t: Pulls(t).take(REF, "w1"),
    "numbers": lambda t: Pulls(t).numbers_at(REPO_ID, HEAD),
    "reviews": lambda t: Pulls(t).reviews_since(REF, 60),
    "rename": lambda t: Pulls(t).rename(REPO_ID, REPO),
    "wake": lambda t: Pulls(t).wake(INSTALLATION),
    "forget": lambda t: Pulls(t).forget_installation(INSTALLATION),
    "bury": lambda t: Workers(t).bury("w9"),
    "outbox of": lambda t: Outbox(t).of("k"),
    "outbox starting": lambda t: Outbox(t).starting("k:"),
    "outbox find": lambda t: Outbox(t).find("k", "p"),
    "round": lambda t: Rounds(t).load(key()),
    "latest": lambda t: Rounds(t).latest(REF),
    "known": lambda t: Rounds(t).known(REF),
    "by comment": lambda t: Rounds(t).by_comment(REF, 1),
    "ignored": lambda t: Rounds(t).ignored(REPO_ID),
    "ignore": lambda t: Rounds(t).ignore(REPO_ID, "f" * 16, "", ""),
    "spent": lambda t: Spending(t).of_repository(REPO_ID, 60),
    "spent by installation": lambda t: Spending(t).of_installation(INSTALLATION, 60),
    "feedback": lambda t: Feedback(t).of(REF),
    "installation": lambda t: Installations(t).park_for(INSTALLATION, 1, ""),
    "policy": lambda t: Policies(t).last_good(REPO_ID),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_every_question_has_its_index(tmp_path: Path, call: Callable[[Transactions], object]):
    transactions = open_transactions(f"sqlite:///{tmp_path / 'x.db'}")
    held(transactions)

    with recorded(transactions) as statements:
        call(transactions)
    plans = []
    with transactions.engine.connect() as connection:
        for statement, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans += [(str(row[3]), statement) for row in plan]

    assert statements
    assert [step for step in plans if step[0].startswith("SCAN") and "CONSTANT ROW" not in step[0]] == []
