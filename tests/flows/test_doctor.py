"""`reviewbot doctor` and `reviewbot config show` as a user meets them: real processes, real files."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

SECRET = "sk-ant-" + "q7" * 30
PROGRAM = """
import typer
from reviewbot.cli import config, doctor
app = typer.Typer(pretty_exceptions_enable=False)
app.command("doctor")(doctor.doctor)
app.add_typer(config.app, name="config")
app()
"""


def run(directory: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "PYTHONIOENCODING": "utf-8", **variables}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


def checks(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    assert "Traceback" not in done.stderr
    return {check["name"]: check for check in json.loads(done.stdout)}


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_without_any_setting_nothing_needed_is_broken_and_the_static_reviewer_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor")

    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith("OK       git ") for line in lines)
    assert "MISSING  keys       no key for a model is set" in lines
    assert " " * 20 + "Set ANTHROPIC_API_KEY or OPENAI_API_KEY." in lines
    assert any(line.startswith("OK       reviewers  Reviewer: static") for line in lines)
    assert lines[-1] == "Nothing that is needed is broken."
    assert "\x1b" not in done.stdout, "no colours where no terminal reads"
    assert not list(tmp_path.rglob("*.db")), "looking changes nothing"


def test_with_a_key_the_model_reviewer_follows_and_an_unreachable_service_is_a_problem(
    tmp_path: Path, closed_port: int
) -> None:
    done = run(
        tmp_path, "doctor", "--json", ANTHROPIC_API_KEY=SECRET, ANTHROPIC_BASE_URL=f"http://127.0.0.1:{closed_port}"
    )

    found = checks(done)
    assert done.returncode == 2
    assert found["keys"]["said"] == "ANTHROPIC_API_KEY"
    assert "llm with anthropic:" in found["reviewers"]["said"]
    assert found["model"]["status"] == "PROBLEM"
    assert found["model"]["remedy"]
    assert SECRET not in done.stdout + done.stderr


def test_settings_that_cannot_be_read_are_a_problem_and_not_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "reviewbot.toml").write_text("modle = 'x'\n")

    done = run(tmp_path, "doctor")

    assert done.returncode == 2
    assert "PROBLEM  settings   reviewbot.toml:1:1: unknown key 'modle'; expected model" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 problem."
    assert "Traceback" not in done.stderr


def test_a_missing_git_is_a_problem_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    done = run(tmp_path, "doctor", "--json", PATH=str(tmp_path / "empty"))

    found = checks(done)
    assert done.returncode == 2
    assert found["git"]["status"] == "PROBLEM"
    assert "2.30" in found["git"]["remedy"]


@pytest.mark.parametrize(("version", "status"), [("2.29.9", "PROBLEM"), ("2.30.0", "OK"), ("3.0.1.windows.1", "OK")])
def test_git_is_judged_by_its_version(tmp_path: Path, version: str, status: str) -> None:
    (tmp_path / "git").write_text(f"#!/bin/sh\necho git version {version}\n")
    (tmp_path / "git").chmod(0o755)

    assert checks(run(tmp_path, "doctor", "--json", PATH=str(tmp_path)))["git"]["status"] == status


def test_a_database_that_cannot_be_written_or_reached_is_a_problem(tmp_path: Path, closed_port: int) -> None:
    directory = run(tmp_path, "doctor", "--json", REVIEWBOT_DATABASE_URL=f"sqlite:///{tmp_path}")
    server = run(
        tmp_path, "doctor", "--json", REVIEWBOT_DATABASE_URL=f"postgresql://bot:hunter2@127.0.0.1:{closed_port}/reviews"
    )

    assert (directory.returncode, server.returncode) == (2, 2)
    assert checks(directory)["database"]["said"] == f"{tmp_path} is a directory"
    assert "postgresql://bot:…@127.0.0.1" in checks(server)["database"]["said"]
    assert "hunter2" not in server.stdout + server.stderr


def database(url: str, directory: Path, **variables: str) -> tuple[dict[str, str], subprocess.CompletedProcess[str]]:
    done = run(directory, "doctor", "--json", REVIEWBOT_DATABASE_URL=url, **variables)
    return checks(done)["database"], done


def tables(address: str) -> set[str]:
    with psycopg.connect(address) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {str(row[0]) for row in rows}


@pytest.fixture
def empty_database(postgres_address: str) -> str:
    name = f"doctor_{os.urandom(6).hex()}"
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return postgres_address.replace("/postgres?", f"/{name}?", 1)


def test_a_real_server_is_in_order_and_its_tables_are_brought_up_to_date(tmp_path: Path, empty_database: str) -> None:
    found, done = database(empty_database, tmp_path)

    assert (found["status"], done.returncode) == ("OK", 0), done.stdout
    assert "(PostgreSQL " in found["said"]
    assert "alembic_version" in tables(empty_database)


def test_tables_of_another_version_are_a_problem_on_both_kinds_of_database(tmp_path: Path, empty_database: str) -> None:
    files = tmp_path / "reviews.db"
    made = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"
    newer = "INSERT INTO alembic_version VALUES ('9999_newer')"
    with psycopg.connect(empty_database) as connection, sqlite3.connect(files) as file:
        for statement in (made, newer):
            connection.execute(statement.encode())
            file.execute(statement)

    for url in (empty_database, f"sqlite:///{files}"):
        found, done = database(url, tmp_path)
        assert (found["status"], done.returncode) == ("PROBLEM", 2)
        assert "another version of reviewbot" in found["said"]


def test_the_password_stands_in_none_of_the_servers_own_words(tmp_path: Path, empty_database: str) -> None:
    named = urlsplit(empty_database)
    unknown = named._replace(netloc="postgres:hunter2@", path="/hunter2").geturl()

    found, done = database(unknown, tmp_path)

    assert found["status"] == "PROBLEM"
    assert 'database "…" does not exist' in found["said"], "the server quotes what it was given"
    assert "hunter2" not in done.stdout + done.stderr


def test_a_password_in_the_query_of_the_address_is_masked_where_the_tables_cannot_be_made(
    tmp_path: Path, empty_database: str
) -> None:
    with psycopg.connect(empty_database) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('of hunter 2')")

    found, done = database(f"{empty_database}&password=of%20hunter%202", tmp_path)

    assert found["status"] == "PROBLEM"
    assert "hunter" not in done.stdout + done.stderr


def test_a_file_that_is_no_database_is_a_problem_and_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "reviews.db").write_bytes(b"precious notes, no database\n" * 100)

    found, _ = database(f"sqlite:///{tmp_path / 'reviews.db'}", tmp_path)

    assert found["status"] == "PROBLEM"
    assert "not a database" in found["said"]
    assert (tmp_path / "reviews.db").read_bytes() == b"precious notes, no database\n" * 100


def test_a_database_that_is_not_there_is_tried_and_not_made(tmp_path: Path) -> None:
    found, _ = database(f"sqlite:///{tmp_path / 'new' / 'reviews.db'}", tmp_path)

    assert found["status"] == "OK"
    assert found["said"].endswith("(is made when first needed)")
    assert list(tmp_path.iterdir()) == []


def test_plug_ins_are_loaded_and_one_that_does_not_load_is_a_problem(tmp_path: Path) -> None:
    site, folder = tmp_path / "site", tmp_path / "here"
    site.mkdir()
    folder.mkdir()
    (site / "good.py").write_text("class Good:\n    name = 'good'\n    def review(self, task): ...\n")
    (site / "bad.py").write_text("import a_module_that_nobody_has\n")
    (site / "rival-1.0.dist-info").mkdir()
    (site / "rival-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: rival\nVersion: 1.0\n")
    (site / "rival-1.0.dist-info" / "entry_points.txt").write_text(
        "[reviewbot.reviewers]\ngood = good:Good\nbad = bad:Bad\n"
    )

    done = run(folder, "doctor", "--json", PYTHONPATH=str(site), REVIEWBOT_REVIEWERS="static,good,absent")

    assert done.returncode == 2
    said = [check["said"] for check in json.loads(done.stdout) if check["name"] == "plug-in"]
    assert said[0].startswith("rival 1.0: bad:Bad cannot be loaded: ModuleNotFoundError")
    assert said[1].startswith("no package brings a reviewer 'absent'")
    assert checks(done)["plug-ins"]["said"] == "good"


def test_a_variable_that_is_no_setting_is_listed_as_unknown_and_breaks_nothing(tmp_path: Path) -> None:
    doctor = run(tmp_path, "doctor", REVIEWBOT_MODLE="secret words")
    table = run(tmp_path, "config", "show", REVIEWBOT_MODLE="secret words")

    assert doctor.returncode == 0
    assert "UNKNOWN  variable   REVIEWBOT_MODLE (environment) is no setting" in doctor.stdout
    assert " " * 20 + "Perhaps REVIEWBOT_MODEL is meant." in doctor.stdout
    assert "environment: unknown, perhaps REVIEWBOT_MODEL is meant" in table.stdout
    assert "secret words" not in doctor.stdout + table.stdout


def test_config_show_tells_every_value_its_source_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "reviewbot.toml").write_text("# ours\nconcurrency = 2\n")

    table = run(tmp_path, "config", "show", ANTHROPIC_API_KEY=SECRET)
    listed = run(tmp_path, "config", "show", "--json", ANTHROPIC_API_KEY=SECRET)

    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in table.stdout.splitlines()}
    assert rows["SETTING"] == ["VALUE", "FROM"]
    assert rows["REVIEWBOT_CONCURRENCY"] == ["2", "reviewbot.toml:2"]
    assert "sk-a…(67 characters)  " in table.stdout
    by_name = {row["name"]: row for row in json.loads(listed.stdout)}
    assert by_name["ANTHROPIC_API_KEY"]["source"] == "environment"
    assert by_name["REVIEWBOT_MODEL"] == {
        "name": "REVIEWBOT_MODEL",
        "shown_value": "",
        "source": "default",
        "description": by_name["REVIEWBOT_MODEL"]["description"],
    }
    assert SECRET[:8] not in table.stdout + listed.stdout
