"""Versions: packages as they were published. A version never changes, and holds what it calls."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select

from engine import counters
from engine.errors import NotFound
from engine.packages import Package
from engine.schema import versions


@dataclass(frozen=True, slots=True)
class Version:
    """A published package."""

    id: int
    process_id: str
    #: 1, 2, 3 … for each process.
    number: int
    title: str
    #: SHA-256 of what runs.
    hash: str
    published_at: datetime
    published_by: str | None


_COLUMNS = (
    versions.c.id, versions.c.process_id, versions.c.number, versions.c.title,
    versions.c.hash, versions.c.published_at, versions.c.published_by,
)  # fmt: skip
_LATEST = (
    select(*_COLUMNS).where(versions.c.process_id == bindparam("process")).order_by(versions.c.number.desc()).limit(1)
)
_BY_ID = select(*_COLUMNS).where(versions.c.id == bindparam("id"))
_PACKAGE = select(versions.c.package, versions.c.process_id).where(versions.c.id == bindparam("id"))


def publish(
    tx: Connection, package: Package, process_id: str, messages: Mapping[str, str], by: str | None, now: datetime
) -> Version:
    """Store a package as the newest version of its process; the same content again is the same version."""
    counters.next_value(tx, "published")  # whoever publishes at the same time waits here, and then sees this version
    found = latest(tx, process_id)
    if found is not None and found.hash == package.hash:
        return found
    values = {
        "process_id": process_id, "number": found.number + 1 if found else 1, "hash": package.hash,
        "title": package.title, "package": _zipped(package), "messages": dict(messages),
        "published_at": now, "published_by": by,
    }  # fmt: skip
    key = tx.execute(insert(versions).values(**values).returning(versions.c.id)).scalar_one()
    return get(tx, key)


def latest(tx: Connection, process_id: str) -> Version | None:
    """The newest version of a process; None if none was published."""
    row = tx.execute(_LATEST, {"process": process_id}).first()
    return Version(*row) if row else None


def get(tx: Connection, version_id: int) -> Version:
    """One version. Raises NotFound."""
    row = tx.execute(_BY_ID, {"id": version_id}).first()
    if row is None:
        raise NotFound(f"There is no version {version_id}. Look at `samled versions`.")
    return Version(*row)


def numbered(tx: Connection, process_id: str, number: int) -> Version:
    """A version of a process by its number. Raises NotFound."""
    one = (versions.c.process_id == process_id) & (versions.c.number == number)
    row = tx.execute(select(*_COLUMNS).where(one)).first()
    if row is None:
        raise NotFound(f"There is no version {process_id}@{number}. Look at `samled versions`.")
    return Version(*row)


def all_of(tx: Connection, process_id: str | None = None) -> list[Version]:
    """All versions, newest first for each process; or those of one process."""
    query = select(*_COLUMNS).order_by(versions.c.process_id, versions.c.number.desc())
    if process_id is not None:
        query = query.where(versions.c.process_id == process_id)
    return [Version(*row) for row in tx.execute(query)]


def newest(tx: Connection) -> list[Version]:
    """The newest version of every process, by title."""
    mine = select(versions.c.process_id, func.max(versions.c.number).label("number")).group_by(versions.c.process_id)
    last = mine.subquery()
    joined = (versions.c.process_id == last.c.process_id) & (versions.c.number == last.c.number)
    return [Version(*row) for row in tx.execute(select(*_COLUMNS).join(last, joined).order_by(versions.c.title))]


def started_by(tx: Connection, message: str) -> list[tuple[Version, str]]:
    """The newest versions that a message starts, each with its start event."""
    found = []
    for version in newest(tx):
        messages = tx.execute(select(versions.c.messages).where(versions.c.id == version.id)).scalar_one()
        if message in messages:
            found.append((version, messages[message]))
    return found


def package(tx: Connection, version_id: int) -> Package:
    """The package of a version. Raises NotFound."""
    row = tx.execute(_PACKAGE, {"id": version_id}).first()
    if row is None:
        raise NotFound(f"There is no version {version_id}. Look at `samled versions`.")
    name, files = _unzipped(bytes(row.package))
    return Package.from_files(files, name)


def _zipped(package: Package) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = package.name.encode()
        for name, content in sorted(package.to_files().items()):
            # A fixed date: the same package is the same bytes.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _unzipped(content: bytes) -> tuple[str, Mapping[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.comment.decode(), {name: archive.read(name) for name in archive.namelist()}
