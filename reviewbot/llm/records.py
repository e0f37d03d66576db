"""The JSON form of a usage, shared by every file that keeps model answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields

from reviewbot.domain.review import Usage


def usage_record(usage: Usage) -> dict[str, int]:
    """A usage as JSON keeps it."""
    return asdict(usage)


def usage_in(record: object) -> Usage:
    """The usage of a record; raises ValueError for anything else."""
    if not isinstance(record, Mapping):
        raise ValueError("usage is no object")
    counts = {field.name: record.get(field.name, 0) for field in fields(Usage)}
    for name, number in counts.items():
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise ValueError(f"usage.{name} is {number!r}, expected a number of tokens")
    return Usage(**counts)
