"""Versions: packages as they were published. A version never changes, and holds what it calls."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, String, bindparam, func, insert, select, update

from engine import counters
from engine.errors import Conflict, NotFound
from engine.packages import Package
from engine.schema import versions

#: The counter that whoever publishes raises first, so that one does after the other.
PUBLISHED = "published"


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
    #: Of a local variant: whose (huvudman), and the id of the version it stands on.
    principal: str | None = None
    base_version_id: int | None = None
    #: Of a local variant: since when no case starts on it.
    withdrawn_at: datetime | None = None

    @property
    def name(self) -> str:
        """As the command line writes it: `sip@3`."""
        return f"{self.process_id}@{self.number}"


_COLUMNS: tuple[Column[Any], ...] = (
    versions.c.id, versions.c.process_id, versions.c.number, versions.c.title,
    versions.c.hash, versions.c.published_at, versions.c.published_by,
    versions.c.principal, versions.c.base_version_id, versions.c.withdrawn_at,
)  # fmt: skip
_IS_BASE = versions.c.principal.is_(None)
_LATEST = (
    select(*_COLUMNS)
    .where(
        versions.c.process_id == bindparam("process"),
        _IS_BASE | ((versions.c.principal == bindparam("principal", type_=String)) & versions.c.withdrawn_at.is_(None)),
    )
    .order_by(_IS_BASE, versions.c.number.desc())
    .limit(1)
)
_HIGHEST = select(func.max(versions.c.number)).where(versions.c.process_id == bindparam("process"))
_BY_ID = select(*_COLUMNS).where(versions.c.id == bindparam("id"))
_PACKAGE = select(versions.c.package, versions.c.process_id).where(versions.c.id == bindparam("id"))


def publish(
    tx: Connection,
    package: Package,
    process_id: str,
    messages: Mapping[str, str],
    by: str | None,
    now: datetime,
    *,
    principal: str | None = None,
    base: Version | None = None,
) -> Version:
    """Store a package as the newest version of its process; the same content again is the same version.

    `principal`: as that organisation's local variant, which stands on the version `base`.
    """
    counters.next_value(tx, PUBLISHED)  # whoever publishes at the same time waits here, and then sees this version
    found = latest(tx, process_id, principal)
    if found is not None and (found.hash, found.principal) == (package.hash, principal):
        return found
    highest = tx.execute(_HIGHEST, {"process": process_id}).scalar()
    values = {
        "process_id": process_id, "number": (highest or 0) + 1, "hash": package.hash,
        "title": package.title, "package": _zipped(package), "messages": dict(messages),
        "published_at": now, "published_by": by, "principal": principal, "base_version_id": base.id if base else None,
    }  # fmt: skip
    key = tx.execute(insert(versions).values(**values).returning(versions.c.id)).scalar_one()
    return get(tx, key)


def latest(tx: Connection, process_id: str, principal: str | None = None) -> Version | None:
    """The version on which a case of an organisation starts: its local variant if it has one, else the newest.

    None if none was published.
    """
    row = tx.execute(_LATEST, {"process": process_id, "principal": principal}).first()
    return Version(*row) if row else None


def demand_newest(tx: Connection, process_id: str, principal: str | None, version_id: int, hash: str) -> None:
    """Hold publishing until the commit. Raises Conflict where cases start on another version than this.

    A version with the same content (`hash`) is what was to be published: it is there already.
    """
    counters.next_value(tx, PUBLISHED)
    found = latest(tx, process_id, principal)
    if found is not None and found.id != version_id and found.hash != hash:
        raise Conflict(f"{found.name} was published meanwhile. Take its changes in first.")


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


def withdraw(tx: Connection, process_id: str, principal: str, now: datetime) -> bool:
    """Start no more cases on an organisation's local variant. False: it has none."""
    mine = (
        (versions.c.process_id == process_id) & (versions.c.principal == principal) & versions.c.withdrawn_at.is_(None)
    )
    return tx.execute(update(versions).where(mine).values(withdrawn_at=now)).rowcount > 0


def variants(tx: Connection, process_id: str | None = None) -> list[Version]:
    """The local variant of each organisation that has one, of a process or of all: on which its cases start."""
    mine = select(*_COLUMNS).where(versions.c.principal.is_not(None), versions.c.withdrawn_at.is_(None))
    if process_id is not None:
        mine = mine.where(versions.c.process_id == process_id)
    found: dict[tuple[str, str | None], Version] = {}
    for row in tx.execute(mine.order_by(versions.c.process_id, versions.c.principal, versions.c.number)):
        version = Version(*row)
        found[version.process_id, version.principal] = version  # the later replaces the earlier
    return list(found.values())


def newest(tx: Connection) -> list[Version]:
    """The newest version of every process, by title; no organisation's own."""
    mine = select(versions.c.process_id, func.max(versions.c.number).label("number")).where(_IS_BASE)
    last = mine.group_by(versions.c.process_id).subquery()
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
