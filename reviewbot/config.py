"""What the operator has set, and where: the only module that reads the environment.

A value is taken from the first of these that has it: the variable NAME, the file that NAME_FILE points to, `.env` in
the working directory (both forms), `reviewbot.toml` in the working directory, the user's `reviewbot.toml`, the default.

The working directory may be a checkout that somebody else has written to. So its two files can neither send keys or
code elsewhere nor run programs nor stand in for the GitHub App: addresses and files, the App's number, name, key and
secret, the host to listen on, a model or judge `compatible:NAME@URL` and reviewers other than llm and static are
refused there, unless a stronger place sets them too. They belong in the environment or in the user's own
`reviewbot.toml`, which for a secret may also name a file, as `webhook_secret_file = "PATH"`. In `.env`, NAME_FILE leads
out of the working directory for secrets alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, SettingsConfigDict

from reviewbot.domain.effort import Effort
from reviewbot.errors import InputError
from reviewbot.setting_layers import (
    Layer,
    UnknownVariable,
    is_operators_own,
    is_secret,
    setting_layers,
    user_settings_file,
    variable_name,
)
from reviewbot.setting_layers import unknown_variables as unknown_variables_in
from reviewbot.setting_values import (
    EXPECTED,
    ApiTokens,
    ApiUrl,
    DatabaseUrl,
    GitUrl,
    HomePath,
    Host,
    Key,
    Label,
    Names,
    Numbers,
    PrivateKey,
    Slug,
    WebhookSecret,
    WebUrl,
    separated_secrets,
    web_url,
)

_GITHUB_API = "https://api.github.com"


def _git_url(earlier: dict[str, Any]) -> str:
    return web_url(earlier.get("github_api_url", _GITHUB_API))


class Settings(BaseSettings):
    """Every setting, checked. A field `x` is the variable REVIEWBOT_X, but for the names that SDKs share."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: DatabaseUrl = Field(
        description="Where reviews and verdicts are kept; by default an SQLite file in the user's data directory."
    )
    model: str | None = Field(None, description="The model that reviews, such as anthropic:NAME or openai:NAME.")
    judge: str | None = Field(None, description="The model that judges replays; by default the one that reviews.")
    judges: int = Field(
        2, ge=1, le=2, description="Opinions on each finding of a replay; with 2 the judges are tested too."
    )
    reviewers: Names = Field(
        (), description="Reviewers that run when a command names none; by default llm with a model, else static."
    )
    effort: Effort = Field(
        Effort.AUTO, description="How much work a model makes of a change: auto, quick, standard or deep."
    )
    repos: HomePath | None = Field(None, description="The directory that holds clones of the repositories to replay.")
    prices_file: HomePath | None = Field(
        None, description="A file of prices per model, which override the shipped ones entry by entry."
    )
    concurrency: int = Field(
        4, ge=1, le=64, description="How many reviews a worker does at once, and how many replays a retro run does."
    )
    budget_per_review_usd: Decimal | None = Field(
        None, gt=0, description="The most that one review may cost in US dollars; by default there is no limit."
    )
    budget_per_day_usd: Decimal | None = Field(
        None, gt=0, description="The most that the reviews of one repository may cost a day, in US dollars."
    )
    budget_per_backtest_usd: Decimal = Field(
        Decimal(5), ge=0, description="The most that trying a changed policy on the record may cost; 0 for never."
    )
    anthropic_api_key: Key | None = Field(None, description="The key for models named anthropic:NAME.")
    anthropic_base_url: WebUrl | None = Field(None, description="Another address for Anthropic's API.")
    openai_api_key: Key | None = Field(None, description="The key for models named openai:NAME.")
    openai_base_url: WebUrl | None = Field(None, description="Another address for OpenAI's API.")
    compatible_api_key: Key | None = Field(None, description="The key for models named compatible:NAME@URL.")
    github_api_url: ApiUrl = Field(_GITHUB_API, description="GitHub's API; https://HOST/api/v3 for Enterprise Server.")
    github_git_url: GitUrl = Field(
        default_factory=_git_url,
        description="Where repositories are fetched from as OWNER/NAME.git; by default the server of the API.",
    )
    github_app_id: int | None = Field(None, ge=1, lt=2**63, description="The number of the GitHub App.")
    github_private_key: PrivateKey | None = Field(None, description="The private key of the GitHub App, as PEM.")
    webhook_secret: WebhookSecret | None = Field(
        None, description="The secret that signs deliveries; while it is changed both, separated by a comma."
    )
    bot_name: Slug | None = Field(
        None, description="The App's short name, which people call in comments; by default GitHub is asked."
    )
    host: Host = Field("127.0.0.1", description="The address that the server listens on.")
    port: int = Field(8000, ge=0, le=65_535, description="The port that the server listens on.")
    github_client_id: Slug | None = Field(None, description="The App's client id, to log people in to the dashboard.")
    github_client_secret: Key | None = Field(None, description="The App's client secret, for the same.")
    operators: Numbers = Field(
        (), description="GitHub's numbers of the accounts that may see deliveries, retro runs and settings."
    )
    api_tokens: ApiTokens | None = Field(
        None, description="Tokens for the API, separated by commas, each of 20 characters or more."
    )
    cache_directory: HomePath = Field(
        Path("~/.cache/reviewbot"),
        validate_default=True,
        description="Where fetched repositories are kept; by default in the user's cache directory.",
    )
    cache_gigabytes: int = Field(20, ge=1, le=100_000, description="How much space fetched repositories may take.")
    quiet_seconds: float = Field(
        5.0, ge=0, le=3_600, description="How long a review waits for another push, so that quick pushes become one."
    )
    reviews_per_hour: int = Field(
        12, ge=1, le=1_000, description="The most reviews of one pull request in an hour, against loops."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="How the server and workers write their log: lines for people, or a JSON object each."
    )
    otel_endpoint: ApiUrl | None = Field(
        None, description="The OTLP/HTTP address of an OpenTelemetry collector that traces are sent to; else none are."
    )
    retention_days: int | None = Field(
        None, ge=1, le=36_500, description="After how many days reviews, texts of deliveries and costs are deleted."
    )
    incident_label: Label = Field("incident", description="The label of issues that tell of incidents.")
    reconcile_minutes: int = Field(
        15, ge=0, le=1_440, description="How often the server looks for what was missed; 0 for never."
    )

    @property
    def webhook_secrets(self) -> tuple[bytes, ...]:
        """Every secret that a delivery may be signed with, () where none is set."""
        found = separated_secrets(self.webhook_secret) if self.webhook_secret is not None else ()
        return tuple(secret.encode() for secret in found)

    @property
    def api_token_values(self) -> tuple[str, ...]:
        """Every token that the API takes, () where none is set."""
        return separated_secrets(self.api_tokens) if self.api_tokens is not None else ()

    @property
    def github_web_url(self) -> str:
        """Where people look at pull requests."""
        return web_url(self.github_api_url)


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


def own_settings_file(environment: Mapping[str, str] | None = None) -> Path:
    """The file of settings that is the user's own, there or not."""
    return user_settings_file(_present(environment))


@dataclass(frozen=True, slots=True)
class WayOut:
    """How this machine reaches the network: proxies by curl's names, and the file of certificates that it trusts."""

    proxies: dict[str, str]
    certificates: str


def way_out(environment: Mapping[str, str] | None = None) -> WayOut:
    """As every library reads it from the environment; curl takes `http_proxy` in small letters only."""
    present = _present(environment)
    names = ("http_proxy", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY")
    proxies = {name: present[name] for name in names if present.get(name)}
    return WayOut(proxies, present.get("SSL_CERT_FILE", ""))


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
            refused.append(f"{source}: {key} {_told(field, layer.values[field])}")
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
        problems = error.errors(include_input=False)
        # a default that follows from another value is no mistake of its own
        wrong = [one["loc"][0] for one in problems if one["type"] != "default_factory_not_called"]
    # Raised outside the handler, so that no traceback carries the refused value of a secret.
    raise InputError("\n".join(_complaint(layers, str(field)) for field in dict.fromkeys(wrong)))


def _complaint(layers: tuple[Layer, ...], field: str) -> str:
    value = next(layer.values[field] for layer in layers if field in layer.values)
    expected = EXPECTED.get(field, "text")
    return f"{variable_name(field)} ({_source(layers, field)}) {_told(field, value)}; expected {expected}"


def _told(field: str, value: object) -> str:
    return "has a value that is not shown" if is_secret(field) else f"is {shown(value)!r}"


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
