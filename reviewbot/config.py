"""What the operator has set, and where: the only module that reads the environment.

A value is taken from the first of these that has it: the variable NAME, the file that NAME_FILE points to, `.env` in
the working directory (both forms), `reviewbot.toml` in the working directory, the user's `reviewbot.toml`, the default.

The working directory may be a checkout that somebody else has written to. So its two files can neither send keys or
code elsewhere nor run programs: ANTHROPIC_BASE_URL, OPENAI_BASE_URL, REVIEWBOT_DATABASE_URL, REVIEWBOT_PRICES_FILE, a
model or judge `compatible:NAME@URL` and reviewers other than llm and static are refused there, unless a stronger place
sets them too. They belong in the environment or in the user's own `reviewbot.toml`. In `.env`, NAME_FILE leads out of
the working directory for keys alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, SettingsConfigDict

from reviewbot.errors import InputError
from reviewbot.setting_layers import (
    Layer,
    UnknownVariable,
    is_operators_own,
    setting_layers,
    user_settings_file,
    variable_name,
)
from reviewbot.setting_layers import unknown_variables as unknown_variables_in


def _matching(pattern: str) -> AfterValidator:
    def checked(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError("not of the expected form")
        return value

    return AfterValidator(checked)


def _printable_key(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[!-~]+", value.get_secret_value()):
        raise ValueError("not of the expected form")
    return value


def _separated(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


_DatabaseUrl = Annotated[str, _matching(r"(sqlite|postgres|postgresql(\+psycopg)?)://.*")]
_WebUrl = Annotated[str, _matching(r"https?://[^\s/]\S*")]
_Key = Annotated[SecretStr, AfterValidator(_printable_key)]
_Names = Annotated[tuple[str, ...], BeforeValidator(_separated)]
_HomePath = Annotated[Path, AfterValidator(Path.expanduser)]

# What a value has to look like, in words for the person who has to correct it.
_EXPECTED: Final = {
    "database_url": "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME",
    "concurrency": "a whole number from 1 to 64",
    "budget_per_review_usd": "an amount in US dollars above 0, such as 2.50",
    "reviewers": "names separated by commas, such as static,llm",
    "anthropic_base_url": "an address such as https://host/path",
    "openai_base_url": "an address such as https://host/v1",
    "anthropic_api_key": "a key of printable ASCII characters without spaces",
    "openai_api_key": "a key of printable ASCII characters without spaces",
    "compatible_api_key": "a key of printable ASCII characters without spaces",
}


class Settings(BaseSettings):
    """Every setting, checked. A field `x` is the variable REVIEWBOT_X, but for the names that SDKs share."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: _DatabaseUrl = Field(
        description="Where reviews and verdicts are kept; by default an SQLite file in the user's data directory."
    )
    model: str | None = Field(None, description="The model that reviews, such as anthropic:NAME or openai:NAME.")
    judge: str | None = Field(None, description="The model that judges replays; by default the one that reviews.")
    reviewers: _Names = Field(
        (), description="Reviewers that run when a command names none; by default llm with a model, else static."
    )
    repos: _HomePath | None = Field(None, description="The directory that holds clones of the repositories to replay.")
    prices_file: _HomePath | None = Field(
        None, description="A file of prices per model, which override the shipped ones entry by entry."
    )
    concurrency: int = Field(4, ge=1, le=64, description="How many model calls run at once.")
    budget_per_review_usd: Decimal | None = Field(
        None, gt=0, description="The most that one review may cost in US dollars; by default there is no limit."
    )
    anthropic_api_key: _Key | None = Field(None, description="The key for models named anthropic:NAME.")
    anthropic_base_url: _WebUrl | None = Field(None, description="Another address for Anthropic's API.")
    openai_api_key: _Key | None = Field(None, description="The key for models named openai:NAME.")
    openai_base_url: _WebUrl | None = Field(None, description="Another address for OpenAI's API.")
    compatible_api_key: _Key | None = Field(None, description="The key for models named compatible:NAME@URL.")


@dataclass(frozen=True, slots=True)
class ResolvedSetting:
    """A setting as `config show` lists it; `shown_value` holds no secret, and is "" where nothing is set."""

    name: str
    shown_value: str
    source: str
    description: str


def load_settings(environment: Mapping[str, str] | None = None, directory: Path | None = None) -> Settings:
    """The settings in force; raises InputError naming each variable that is wrong and what was expected."""
    return _checked(_layers(environment, directory))


def resolved(environment: Mapping[str, str] | None = None, directory: Path | None = None) -> list[ResolvedSetting]:
    """Every setting with its value, secrets masked, and where it came from."""
    layers = _layers(environment, directory)
    settings = _checked(layers)
    return [
        ResolvedSetting(
            variable_name(field), shown(getattr(settings, field)), _source(layers, field), described.description or ""
        )
        for field, described in Settings.model_fields.items()
    ]


def unknown_variables(
    environment: Mapping[str, str] | None = None, directory: Path | None = None
) -> tuple[UnknownVariable, ...]:
    """Variables named REVIEWBOT_... that are no setting: misspelt ones would change nothing without a word."""
    return unknown_variables_in(_present(environment), directory or Path(), tuple(Settings.model_fields))


def child_environment(names: Iterable[str] = (), environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a reviewer that is a program may inherit: PATH, LANG and the variables that the operator names."""
    present = _present(environment)
    return {name: present[name] for name in ("PATH", "LANG", *names) if name in present}


def _present(environment: Mapping[str, str] | None) -> Mapping[str, str]:
    return os.environ if environment is None else environment


def _layers(environment: Mapping[str, str] | None, directory: Path | None) -> tuple[Layer, ...]:
    """All layers; raises InputError for what a file in the working directory must not decide."""
    present = _present(environment)
    layers = setting_layers(present, directory or Path(), tuple(Settings.model_fields))
    refused = []
    for field in Settings.model_fields:
        layer = next((layer for layer in layers if field in layer.values), None)
        if layer is not None and layer.in_checkout and is_operators_own(field, layer.values[field]):
            source = layer.sources[field]
            key = field if source.startswith("reviewbot.toml:") else variable_name(field)
            refused.append(f"{source}: {key} is {shown(layer.values[field])!r}")
    if refused:
        refused.append(
            "A file in the working directory may come with somebody else's checkout: it must not say where keys and "
            "code go or what is run. Set this in the environment, or take it out and set it in "
            f"{user_settings_file(present)}."
        )
        raise InputError("\n".join(refused))
    return layers


def _checked(layers: tuple[Layer, ...]) -> Settings:
    try:
        return Settings(
            _build_sources=(tuple(InitSettingsSource(Settings, dict(layer.values)) for layer in layers), {})
        )
    except ValidationError as error:
        fields = dict.fromkeys(str(problem["loc"][0]) for problem in error.errors(include_input=False))
    # Raised outside the handler, so that no traceback carries the refused value of a secret.
    raise InputError("\n".join(_complaint(layers, field) for field in fields))


def _complaint(layers: tuple[Layer, ...], field: str) -> str:
    value = next(layer.values[field] for layer in layers if field in layer.values)
    told = "has a value that is not shown" if field.endswith("_key") else f"is {shown(value)!r}"
    return f"{variable_name(field)} ({_source(layers, field)}) {told}; expected {_EXPECTED.get(field, 'text')}"


def _source(layers: tuple[Layer, ...], field: str) -> str:
    return next((layer.sources[field] for layer in layers if field in layer.sources), "default")


def shown(value: object) -> str:
    """The value as a person may see it: of a secret at most four characters, of an address no password."""
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        secret = value.get_secret_value()
        return f"{secret[:4] if len(secret) >= 16 else ''}…({len(secret)} characters)"
    if isinstance(value, tuple | list):
        return ",".join(str(part) for part in value)
    masked = re.sub(r"://([^:/?#]*):.*@", r"://\1:…@", str(value))
    return re.sub(r"(?i)\b(password|sslpassword|api_key|token)=[^&\s]*", r"\1=…", masked)
