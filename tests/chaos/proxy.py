"""A proxy between Samled and PostgreSQL that cuts connections: all at once, or one in the middle of its commit."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from threading import Lock, Thread

#: As it goes over the wire; without its end it would also be the beginning of READ COMMITTED.
COMMIT = b"COMMIT\0"


class Proxy:
    """Listens on a port of this machine and passes on to the server's Unix socket."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._target = str(folder / ".s.PGSQL.5432")
        self._chance = Random(seed)
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        #: Of how many commits one is cut, on the average; 0: of none.
        self.cut_one_commit_in = 0
        #: How many were cut before the server heard of the commit, and how many before it could answer.
        self.unheard = self.unanswered = 0

    def url(self, database: str) -> str:
        """The database's address through the proxy."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self._listener.getsockname()[1]}/{database}"

    def serve(self) -> None:
        """Pass on until closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(self._target)
                except OSError:
                    client.close()
                    continue
                with self._lock:
                    self._open |= {client, server}
                Thread(target=self._pass, args=(client, server, True), daemon=True).start()
                Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def cut_all(self) -> None:
        """End every connection."""
        with self._lock:
            ends, self._open = self._open, set()
        for end in ends:
            _end(end)

    def close(self) -> None:
        """Listen no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()

    def _pass(self, source: socket.socket, target: socket.socket, from_client: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if from_client and COMMIT in data and self._is_cut():
                    if self._chance.random() < 0.5:
                        self.unheard += 1
                    else:
                        self.unanswered += 1
                        # First the way back is closed, so that the server commits and its answer goes nowhere.
                        source.shutdown(socket.SHUT_RDWR)
                        target.sendall(data)
                        target.shutdown(socket.SHUT_WR)
                    break
                target.sendall(data)
        with self._lock:
            self._open -= {source, target}
        _end(source)
        _end(target)

    def _is_cut(self) -> bool:
        return bool(self.cut_one_commit_in) and self._chance.random() < 1 / self.cut_one_commit_in


@contextmanager
def running(folder: Path, seed: int) -> Iterator[Proxy]:
    """A proxy to the server whose socket is in the folder."""
    proxy = Proxy(folder, seed)
    Thread(target=proxy.serve, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()


def _end(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
