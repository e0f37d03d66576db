"""The repositories that the record knows, by name and by number."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import select

from reviewbot.errors import InputError
from reviewbot.store.live_rows import PullRow
from reviewbot.store.transactions import Transactions


def repository_ids(transactions: Transactions, names: Sequence[str]) -> tuple[int, ...]:
    """The numbers of repositories by name, whatever the case; InputError for one of which nothing is on record."""
    with transactions.reading() as session:
        rows = session.exec(select(PullRow.repo_id, PullRow.owner, PullRow.name).distinct()).all()
    known = {f"{owner}/{name}".lower(): repo_id for repo_id, owner, name in rows}
    missing = [name for name in names if name.lower() not in known]
    if missing:
        raise InputError(f"nothing is on record of {', '.join(missing)}; expected OWNER/NAME of a reviewed repository")
    return tuple(dict.fromkeys(known[name.lower()] for name in names))
