"""The repositories that the record knows, by name and by number."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import col, select

from reviewbot.domain.repository import RepoName
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


def place_of(transactions: Transactions, name: str) -> tuple[int, int, RepoName]:
    """The number, the installation and the present name of a repository; InputError where nothing is on record."""
    (repo_id,) = repository_ids(transactions, [name])
    with transactions.reading() as session:
        query = select(PullRow).where(PullRow.repo_id == repo_id).order_by(col(PullRow.number).desc())
        row = session.exec(query).first()
    assert row is not None, "its number was found there"
    return repo_id, row.installation_id, RepoName(row.owner, row.name)
