"""The log of reads: who saw which case, when; refused attempts too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from engine.actors import Actor
from engine.pages import Page, Pager, Turn, one_number
from engine.prepared import Prepared
from engine.schema import reads


@dataclass(frozen=True, slots=True)
class Read:
    """Somebody looked."""

    at: datetime
    actor: str
    unit: str | None
    #: case | task:<element> | date:<element> | history | file:<id> | log
    what: str
    refused: bool


_INSERT = Prepared(insert(reads), ["case_id", "at", "actor", "unit", "what", "refused"])


def log(tx: Connection, case: int, by: Actor, what: str, now: datetime, *, refused: bool = False) -> None:
    """One row: this actor read, or tried to."""
    values = {"case_id": case, "at": now, "actor": by.id, "unit": by.unit, "what": what, "refused": refused}
    _INSERT.run(tx, values)


def of_case(tx: Connection, case: int, cursor: str | None, limit: int) -> Page[Read]:
    """The log of a case, newest first."""
    columns = (reads.c.at, reads.c.actor, reads.c.unit, reads.c.what, reads.c.refused)

    def fetch(turn: Turn | None, most: int) -> Sequence[Row[*tuple[Any, ...]]]:
        query = select(*columns, reads.c.id).where(reads.c.case_id == case)
        if turn is not None:
            query = query.where(reads.c.id > turn.keys[0] if turn.backward else reads.c.id < turn.keys[0])
        order = reads.c.id if turn and turn.backward else reads.c.id.desc()
        return tx.execute(query.order_by(order).limit(most)).all()

    found = Pager(fetch, lambda row: (row.id,), one_number).page(cursor, limit)
    return Page((Read(*row[:5]) for row in found), found.next, found.previous)
