"""`reviewbot app`: makes the GitHub App that reviewbot acts as."""

from __future__ import annotations

from typing import Annotated

import typer

_CODE_HOLDS_SECONDS = 3_600

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Makes the GitHub App that reviewbot acts as.")


@app.callback()
def group() -> None:
    """Makes the GitHub App that reviewbot acts as."""


@app.command("create")
def create(
    url: Annotated[str, typer.Option("--url", help="Where GitHub delivers to: https://HOST/github/webhook.")],
    organization: Annotated[
        str | None, typer.Option("--org", help="The organization that owns the App; by default you do.")
    ] = None,
    name: Annotated[
        str, typer.Option("--name", help="The App's name; no other App at GitHub may have it.")
    ] = "reviewbot",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="The port of the local page; by default one that is free.")
    ] = 0,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of the App that is set.")] = False,
) -> None:
    """Creates a GitHub App in your browser and stores its number, key and secret in your own settings.

    Exit codes: 0 created, 2 bad input or nothing came of it.
    """
    from secrets import token_urlsafe

    from reviewbot.cli.app_exchange import AppCredentials, exchanged
    from reviewbot.cli.app_files import check_place, store
    from reviewbot.cli.app_manifest import form_action, new_app
    from reviewbot.cli.app_page import ManifestPage
    from reviewbot.cli.output import line
    from reviewbot.config import load_settings

    settings = load_settings()
    planned = new_app(url, name, settings.github_api_url)
    state = token_urlsafe(32)
    action = form_action(settings.github_web_url, organization, state)
    file = check_place(replace)
    created: list[tuple[AppCredentials, str]] = []

    def register(code: str) -> str:
        credentials = exchanged(settings.github_api_url, settings.github_web_url, code)
        created.append((credentials, str(store(credentials, file))))
        return f"{credentials.page}/installations/new"

    page = ManifestPage(action, state, planned.manifest, register, port)
    with page.serving():
        line(f"Open {page.url} in a browser on this machine, and go on from there. Ctrl-C ends this.")
        page.wait(_CODE_HOLDS_SECONDS)
    for credentials, key_file in created:
        line(f"Created {credentials.name}, App {credentials.app_id}: {credentials.page}")
        line(f"Settings: {file}\nPrivate key: {key_file}")
        line(f"Next: install it on repositories at {credentials.page}/installations/new")
        line(f"Then: reviewbot serve, where GitHub reaches it as {planned.webhook_url}")
        line("reviewbot doctor --online checks that GitHub knows it.")
