"""Where the App's credentials are kept: in the user's own settings, the private key in a file beside them."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import Final

from reviewbot.cli.app_exchange import AppCredentials
from reviewbot.config import ResolvedSetting, own_settings_file, resolved
from reviewbot.errors import InputError
from reviewbot.setting_layers import variable_name
from reviewbot.toml_file import key_lines, small_text

_FIELDS: Final = ("github_app_id", "github_private_key", "webhook_secret", "bot_name")
_KEYS: Final = (*_FIELDS, "github_private_key_file", "webhook_secret_file")


def check_place(replace: bool) -> Path:
    """The file of the user's own settings, fit to be written; an InputError where credentials are in the way."""
    file = own_settings_file()
    set_already = [row for row in resolved() if row.name in map(variable_name, _FIELDS) and row.source != "default"]
    elsewhere = [row for row in set_already if not _is_in(row, file)]
    if elsewhere:
        raise InputError(f"{_listed(elsewhere)}: that would overrule the new App; take it out first")
    if set_already and not replace:
        raise InputError(f"{_listed(set_already)}: there is an App already; --replace puts a new one in its place")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        TemporaryFile(dir=file.parent).close()
    except OSError as error:
        raise InputError(f"{file.parent} cannot be written: {error.strerror}; give yourself the right to") from error
    return file


def _is_in(row: ResolvedSetting, file: Path) -> bool:
    named = "reviewbot.toml" if Path("reviewbot.toml").resolve() == file.resolve() else str(file)
    return row.source.startswith(f"{named}:") or f"({named}:" in row.source


def _listed(rows: Sequence[ResolvedSetting]) -> str:
    return ", ".join(f"{row.name} is set ({row.source})" for row in rows)


def store(credentials: AppCredentials, file: Path) -> Path:
    """Writes the credentials, for the user's eyes alone; returns the file of the private key."""
    file = file.resolve()
    key_file = file.parent / f"github-app-{credentials.slug}.pem"
    values = {
        "github_app_id": str(credentials.app_id),
        "bot_name": json.dumps(credentials.slug),
        "github_private_key_file": json.dumps(key_file.name),
        "webhook_secret": json.dumps(credentials.webhook_secret),
    }
    try:
        text = small_text(file, "settings file") if file.exists() else ""
        _write_privately(key_file, credentials.private_key)
        _write_privately(file, with_values(text, values))
    except OSError as error:
        raise InputError(
            f"the App was created ({credentials.page}), but {file.parent} cannot be written: {error.strerror}; "
            "make room there, delete the App on its page and run `reviewbot app create` again"
        ) from error
    return key_file


def with_values(text: str, values: Mapping[str, str]) -> str:
    """The settings with these keys, whose values are TOML already, in place of all old credentials."""
    lines = text.splitlines(keepends=True)
    starts = sorted(key_lines(text).items(), key=lambda item: item[1])
    dropped: set[int] = set()
    for (key, start), (_, next_start) in pairwise([*starts, ("", len(lines) + 1)]):
        end = next_start - 1
        if key in _KEYS:
            dropped.update(range(start - 1, _without_comments(lines, start, end)))
    kept = "".join(line for number, line in enumerate(lines) if number not in dropped)
    kept = kept if not kept or kept.endswith("\n") else f"{kept}\n"
    result = kept + "".join(f"{key} = {value}\n" for key, value in values.items())
    others = {key: value for key, value in tomllib.loads(text).items() if key not in _KEYS}
    if {key: value for key, value in tomllib.loads(result).items() if key not in values} != others:
        raise InputError("the settings file cannot be changed without harm; take the old credentials out by hand")
    return result


def _without_comments(lines: Sequence[str], start: int, end: int) -> int:
    """The end of a statement without the comments after it, which belong to the next one."""
    while end > start and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return end


def _write_privately(file: Path, text: str) -> None:
    """Whole or not at all; the temporary file is readable by nobody else from its first moment."""
    with NamedTemporaryFile("w", dir=file.parent, prefix=f".{file.name}.", delete=False, encoding="utf-8") as part:
        try:
            part.write(text)
            part.flush()
            os.fsync(part.fileno())
            Path(part.name).replace(file)
        except OSError:
            Path(part.name).unlink(missing_ok=True)
            raise
