"""The command line's front door: the commands by name, each loaded only when it is called."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from reviewbot import __version__
from reviewbot.cli import admin, config, doctor, incidents, reconcile, report, retro, review, serve, worker
from reviewbot.cli import app as github_app
from reviewbot.cli.output import error_line
from reviewbot.errors import ReviewbotError

app = typer.Typer(
    name="reviewbot",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("review")(review.review)
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.command("report")(report.report)
app.command("reconcile")(reconcile.reconcile)
app.add_typer(github_app.app, name="app")
app.add_typer(retro.app, name="retro")
app.add_typer(incidents.app, name="incidents")
app.add_typer(config.app, name="config")
app.add_typer(admin.app, name="admin")
app.command("doctor")(doctor.doctor)

_INTERRUPTED = 130


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"reviewbot {__version__}")
        raise typer.Exit


@app.callback()
def reviewbot(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Reviews changes, and measures on your own incidents what its reviews would have caught."""


def run() -> None:
    """Runs the command line. Exit codes: 0 done, 1 a gate failed, 2 bad input, 3 stopped early, 70 a bug of ours."""
    code = exit_code()
    _end_children()
    # A model call may be under way in a thread that nothing can stop; what is worth keeping is on the disk already.
    _flush()
    os._exit(code)


def exit_code() -> int:
    """Runs the command that the arguments of the process name, and says how it ended."""
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        error_line("Interrupted.")
        return _INTERRUPTED
    except BrokenPipeError:
        return 0
    except ReviewbotError as error:
        error_line(f"reviewbot: {error}")
        return 2
    except Exception as error:  # noqa: BLE001 - the last resort: whatever it is, it gets an exit code
        import traceback

        traceback.print_exc()
        error_line(
            f"reviewbot: unexpected {type(error).__name__}: this is a bug; please report it with the lines above"
        )
        return 70
    return 0


def _end_children() -> None:
    """Ends the programs that a stopped run has started; where none was, what starts them was never loaded."""
    if "reviewbot.engine.child_process" in sys.modules:
        from reviewbot.engine.child_process import end_children

        end_children()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            continue
