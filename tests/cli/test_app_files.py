"""The new credentials take the place of the old ones, and nothing else in the settings changes."""

from __future__ import annotations

import tomllib

import pytest

from reviewbot.cli.app_files import with_values

VALUES = {"github_app_id": "8", "bot_name": '"new"', "github_private_key_file": '"new.pem"', "webhook_secret": '"s"'}
NEW = {"github_app_id": 8, "bot_name": "new", "github_private_key_file": "new.pem", "webhook_secret": "s"}


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("", {}),
        ("model = 'm:x'", {"model": "m:x"}),
        ("# ours\nmodel = 'm:x'\n\ngithub_app_id = 7\n# about ports\nport = 1\n", {"model": "m:x", "port": 1}),
        ("webhook_secret = 'old'\ngithub_private_key = '''\na\n\n# b\n'''\nport = 1", {"port": 1}),
        ("webhook_secret_file = 'a'\r\nport = 1\r\n", {"port": 1}),
        ("reviewers = [\n  'static', # github_app_id = 1\n]\nbot_name = 'old'\n", {"reviewers": ["static"]}),
    ],
)
def test_only_the_credentials_change(text: str, others: dict[str, object]) -> None:
    result = with_values(text, VALUES)

    assert tomllib.loads(result) == {**others, **NEW}
    assert [line for line in text.splitlines() if line.startswith("#") and line[-1] != "b"] == [
        line for line in result.splitlines() if line.startswith("#")
    ]
