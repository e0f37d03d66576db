"""A machine behind a proxy: git takes the same way out as everything else, and is told nothing more."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from reviewbot.errors import GitError
from reviewbot.git.command import git_output
from reviewbot.git.mirror import prepare_bare


def made_bare(folder: Path) -> None:
    folder.mkdir()
    prepare_bare(folder)


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """First lines of what is asked of a proxy that refuses everything."""
    asked: list[str] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                asked.append(connection.recv(65_536).decode().splitlines()[0])
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    threading.Thread(target=serve, daemon=True).start()
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listening.getsockname()[1]}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    return asked


def fetch(folder: Path, transports: str) -> None:
    made_bare(folder)
    git_output(["fetch", "-q", "https://git.example.org/a/b.git"], git_dir=folder, transports=transports)


def test_a_fetch_goes_through_the_proxy_that_is_set(tmp_path: Path, proxy: list[str]) -> None:
    with pytest.raises(GitError):
        fetch(tmp_path / "bare", "https")

    assert proxy == ["CONNECT git.example.org:443 HTTP/1.1"]


def test_git_that_has_nothing_to_fetch_is_not_told_of_a_proxy(tmp_path: Path, proxy: list[str]) -> None:
    made_bare(tmp_path / "bare")
    shown = git_output(
        ["-c", "alias.env=!env", "env"], git_dir=tmp_path / "bare", accepted_exit_codes=(0,)
    ).content.decode()

    assert "GIT_ALLOW_PROTOCOL=none" in shown
    assert "PROXY" not in shown.upper()


def test_a_fetch_trusts_the_certificates_that_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/our-own-roots.pem")
    made_bare(tmp_path / "bare")

    shown = git_output(["-c", "alias.env=!env", "env"], git_dir=tmp_path / "bare", transports="https").content.decode()

    assert "GIT_SSL_CAINFO=/etc/our-own-roots.pem" in shown
