"""A real PostgreSQL for the tests: one throw-away server a test process, a fresh database a test.

Debian's package is used where it is installed. The server refuses to run as root, so as root it runs as the user
`postgres` that the package made. Without the package, `pgserver` (Python 3.12 and older) supplies the programs.
The server listens on a Unix socket only: no port to collide on when several test processes run side by side.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

REMEDY = (
    "No PostgreSQL to test against. Run `make test-tools` (installs Debian's postgresql and chromium), "
    "or use Python 3.12 or older, where the pgserver package brings one."
)
#: Speed over safety: the data is thrown away. Isolation and locking stay as in production.
FAST = ["fsync=off", "full_page_writes=off", "max_connections=200", "shared_buffers=64MB"]
#: Faster still, but whoever kills the server loses what it has committed within the last moments.
FORGETFUL = "synchronous_commit=off"
STARTUP_SECONDS = 60


def programs() -> Path:
    """The folder with initdb and postgres, newest version first."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    if debian:
        return debian[-1].parent
    try:
        from pgserver import POSTGRES_BIN_PATH
    except ImportError:
        raise RuntimeError(REMEDY) from None
    return Path(POSTGRES_BIN_PATH)


@dataclass
class Server:
    """A server: where its socket is, and how it is started."""

    socket_folder: Path
    command: list[str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers. Raises RuntimeError with its log when it does not."""
        log = self.socket_folder / "log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(self.command, stdout=output, stderr=output, cwd=self.socket_folder)
        _await(self, self.process, log)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT ends all connections first, SIGQUIT is a crash, from which it recovers when started."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)
            self.process = None

    def url(self, database: str) -> str:
        """An SQLAlchemy address of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.socket_folder}"

    def run(self, statement: str) -> None:
        """Run a statement that cannot be in a transaction, such as CREATE DATABASE."""
        with psycopg.connect(host=str(self.socket_folder), user="postgres", autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def create(self, database: str, template: str = "template0") -> str:
        """A new database, copied from a template; its address."""
        self.run(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database together with whoever is still connected to it."""
        self.run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


@contextmanager
def running(*, killable: bool = False) -> Iterator[Server]:
    """A server of our own, stopped and removed afterwards. `killable`: what it has committed outlives its crash."""
    folder = Path(tempfile.mkdtemp(prefix="samled-pg-"))  # short: a socket's path may have 107 characters
    data = folder / "data"
    binaries = programs()
    identity = _identity()
    if identity:
        shutil.chown(folder, "postgres", "postgres")
    initdb = [str(binaries / "initdb"), "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"]
    subprocess.run([*identity, *initdb, "-D", str(data)], check=True, capture_output=True, cwd=folder)
    command = [str(binaries / "postgres"), "-D", str(data), "-k", str(folder), "-c", "listen_addresses="]
    for setting in FAST if killable else [*FAST, FORGETFUL]:
        command += ["-c", setting]
    server = Server(folder, [*_tied_to_us(identity), *command])
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _identity() -> list[str]:
    """How to run a program as somebody PostgreSQL accepts."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise RuntimeError(f"PostgreSQL does not run as root and there is no user `postgres`. {REMEDY}") from None
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


def _tied_to_us(identity: list[str]) -> list[str]:
    """The same, but the server ends when the test process is killed: no server is left behind."""
    if not shutil.which("setpriv"):
        return identity
    return [*(identity or ["setpriv"]), "--pdeathsig=INT"]


def _await(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTUP_SECONDS
    while True:
        try:
            return server.run("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}") from None
            time.sleep(0.05)
