"""People who have logged in: by the digest of what their browser holds, for a few hours."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete
from sqlmodel import Session, col

from reviewbot.store.record_rows import SessionRow
from reviewbot.store.sound_text import sound
from reviewbot.store.transactions import Transactions

LIFE_SECONDS = 8 * 3_600.0
IDLE_SECONDS = 2 * 3_600.0


@dataclass(frozen=True, slots=True)
class WebSession:
    """Who it is, and the role in each repository as GitHub told it at the login, by the repository's number."""

    user_id: int
    login: str
    csrf: str
    access: Mapping[int, str]
    created_at: float


class Sessions:
    """Keeps sessions; what a browser holds cannot be read from the database. Raises StoreError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def begin(self, user_id: int, login: str, access: Mapping[int, str]) -> str:
        """A new session; the secret that the browser keeps, of 256 bits."""
        secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)

        def work(session: Session) -> None:
            now = self._transactions.now(session)
            session.execute(delete(SessionRow).where(col(SessionRow.expires_at) < now))
            session.add(
                SessionRow(
                    id_hash=_digest(secret),
                    user_id=user_id,
                    login=sound(login),
                    csrf=csrf,
                    access=json.dumps({str(repo_id): role for repo_id, role in access.items()}),
                    created_at=now,
                    seen_at=now,
                    expires_at=now + LIFE_SECONDS,
                )
            )

        self._transactions.run(work)
        return secret

    def find(self, secret: str) -> WebSession | None:
        """The session that a browser names; None where there is none, or it is over."""
        with self._transactions.reading() as session:
            row = session.get(SessionRow, _digest(secret))
            now = self._transactions.now(session)
            if row is None or row.expires_at < now or row.seen_at < now - IDLE_SECONDS:
                return None
            needs_touch = row.seen_at < now - 60
            found = WebSession(
                row.user_id,
                row.login,
                row.csrf,
                {int(repo_id): str(role) for repo_id, role in json.loads(row.access).items()},
                row.created_at,
            )
        if needs_touch:
            self._touch(secret)
        return found

    def end(self, secret: str) -> None:
        """Logs out; nothing happens where it is over already."""
        gone = delete(SessionRow).where(col(SessionRow.id_hash) == _digest(secret))
        self._transactions.run(lambda session: session.execute(gone))

    def _touch(self, secret: str) -> None:
        def work(session: Session) -> None:
            row = session.get(SessionRow, _digest(secret))
            if row is not None:
                row.seen_at = self._transactions.now(session)
                session.add(row)

        self._transactions.run(work)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
