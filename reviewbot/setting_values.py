"""What the values of settings have to look like, for the machine and in words for the person who corrects them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

SHORTEST_WEBHOOK_SECRET: Final = 16
SHORTEST_API_TOKEN: Final = 20


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


def _pem(value: SecretStr) -> SecretStr:
    # Many places that keep secrets take a single line: there `\n` stands for the end of each.
    text = value.get_secret_value().replace("\\n", "\n").replace("\r\n", "\n").strip()
    if not re.fullmatch(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----\n[A-Za-z0-9+/=\s:,-]+\n-----END \1-----", text):
        raise ValueError("not of the expected form")
    return SecretStr(f"{text}\n")


def _long_enough(value: SecretStr) -> SecretStr:
    if any(len(secret) < SHORTEST_WEBHOOK_SECRET for secret in separated_secrets(value) or ("",)):
        raise ValueError("not of the expected form")
    return value


def _long_tokens(value: SecretStr) -> SecretStr:
    tokens = separated_secrets(value)
    if not tokens or any(len(token) < SHORTEST_API_TOKEN or not re.fullmatch(r"[!-~]+", token) for token in tokens):
        raise ValueError("not of the expected form")
    return value


def _separated(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _without_slash(value: str) -> str:
    return value.rstrip("/")


DatabaseUrl = Annotated[str, _matching(r"(sqlite|postgres|postgresql(\+psycopg)?)://.*")]
WebUrl = Annotated[str, _matching(r"https?://[^\s/]\S*")]
# No name and password in an address, which logs would show; and no token for GitHub itself over plain HTTP.
_SERVER: Final = r"(?!http://(?:[\w.-]+\.)?github\.com(?:[:/]|\Z))https?://[^\s/@?#]+(?:/[^\s@?#]*)?"
ApiUrl = Annotated[str, _matching(_SERVER), AfterValidator(_without_slash)]
GitUrl = Annotated[str, _matching(rf"{_SERVER}|file:///[^\s?#]*|/[^\0\n]*"), AfterValidator(_without_slash)]
Key = Annotated[SecretStr, AfterValidator(_printable_key)]
PrivateKey = Annotated[SecretStr, AfterValidator(_pem)]
WebhookSecret = Annotated[SecretStr, AfterValidator(_long_enough)]
Names = Annotated[tuple[str, ...], BeforeValidator(_separated)]
HomePath = Annotated[Path, AfterValidator(Path.expanduser)]
Host = Annotated[str, _matching(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:]+")]
Numbers = Annotated[tuple[Annotated[int, Field(gt=0, lt=2**63)], ...], BeforeValidator(_separated)]
ApiTokens = Annotated[SecretStr, AfterValidator(_long_tokens)]
Label = Annotated[str, _matching(r"[^,\x00-\x1f]{1,50}")]
Slug = Annotated[str, _matching(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}")]


_KEY: Final = "a key of printable ASCII characters without spaces"

EXPECTED: Final = {
    "operators": "numbers of GitHub accounts separated by commas, such as 583231",
    "api_tokens": "tokens of at least 20 printable characters, separated by commas",
    "github_client_id": "the client id on the App's page, such as Iv23liabc",
    "github_client_secret": _KEY,
    "log_format": "text or json",
    "otel_endpoint": "an address such as http://localhost:4318",
    "retention_days": "a whole number of days from 1 to 36500",
    "incident_label": "the name of one label, of 1 to 50 characters without a comma",
    "database_url": "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME",
    "concurrency": "a whole number from 1 to 64",
    "budget_per_review_usd": "an amount in US dollars above 0, such as 2.50",
    "budget_per_day_usd": "an amount in US dollars above 0, such as 20",
    "budget_per_backtest_usd": "an amount in US dollars such as 5; 0 for never",
    "effort": "auto, quick, standard or deep",
    "reviewers": "names separated by commas, such as static,llm",
    "anthropic_base_url": "an address such as https://host/path",
    "openai_base_url": "an address such as https://host/v1",
    "anthropic_api_key": _KEY,
    "openai_api_key": _KEY,
    "compatible_api_key": _KEY,
    "github_api_url": "https://api.github.com, or https://HOST/api/v3 of a GitHub Enterprise Server",
    "github_git_url": "an https address without a password, or the absolute path of a directory of bare repositories",
    "github_app_id": "the App's number, such as 123456",
    "github_private_key": "a PEM text from -----BEGIN ... PRIVATE KEY----- to -----END ... PRIVATE KEY-----",
    "webhook_secret": f"at least {SHORTEST_WEBHOOK_SECRET} characters; several secrets separated by commas",
    "bot_name": "the App's short name, as in https://github.com/apps/NAME",
    "host": "an address to listen on, such as 127.0.0.1 or 0.0.0.0",
    "port": "a number from 0 to 65535, 0 for any that is free",
    "cache_gigabytes": "a whole number from 1 to 100000",
    "quiet_seconds": "a number of seconds from 0 to 3600",
    "reviews_per_hour": "a whole number from 1 to 1000",
    "reconcile_minutes": "a whole number of minutes from 0 to 1440, 0 for never",
}


def separated_secrets(value: SecretStr) -> tuple[str, ...]:
    """The secrets of a setting that holds several of them, separated by commas."""
    return tuple(part.strip() for part in value.get_secret_value().split(",") if part.strip())


def web_url(api_url: str) -> str:
    """Where people look at what an API tells of: `https://github.com`, or the Enterprise server itself."""
    parts = urlsplit(api_url)
    host = parts.netloc.removeprefix("api.")
    return f"{parts.scheme}://{host}{parts.path.rstrip('/').removesuffix('/api/v3')}"
