"""Settings: layers, their order, masks, and errors that name the culprit."""

from __future__ import annotations

import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from reviewbot.config import (
    Settings,
    child_environment,
    load_settings,
    resolved,
    shown,
    unknown_variables,
    variable_name,
)
from reviewbot.errors import FileProblems, InputError
from reviewbot.toml_file import key_lines

SECRET = "sk-ant-" + "q7" * 30


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment whose user directories are empty."""
    return {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_DATA_HOME": str(tmp_path / "share")}


def source_of(name: str, environment: dict[str, str], directory: Path) -> tuple[str, str]:
    return next((row.shown_value, row.source) for row in resolved(environment, directory) if row.name == name)


def test_with_nothing_set_every_default_holds(home: dict[str, str], tmp_path: Path) -> None:
    settings = load_settings(home, tmp_path)

    assert settings.database_url == f"sqlite:///{tmp_path}/share/reviewbot/reviewbot.db"
    assert (settings.concurrency, settings.reviewers, settings.model) == (4, (), None)
    assert {row.source for row in resolved(home, tmp_path)} == {"default"}


def test_each_layer_yields_to_the_one_above_it(home: dict[str, str], tmp_path: Path) -> None:
    user_file = tmp_path / "config" / "reviewbot" / "reviewbot.toml"
    user_file.parent.mkdir(parents=True)
    name = "REVIEWBOT_MODEL"

    user_file.write_text('model = "m:user"\n')
    assert source_of(name, home, tmp_path) == ("m:user", f"{user_file}:1")
    (tmp_path / "reviewbot.toml").write_text('# ours\n\nmodel = "m:toml"\n')
    assert source_of(name, home, tmp_path) == ("m:toml", "reviewbot.toml:3")
    (tmp_path / ".env").write_text("export REVIEWBOT_MODEL='m:dotenv'  # comment\nOTHER_TOOL=1\n")
    assert source_of(name, home, tmp_path) == ("m:dotenv", ".env")
    (tmp_path / "model").write_text("m:file\n")
    home["REVIEWBOT_MODEL_FILE"] = "model"
    assert source_of(name, home, tmp_path) == ("m:file", f"file {tmp_path / 'model'} (REVIEWBOT_MODEL_FILE)")
    home["REVIEWBOT_MODEL"] = "m:environment"
    assert source_of(name, home, tmp_path) == ("m:environment", "environment")


def test_an_empty_variable_counts_as_absent(home: dict[str, str], tmp_path: Path) -> None:
    settings = load_settings({**home, "ANTHROPIC_API_KEY": "", "REVIEWBOT_CONCURRENCY": " "}, tmp_path)

    assert settings.anthropic_api_key is None
    assert settings.concurrency == 4


def test_values_have_their_types(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "reviewbot.toml").write_text(
        'reviewers = [\n  "static",\n  "llm",\n]\nbudget_per_review_usd = 2.50\nconcurrency = 8\nrepos = "~/clones"\n'
    )

    settings = load_settings(home, tmp_path)

    assert settings.reviewers == ("static", "llm")
    assert settings.budget_per_review_usd == Decimal("2.5")
    assert settings.concurrency == 8
    assert settings.repos == Path("~/clones").expanduser()
    assert source_of("REVIEWBOT_BUDGET_PER_REVIEW_USD", home, tmp_path)[1] == "reviewbot.toml:5"


def test_a_secret_is_never_shown_whole(home: dict[str, str], tmp_path: Path) -> None:
    environment = {**home, "ANTHROPIC_API_KEY": SECRET, "OPENAI_API_KEY": "short", "REVIEWBOT_DATABASE_URL": ""}
    environment["REVIEWBOT_DATABASE_URL"] = "postgresql://bot:p@ss/w:rd@db.example/reviews?sslpassword=hunter2"

    rows = {row.name: row.shown_value for row in resolved(environment, tmp_path)}

    assert rows["ANTHROPIC_API_KEY"] == "sk-a…(67 characters)"
    assert rows["OPENAI_API_KEY"] == "…(5 characters)"
    assert rows["REVIEWBOT_DATABASE_URL"] == "postgresql://bot:…@db.example/reviews?sslpassword=…"
    assert SECRET not in repr(load_settings(environment, tmp_path))


def test_every_wrong_variable_is_named_with_its_value_and_what_was_expected(
    home: dict[str, str], tmp_path: Path
) -> None:
    environment = {
        **home,
        "REVIEWBOT_CONCURRENCY": "many",
        "REVIEWBOT_BUDGET_PER_REVIEW_USD": "-1",
        "REVIEWBOT_DATABASE_URL": "mysql://host/name",
        "OPENAI_BASE_URL": "host:80",
    }

    with pytest.raises(InputError) as caught:
        load_settings(environment, tmp_path)

    assert str(caught.value).splitlines() == [
        "REVIEWBOT_DATABASE_URL (environment) is 'mysql://host/name'; "
        "expected sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME",
        "REVIEWBOT_CONCURRENCY (environment) is 'many'; expected a whole number from 1 to 64",
        "REVIEWBOT_BUDGET_PER_REVIEW_USD (environment) is '-1'; expected an amount in US dollars above 0, such as 2.50",
        "OPENAI_BASE_URL (environment) is 'host:80'; expected an address such as https://host/v1",
    ]


@pytest.mark.parametrize("bad", [SECRET + " x", "schlüssel-" + SECRET, SECRET + "\nsecond line"])
def test_a_refused_secret_stands_in_no_message_and_no_traceback(home: dict[str, str], tmp_path: Path, bad: str) -> None:
    (tmp_path / "key").write_text(bad)

    with pytest.raises(InputError, match=r"ANTHROPIC_API_KEY .* not shown") as caught:
        load_settings({**home, "ANTHROPIC_API_KEY_FILE": str(tmp_path / "key")}, tmp_path)

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read: No such file"), (b"", "is empty"), (b"\xff", "not UTF-8"), (b"x" * 100_001, "larger")],
)
def test_a_bad_pointer_to_a_secret_is_an_input_error(
    home: dict[str, str], tmp_path: Path, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)

    with pytest.raises(InputError, match=words) as caught:
        load_settings({**home, "OPENAI_API_KEY_FILE": str(tmp_path / "key")}, tmp_path)

    assert "OPENAI_API_KEY_FILE" in str(caught.value)


def test_unknown_keys_are_named_with_their_line_and_the_likely_name(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "reviewbot.toml").write_text(
        'model = "m:x"\nreviewers = [\n  "a", # modle = 1\n]\nmodle = """\njudge = 1\n"""\n[github]\nmodel = 1\n'
    )

    with pytest.raises(FileProblems) as caught:
        load_settings(home, tmp_path)

    assert [(problem.line, problem.what) for problem in caught.value.problems] == [
        (5, "unknown key 'modle'"),
        (8, "unknown key 'github'"),
    ]
    assert str(caught.value).startswith("reviewbot.toml:5:1: unknown key 'modle'; expected model")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("model = 'a'\njudge = = 2\n", 2, "not TOML"),
        ("model = 'a'\nmodel = 'b'\n", 2, "not TOML"),
        ("\nconcurrency = true\n", 2, "concurrency is true or false"),
        ("\n\njudge = {a = 1}\n", 3, "judge is a table"),
        ("reviewers = [1]\n", 1, "reviewers is a list"),
    ],
)
def test_a_file_that_is_not_settings_is_refused_with_its_line(
    home: dict[str, str], tmp_path: Path, text: str, line: int, words: str
) -> None:
    (tmp_path / "reviewbot.toml").write_text(text)

    with pytest.raises(FileProblems, match=words) as caught:
        load_settings(home, tmp_path)

    assert caught.value.problems[0].line == line


def test_a_broken_dotenv_line_is_named(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nREVIEWBOT_MODEL='never closed\n")

    with pytest.raises(InputError, match=r"\.env:2: not a line of the form NAME=value"):
        load_settings(home, tmp_path)


def test_dotenv_does_not_expand_variables_of_the_process(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("REVIEWBOT_MODEL=m:${PATH}\n")

    assert load_settings(home, tmp_path).model == "m:${PATH}"


def test_a_huge_statement_in_toml_takes_no_more_than_a_moment() -> None:
    text = "reviewers = [\n" + '"a",\n' * 15_000 + "]\nmodel = 1\n"

    started = time.monotonic()
    key_lines(text)

    assert time.monotonic() - started < 2


def test_a_child_inherits_path_and_language_and_what_is_named() -> None:
    environment = {"PATH": "/bin", "LANG": "C.UTF-8", "LINEAR_TOKEN": "t", "OPENAI_API_KEY": "k"}

    assert child_environment(["LINEAR_TOKEN", "ABSENT"], environment) == {
        "PATH": "/bin",
        "LANG": "C.UTF-8",
        "LINEAR_TOKEN": "t",
    }


def test_every_setting_is_described_and_every_checked_one_says_what_it_expects(tmp_path: Path) -> None:
    for field, described in Settings.model_fields.items():
        assert described.description, f"{variable_name(field)} has no description"
        assert described.description.endswith("."), f"{variable_name(field)}: a description is a sentence"


def test_a_short_secret_shows_nothing_of_itself() -> None:
    settings = Settings(database_url="sqlite:///x", openai_api_key="abc123")  # type: ignore[arg-type]

    assert "a" not in shown(settings.openai_api_key).replace("characters", "")


def test_loading_settings_loads_nothing_that_is_slow(tmp_path: Path) -> None:
    slow = ("sqlalchemy", "sqlmodel", "anthropic", "openai", "github", "requests", "fastapi", "dbos", "opentelemetry")
    program = (
        "import sys\n"
        "from reviewbot.config import load_settings\n"
        "load_settings({'HOME': '/nowhere'})\n"
        f"print(*[name for name in {slow!r} if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, cwd=tmp_path, text=True)

    assert done.stdout.split() == []


def test_keys_inside_a_table_are_not_taken_for_settings() -> None:
    assert key_lines("[github]\nmodel = 1\n\n[other]\n") == {"github": 1, "other": 4}


def test_the_commands_that_show_settings_load_none_before_they_run() -> None:
    program = (
        "import sys, reviewbot.cli.config, reviewbot.cli.doctor\n"
        "print([name for name in ('pydantic', 'reviewbot.config', 'psycopg') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


EVIL = "https://evil.example/v1"


@pytest.mark.parametrize(
    ("file", "text", "place", "key"),
    [
        (".env", f"ANTHROPIC_BASE_URL={EVIL}", ".env", "ANTHROPIC_BASE_URL"),
        (".env", f"OPENAI_BASE_URL={EVIL}", ".env", "OPENAI_BASE_URL"),
        (".env", f"REVIEWBOT_MODEL=compatible:m@{EVIL}", ".env", "REVIEWBOT_MODEL"),
        (".env", f"REVIEWBOT_JUDGE=' COMPATIBLE:m@{EVIL}'", ".env", "REVIEWBOT_JUDGE"),
        (".env", "REVIEWBOT_REVIEWERS=llm,command:sh -c true", ".env", "REVIEWBOT_REVIEWERS"),
        (".env", "REVIEWBOT_PRICES_FILE=prices.json", ".env", "REVIEWBOT_PRICES_FILE"),
        (".env", "REVIEWBOT_DATABASE_URL=postgresql://evil.example/x", ".env", "REVIEWBOT_DATABASE_URL"),
        (".env", "OPENAI_BASE_URL_FILE=url", "(OPENAI_BASE_URL_FILE in .env)", "OPENAI_BASE_URL"),
        ("reviewbot.toml", f"\nopenai_base_url = '{EVIL}'", "reviewbot.toml:2", "openai_base_url"),
        ("reviewbot.toml", f"model = 'compatible:m@{EVIL}'", "reviewbot.toml:1", "model"),
        ("reviewbot.toml", "reviewers = ['static', 'their-plug-in']", "reviewbot.toml:1", "reviewers"),
        ("reviewbot.toml", "reviewers = ['static,command:x']", "reviewbot.toml:1", "reviewers"),
        ("reviewbot.toml", "prices_file = 'p.json'", "reviewbot.toml:1", "prices_file"),
        ("reviewbot.toml", "database_url = 'sqlite:///x.db'", "reviewbot.toml:1", "database_url"),
        (".env", f"REVIEWBOT_GITHUB_API_URL={EVIL}", ".env", "REVIEWBOT_GITHUB_API_URL"),
        (".env", "REVIEWBOT_GITHUB_GIT_URL=/tmp", ".env", "REVIEWBOT_GITHUB_GIT_URL"),
        (".env", "REVIEWBOT_HOST=0.0.0.0", ".env", "REVIEWBOT_HOST"),
        (".env", "REVIEWBOT_CACHE_DIRECTORY=/tmp", ".env", "REVIEWBOT_CACHE_DIRECTORY"),
        ("reviewbot.toml", "github_app_id = 1", "reviewbot.toml:1", "github_app_id"),
        ("reviewbot.toml", "bot_name = 'x'", "reviewbot.toml:1", "bot_name"),
    ],
)
def test_a_file_of_the_checkout_cannot_send_keys_elsewhere_or_run_programs(
    home: dict[str, str], tmp_path: Path, file: str, text: str, place: str, key: str
) -> None:
    (tmp_path / "url").write_text(EVIL)
    (tmp_path / file).write_text(text + "\n")

    with pytest.raises(InputError) as caught:
        load_settings(home, tmp_path)

    first, remedy = str(caught.value).splitlines()
    assert f"{place}: {key} is " in first
    assert "Set this in the environment" in remedy
    assert str(tmp_path / "config" / "reviewbot" / "reviewbot.toml") in remedy


def test_the_environment_overrules_a_checkout_that_must_not_decide(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"OPENAI_BASE_URL={EVIL}\nREVIEWBOT_REVIEWERS=command:sh\n")

    settings = load_settings({**home, "OPENAI_BASE_URL": "http://ours/v1", "REVIEWBOT_REVIEWERS": "ours"}, tmp_path)

    assert (settings.openai_base_url, settings.reviewers) == ("http://ours/v1", ("ours",))


def test_the_users_own_file_decides_everything_also_from_its_own_directory(
    home: dict[str, str], tmp_path: Path
) -> None:
    own = tmp_path / "config" / "reviewbot"
    own.mkdir(parents=True)
    (own / "reviewbot.toml").write_text(f"reviewers = ['command:x']\nopenai_base_url = '{EVIL}'\n")

    assert load_settings(home, tmp_path).reviewers == ("command:x",)
    assert load_settings(home, own).openai_base_url == EVIL


def test_a_checkout_still_decides_what_can_do_no_harm(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"ANTHROPIC_API_KEY={SECRET}\nREVIEWBOT_MODEL=anthropic:m\n")
    (tmp_path / "reviewbot.toml").write_text("reviewers = ['llm', 'static']\nconcurrency = 2\n")

    settings = load_settings(home, tmp_path)

    assert (settings.model, settings.reviewers, settings.concurrency) == ("anthropic:m", ("llm", "static"), 2)
    assert settings.anthropic_api_key is not None


def test_a_pointer_of_the_checkout_shows_no_file_of_the_user(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(SECRET)
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / ".env").write_text("REVIEWBOT_CONCURRENCY_FILE=../credentials\n")

    with pytest.raises(InputError, match="outside of the working directory") as caught:
        load_settings(home, tmp_path / "checkout")

    assert SECRET not in str(caught.value)


def test_variables_that_only_look_like_settings_are_told_with_the_name_that_was_meant(
    home: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("REVIEWBOT_REVIEWER=static\nOTHER=1\n")
    environment = {
        **home,
        "REVIEWBOT_MODLE": "m:x",
        "REVIEWBOT_OPENAI_API_KEY": SECRET,
        "REVIEWBOT_MODEL_FILE": "model",
        "REVIEWBOT_PRICES_FILE_FILE": "x",
        "REVIEWBOT_XYZZY": "1",
        "reviewbot_judge": "m:y",
    }

    unknown = unknown_variables(environment, tmp_path)

    assert {(one.name, one.source): one.nearest for one in unknown} == {
        ("REVIEWBOT_MODLE", "environment"): "REVIEWBOT_MODEL",
        ("REVIEWBOT_OPENAI_API_KEY", "environment"): "OPENAI_API_KEY",
        ("REVIEWBOT_PRICES_FILE_FILE", "environment"): "REVIEWBOT_PRICES_FILE",
        ("REVIEWBOT_XYZZY", "environment"): "",
        ("reviewbot_judge", "environment"): "REVIEWBOT_JUDGE",
        ("REVIEWBOT_REVIEWER", ".env"): "REVIEWBOT_REVIEWERS",
    }


PEM = "-----BEGIN RSA PRIVATE KEY-----\n" + "q7Aa" * 16 + "\n-----END RSA PRIVATE KEY-----"
HOOK_SECRET = "hook-" + "q7" * 12


@pytest.mark.parametrize(
    ("api", "git"),
    [
        ("", "https://github.com"),
        ("https://api.github.com/", "https://github.com"),
        ("https://git.example.org/api/v3", "https://git.example.org"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com"),
        ("http://127.0.0.1:8080/api/v3/", "http://127.0.0.1:8080"),
    ],
)
def test_repositories_are_fetched_from_the_server_of_the_api(
    home: dict[str, str], tmp_path: Path, api: str, git: str
) -> None:
    settings = load_settings({**home, "REVIEWBOT_GITHUB_API_URL": api}, tmp_path)

    assert (settings.github_git_url, settings.github_web_url) == (git, git)


@pytest.mark.parametrize("url", ["/srv/git", "file:///srv/git", "http://127.0.0.1:1/x", "https://git.example.org"])
def test_repositories_may_be_fetched_from_elsewhere(home: dict[str, str], tmp_path: Path, url: str) -> None:
    assert load_settings({**home, "REVIEWBOT_GITHUB_GIT_URL": url}, tmp_path).github_git_url == url


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("REVIEWBOT_GITHUB_API_URL", "api.github.com"),
        ("REVIEWBOT_GITHUB_API_URL", "http://api.github.com"),
        ("REVIEWBOT_GITHUB_API_URL", "https://user:pass@host/api/v3"),
        ("REVIEWBOT_GITHUB_GIT_URL", "http://github.com"),
        ("REVIEWBOT_GITHUB_GIT_URL", "ssh://git@github.com"),
        ("REVIEWBOT_GITHUB_GIT_URL", "relative/directory"),
        ("REVIEWBOT_GITHUB_APP_ID", "0"),
        ("REVIEWBOT_GITHUB_APP_ID", "reviewbot"),
        ("REVIEWBOT_GITHUB_PRIVATE_KEY", "AAAA"),
        ("REVIEWBOT_GITHUB_PRIVATE_KEY", PEM.replace("END RSA", "END")),
        ("REVIEWBOT_WEBHOOK_SECRET", "short"),
        ("REVIEWBOT_WEBHOOK_SECRET", f"{HOOK_SECRET},short"),
        ("REVIEWBOT_WEBHOOK_SECRET", ","),
        ("REVIEWBOT_BOT_NAME", "@reviewbot"),
        ("REVIEWBOT_HOST", "0.0.0.0/0"),
        ("REVIEWBOT_PORT", "65536"),
        ("REVIEWBOT_BUDGET_PER_DAY_USD", "0"),
        ("REVIEWBOT_CACHE_GIGABYTES", "0"),
        ("REVIEWBOT_QUIET_SECONDS", "-1"),
        ("REVIEWBOT_QUIET_SECONDS", "nan"),
        ("REVIEWBOT_REVIEWS_PER_HOUR", "0"),
        ("REVIEWBOT_RECONCILE_MINUTES", "often"),
    ],
)
def test_a_wrong_setting_of_the_service_is_named_with_what_was_expected(
    home: dict[str, str], tmp_path: Path, name: str, bad: str
) -> None:
    with pytest.raises(InputError) as caught:
        load_settings({**home, name: bad}, tmp_path)

    assert str(caught.value).startswith(f"{name} (environment) ")
    assert not str(caught.value).endswith("expected text")
    assert "\n" not in str(caught.value)
    if name.endswith(("KEY", "SECRET")):
        assert bad not in str(caught.value)


@pytest.mark.parametrize("written", [PEM, PEM.replace("\n", "\\n"), PEM.replace("\n", "\r\n"), f"\n{PEM}\n\n"])
def test_a_private_key_may_come_as_one_line_or_with_the_line_ends_of_another_system(
    home: dict[str, str], tmp_path: Path, written: str
) -> None:
    settings = load_settings({**home, "REVIEWBOT_GITHUB_PRIVATE_KEY": written}, tmp_path)

    assert settings.github_private_key is not None
    assert settings.github_private_key.get_secret_value() == f"{PEM}\n"


def test_f09_two_webhook_secrets_hold_while_one_follows_the_other(home: dict[str, str], tmp_path: Path) -> None:
    settings = load_settings({**home, "REVIEWBOT_WEBHOOK_SECRET": f"{HOOK_SECRET}, second-{HOOK_SECRET}"}, tmp_path)

    assert settings.webhook_secrets == (HOOK_SECRET.encode(), f"second-{HOOK_SECRET}".encode())
    assert load_settings(home, tmp_path).webhook_secrets == ()


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".env", f"REVIEWBOT_WEBHOOK_SECRET={HOOK_SECRET}"),
        (".env", "REVIEWBOT_WEBHOOK_SECRET_FILE=secret"),
        ("reviewbot.toml", f"webhook_secret = '{HOOK_SECRET}'"),
        ("reviewbot.toml", f"github_private_key = {PEM!r}"),
    ],
)
def test_a_file_of_the_checkout_cannot_bring_the_apps_secrets_and_shows_none(
    home: dict[str, str], tmp_path: Path, file: str, text: str
) -> None:
    (tmp_path / "secret").write_text(HOOK_SECRET)
    (tmp_path / file).write_text(f"{text}\n".replace("'-----", '"-----').replace("-----'", '-----"'))

    with pytest.raises(InputError, match="has a value that is not shown") as caught:
        load_settings(home, tmp_path)

    assert HOOK_SECRET not in str(caught.value)
    assert "q7Aa" not in str(caught.value)


def test_the_users_own_file_may_name_the_files_that_hold_secrets(home: dict[str, str], tmp_path: Path) -> None:
    own = tmp_path / "config" / "reviewbot"
    own.mkdir(parents=True)
    (own / "app.pem").write_text(PEM)
    (own / "reviewbot.toml").write_text("github_app_id = 7\ngithub_private_key_file = 'app.pem'\n")

    for directory in (tmp_path, own):
        settings = load_settings(home, directory)
        assert settings.github_private_key is not None
        assert settings.github_app_id == 7
    assert source_of("REVIEWBOT_GITHUB_PRIVATE_KEY", home, tmp_path) == (
        f"----…({len(PEM) + 1} characters)",
        f"file {own / 'app.pem'} ({own / 'reviewbot.toml'}:2)",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("webhook_secret_file = 'none'", "reviewbot.toml:1: webhook_secret_file: file .* cannot be read"),
        (f"webhook_secret = '{HOOK_SECRET}'\nwebhook_secret_file = 'empty'", "both set"),
        ("webhook_secret_file = 'empty'", "is empty; expected the value of REVIEWBOT_WEBHOOK_SECRET"),
        ("model_file = 'empty'", "unknown key 'model_file'"),
    ],
)
def test_a_bad_pointer_in_the_users_own_file_is_named(
    home: dict[str, str], tmp_path: Path, text: str, words: str
) -> None:
    own = tmp_path / "config" / "reviewbot"
    own.mkdir(parents=True)
    (own / "empty").touch()
    (own / "reviewbot.toml").write_text(text)

    with pytest.raises(InputError, match=words):
        load_settings(home, tmp_path)


def test_a_checkout_cannot_point_at_the_users_files(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "reviewbot.toml").write_text("anthropic_api_key_file = '~/.ssh/id_rsa'\n")

    with pytest.raises(FileProblems, match="unknown key 'anthropic_api_key_file'"):
        load_settings(home, tmp_path)


def test_fetched_repositories_are_kept_in_the_users_cache_directory(home: dict[str, str], tmp_path: Path) -> None:
    environment = {**home, "XDG_CACHE_HOME": str(tmp_path / "cache")}

    assert load_settings(environment, tmp_path).cache_directory == tmp_path / "cache" / "reviewbot" / "repositories"
