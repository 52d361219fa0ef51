"""The database: SQLite embedded, PostgreSQL for more than one machine. One command, one transaction.

A command begins with the write lock (SQLite: `BEGIN IMMEDIATE`; PostgreSQL: the caller locks the case row first), so
that what it reads cannot change under it. Leaving the block without an error commits; any error rolls back.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psycopg
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy import Engine as Pool
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import StaticPool

from engine.errors import DatabaseNotReady, DatabaseTooNew, DatabaseUnavailable, SamledError
from engine.schema import metadata

#: Seconds a SQLite writer waits for another. Commands take milliseconds: a queue this long means trouble.
BUSY_SECONDS = 15.0
#: Any number: held while migrations run, so that two processes that start together do not both migrate.
_MIGRATION_LOCK = 7_265_331
_DRIVER_ERRORS = (sqlite3.OperationalError, psycopg.OperationalError)


class Database:
    """A pool of connections to one database."""

    def __init__(self, url: str) -> None:
        self.url = _normal(url)
        self.kind = self.url.get_backend_name()
        #: In memory there is one connection; its users take turns.
        self._turns: threading.RLock | None = None
        self._ready = False
        self._pool: Pool = self._open_sqlite() if self.kind == "sqlite" else self._open_postgresql()
        self._writers: Pool = self._pool.execution_options(samled_write=True)
        #: On PostgreSQL each statement would otherwise see a later moment than the one before; SQLite's are one anyway.
        steady = {} if self.kind == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._readers: Pool = self._pool.execution_options(**steady)

    # The two blocks are hot: everything they do is paid by every command.
    @contextmanager
    def command(self) -> Iterator[Connection]:
        """A transaction that may write. Commits when the block ends, rolls back on any error."""
        if not self._ready:
            self.check_ready()
        with self._turn(), self._translated(), self._writers.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads, all of it from one moment."""
        if not self._ready:
            self.check_ready()
        with self._turn(), self._translated(), self._readers.connect() as connection, connection.begin():
            yield connection

    def upgrade(self) -> None:
        """Bring the schema up to date. Raises DatabaseTooNew when a newer Samled made it."""
        with self._turn(), self._translated(), self._writers.connect() as connection, connection.begin():
            if self.kind == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            _migrate(connection)
        self._ready = True

    def check_ready(self) -> None:
        """Raises DatabaseNotReady when migrations are missing, DatabaseTooNew when there are unknown ones."""
        with self._turn(), self._translated(), self._pool.connect() as connection, connection.begin():
            found, newest = _revisions(connection)
        if found != newest:
            raise DatabaseNotReady
        self._ready = True

    def close(self) -> None:
        """Give all connections back."""
        self._pool.dispose()

    def _open_sqlite(self) -> Pool:
        options: dict[str, Any] = {"connect_args": {"check_same_thread": False, "timeout": BUSY_SECONDS}}
        if _in_memory(self.url):
            self._turns = threading.RLock()
            options["poolclass"] = StaticPool
        else:
            path = Path(str(self.url.database))
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                if not path.exists():
                    # Cases are about children: nobody else on the machine reads the file, or its WAL, which inherits.
                    path.touch(mode=0o600)
            except OSError as error:
                raise _unwritable(path.parent, error) from error
            options["pool_size"], options["max_overflow"] = 5, 40
        pool = create_engine(self.url, **options)
        event.listen(pool, "connect", _prepare_sqlite)
        event.listen(pool, "begin", _begin_sqlite)
        return pool

    def _open_postgresql(self) -> Pool:
        pool = create_engine(self.url, pool_size=5, max_overflow=40, connect_args={"connect_timeout": 10})
        return pool

    def _turn(self) -> AbstractContextManager[Any]:
        return self._turns or nullcontext()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, InterfaceError) as error:
            raise self._told(error.orig) from error
        except _DRIVER_ERRORS as error:  # of prepared statements, which SQLAlchemy does not see
            if self.kind == "postgresql":
                self._pool.dispose()  # what else is in the pool is probably broken too
            raise self._told(error) from error

    def _told(self, error: BaseException | None) -> SamledError:
        reason = str(error)
        if self.kind == "sqlite" and ("readonly" in reason or "unable to open" in reason):
            return _unwritable(Path(str(self.url.database)), error)
        if "disk is full" in reason or "No space left" in reason:
            return DatabaseUnavailable("The database's disk is full. Nothing was changed; make room and try again.")
        if "locked" in reason:
            return DatabaseUnavailable("The database is busy. Nothing was changed; try again in a moment.")
        return DatabaseUnavailable()


def _normal(address: str) -> URL:
    try:
        url = make_url(address)
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() not in ("sqlite", "postgresql"):
            raise ArgumentError(url.drivername)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        message = (
            f"“{_without_password(address)}” is no database address. Write sqlite:///path or postgresql://host/name."
        )
        raise DatabaseUnavailable(message) from error
    return url


def _without_password(address: str) -> str:
    return address.rsplit("@", 1)[-1]


def _in_memory(url: URL) -> bool:
    return url.database in (None, "", ":memory:")


def _unwritable(path: Path, error: object) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"The database file {path} cannot be written ({error}). "
        "Give this user permission to write it and its folder, or set SAMLED_DATABASE_URL to another place."
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves; the driver would begin too late
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA cache_size=-16000")


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("samled_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return ScriptDirectory.from_config(config)


def _revisions(connection: Connection) -> tuple[str | None, str | None]:
    """The schema's revision and the newest known one."""
    scripts = _scripts()
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise DatabaseTooNew
    return found, scripts.get_current_head()


def _migrate(connection: Connection) -> None:
    found, newest = _revisions(connection)
    if found == newest:
        return
    scripts = _scripts()
    config = Config()

    def steps(revision: Any, _context: Any) -> Any:
        return scripts._upgrade_revs("head", revision)

    with EnvironmentContext(config, scripts, fn=steps) as environment:
        environment.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
        environment.run_migrations()
