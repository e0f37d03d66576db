"""The guard that keeps all tests off the network."""

from __future__ import annotations

import socket

import pytest


@pytest.mark.parametrize("address", ["192.0.2.1", "example.com"])
def test_another_machine_cannot_be_reached(address: str, blocked_connections: list[str]) -> None:
    with pytest.raises(RuntimeError, match="this machine only"):
        socket.create_connection((address, 80), timeout=0.1)

    assert blocked_connections  # an attempt that the code swallows would fail the test here
    blocked_connections.clear()


def test_the_loopback_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 1) as client:
        assert client.getpeername() == server.getsockname()
