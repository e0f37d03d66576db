"""`reviewbot app create` as a person and their browser meet it: a real process, a page, GitHub's form, a code."""

from __future__ import annotations

import html
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest

from reviewbot.config import load_settings
from tests.fakes.github import GitHub, World, serve

HOOK = "http://bot.example.com/github/webhook"


@pytest.fixture(scope="module")
def github() -> Iterator[GitHub]:
    with serve() as server:
        yield server


@pytest.fixture
def world(github: GitHub) -> Iterator[World]:
    made = github.world(enterprise=True)
    yield made
    made.close()


@dataclass
class Terminal:
    """A home directory, and the command running in it."""

    home: Path
    world: World
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        found = {"PATH": os.environ["PATH"], "HOME": str(self.home), "REVIEWBOT_GITHUB_API_URL": self.world.api_url}
        return {**found, "XDG_CONFIG_HOME": str(self.home / "config"), **self.variables}

    @property
    def settings_file(self) -> Path:
        return self.home / "config" / "reviewbot" / "reviewbot.toml"

    def start(self, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "reviewbot", "app", "create", "--url", HOOK, *options],
            cwd=self.home,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def page(self, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
        """The running command and the address of its page."""
        process = self.start(*options)
        try:
            assert process.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
            assert found, process.communicate(timeout=20)
            yield process, found[0]
        finally:
            process.kill()
            process.communicate(timeout=20)

    def refused(self, *options: str) -> str:
        """What the command complains of, without having shown a page."""
        process = self.start(*options)
        said, complaint = process.communicate(timeout=30)
        assert process.returncode == 2, said + complaint
        assert "Traceback" not in complaint
        return complaint


@pytest.fixture
def terminal(tmp_path: Path, world: World) -> Terminal:
    return Terminal(tmp_path, world)


def fetched(url: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    try:
        with urlopen(Request(url, headers=headers), timeout=20) as answer:
            return answer.status, answer.read().decode(), dict(answer.headers)
    except HTTPError as error:
        return error.code, error.read().decode(), dict(error.headers)


def form(page: str) -> tuple[str, dict[str, Any]]:
    """Where the form of the page is posted to, and the manifest in it."""
    action = re.search(r'<form action="([^"]+)" method="post">', page)
    manifest = re.search(r'name="manifest" value="([^"]+)"', page)
    assert action and manifest
    return html.unescape(action[1]), json.loads(html.unescape(manifest[1]))


def came_back(world: World, page_url: str, code: str = "c0de") -> str:
    """The address that GitHub sends the browser back to."""
    action, manifest = form(fetched(page_url)[1])
    world.manifest_codes[code] = {}
    state = parse_qs(urlsplit(action).query)["state"][0]
    return f"{manifest['redirect_url']}?{urlencode({'code': code, 'state': state})}"


def test_the_app_is_created_and_its_credentials_are_the_users_own(terminal: Terminal, world: World) -> None:
    terminal.settings_file.parent.mkdir(parents=True)
    terminal.settings_file.write_text('# mine\nmodel = "anthropic:m"\n')

    with terminal.page("--org", "octo") as (process, url):
        status, page, headers = fetched(url)
        action, manifest = form(page)
        assert status == 200
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert urlsplit(action).path.endswith("/organizations/octo/settings/apps/new")
        assert manifest["hook_attributes"]["url"] == HOOK
        assert len(parse_qs(urlsplit(action).query)["state"][0]) >= 32
        status, page, _ = fetched(came_back(world, url))
        assert status == 200
        assert f"/apps/{world.slug}/installations/new" in page
        said, complaint = process.communicate(timeout=20)
        assert process.returncode == 0, complaint

    settings = load_settings(terminal.environment, terminal.home)
    assert (settings.github_app_id, settings.bot_name, settings.model) == (world.app_id, world.slug, "anthropic:m")
    assert settings.github_private_key is not None
    assert settings.github_private_key.get_secret_value().strip() == world.private_key.strip()
    assert len(settings.webhook_secrets[0]) == 40
    assert f"/apps/{world.slug}/installations/new" in said
    assert "PRIVATE KEY" not in said
    assert settings.webhook_secrets[0].decode() not in said
    files = [file for file in terminal.home.rglob("*") if file.is_file()]
    assert {file.parent for file in files} == {terminal.settings_file.parent}
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}


def test_an_answer_with_another_state_is_refused_and_the_right_one_still_counts(
    terminal: Terminal, world: World
) -> None:
    with terminal.page() as (process, url):
        good = came_back(world, url)
        for bad in (re.sub("state=.*", "state=x", good), good.partition("&state")[0], f"{url}callback"):
            assert fetched(bad)[0] == 400
        assert not terminal.settings_file.exists()
        assert "c0de" in world.manifest_codes, "a code of somebody else's is never taken to GitHub"

        assert fetched(good)[0] == 200
        assert process.wait(timeout=20) == 0


def test_a_code_that_github_does_not_take_ends_it_with_the_reason(terminal: Terminal, world: World) -> None:
    with terminal.page() as (process, url):
        address = came_back(world, url)
        world.manifest_codes.clear()
        status, page, _ = fetched(address)
        assert status == 502
        assert "did not take the code (404)" in page
        complaint = process.communicate(timeout=20)[1]
        assert process.returncode == 2
    assert "run `reviewbot app create` again" in complaint
    assert not terminal.settings_file.exists()


@pytest.mark.parametrize("wrong", [{"pem": None}, {"webhook_secret": "a,b" * 10}, {"slug": "../x"}, {"id": "x"}])
def test_an_answer_that_is_no_app_stores_nothing_and_shows_no_key(
    terminal: Terminal, world: World, wrong: dict[str, Any]
) -> None:
    with terminal.page() as (process, url):
        address = came_back(world, url)
        world.manifest_codes["c0de"] = wrong
        assert fetched(address)[0] == 502
        complaint = process.communicate(timeout=20)[1]
        assert process.returncode == 2
    assert "gave an answer that is no App" in complaint
    assert "PRIVATE KEY" not in complaint
    assert not terminal.settings_file.exists()


def test_a_page_of_another_name_that_leads_here_learns_nothing(terminal: Terminal) -> None:
    with terminal.page() as (_, url):
        status, page, _ = fetched(url, Host="evil.example.com")
        assert status == 421
        assert "state=" not in page
        assert fetched(f"{url}elsewhere")[0] == 404


def test_existing_credentials_are_kept_unless_they_are_to_be_replaced(terminal: Terminal, world: World) -> None:
    terminal.settings_file.parent.mkdir(parents=True)
    terminal.settings_file.write_text("github_app_id = 7\n")

    complaint = terminal.refused()
    assert f"REVIEWBOT_GITHUB_APP_ID is set ({terminal.settings_file}:1)" in complaint
    assert "--replace" in complaint

    with terminal.page("--replace") as (process, url):
        assert fetched(came_back(world, url))[0] == 200
        assert process.wait(timeout=20) == 0
    assert load_settings(terminal.environment, terminal.home).github_app_id == world.app_id


def test_credentials_in_the_environment_would_overrule_the_new_ones_and_have_to_go_first(terminal: Terminal) -> None:
    terminal.variables["REVIEWBOT_GITHUB_APP_ID"] = "7"

    assert "REVIEWBOT_GITHUB_APP_ID is set (environment): that would overrule" in terminal.refused("--replace")


def test_a_port_that_is_taken_is_named(terminal: Terminal) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        complaint = terminal.refused("--port", str(port))
    assert f"port {port} of 127.0.0.1" in complaint
    assert "give another --port" in complaint


def test_a_place_that_cannot_be_written_is_named_before_anything_is_created(terminal: Terminal) -> None:
    (terminal.home / "config").write_text("no directory")

    assert "cannot be written" in terminal.refused()
