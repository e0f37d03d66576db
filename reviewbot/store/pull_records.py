"""What is known of the pull requests, apart from who works on them: asked and changed by anybody."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, tuple_, update
from sqlmodel import Session, col, func, select

from reviewbot.domain.pull import PullRef
from reviewbot.domain.repository import RepoName, Sha
from reviewbot.store.holds import Hold, guarded
from reviewbot.store.live_rows import PullReviewRow, PullRow, RepositoryRow
from reviewbot.store.transactions import Transactions

_PAGE = 500


@dataclass(frozen=True, slots=True)
class PullWork:
    """The work on one pull request: what is wanted of it, and what its latest head came to.

    `request` counts further reviews of a head that were asked for, `attempts` the looks since something new was
    wanted or a look succeeded, `deaths` those of them in a row that ended without letting go. `due_at` is None where
    nothing is wanted. `triggers` are what asked for the looks that are not handled yet.
    """

    ref: PullRef
    installation_id: int
    repo: RepoName
    wanted: int
    handled: int
    due_at: float | None
    attempts: int
    deaths: int
    is_paused: bool
    head: Sha | None
    outcome: str | None
    reason: str
    request: int
    triggers: frozenset[str]
    worker: str | None
    policy_notice: str


class PullRecords:
    """Reads and changes the records of pull requests; raises StoreError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    @property
    def transactions(self) -> Transactions:
        """The database that all this is in."""
        return self._transactions

    def work(self, ref: PullRef) -> PullWork | None:
        with self._transactions.reading() as session:
            row = session.get(PullRow, (ref.repo_id, ref.number))
            return None if row is None else _work(row)

    def works(self, refs: Collection[PullRef]) -> dict[PullRef, PullWork]:
        """What is known of these, in their order; those that are not known are left out."""
        wanted = tuple_(col(PullRow.repo_id), col(PullRow.number)).in_([(ref.repo_id, ref.number) for ref in refs])
        with self._transactions.reading() as session:
            found = {
                PullRef(row.repo_id, row.number): _work(row) for row in session.exec(select(PullRow).where(wanted))
            }
        return {ref: found[ref] for ref in refs if ref in found}

    def installation_of(self, ref: PullRef) -> int | None:
        work = self.work(ref)
        return None if work is None else work.installation_id

    def numbers_at(self, repo_id: int, head: str) -> tuple[int, ...]:
        """The pull requests whose latest outcome is that of this head."""
        query = select(PullRow.number).where(PullRow.repo_id == repo_id, PullRow.head == head)
        with self._transactions.reading() as session:
            return tuple(session.exec(query.order_by(col(PullRow.number))))

    def open_work(self) -> Iterator[PullWork]:
        """All pull requests that something is wanted of, the most urgent first; read in pages."""
        after: tuple[float, int, int] | None = None
        while page := self._due_after(after):
            yield from (_work(row) for row in page)
            last = page[-1]
            after = (last.due_at or 0.0, last.repo_id, last.number)

    def pause(self, ref: PullRef, paused: bool) -> None:
        self._change(_is(ref), is_paused=paused)

    def cancel(self, ref: PullRef) -> None:
        """Wants nothing of it any more; who works on it goes on."""
        self._cancel(_is(ref))

    def rename(self, repo_id: int, repo: RepoName) -> None:
        self._change(col(PullRow.repo_id) == repo_id, owner=repo.owner, name=repo.name)

    def wake(self, installation_id: int) -> None:
        """Makes due at once what was put off, because its installation can be reached again."""

        def work(session: Session) -> None:
            now = self._transactions.now(session)
            waiting = and_(col(PullRow.installation_id) == installation_id, col(PullRow.due_at).is_not(None))
            session.execute(update(PullRow).where(waiting).values(due_at=now, attempts=0, deaths=0))

        self._transactions.run(work)

    def forget_installation(self, installation_id: int) -> None:
        """Cancels what is wanted of its pull requests; they are kept, and wanted again when it comes back."""
        self._cancel(col(PullRow.installation_id) == installation_id)

    def forget_repositories(self, installation_id: int, repo_ids: Collection[int]) -> None:
        """Cancels what is wanted of these repositories; a repository that moved to another installation stays."""
        self._cancel(and_(col(PullRow.installation_id) == installation_id, col(PullRow.repo_id).in_(repo_ids)))

    def note_review(self, hold: Hold) -> None:
        """Notes that this hold led to a review; however often, it is one. Raises Fenced."""

        def work(session: Session) -> None:
            guarded(session, hold)
            key = (hold.ref.repo_id, hold.ref.number, hold.token)
            if session.get(PullReviewRow, key) is None:
                repo_id, number, token = key
                now = self._transactions.now(session)
                session.add(PullReviewRow(repo_id=repo_id, number=number, token=token, at=now))

        self._transactions.run(work)

    def reviews_since(self, ref: PullRef, seconds: float) -> int:
        """How many reviews of it were begun in the last so many seconds."""
        with self._transactions.reading() as session:
            query = select(func.count()).where(
                PullReviewRow.repo_id == ref.repo_id,
                PullReviewRow.number == ref.number,
                PullReviewRow.at > self._transactions.now(session) - seconds,
            )
            return session.exec(query).one()

    def etag(self, repo_id: int) -> str | None:
        """What GitHub called the list of open pull requests when it was last swept; None before that."""
        with self._transactions.reading() as session:
            row = session.get(RepositoryRow, repo_id)
            return row.etag or None if row is not None else None

    def remember_etag(self, repo_id: int, etag: str | None) -> None:
        self._transactions.run(lambda session: session.merge(RepositoryRow(repo_id=repo_id, etag=etag or "")))

    def _change(self, which: ColumnElement[bool], **values: object) -> None:
        self._transactions.run(lambda session: session.execute(update(PullRow).where(which).values(**values)))

    def _cancel(self, which: ColumnElement[bool]) -> None:
        self._change(which, handled=col(PullRow.wanted), due_at=None, triggers="{}")

    def _due_after(self, after: tuple[float, int, int] | None) -> list[PullRow]:
        due_at, repo_id, number = col(PullRow.due_at), col(PullRow.repo_id), col(PullRow.number)
        query = select(PullRow).where(due_at.is_not(None)).order_by(due_at, repo_id, number).limit(_PAGE)
        if after is not None:
            later_number = and_(repo_id == after[1], number > after[2])
            query = query.where((due_at > after[0]) | and_(due_at == after[0], (repo_id > after[1]) | later_number))
        with self._transactions.reading() as session:
            return list(session.exec(query))


def _is(ref: PullRef) -> ColumnElement[bool]:
    return and_(col(PullRow.repo_id) == ref.repo_id, col(PullRow.number) == ref.number)


def _work(row: PullRow) -> PullWork:
    return PullWork(
        ref=PullRef(row.repo_id, row.number),
        installation_id=row.installation_id,
        repo=RepoName(row.owner, row.name),
        wanted=row.wanted,
        handled=row.handled,
        due_at=row.due_at,
        attempts=row.attempts,
        deaths=row.deaths,
        is_paused=row.is_paused,
        head=None if row.head is None else Sha(row.head),
        outcome=row.outcome,
        reason=row.reason,
        request=row.request,
        triggers=frozenset(json.loads(row.triggers)),
        worker=row.worker,
        policy_notice=row.policy_notice,
    )
