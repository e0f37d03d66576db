"""Whether the GitHub App's credentials are complete and of use; GitHub is asked only on request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reviewbot.cli.credentials import TO_SERVE, check_key, missing
from reviewbot.cli.doctor_checks import Check, Status
from reviewbot.errors import ReviewbotError

if TYPE_CHECKING:
    from reviewbot.config import Settings

_NAME = "github"
_CREATE = "`reviewbot app create --url https://HOST/github/webhook` makes an App and stores what it needs."


def github_checks(settings: Settings, online: bool) -> Iterator[Check]:
    """None of it is needed for reviews on this machine and for replays, so no App at all is no problem."""
    absent = missing(settings, TO_SERVE)
    if len(absent) == len(TO_SERVE):
        yield Check(_NAME, Status.MISSING, "no GitHub App is set, which `reviewbot serve` needs", _CREATE)
        return
    if absent:
        yield Check(_NAME, Status.PROBLEM, f"the GitHub App lacks {', '.join(absent)}", f"Set it, or: {_CREATE}")
        return
    try:
        check_key(settings)
    except ReviewbotError as error:
        yield Check(_NAME, Status.PROBLEM, str(error), "GitHub makes a new private key on the App's page.")
        return
    secrets = len(settings.webhook_secrets)
    accepted = f"{secrets} webhook secrets, of which one is to go" if secrets > 1 else "a webhook secret"
    yield Check(_NAME, Status.OK, f"App {settings.github_app_id} with a private key and {accepted}")
    if online:
        yield from _online_checks(settings)


def _online_checks(settings: Settings) -> Iterator[Check]:
    from reviewbot.github.app import GitHubApp
    from reviewbot.github.pace import MemoryPace

    assert settings.github_app_id is not None and settings.github_private_key is not None
    key = settings.github_private_key.get_secret_value()
    app = GitHubApp(settings.github_app_id, key, settings.github_api_url, MemoryPace())
    try:
        said = app.check()
    except ReviewbotError as error:
        remedy = "Check REVIEWBOT_GITHUB_APP_ID, the private key, REVIEWBOT_GITHUB_API_URL and the network."
        yield Check(_NAME, Status.PROBLEM, str(error), f"{remedy}{_way()}")
        return
    yield Check(_NAME, Status.PROBLEM if "it lacks the permissions" in said else Status.OK, said)
    if app.skew_seconds:
        where = "behind" if app.skew_seconds > 0 else "ahead of"
        remedy = "Set it, by NTP for instance; reviews go on meanwhile, dated by a clock that is wrong."
        words = f"this machine's clock is {abs(app.skew_seconds):.0f} s {where} GitHub's"
        yield Check("clock", Status.PROBLEM, words, remedy)


def _way() -> str:
    """What stands between this machine and GitHub, as far as its environment says."""
    from reviewbot.config import way_out

    way = way_out()
    proxy = next((name for name in way.proxies if name.lower() == "https_proxy"), "")
    by = f" {proxy} is set: it goes through that proxy." if proxy else ""
    return f"{by} Certificates are those of SSL_CERT_FILE, {way.certificates}." if way.certificates else by
