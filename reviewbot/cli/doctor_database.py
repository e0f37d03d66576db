"""Whether the database can be opened, found out by opening it as every command does."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, quote_plus

from reviewbot.cli.doctor_checks import LEAST_FREE_BYTES, Check, Status
from reviewbot.errors import ReviewbotError

_CONNECT_SECONDS = 5
_REMEDY = "Start the server, or correct REVIEWBOT_DATABASE_URL (`reviewbot config show` says where it is set)."
_FILE_REMEDY = "Give yourself the right to write there, or set REVIEWBOT_DATABASE_URL to another place."


def database_check(url: str) -> Check:
    """Opens the database, which brings its tables up to date; a file that is not there yet is not made."""
    if url.startswith("sqlite"):
        return _sqlite_check(url, url.partition("://")[2].removeprefix("/"))
    return _postgres_check(url)


def _sqlite_check(url: str, named: str) -> Check:
    from os import R_OK, W_OK, access

    if named in ("", ":memory:"):
        return Check("database", Status.OK, "in memory, gone at the end of each command")
    file = Path(named.partition("?")[0])
    if file.is_dir():
        return Check("database", Status.PROBLEM, f"{file} is a directory", _FILE_REMEDY)
    if file.exists() and not access(file, R_OK | W_OK):
        return Check("database", Status.PROBLEM, f"{file} cannot be written", _FILE_REMEDY)
    directory = next(parent for parent in file.absolute().parents if parent.exists())
    if not directory.is_dir() or not access(directory, W_OK):
        return Check("database", Status.PROBLEM, f"{directory} cannot be written", _FILE_REMEDY)
    if shutil.disk_usage(directory).free < LEAST_FREE_BYTES:
        return Check("database", Status.PROBLEM, f"the disk of {directory} is almost full", "Free some space.")
    refusal = _refusal(url) if file.exists() else _trial_refusal(directory)
    if refusal:
        return Check("database", Status.PROBLEM, refusal, _FILE_REMEDY)
    return Check("database", Status.OK, f"{file}{'' if file.exists() else ' (is made when first needed)'}")


def _trial_refusal(directory: Path) -> str:
    """What opening a database in this directory ends in, tried with one that is deleted again."""
    try:
        with TemporaryDirectory(prefix=".reviewbot-doctor-", dir=directory) as trial:
            return _refusal(f"sqlite:///{trial}/trial.db")
    except OSError as error:
        return f"{directory} cannot be written: {error.strerror}"


def _refusal(url: str) -> str:
    """Why the database cannot be opened, "" if it can."""
    from reviewbot.store.database import open_database

    try:
        open_database(url).dispose()
    except ReviewbotError as error:
        return str(error)
    return ""


def _postgres_check(url: str) -> Check:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    from reviewbot.config import shown

    address = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)
    try:
        parts = conninfo_to_dict(address)
    except psycopg.Error:
        # Its words quote pieces of an address that it cannot take apart, and one of them may be the password.
        return Check("database", Status.PROBLEM, f"{shown(url)} is no valid address", _REMEDY)
    secrets = [str(parts[name]) for name in ("password", "sslpassword") if parts.get(name)]
    try:
        # First without SQLAlchemy: a server that does not answer is to hold nobody up.
        with psycopg.connect(address, connect_timeout=_CONNECT_SECONDS) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        words = (str(error).strip().splitlines() or ["no reason given"])[0]
        return Check("database", Status.PROBLEM, _masked(f"{shown(url)}: {words}", secrets), _REMEDY)
    if refusal := _refusal(url):
        return Check("database", Status.PROBLEM, shown(_masked(refusal, secrets)), _REMEDY)
    return Check("database", Status.OK, f"{shown(url)} (PostgreSQL {version})")


def _masked(words: str, secrets: list[str]) -> str:
    """The server's words, which may quote what it was given, without any form of a secret."""
    for secret in secrets:
        for form in (secret, quote(secret, safe=""), quote_plus(secret)):
            words = words.replace(form, "…")
    return words
