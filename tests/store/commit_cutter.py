"""A wire to PostgreSQL that breaks at the one moment that matters: while a transaction is being committed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Literal

Where = Literal["before", "after"]


class CommitCutter:
    """Listens on loopback and passes everything on to a server's socket, until it is told to cut."""

    def __init__(self, server_socket: str) -> None:
        self._server_socket = server_socket
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._cut: Where | None = None
        self.cuts = 0
        Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def cut_next_commit(self, where: Where) -> None:
        """Before the server sees it, or after the server has done it and before the client is told."""
        self._cut = where

    def close(self) -> None:
        # Closing alone would leave the thread that waits for one more client.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server_socket)
                is_deaf = Event()
                Thread(target=self._to_server, args=(client, server, is_deaf), daemon=True).start()
                Thread(target=self._to_client, args=(client, server, is_deaf), daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket, is_deaf: Event) -> None:
        with suppress(OSError):
            while piece := client.recv(65_536):
                if b"COMMIT" in piece and self._cut is not None:
                    where, self._cut = self._cut, None
                    self.cuts += 1
                    if where == "before":
                        break
                    is_deaf.set()
                server.sendall(piece)
        if not is_deaf.is_set():
            _hang_up(client, server)

    def _to_client(self, client: socket.socket, server: socket.socket, is_deaf: Event) -> None:
        with suppress(OSError):
            while piece := server.recv(65_536):
                if is_deaf.is_set():
                    break
                client.sendall(piece)
        _hang_up(client, server)


def _hang_up(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextmanager
def cutter_before(address: str) -> Iterator[tuple[CommitCutter, str]]:
    """A cutter in front of the server of this address, and the address that leads through it."""
    base, _, folder = address.partition("?host=")
    cutter = CommitCutter(f"{folder}/.s.PGSQL.5432")
    through = base.replace("@/", f"@127.0.0.1:{cutter.port}/", 1)
    try:
        yield cutter, f"{through}?sslmode=disable&gssencmode=disable"
    finally:
        cutter.close()
