"""The log of reads: who saw which case, when; refused attempts too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from engine.actors import Actor
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


def of_case(tx: Connection, case: int) -> list[Read]:
    """The log of a case, newest first."""
    query = select(reads.c.at, reads.c.actor, reads.c.unit, reads.c.what, reads.c.refused)
    rows = tx.execute(query.where(reads.c.case_id == case).order_by(reads.c.id.desc()))
    return [Read(*row) for row in rows]
