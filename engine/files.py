"""Files added to a case. In the database, so that they commit with the case and every machine can read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from engine.errors import NotFound
from engine.schema import cases, file_contents, files

#: Bytes. A form's filepicker may set a lower limit.
LARGEST = 20_000_000


@dataclass(frozen=True, slots=True)
class File:
    """A file of a case; its content is read by itself."""

    id: int
    #: The case's number.
    case_id: str
    #: The task it was added in.
    element_id: str | None
    name: str
    media_type: str
    #: Bytes.
    size: int
    added_by: str | None
    at: datetime
    #: When answers first referred to it; None while it is of a draft.
    answered_at: datetime | None = None

    def is_for(self, actor: str) -> bool:
        """May this person know of it? What is in a draft is its adder's alone."""
        return self.answered_at is not None or self.added_by == actor


_FILE = select(
    files.c.id, cases.c.number, files.c.element_id, files.c.name,
    files.c.media_type, files.c.size, files.c.added_by, files.c.at, files.c.answered_at,
).join(cases, cases.c.id == files.c.case_id)  # fmt: skip


def add(
    tx: Connection,
    case: int,
    *,
    name: str,
    media_type: str,
    content: bytes,
    element_id: str | None,
    by: str | None,
    now: datetime,
) -> int:
    """Keep a file; its id. The name loses any folders."""
    values = {
        "case_id": case, "element_id": element_id, "name": plain_name(name), "media_type": media_type[:200],
        "size": len(content), "added_by": by, "at": now,
    }  # fmt: skip
    key: int = tx.execute(insert(files).values(**values).returning(files.c.id)).scalar_one()
    tx.execute(insert(file_contents).values(file_id=key, content=content))
    return key


def plain_name(name: str) -> str:
    """A file name without folders and control characters, at most 200 characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable())[-200:].strip(" .") or "file"


def get(tx: Connection, file_id: int) -> File:
    """A file without its content. Raises NotFound."""
    row = tx.execute(_FILE.where(files.c.id == file_id)).first()
    if row is None:
        raise NotFound(f"There is no file {file_id}. Check the link.")
    return _view(row)


def content(tx: Connection, file_id: int) -> bytes:
    """The bytes of a file."""
    return bytes(tx.execute(select(file_contents.c.content).where(file_contents.c.file_id == file_id)).scalar_one())


def of_case(tx: Connection, case: int) -> list[File]:
    """The files of a case, oldest first."""
    return [_view(row) for row in tx.execute(_FILE.where(files.c.case_id == case).order_by(files.c.id))]


def mark_answered(tx: Connection, case: int, answers: Mapping[str, Any], now: datetime) -> None:
    """Answers have been given: the files of the case that they refer to are no longer of a draft."""
    ids = {int(found) for found in referred_to(answers) if found.isdecimal()}
    if ids:
        fresh = files.c.answered_at.is_(None)
        tx.execute(update(files).where(files.c.case_id == case, files.c.id.in_(ids), fresh).values(answered_at=now))


def referred_to(value: Any) -> Iterator[str]:
    """The ids in everything that looks like a file reference: {"id", "name", "size", "type"}."""
    if isinstance(value, Mapping):
        if {"id", "name", "size", "type"} == set(value):
            yield str(value["id"])
        for inner in value.values():
            yield from referred_to(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from referred_to(inner)


def _view(row: Row[*tuple[object, ...]]) -> File:
    return File(*row)  # type: ignore[arg-type]
