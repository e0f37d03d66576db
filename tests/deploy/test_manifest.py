"""What the App may do is written down once, and is the least that the product needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reviewbot.cli.app_manifest import EVENTS, PERMISSIONS, NewApp, form_action, new_app
from reviewbot.domain.events import Ignored
from reviewbot.errors import InputError
from reviewbot.github.tokens import LEAST_PERMISSIONS
from reviewbot.github.webhook import OwnIdentity, parse_event

ROOT = Path(__file__).parents[2]
HOOK = "https://reviewbot.example.com/github/webhook"
GITHUB = "https://api.github.com"


def test_the_manifest_that_is_shipped_is_the_one_that_is_sent() -> None:
    shipped = json.loads((ROOT / "deploy" / "app-manifest.json").read_text())

    assert shipped == NewApp(HOOK).manifest()


def test_s08_the_app_can_read_code_and_never_write_it() -> None:
    assert PERMISSIONS == {
        "metadata": "read",
        "contents": "read",
        "pull_requests": "write",
        "checks": "write",
        "issues": "write",
    }


def test_s08_the_app_asks_for_what_its_tokens_are_narrowed_to_and_no_more() -> None:
    assert dict(LEAST_PERMISSIONS) == PERMISSIONS


def test_the_app_is_for_its_owner_alone_and_its_deliveries_are_on() -> None:
    manifest = NewApp(HOOK).manifest("http://127.0.0.1:1/callback")

    assert manifest["public"] is False
    assert manifest["hook_attributes"] == {"url": HOOK, "active": True}
    assert manifest["redirect_url"] == "http://127.0.0.1:1/callback"


UNDERSTOOD = {
    "check_run": "rerequested",
    "check_suite": "rerequested",
    "issue_comment": "created",
    "issues": "labeled",
    "pull_request": "opened",
    "pull_request_review": "submitted",
    "pull_request_review_comment": "created",
    "pull_request_review_thread": "resolved",
    "repository": "renamed",
}


def test_the_app_subscribes_to_what_is_understood() -> None:
    assert set(EVENTS) == UNDERSTOOD.keys()
    for event, action in UNDERSTOOD.items():
        answer = parse_event(event, json.dumps({"action": action}).encode(), OwnIdentity(1))
        assert isinstance(answer, Ignored)
        # the only thing wrong with it is that it says of no installation
        assert "not sent by an App installation" in answer.reason


@pytest.mark.parametrize("event", ["installation", "installation_repositories", "installation_target"])
def test_events_that_github_sends_unasked_are_not_named_because_it_would_refuse_the_manifest(event: str) -> None:
    assert event not in EVENTS


@pytest.mark.parametrize(
    ("url", "hook"),
    [
        ("https://bot.example.com", "https://bot.example.com/github/webhook"),
        ("https://bot.example.com/", "https://bot.example.com/github/webhook"),
        (HOOK, HOOK),
        ("https://bot.example.com/behind/a/proxy", "https://bot.example.com/behind/a/proxy"),
    ],
)
def test_the_path_of_the_webhook_need_not_be_given(url: str, hook: str) -> None:
    assert new_app(url, "reviewbot", GITHUB).webhook_url == hook


@pytest.mark.parametrize(
    "url", ["bot.example.com", "ftp://host/x", "https://", "https://host/x?y=1", "https://u:p@host/", "http://host/x"]
)
def test_an_address_that_github_cannot_deliver_to_is_refused(url: str) -> None:
    with pytest.raises(InputError, match=r"--url .* expected"):
        new_app(url, "reviewbot", GITHUB)


def test_an_enterprise_server_may_deliver_without_tls() -> None:
    assert new_app("http://bot.internal", "reviewbot", "http://github.internal/api/v3").webhook_url.startswith(
        "http://"
    )


@pytest.mark.parametrize("name", ["", "x" * 35, "<b>", " x"])
def test_a_name_that_github_refuses_is_refused_before(name: str) -> None:
    with pytest.raises(InputError, match="--name"):
        new_app(HOOK, name, GITHUB)


def test_the_form_leads_to_the_owner_of_the_app() -> None:
    assert form_action("https://github.com", None, "s") == "https://github.com/settings/apps/new?state=s"
    assert form_action("https://git.example.org", "acme", "s") == (
        "https://git.example.org/organizations/acme/settings/apps/new?state=s"
    )
    with pytest.raises(InputError, match="--org"):
        form_action("https://github.com", "a/b", "s")
