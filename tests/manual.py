"""The pages of the manual that are made from the code; `python -m tests.manual` writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, cast

import typer

from reviewbot.cli.main import app
from reviewbot.config import Settings
from reviewbot.pipelines.live import Live
from reviewbot.retro.incident_schema import incident_json_schema
from reviewbot.server.dashboard.access import Doorkeeper
from reviewbot.server.dashboard.app import dashboard
from reviewbot.server.dashboard.desk import Desk
from reviewbot.setting_layers import is_operators_own, is_secret, variable_name
from reviewbot.setting_values import EXPECTED
from reviewbot.store.sessions import Sessions
from reviewbot.store.transactions import open_transactions

ROOT = Path(__file__).parents[1]
_NOTE = "<!-- Made by `make manual` from the code; a test fails where the two differ. -->"


def pages() -> dict[Path, str]:
    """Each page that is made, by its place."""
    docs = ROOT / "docs"
    made = {"settings": settings_page, "cli": cli_page, "prompts": prompts_page, "formats": formats_page}
    return {docs / f"{name}.md": page() for name, page in made.items()}


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


def formats_page() -> str:
    lines = [
        "# File formats and the API",
        _NOTE,
        "",
        "The policy file has [a page of its own](policy.md); what a run of the retrospective writes is on",
        "[its page](retro.md); what a program that reviews reads and answers is on [that of reviewers](reviewers.md).",
        "",
        "## `incidents.yaml`",
        "",
        "`reviewbot incidents schema` prints it as JSON Schema; `reviewbot incidents check FILE` names every problem",
        "by its line.",
        "",
        "| Key | Needed | What it is |",
        "|---|---|---|",
        *_keys(incident_json_schema(), incident_json_schema(), ""),
        "",
        "## HTTP API",
        "",
        "As `reviewbot serve` describes it itself at `/api/openapi.json`; who may ask is on",
        "[the dashboard's page](dashboard.md).",
        "",
        "| Request | Parameters | What it answers |",
        "|---|---|---|",
        *_routes(),
    ]
    return "\n".join(lines) + "\n"


def _keys(schema: dict[str, Any], whole: dict[str, Any], before: str) -> Iterator[str]:
    """A row for each key, those of lists and of mappings below them."""
    schema = _resolved(schema, whole)
    for name, found in schema.get("properties", {}).items():
        one = _resolved(found, whole)
        needed = "yes" if name in schema.get("required", ()) else ""
        described = (found.get("description") or one.get("description") or "").replace("|", "/")
        yield f"| `{before}{name}` | {needed} | {described} |"
        yield from _keys(one, whole, f"{before}{name}.")
        if "items" in one:
            yield from _keys(one["items"], whole, f"{before}{name}[].")
        if isinstance(one.get("additionalProperties"), dict):
            yield from _keys(one["additionalProperties"], whole, f"{before}{name}.*.")


def _resolved(schema: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def _routes() -> Iterator[str]:
    transactions = open_transactions("sqlite://")
    door = Doorkeeper(Sessions(transactions), None, (), ())
    desk = Desk(transactions, cast(Live, None), door)
    for path, methods in dashboard(desk).openapi()["paths"].items():
        if not path.startswith("/api/"):
            continue
        for method, route in methods.items():
            names = ", ".join(f"`{one['name']}`" for one in route.get("parameters", ()) if one["in"] == "query")
            yield f"| `{method.upper()} {path}` | {names} | {' '.join(route.get('description', '').split())} |"
    transactions.close()


def main() -> None:
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
