"""A backup: everything in a database at one moment, as one file, taken while people work; and putting it back.

The file is a gzipped SQLite database with the schema of its time, whichever database it comes from: gzip's check sum
tells damage, and a backup of the one kind of database can be put into the other. SQLite is copied through its online
backup, in one step: one moment, and in WAL mode nobody waits. PostgreSQL is read in one transaction that sees one
moment; no program of PostgreSQL is needed.
"""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, Table, Text, func, insert, select, text, type_coerce
from sqlalchemy import column as bare_column
from sqlalchemy import table as bare_table
from sqlalchemy.types import TypeEngine

from engine.database import Database
from engine.errors import DatabaseNotReady, SamledError
from engine.schema import Json, Packed, cases, history, metadata, people, units, versions

#: Marks the SQLite file inside: "SmLd".
_MARK = 0x536D4C64
#: Rows that are on their way at once.
_ROWS = 500
_COPIED = 1 << 20
#: A database with a row in one of these is somebody's.
_TELLING = (cases, versions, units, people)


class DamagedBackup(SamledError):
    """The file is damaged or no backup of Samled. Nothing was changed; take another backup."""


class NotEmpty(SamledError):
    """The database has content. Nothing was changed; restore into an empty one, or say --overwrite to lose it all."""


class AlreadyThere(SamledError):
    """There is such a file already. Choose another name."""


@dataclass(frozen=True)
class Contents:
    """How much there is in a backup."""

    cases: int
    #: Rows of history: one a command.
    commands: int
    #: Of the file.
    bytes: int


def take(database: Database, path: Path) -> Contents:
    """Write a backup; the file appears when it is whole. Raises AlreadyThere, DatabaseNotReady, SamledError."""
    if path.exists():
        raise AlreadyThere(f"There is a file {path} already. Choose another name.")
    with _told(path), tempfile.TemporaryDirectory(dir=path.parent, prefix=".samled-") as folder:
        copy, packed = Path(folder) / "copy.db", Path(folder) / "packed"
        (_copy_sqlite if database.kind == "sqlite" else _copy_postgresql)(database, copy)
        _pack(copy, packed)
        found = _contents(copy, packed.stat().st_size)
        os.link(packed, path)  # unlike a rename, it never takes another's place
        _to_disk(path.parent)
        return found


def restore(database: Database, path: Path, *, overwrite: bool = False) -> Contents:
    """Put a backup in the place of an empty database, or of any with `overwrite`; all of it or nothing.

    Nobody else may use the database meanwhile. Raises DamagedBackup, NotEmpty, DatabaseTooNew.
    """
    with _told(path), tempfile.TemporaryDirectory(prefix="samled-") as folder:
        copy = Path(folder) / "copy.db"
        _unpack(path, copy)
        with closing(Database(f"sqlite:///{copy}")) as source:
            source.upgrade()  # an older backup is brought up to date first
            if not overwrite and not _is_empty(database):
                raise NotEmpty
            database.upgrade()
            (_fill_sqlite if database.kind == "sqlite" else _fill_postgresql)(source, database)
        return _contents(copy, path.stat().st_size)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise SamledError(f"There is no file or folder {error.filename or path}. Check the path.") from error
    except FileExistsError as error:
        raise AlreadyThere(f"There is a file {path} already. Choose another name.") from error
    except OSError as error:
        raise SamledError(f"{path} cannot be read or written ({error.strerror or error}). Nothing was lost.") from error


def _contents(copy: Path, size: int) -> Contents:
    with closing(sqlite3.connect(copy)) as found:
        (amount,) = found.execute(f"SELECT count(*) FROM {cases.name}").fetchone()  # noqa: S608 - our own name
        (commands,) = found.execute(f"SELECT count(*) FROM {history.name}").fetchone()  # noqa: S608 - likewise
    return Contents(amount, commands, size)


# Taking


def _copy_sqlite(database: Database, copy: Path) -> None:
    database.check_ready()
    with closing(sqlite3.connect(copy)) as target:
        with database.raw_sqlite() as source:
            source.backup(target, pages=-1)  # in one step: in several, a writer would have it begin again each time
        _finish(target)


def _copy_postgresql(database: Database, copy: Path) -> None:
    with closing(Database(f"sqlite:///{copy}")) as target:
        target.upgrade()
        with database.reading() as tx, target.command() as out:
            out.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            _empty(out)
            for table in metadata.sorted_tables:
                _copy_rows(tx, out, table)
            for table in _never_reused():
                highest = tx.execute(text(f"SELECT last_value FROM {_sequence(tx, table)}")).scalar_one()  # noqa: S608
                out.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
                out.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table.name, highest))
    with closing(sqlite3.connect(copy)) as target:
        _finish(target)


def _finish(target: sqlite3.Connection) -> None:
    """One plain file, without a log beside it."""
    target.execute("PRAGMA journal_mode = DELETE")
    target.execute(f"PRAGMA application_id = {_MARK}")
    target.commit()


def _pack(copy: Path, packed: Path) -> None:
    handle = os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # cases are about children
    with os.fdopen(handle, "wb") as raw:
        with gzip.GzipFile("", "wb", 1, raw, mtime=0) as out, copy.open("rb") as content:
            shutil.copyfileobj(content, out, _COPIED)
        raw.flush()
        os.fsync(raw.fileno())


def _to_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# Putting back


def _unpack(path: Path, copy: Path) -> None:
    copy.touch(mode=0o600)
    try:
        with gzip.open(path, "rb") as content, copy.open("wb") as out:
            shutil.copyfileobj(content, out, _COPIED)
        with closing(sqlite3.connect(copy)) as found:
            (mark,) = found.execute("PRAGMA application_id").fetchone()
            whole = found.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",)
            tied = found.execute("PRAGMA foreign_key_check").fetchone() is None
    except (gzip.BadGzipFile, EOFError, zlib.error, sqlite3.DatabaseError) as error:
        raise DamagedBackup from error
    if mark != _MARK or not (whole and tied):
        raise DamagedBackup


def _is_empty(database: Database) -> bool:
    """No table, or no row in those that tell."""
    try:
        database.check_ready()
    except DatabaseNotReady:
        return not database.has_tables()
    with database.reading() as tx:
        return all(tx.execute(select(table.c[0]).limit(1)).first() is None for table in _TELLING)


def _fill_sqlite(source: Database, database: Database) -> None:
    with source.raw_sqlite() as content, database.raw_sqlite() as target:
        content.backup(target, pages=-1)
        target.execute("PRAGMA application_id = 0")


def _fill_postgresql(source: Database, database: Database) -> None:
    with source.reading() as tx, database.command() as out:
        _empty(out)
        for table in metadata.sorted_tables:
            _copy_rows(tx, out, table)
        used: dict[str, int] = {row.name: row.seq for row in tx.execute(text("SELECT name, seq FROM sqlite_sequence"))}
        for table in metadata.sorted_tables:
            if _sequence(out, table):
                highest = out.execute(select(func.max(table.c.id))).scalar() or 0
                highest = max(highest, used.get(table.name, 0))
                if highest:
                    out.execute(select(func.setval(_sequence(out, table), highest)))


# Rows


def _empty(tx: Connection) -> None:
    if tx.dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
        tx.exec_driver_sql(f"TRUNCATE {names}")
        return
    for table in reversed(metadata.sorted_tables):
        tx.execute(table.delete())


def _copy_rows(source: Connection, target: Connection, table: Table) -> None:
    """All rows of a table; what is packed or JSON stays as it is, byte for byte."""
    columns = [type_coerce(column, _plain(column)).label(column.name) for column in table.columns]
    into = insert(_as_stored(table))
    rows = source.execute(select(*columns), execution_options={"stream_results": True, "max_row_buffer": _ROWS})
    for part in rows.mappings().partitions(_ROWS):
        target.execute(into, [dict(row) for row in part])


def _plain(column: Column[Any]) -> TypeEngine[Any]:
    if isinstance(column.type, Packed):
        return LargeBinary()
    return Text() if isinstance(column.type, Json) else column.type


def _as_stored(table: Table) -> Any:
    return bare_table(table.name, *(bare_column(one.name, _plain(one)) for one in table.columns))


def _never_reused() -> list[Table]:
    return [table for table in metadata.sorted_tables if table.dialect_options["sqlite"]["autoincrement"]]


def _sequence(tx: Connection, table: Table) -> str | None:
    """What numbers a table's rows on PostgreSQL."""
    if "id" not in table.c:
        return None
    found: str | None = tx.execute(select(func.pg_get_serial_sequence(table.name, "id"))).scalar()
    return found
