"""The kinds of columns that the live service's tables are made of.

Moments are unix seconds by the database's clock. JSON stands in text columns, in ASCII: PostgreSQL refuses NUL in text
and lone surrogates anywhere, and webhooks bring both.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, String, Text
from sqlmodel import Field

# SQLite numbers rows by itself only where the type is exactly this.
_ID = BigInteger().with_variant(Integer(), "sqlite")
# Prefixes are looked for in ranges, which have to be those of the bytes and not of a language.
BYTES_ORDER = String().with_variant(String(collation="C"), "postgresql")


def identity() -> Any:
    return Field(default=None, sa_column=Column(_ID, primary_key=True))


def github_number(*, key: bool = False, nullable: bool = False, index: bool = False) -> Any:
    """A number that GitHub gives; many of them are beyond 32 bits."""
    return Field(sa_column=Column(BigInteger, primary_key=key, nullable=nullable, index=index, autoincrement=False))


def moment(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(sa_column=Column(Float, nullable=nullable, index=index))


def long_text() -> Any:
    return Field(sa_column=Column(Text, nullable=False))


def blob() -> Any:
    return Field(sa_column=Column(LargeBinary, nullable=False))
