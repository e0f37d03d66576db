"""`reviewbot admin`: what an operator does with the service's data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from reviewbot.domain.pull import PullRef
    from reviewbot.store.transactions import Transactions

app = typer.Typer(help="Looks after the service: jobs, export, retention, backup.", no_args_is_help=True)
jobs = typer.Typer(help="Pull requests that wait, failed or are given up, and deliveries that nobody could read.")
app.add_typer(jobs, name="jobs")

_Pull = Annotated[str, typer.Argument(metavar="OWNER/NAME#NUMBER", help="The pull request.")]


@jobs.command("list")
def jobs_list(
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed or was put off.")] = False,
) -> None:
    """Lists what is wanted of pull requests, then what failed, then dead deliveries."""
    from reviewbot.cli.output import line
    from reviewbot.report.words import one_line
    from reviewbot.store.browse.lists import Lists
    from reviewbot.store.pulls import Pulls

    transactions = _opened()
    if not failed:
        for work in Pulls(transactions).open_work():
            held = f", held by {work.worker}" if work.worker else ""
            line(f"waits   {work.repo}#{work.ref.number}  attempt {work.attempts}{held}")
    lists = Lists(transactions)
    for one in lists.pulls(None, failed=True):
        line(f"{one.outcome:<8}{one.repo}#{one.number}  {one_line(one.reason)[:200]}")
    for delivery in lists.deliveries("dead"):
        line(f"dead    delivery {delivery.id}  {one_line(delivery.event)}  {one_line(delivery.note)[:200]}")


@jobs.command("retry")
def jobs_retry(what: Annotated[str, typer.Argument(metavar="OWNER/NAME#NUMBER|delivery:ID")]) -> None:
    """Has a pull request looked at again, or a dead delivery handled once more; a running worker takes it up."""
    from reviewbot.cli.output import line
    from reviewbot.store.deliveries import Deliveries, DeliveryState
    from reviewbot.store.pulls import Pulls

    transactions = _opened()
    kind, _, number = what.partition(":")
    if kind == "delivery" and number.isdecimal():
        deliveries = Deliveries(transactions)
        deliveries.read(int(number))
        deliveries.settle(int(number), DeliveryState.RECEIVED, "asked for again by an operator")
        line(f"Delivery {number} is handled once more by the next worker.")
        return
    ref = _found(transactions, what)
    work = Pulls(transactions).work(ref)
    assert work is not None, "it was found"
    Pulls(transactions).want(ref, work.installation_id, work.repo, another=True, trigger="requested")
    line(f"{what} is looked at again by the next worker.")


@jobs.command("cancel")
def jobs_cancel(what: _Pull) -> None:
    """Takes back what is wanted of a pull request; a review that runs is not ended, its result is kept."""
    from reviewbot.cli.output import line
    from reviewbot.store.pulls import Pulls

    transactions = _opened()
    Pulls(transactions).cancel(_found(transactions, what))
    line(f"Nothing is wanted of {what} any more; a push, or jobs retry, asks again.")


@app.command()
def export(
    repo: Annotated[list[str] | None, typer.Option(help="Only this repository, OWNER/NAME; may be repeated.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file; without it, standard output.")] = None,
) -> None:
    """Writes everything that is stored of repositories, as JSON lines; no secrets, sessions or deliveries."""
    from reviewbot.cli.output import error_line, line
    from reviewbot.errors import InputError
    from reviewbot.store.browse.repositories import repository_ids
    from reviewbot.store.export import exported

    transactions = _opened()
    rows = exported(transactions, repository_ids(transactions, repo) if repo else None)
    if out is None:
        for row in rows:
            line(row)
        return
    count = 0
    try:
        with out.open("x", encoding="utf-8") as file:
            for row in rows:
                file.write(f"{row}\n")
                count += 1
    except OSError as error:
        raise InputError(f"cannot write to {out}: {error.strerror}; name another file") from error
    error_line(f"{count} rows written to {out}.")


@app.command()
def prune(
    days: Annotated[int | None, typer.Option(min=1, help="By default REVIEWBOT_RETENTION_DAYS.")] = None,
    is_trial: Annotated[bool, typer.Option("--dry-run", help="Count, and delete nothing.")] = False,
) -> None:
    """Deletes what is older than so many days: reviews of closed pull requests, texts of deliveries, feedback, costs.

    Outcomes, incidents and what was said stay: they are the record. docs/operate.md lists everything.
    """
    from dataclasses import asdict

    from reviewbot.cli.output import line
    from reviewbot.config import load_settings
    from reviewbot.errors import InputError
    from reviewbot.store.retention import prune as prune_rows

    wanted = days or load_settings().retention_days
    if not wanted:
        raise InputError("nothing says how old is old: give --days, or set REVIEWBOT_RETENTION_DAYS")
    found = prune_rows(_opened(), wanted, is_trial=is_trial)
    for name, count in asdict(found).items():
        line(f"{name.replace('_', ' '):<14}{count:>10,}")
    line("Nothing was deleted." if is_trial else f"Deleted what is older than {wanted} days.")


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="Where the copy goes.")]) -> None:
    """Copies the SQLite database while it is used. For PostgreSQL use pg_dump."""
    from reviewbot.cli.output import line
    from reviewbot.store.backup import back_up

    back_up(_opened(), file)
    line(f"Backed up to {file}.")


def _opened() -> Transactions:
    from reviewbot.config import load_settings
    from reviewbot.store.transactions import open_transactions

    return open_transactions(load_settings().database_url)


def _found(transactions: Transactions, what: str) -> PullRef:
    """The pull request that is named; InputError where nothing is on record of it."""
    from reviewbot.domain.pull import PullRef
    from reviewbot.errors import InputError
    from reviewbot.store.browse.repositories import repository_ids
    from reviewbot.store.pulls import Pulls

    name, _, number = what.rpartition("#")
    if not name or not number.isdecimal() or int(number) >= 2**31:
        raise InputError(f"{what}: expected OWNER/NAME#NUMBER, such as acme/shop#12")
    (repo_id,) = repository_ids(transactions, [name])
    ref = PullRef(repo_id, int(number))
    if Pulls(transactions).work(ref) is None:
        raise InputError(f"nothing is on record of {what}")
    return ref
