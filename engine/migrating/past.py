"""On which version a case ran when something in its history happened: its steps and forms are those of that version."""

from __future__ import annotations

from sqlalchemy import Connection, select

from engine import versions
from engine.caching import Publications, Published
from engine.schema import history

_MOVES = ("moved", "move-taken-back")


def published_then(publications: Publications, tx: Connection, case: int, version_id: int, entry_id: int) -> Published:
    """The version that a case ran on when a row of its history was written. `version_id`: on which it runs now."""
    later = _left(tx, case, after=entry_id)
    return publications.get(tx, later[0] if later else version_id)


def names(publications: Publications, tx: Connection, case: int, version_id: int) -> dict[str, str | None]:
    """Element id → name, in every version that a case has run on; the newest name of each."""
    found: dict[str, str | None] = {}
    for left in _left(tx, case, after=0):
        found |= publications.get(tx, left).names
    return found | publications.get(tx, version_id).names


def _left(tx: Connection, case: int, *, after: int) -> list[int]:
    """The versions that a case was moved away from after a row of its history, in order."""
    moves = select(history.c.payload).where(history.c.case_id == case, history.c.kind.in_(_MOVES))
    rows = tx.execute(moves.where(history.c.id > after).order_by(history.c.id)).scalars().all()
    found = []
    for payload in rows:
        process, _, number = str(payload["from"]).rpartition("@")
        found.append(versions.numbered(tx, process, int(number)).id)
    return found
