"""Whether the settings are there that make this process the GitHub App."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from reviewbot.errors import InputError

if TYPE_CHECKING:
    from reviewbot.config import Settings

TO_WORK: Final = ("github_app_id", "github_private_key")
TO_SERVE: Final = (*TO_WORK, "webhook_secret")
_WHAT: Final = {
    "github_app_id": "the number of the GitHub App",
    "github_private_key": "its private key, as PEM; with _FILE at the end of the name, the file that holds it",
    "webhook_secret": "the secret that its deliveries are signed with; or with _FILE, as above",
}


def missing(settings: Settings, fields: Sequence[str]) -> list[str]:
    """The variables of those settings that have no value."""
    from reviewbot.setting_layers import variable_name

    return [variable_name(field) for field in fields if getattr(settings, field) is None]


def require(settings: Settings, fields: Sequence[str]) -> None:
    """Raises an InputError that names everything that is missing; KeyRefused for a key that cannot sign."""
    absent = set(missing(settings, fields))
    if absent:
        from reviewbot.setting_layers import variable_name

        lines = [f"  {variable_name(field)}: {_WHAT[field]}" for field in fields if variable_name(field) in absent]
        raise InputError(
            "cannot start without the GitHub App's credentials. Missing:\n"
            + "\n".join(lines)
            + "\nSet them, or have `reviewbot app create --url https://HOST/github/webhook` make an App and store them."
        )
    check_key(settings)


def check_key(settings: Settings) -> None:
    """Raises KeyRefused for a private key that cannot sign."""
    from reviewbot.github.auth import AppIdentity

    if settings.github_app_id is not None and settings.github_private_key is not None:
        AppIdentity(settings.github_app_id, settings.github_private_key.get_secret_value())
