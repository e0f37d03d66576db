"""Ports for servers that tests start as processes of their own."""

from __future__ import annotations

import os
import random
import socket

_FIRST, _LAST = 10_000, 30_000


def free_port() -> int:
    """A port that is free now; the system itself gives away higher ones (ip_local_port_range), so it stays free."""
    chance = random.Random(os.urandom(8))
    while True:
        port = chance.randrange(_FIRST, _LAST)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
