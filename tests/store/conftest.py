from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

from reviewbot.store.transactions import Transactions, open_transactions


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'reviewbot.db'}"
    return new_postgresql(str(request.getfixturevalue("postgres_address")))


@pytest.fixture
def postgresql_only(postgres_address: str) -> str:
    """An empty database of the kind that can lose its connections."""
    return new_postgresql(postgres_address)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transactions]:
    """A database of each kind for all tests of a session; what is in it is of no meaning."""
    if request.param == "sqlite":
        found = f"sqlite:///{tmp_path_factory.mktemp('store') / 'reviewbot.db'}"
    else:
        found = new_postgresql(str(request.getfixturevalue("postgres_address")))
    transactions = open_transactions(found)
    yield transactions
    transactions.close()


@pytest.fixture
def transactions(opened: Transactions) -> Transactions:
    """A database of each kind with all tables and nothing in them."""
    empty(opened)
    return opened


def empty(transactions: Transactions) -> None:
    with transactions.writing() as session:
        for table in reversed(SQLModel.metadata.sorted_tables):
            session.execute(table.delete())


def new_postgresql(server: str) -> str:
    import psycopg

    name = f"test_{os.urandom(6).hex()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.replace("/postgres?", f"/{name}?", 1)


def run_sql(transactions: Transactions, statement: str, **values: object) -> list[tuple]:
    """What only a test may do: look into the tables, and move time in them."""
    with transactions.writing() as session:
        found = session.execute(text(statement), values)
        return [tuple(row) for row in found] if found.returns_rows else []
