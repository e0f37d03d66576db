"""The places that a setting can come from, in their order, read from an environment that is given."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from reviewbot.errors import InputError
from reviewbot.toml_file import TomlValue, small_text, toml_values

_PREFIX: Final = "REVIEWBOT_"
_UNPREFIXED: Final = frozenset({"anthropic_api_key", "anthropic_base_url", "openai_api_key", "openai_base_url"})
_OPERATORS_OWN: Final = frozenset(
    {
        *("anthropic_base_url", "openai_base_url", "prices_file", "database_url", "cache_directory", "host"),
        *("github_client_id", "github_client_secret", "operators", "api_tokens", "otel_endpoint"),
        *("github_api_url", "github_git_url", "github_app_id", "github_private_key", "webhook_secret", "bot_name"),
    }
)
_HARMLESS_REVIEWERS: Final = frozenset({"static", "llm", "llm:auto", "llm:quick", "llm:standard", "llm:deep"})


@dataclass(frozen=True, slots=True)
class Layer:
    """Values by field of `Settings`, and where each of them was found.

    `in_checkout`: the file stands in the working directory, where anybody may have put it who wrote to the checkout.
    """

    values: Mapping[str, TomlValue]
    sources: Mapping[str, str]
    in_checkout: bool = False


@dataclass(frozen=True, slots=True)
class UnknownVariable:
    """A variable that looks like a setting and changes nothing; `nearest` is "" where no name resembles it."""

    name: str
    source: str
    nearest: str


def variable_name(field: str) -> str:
    """The environment variable of a field of `Settings`."""
    return field.upper() if field in _UNPREFIXED else f"{_PREFIX}{field.upper()}"


def is_secret(field: str) -> bool:
    """Whether no message may show the value, and a file may hold it in its stead."""
    return field.endswith(("_key", "_secret", "_tokens"))


def setting_layers(environment: Mapping[str, str], directory: Path, fields: Sequence[str]) -> tuple[Layer, ...]:
    """All layers, the strongest first; raises InputError for a file that cannot be read or understood."""
    dotenv = _dotenv_values(directory / ".env")
    user_file = user_settings_file(environment)
    own_file = directory / "reviewbot.toml"
    is_users = own_file.exists() and user_file.exists() and own_file.samefile(user_file)
    database = _user_directory(environment, "XDG_DATA_HOME", ".local/share") / "reviewbot.db"
    cache = _user_directory(environment, "XDG_CACHE_HOME", ".cache") / "repositories"
    defaults = {"database_url": f"sqlite:///{database}", "cache_directory": str(cache)}
    return (
        _variable_layer(environment, fields, "environment"),
        _pointer_layer(environment, fields, directory, ""),
        replace(_variable_layer(dotenv, fields, ".env"), in_checkout=True),
        replace(_pointer_layer(dotenv, fields, directory, " in .env"), in_checkout=True),
        replace(_toml_layer(own_file, fields, "reviewbot.toml", is_users), in_checkout=not is_users),
        _toml_layer(user_file, fields, str(user_file), True),
        Layer(dict(defaults), dict.fromkeys(defaults, "default")),
    )


def user_settings_file(environment: Mapping[str, str]) -> Path:
    """The file of settings that is the user's own, there or not."""
    return _user_directory(environment, "XDG_CONFIG_HOME", ".config") / "reviewbot.toml"


def is_operators_own(field: str, value: TomlValue) -> bool:
    """Whether the value may send keys or code elsewhere or run a program, so that no checkout may bring it."""
    match field:
        case "model" | "judge":
            return "compatible:" in str(value).lower()
        case "reviewers":
            names = value.split(",") if isinstance(value, str) else value
            return any(name.strip() and name.strip() not in _HARMLESS_REVIEWERS for name in names)
        case _:
            return field in _OPERATORS_OWN


def unknown_variables(
    environment: Mapping[str, str], directory: Path, fields: Sequence[str]
) -> tuple[UnknownVariable, ...]:
    """Variables, set here or in `.env`, that begin like a setting's and are none."""
    direct = [variable_name(field) for field in fields]
    known = direct + [f"{variable_name(field)}_FILE" for field in fields if not field.endswith("_file")]
    return tuple(
        UnknownVariable(name, source, _nearest(name, known))
        for source, variables in (("environment", environment), (".env", _dotenv_values(directory / ".env")))
        for name in sorted(variables)
        if name.upper().startswith(_PREFIX) and name not in known
    )


def _nearest(name: str, known: Sequence[str]) -> str:
    # Without the prefix that all of them share, or every name would resemble every other.
    by_rest = {one.removeprefix(_PREFIX): one for one in known}
    near = get_close_matches(name.upper()[len(_PREFIX) :], by_rest, n=1)
    return by_rest[near[0]] if near else ""


def _dotenv_values(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    from dotenv.parser import parse_stream

    found: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(small_text(file, "settings file"))):
        if binding.error:
            raise InputError(f"{file.name}:{binding.original.line}: not a line of the form NAME=value")
        if binding.key is not None and binding.value is not None:
            found[binding.key] = binding.value
    return found


def _variable_layer(variables: Mapping[str, str], fields: Sequence[str], source: str) -> Layer:
    # An empty variable counts as absent: compose files and CI pass those for secrets that are not set.
    values = {field: variables.get(variable_name(field), "").strip() for field in fields}
    held: dict[str, TomlValue] = {field: value for field, value in values.items() if value}
    return Layer(held, dict.fromkeys(held, source))


def _pointer_layer(variables: Mapping[str, str], fields: Sequence[str], directory: Path, where: str) -> Layer:
    values: dict[str, TomlValue] = {}
    sources: dict[str, str] = {}
    for field in fields:
        pointer = f"{variable_name(field)}_FILE"
        named = variables.get(pointer, "").strip()
        # A setting that is a file already has no second form, REVIEWBOT_PRICES_FILE_FILE.
        if not named or field.endswith("_file"):
            continue
        file = directory / Path(named).expanduser()
        if where and not is_secret(field) and not file.resolve().is_relative_to(directory.resolve()):
            # The value would be shown, in the log of a CI run for instance, and the file may be any of the user's.
            raise InputError(f"{pointer}{where}: {file} is outside of the working directory; set {pointer} itself")
        values[field] = _pointed_text(file, f"{pointer}{where}", field)
        sources[field] = f"file {file} ({pointer}{where})"
    return Layer(values, sources)


def _toml_layer(file: Path, fields: Sequence[str], shown_name: str, has_pointers: bool) -> Layer:
    """With `has_pointers`, a secret may also be given as `NAME_file`, a path that is seen from the file's directory."""
    pointers = {f"{field}_file": field for field in fields if has_pointers and is_secret(field)}
    found = toml_values(file, shown_name, [*fields, *pointers])
    values = {key: entry.value for key, entry in found.items() if key not in pointers}
    sources = {key: f"{shown_name}:{entry.line}" for key, entry in found.items() if key not in pointers}
    for key, entry in found.items():
        if key in pointers:
            place = f"{shown_name}:{entry.line}"
            if pointers[key] in values:
                raise InputError(f"{place}: {key} and {pointers[key]} are both set; take one of them out")
            pointed = file.parent / Path(str(entry.value)).expanduser()
            values[pointers[key]] = _pointed_text(pointed, f"{place}: {key}", pointers[key])
            sources[pointers[key]] = f"file {pointed} ({place})"
    return Layer(values, sources)


def _pointed_text(file: Path, where: str, field: str) -> str:
    text = small_text(file, f"{where}: file").strip()
    if not text:
        raise InputError(f"{where}: {file} is empty; expected the value of {variable_name(field)}")
    return text


def _user_directory(environment: Mapping[str, str], xdg_variable: str, fallback: str) -> Path:
    if environment.get(xdg_variable):
        return Path(environment[xdg_variable]) / "reviewbot"
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.home())
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "reviewbot"
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "reviewbot"
    return home / fallback / "reviewbot"
