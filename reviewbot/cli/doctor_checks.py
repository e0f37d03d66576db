"""What `reviewbot doctor` looks at: each check ends in a value, whatever is wrong with the machine."""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.errors import ReviewbotError

if TYPE_CHECKING:
    from reviewbot.bootstrap import ReviewerChoice
    from reviewbot.config import Settings

_OLDEST_GIT = (2, 30)
_OLDEST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 500_000_000
_KEYS = ("anthropic_api_key", "openai_api_key", "compatible_api_key")
_BUILT_IN = ("llm", "static", "command", "scripted", "findings")
_ANALYSERS = ("ruff", "ast-grep", "zizmor")


class Status(StrEnum):
    """MISSING is something one can do without, UNKNOWN changes nothing; a PROBLEM has to be put right."""

    OK = "OK"
    UNKNOWN = "UNKNOWN"
    MISSING = "MISSING"
    PROBLEM = "PROBLEM"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's list, and what to do about it."""

    name: str
    status: Status
    said: str
    remedy: str = ""


def checks(online: bool = False) -> Iterator[Check]:
    """All checks in their order, each made when it is asked for; `online` has GitHub asked who the App is."""
    yield _python_check()
    yield _git_check()
    settings = _loaded_settings()
    if isinstance(settings, Check):
        yield settings
    else:
        yield Check("settings", Status.OK, "can be read; `reviewbot config show` lists them")
        yield from _variable_checks()
        yield _keys_check(settings)
        yield from _reviewer_checks(settings)
    yield from _analyser_checks()
    if not isinstance(settings, Check):
        from reviewbot.cli.doctor_database import database_check
        from reviewbot.cli.doctor_github import github_checks

        yield from github_checks(settings, online)
        yield database_check(settings.database_url)
    yield _disk_check(Path())


def _python_check() -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return Check("python", Status.PROBLEM, version, "Install Python 3.11 or newer.")
    return Check("python", Status.OK, version)


def _git_check() -> Check:
    from reviewbot.config import child_environment
    from reviewbot.engine.child_process import run_child

    remedy = "Install git 2.30 or newer and see that it is on the PATH."
    child = run_child(
        ["git", "--version"],
        cwd=Path(),
        stdin=b"",
        timeout_seconds=10,
        max_output_bytes=10_000,
        environment=child_environment(),
        memory_limit_bytes=None,
    )
    found = re.match(rb"git version (\d+)\.(\d+)[\w.]*", child.stdout)
    if child.failure or found is None:
        return Check("git", Status.PROBLEM, child.failure or "`git --version` names no version", remedy)
    words = found[0].decode().removeprefix("git version ")
    if (int(found[1]), int(found[2])) < _OLDEST_GIT:
        return Check("git", Status.PROBLEM, f"{words} is too old", remedy)
    return Check("git", Status.OK, words)


def _loaded_settings() -> Settings | Check:
    from reviewbot.config import load_settings

    try:
        return load_settings()
    except ReviewbotError as error:
        return Check("settings", Status.PROBLEM, str(error), "Correct the value where it is set.")


def _variable_checks() -> Iterator[Check]:
    from reviewbot.config import unknown_variables

    for unknown in unknown_variables():
        remedy = (
            f"Perhaps {unknown.nearest} is meant." if unknown.nearest else "`reviewbot config show` lists the names."
        )
        yield Check("variable", Status.UNKNOWN, f"{unknown.name} ({unknown.source}) is no setting", remedy)


def _keys_check(settings: Settings) -> Check:
    from reviewbot.setting_layers import variable_name

    present = [variable_name(field) for field in _KEYS if getattr(settings, field) is not None]
    if present:
        return Check("keys", Status.OK, ", ".join(present))
    return Check("keys", Status.MISSING, "no key for a model is set", "Set ANTHROPIC_API_KEY or OPENAI_API_KEY.")


def _reviewer_checks(settings: Settings) -> Iterator[Check]:
    from reviewbot.bootstrap import chosen_reviewers

    try:
        choice = chosen_reviewers(settings, (), ())
        yield Check("reviewers", Status.OK, choice.said)
        yield from _plugin_checks(choice)
    except ReviewbotError as error:
        yield Check("reviewers", Status.PROBLEM, str(error), "Correct REVIEWBOT_REVIEWERS or the package it names.")
        return
    for specification in _models(settings, choice):
        yield _model_check(settings, specification)


def _plugin_checks(choice: ReviewerChoice) -> Iterator[Check]:
    """The plug-ins that load, and each one that is installed or asked for and does not."""
    from reviewbot.plugins import load_plugin_reviewer, plugin_reviewers

    asked = [name for name in choice.names if name.partition(":")[0] not in _BUILT_IN]
    names = dict.fromkeys([*sorted(plugin_reviewers()), *asked])
    loaded = []
    for name in names:
        try:
            load_plugin_reviewer(name)
            loaded.append(name)
        except ReviewbotError as error:
            yield Check("plug-in", Status.PROBLEM, str(error), "Update the package that brings it, or take it out.")
    if loaded or not names:
        yield Check("plug-ins", Status.OK, ", ".join(loaded) or "none installed")


def _models(settings: Settings, choice: ReviewerChoice) -> list[str]:
    """The models that a run would ask: the reviewer's where it takes one, and the judge's."""
    from reviewbot.bootstrap import is_llm

    models = choice.models
    reviewing = (*models.find, models.verify) if any(map(is_llm, choice.names)) else ()
    asked = [one for text in (*reviewing, models.judge, settings.judge) if text for one in text.split("|")]
    return list(dict.fromkeys(asked))


def _model_check(settings: Settings, specification: str) -> Check:
    from reviewbot.bootstrap import model_keys
    from reviewbot.llm.specification import list_models, parse_model

    remedy = "Check the model's name, its key and the network; `--reviewer static` needs no model."
    try:
        found = list_models(parse_model(specification), model_keys(settings))
    except ReviewbotError as error:
        return Check("model", Status.PROBLEM, str(error), remedy)
    if not found.reachable:
        return Check("model", Status.PROBLEM, found.sentence, remedy)
    return Check("model", Status.OK, found.sentence)


def _analyser_checks() -> Iterator[Check]:
    beside_python = f"{Path(sys.executable).parent}:{sysconfig.get_path('scripts')}"
    for name in _ANALYSERS:
        place = shutil.which(name, path=beside_python) or shutil.which(name)
        if place is None:
            remedy = "Install reviewbot anew with its dependencies; until then the static reviewer reads less."
            yield Check(name, Status.MISSING, "was not found", remedy)
        else:
            yield Check(name, Status.OK, place)


def _disk_check(directory: Path) -> Check:
    try:
        free_bytes = shutil.disk_usage(directory).free
    except OSError as error:
        return Check(
            "disk", Status.PROBLEM, f"{directory.absolute()}: {error.strerror}", "Change to another directory."
        )
    said = f"{free_bytes / 1e9:.1f} GB free"
    if free_bytes < LEAST_FREE_BYTES:
        return Check("disk", Status.PROBLEM, said, "Free some space: replays lay out whole trees for programs to read.")
    return Check("disk", Status.OK, said)
