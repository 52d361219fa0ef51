"""Throw-away databases to measure on: durable ones. Those that the tests use are not."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from engine.errors import SamledError

_STARTUP_SECONDS = 60
#: Beyond the server's defaults, which write every commit to disk. Room for what part 3 fills.
_SERVER_SETTINGS = (
    "listen_addresses=",
    "shared_buffers=512MB",
    "max_wal_size=4GB",
    "fsync=on",
    "synchronous_commit=on",
)


class NoPostgreSQL(SamledError):
    """PostgreSQL did not start. Name a server with --database or SAMLED_BENCH_POSTGRES, or leave it out."""


class Databases:
    """Makes a fresh, empty database whenever one is asked for, and removes it again."""

    def __init__(self, kind: str, url: str) -> None:
        """`kind`: sqlite or postgresql. `url`: a folder for SQLite's files, an address of any database of a server."""
        self.kind = kind
        self._url = url

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The address of a new database; it is gone after the block."""
        with self._file() if self.kind == "sqlite" else self._beside() as url:
            yield url

    @contextmanager
    def _file(self) -> Iterator[str]:
        with tempfile.TemporaryDirectory(dir=self._url, prefix="samled-bench-") as folder:
            yield f"sqlite:///{folder}/bench.db"

    @contextmanager
    def _beside(self) -> Iterator[str]:
        name = f"samled_bench_{secrets.token_hex(4)}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            yield make_url(self._url).set(database=name).render_as_string(hide_password=False)
        finally:
            self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        address = make_url(self._url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def to_measure(url: str | None, postgresql: str | None, folder: Path) -> Iterator[list[Databases]]:
    """Those of `url` only; else SQLite in `folder`, and the server `postgresql` names or one that is installed here."""
    if url is not None:
        yield [_of(url)]
        return
    found = [Databases("sqlite", str(folder))]
    if postgresql:
        yield [*found, _of(postgresql)]
    elif (programs := _programs()) is not None:
        with _server(programs, folder) as address:
            yield [*found, Databases("postgresql", address)]
    else:
        yield found


def _of(url: str) -> Databases:
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return Databases("sqlite", str(Path(address.database or ".").absolute().parent))
    return Databases("postgresql", address.set(drivername="postgresql+psycopg").render_as_string(hide_password=False))


def _programs() -> Path | None:
    """The folder with initdb and postgres: Debian's, the newest, else whatever the path finds."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("postgres")
    return Path(found).parent if found else None


@contextmanager
def _server(programs: Path, folder: Path) -> Iterator[str]:
    """A server of our own that answers on a socket only."""
    place = Path(tempfile.mkdtemp(prefix="sbpg-", dir=folder))
    identity = _identity(place)
    initdb = [str(programs / "initdb"), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"]
    tied = [*(identity or ["setpriv"]), "--pdeathsig=INT"] if shutil.which("setpriv") else identity
    command = [*tied, str(programs / "postgres"), "-D", str(place / "data"), "-k", str(place)]
    for setting in _SERVER_SETTINGS:
        command += ["-c", setting]
    try:
        make = [*identity, *initdb, "-D", str(place / "data")]
        subprocess.run(make, check=True, capture_output=True, cwd=place)  # noqa: S603 - our own command
        with (place / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=place)  # noqa: S603 - likewise
        try:
            _await(place, process)
            yield f"postgresql+psycopg://postgres@/postgres?host={place}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)
    except subprocess.CalledProcessError as error:
        raise NoPostgreSQL from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _identity(place: Path) -> list[str]:
    """How to run it as somebody whom PostgreSQL accepts: it refuses root."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise NoPostgreSQL from None
    shutil.chown(place, "postgres", "postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


def _await(place: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _STARTUP_SECONDS
    while True:
        try:
            psycopg.connect(host=str(place), user="postgres").close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise NoPostgreSQL from None
            time.sleep(0.05)
