"""Whether the GitHub App's credentials are complete and of use; GitHub is asked only on request."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from reviewbot.cli.credentials import TO_SERVE, check_key, missing
from reviewbot.cli.doctor_checks import Check, Status
from reviewbot.errors import ReviewbotError

if TYPE_CHECKING:
    from reviewbot.config import Settings
    from reviewbot.github.app import GitHubApp

_NAME, _WEBHOOK = "github", "webhook"
_DELIVERIES_SEEN = 30
_UNSIGNED = 401
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
    yield _webhook_check(app)


def _webhook_check(app: GitHubApp) -> Check:
    """What GitHub says became of the latest deliveries; the code of the last one tells what stands in the way."""
    try:
        latest = list(islice(app.deliveries(), _DELIVERIES_SEEN))
    except ReviewbotError as error:
        return Check(_WEBHOOK, Status.UNKNOWN, f"GitHub does not say what it delivered: {error}")
    if not latest:
        return Check(_WEBHOOK, Status.UNKNOWN, "GitHub has delivered nothing in the last three days")
    last, failed = latest[0], sum(not 200 <= one.status_code < 300 for one in latest)
    if 200 <= last.status_code < 300:
        return Check(_WEBHOOK, Status.OK, f"GitHub's last delivery arrived; {failed} of the last {len(latest)} did not")
    if last.status_code == _UNSIGNED:
        said = "GitHub's last delivery was refused for its signature (401)"
        return Check(_WEBHOOK, Status.PROBLEM, said, "Set REVIEWBOT_WEBHOOK_SECRET to the secret on the App's page.")
    said = f"GitHub's last delivery did not arrive: {last.status_code or last.status}"
    remedy = "Is `reviewbot serve` running, and does the address on the App's page lead to it through TLS and proxies?"
    return Check(_WEBHOOK, Status.PROBLEM, said, f"{remedy} What was missed is asked for again.")


def _way() -> str:
    """What stands between this machine and GitHub, as far as its environment says."""
    from reviewbot.config import way_out

    way = way_out()
    proxy = next((name for name in way.proxies if name.lower() == "https_proxy"), "")
    by = f" {proxy} is set: it goes through that proxy." if proxy else ""
    return f"{by} Certificates are those of SSL_CERT_FILE, {way.certificates}." if way.certificates else by
