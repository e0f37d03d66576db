"""The pages of the manual that are made from the code; `python -m tests.manual` writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from reviewbot.cli.main import app
from reviewbot.config import Settings
from reviewbot.setting_layers import is_operators_own, is_secret, variable_name
from reviewbot.setting_values import EXPECTED

ROOT = Path(__file__).parents[1]
_NOTE = "<!-- Made by `make manual` from the code; a test fails where the two differ. -->"


def pages() -> dict[Path, str]:
    """Each page that is made, by its place."""
    docs = ROOT / "docs"
    return {docs / "settings.md": settings_page(), docs / "cli.md": cli_page(), docs / "prompts.md": prompts_page()}


def settings_page() -> str:
    lines = [
        "# Every setting",
        _NOTE,
        "",
        "From the strongest place to the weakest: the variable, the file that `NAME_FILE` points to, `.env` and",
        "`reviewbot.toml` in the working directory, the user's own `reviewbot.toml` (names in lower case, without",
        "`REVIEWBOT_`), the default. Those marked \\* are refused from files in the working directory, which may be",
        "somebody else's checkout. `reviewbot config show` says what is in force and where it comes from.",
        "",
        "| Setting | Default | What it is | Expected |",
        "|---|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        own = " \\*" if is_secret(name) or is_operators_own(name, "") else ""
        default = "" if field.is_required() or field.default in (None, ()) else f"`{_plain(field.default)}`"
        if field.default_factory is not None or field.is_required():
            default = "see there"
        cells = (f"`{variable_name(name)}`{own}", default, field.description or "", EXPECTED.get(name, ""))
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _plain(value: object) -> str:
    return str(getattr(value, "value", value))


def cli_page() -> str:
    lines = ["# Every command", _NOTE, ""]
    for name, command in _commands(typer.main.get_command(app), "reviewbot"):
        lines += [f"## `{name}`", "", *_paragraphs(command.help or ""), ""]
        rows = list(_rows(command))
        if rows:
            lines += ["| Argument or option | What it is |", "|---|---|", *rows, ""]
    return "\n".join(lines).rstrip() + "\n"


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every command that does something, in the order of the command line's own list."""
    inner = getattr(command, "commands", None)
    if inner is None or getattr(command, "invoke_without_command", False):
        yield name, command
    for word, one in (inner or {}).items():
        yield from _commands(one, f"{name} {word}")


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip())]


def _rows(command: Any) -> Iterator[str]:
    for one in command.params:
        if getattr(one, "hidden", False) or one.name == "help":
            continue
        names = " ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts))
        shown = f"`{one.metavar or one.name.upper()}`" if one.param_type_name == "argument" else names
        kind = getattr(one, "bare_type", None)
        choices = [_plain(value) for value in kind] if isinstance(kind, type) and issubclass(kind, Enum) else []
        words = (getattr(one, "help", "") or "") + (f" One of {', '.join(choices)}." if choices else "")
        yield f"| {shown} | {words.strip().replace('|', '/')} |"


def prompts_page() -> str:
    lines = [
        "# Every prompt",
        _NOTE,
        "",
        "They are files of the package; their version is part of every review's receipt, and a change of any of them",
        "makes another review. What they say is general: nothing in them names a case.",
        "",
        "| Prompt | Version | How it begins |",
        "|---|---|---|",
    ]
    for path in sorted((ROOT / "prompts").rglob("*.md")):
        first, _, text = path.read_text(encoding="utf-8").partition("\n")
        begins = re.split(r"(?<=[.:])\s", " ".join(text.split()), maxsplit=1)[0][:200]
        name = path.relative_to(ROOT / "prompts").with_suffix("").as_posix()
        lines.append(f"| [{name}](../prompts/{name}.md) | {first.removeprefix('version: ')} | {begins} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
