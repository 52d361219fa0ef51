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
from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy import Engine as Pool
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from engine import prepared
from engine.errors import DatabaseNotReady, DatabaseTooNew, DatabaseUnavailable, OutcomeUnknown, SamledError
from engine.schema import metadata

#: Seconds a SQLite writer waits for another. Commands take milliseconds: a queue this long means trouble.
BUSY_SECONDS = 15.0
#: Any number: held while migrations run, so that two processes that start together do not both migrate.
_MIGRATION_LOCK = 7_265_331
#: Also of the driver itself: SQLAlchemy does not see prepared statements.
_DATABASE_ERRORS = (DBAPIError, sqlite3.Error, psycopg.Error)
#: Two of PostgreSQL's five characters tell the kind of an error. These are about the server and not about what it was
#: asked: no connection, transaction state (read only, timed out), rolled back for another's sake, no room, not now,
#: shut down, disk.
_SERVER_CLASSES = {"08", "25", "40", "53", "55", "57", "58"}
_BUSY_CLASSES = {"40", "55"}
#: The connection is gone: had it been told to commit, nobody knows whether it has.
_GONE_CLASSES = {None, "08", "57"}
#: A server that is gone is noticed within half a minute, and so is a machine that vanished with a lock in its hand; a
#: process that stands still in the middle of a command gives its locks back after a minute.
_PATIENCE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4, "tcp_user_timeout": 30_000}
_SERVER_PATIENCE = (
    "SET idle_in_transaction_session_timeout = '60s'; SET tcp_keepalives_idle = 10; "
    "SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4"
)


class Database:
    """A pool of connections to one database."""

    def __init__(self, url: str) -> None:
        self.url = _normal(url)
        self.kind = self.url.get_backend_name()
        #: In memory there is one connection; its users take turns.
        self._turns: threading.RLock | None = None
        self._ready = False
        self._pool: Pool = self._open_sqlite() if self.kind == "sqlite" else self._open_postgresql()
        #: Set when a deadline comes that is due at once: how a SQLite database wakes the scheduler of its process.
        self.alarm = threading.Event()
        self._writers: Pool = self._pool.execution_options(samled_alarm=self.alarm)
        #: On PostgreSQL each statement would otherwise see a later moment than the one before; SQLite's are one anyway.
        steady = {} if self.kind == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._readers: Pool = self._pool.execution_options(**steady)

    # The two blocks are hot: everything they do is paid by every command.
    @contextmanager
    def command(self) -> Iterator[Connection]:
        """A transaction that may write. Commits when the block ends, rolls back on any error."""
        if not self._ready:
            self.check_ready()
        with self._turn(), self._translated(), self._writers.connect() as connection, connection.begin() as transaction:
            self._begin(connection, "BEGIN IMMEDIATE")
            yield connection
            try:
                transaction.commit()
            except _DATABASE_ERRORS as error:
                if _is_gone(error):
                    raise OutcomeUnknown from error
                raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads, all of it from one moment."""
        if not self._ready:
            self.check_ready()
        with self._turn(), self._translated(), self._readers.connect() as connection, connection.begin():
            self._begin(connection, "BEGIN")
            yield connection

    def upgrade(self) -> None:
        """Bring the schema up to date. Raises DatabaseTooNew when a newer Samled made it."""
        with self._turn(), self._translated(), self._writers.connect() as connection, connection.begin():
            self._begin(connection, "BEGIN IMMEDIATE")
            if self.kind == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            _migrate(connection)
        self._ready = True

    def check_ready(self) -> None:
        """Raises DatabaseNotReady when migrations are missing, DatabaseTooNew when there are unknown ones."""
        with self._turn(), self._translated(), self._pool.connect() as connection, connection.begin():
            self._begin(connection, "BEGIN")
            found, newest = _revisions(connection)
        if found != newest:
            raise DatabaseNotReady
        self._ready = True

    def own_connection(self) -> psycopg.Connection[Any]:
        """A connection to PostgreSQL outside the pool, committing every statement; the caller closes it.

        Raises what SQLAlchemy raises when the server does not answer.
        """
        taken = self._pool.raw_connection()
        connection: Any = taken.driver_connection
        taken.detach()
        connection.autocommit = True
        own: psycopg.Connection[Any] = connection
        return own

    def has_tables(self) -> bool:
        """Whether anybody has made a table there, a Samled or another program."""
        with self._turn(), self._translated(), self._pool.connect() as connection, connection.begin():
            self._begin(connection, "BEGIN")
            return bool(inspect(connection).get_table_names())

    @contextmanager
    def raw_sqlite(self) -> Iterator[sqlite3.Connection]:
        """The driver's own connection to a SQLite database, outside a transaction."""
        with self._turn(), self._translated():
            taken = self._pool.raw_connection()
            try:
                connection: Any = taken.driver_connection
                yield connection
            finally:
                taken.close()

    def contents(self) -> bytes:
        """All of a SQLite database, such as one in memory, to be put into another with `fill`."""
        with self._turn():
            return self._sqlite().serialize()

    def fill(self, contents: bytes) -> None:
        """Put `contents` in the place of all that a database in memory holds. Nobody else may use it meanwhile."""
        with self._turn():
            self._sqlite().deserialize(contents)

    def _sqlite(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = self._pool.raw_connection().driver_connection  # type: ignore[assignment]
        return connection

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
        return pool

    def _open_postgresql(self) -> Pool:
        patience = {"connect_timeout": 10, **_PATIENCE}
        pool = create_engine(self.url, pool_size=5, max_overflow=40, connect_args=patience)
        event.listen(pool, "connect", _prepare_postgresql)
        return pool

    def _begin(self, connection: Connection, on_sqlite: str) -> None:
        # Not by an event of SQLAlchemy, which costs five times what it does.
        prepared.forget_moment(connection)
        if self.kind == "sqlite":
            driver: Any = connection.connection.dbapi_connection
            driver.execute(on_sqlite)

    def _turn(self) -> AbstractContextManager[Any]:
        return self._turns or nullcontext()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OutcomeUnknown:
            self._pool.dispose()
            raise
        except _DATABASE_ERRORS as error:
            if not is_about_the_database(error):
                raise
            if self.kind == "postgresql" and _is_gone(error):
                self._pool.dispose()  # what else is in the pool is probably broken too
            raise self._told(error) from error

    def _told(self, error: BaseException) -> SamledError:
        reason, code = str(_cause(error)), _code(error) or ""
        if self.kind == "sqlite" and ("readonly" in reason or "unable to open" in reason):
            return _unwritable(Path(str(self.url.database)), _cause(error))
        if "disk is full" in reason or "No space left" in reason or code == "53100":
            return DatabaseUnavailable("The database's disk is full. Nothing was changed; make room and try again.")
        if code == "25006":
            message = (
                "The database can only be read. Nothing was changed; use the primary server, or let it write again."
            )
            return DatabaseUnavailable(message)
        if "locked" in reason or code[:2] in _BUSY_CLASSES:
            return DatabaseUnavailable("The database is busy. Nothing was changed; try again in a moment.")
        return DatabaseUnavailable()


@contextmanager
def last_writes(tx: Connection) -> Iterator[None]:
    """A block of prepared writes that ends a command; on PostgreSQL they and the commit are one round trip.

    Nothing may be read inside, and nothing done in the transaction afterwards.
    """
    committing = False
    try:
        with prepared.together(tx) as pipeline:
            yield
            if pipeline is not None:
                committing = True
                driver: Any = tx.connection.dbapi_connection
                driver.commit()
    except psycopg.Error as error:
        if committing and _is_gone(error):
            raise OutcomeUnknown from error
        raise


def is_about_the_database(error: BaseException) -> bool:
    """Whether an error says that the database cannot work now, and not that what it was asked is wrong."""
    cause = _cause(error)
    if isinstance(cause, sqlite3.Error):
        return isinstance(cause, sqlite3.OperationalError | sqlite3.InterfaceError)
    if not isinstance(cause, psycopg.Error) or isinstance(cause, psycopg.errors.PipelineAborted):
        return False
    code = _code(error)
    if code is None:  # of the driver, not of the server
        return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
    return code[:2] in _SERVER_CLASSES


def _is_gone(error: BaseException) -> bool:
    code = _code(error)
    return isinstance(_cause(error), psycopg.Error) and (code and code[:2]) in _GONE_CLASSES


def _cause(error: BaseException) -> BaseException | None:
    """The driver's own error."""
    return error.orig if isinstance(error, DBAPIError) else error


def _code(error: BaseException) -> str | None:
    """PostgreSQL's five characters for an error of the server."""
    return getattr(_cause(error), "sqlstate", None)


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


def _prepare_postgresql(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SERVER_PATIENCE)
    connection.commit()


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
