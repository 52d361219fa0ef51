"""Claims: which cases a scheduler takes, and all that it needs of them, in four statements for a batch.

A claim is a lock on the case row, as every command takes it, so it ends with the transaction and with the process that
holds it. What another process has locked is passed over (`SKIP LOCKED`): schedulers never wait for each other, nor for
people. The deadlines are read again under the lock: whoever was faster has deleted or moved them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, LargeBinary, bindparam, select, type_coerce

from engine import parties
from engine.cases import LOCKED_COLUMNS, LockedRow
from engine.deadlines import DUE_COLUMNS, DueRow
from engine.parties import Party
from engine.prepared import Prepared
from engine.schema import cases, deadlines

#: In due order. A case comes once for each of its deadlines that is due.
_CLAIM = Prepared(
    select(*LOCKED_COLUMNS)
    .select_from(deadlines)
    .join(cases, cases.c.id == deadlines.c.case_id)
    .where(deadlines.c.run_at <= bindparam("now"))
    .order_by(deadlines.c.run_at, deadlines.c.id)
    .limit(bindparam("most"))
    .with_for_update(of=cases, skip_locked=True)
)
#: Bytes: a state that cannot be read must stop its own case only.
_STATE = type_coerce(cases.c.state, LargeBinary)


@dataclass(frozen=True, slots=True)
class Claim:
    """A locked case and the earliest of its deadlines that are due."""

    case: LockedRow
    due: DueRow
    #: What waits and the data, packed.
    state: bytes
    parties: list[Party]


def claim(tx: Connection, now: datetime, most: int) -> list[Claim] | None:
    """Lock up to `most` cases that have something due, the one that has waited longest first.

    None: nothing is due that another does not hold. An empty list: another was faster; ask again.
    """
    rows = {row.id: row for row in _CLAIM.all(tx, {"now": now, "most": most})}
    if not rows:
        return None
    due = _first_due(tx, list(rows), now)
    states = {case: bytes(state) for case, state in tx.execute(select(cases.c.id, _STATE).where(cases.c.id.in_(due)))}
    taking_part = parties.of_cases(tx, list(due))
    return [Claim(row, due[case], states[case], taking_part.get(case, [])) for case, row in rows.items() if case in due]


def _first_due(tx: Connection, found: Sequence[int], now: datetime) -> dict[int, DueRow]:
    """For each case the earliest deadline that is due, as it stands under the lock."""
    query = select(deadlines.c.case_id, *DUE_COLUMNS)
    query = query.where(deadlines.c.case_id.in_(found), deadlines.c.run_at <= now)
    first: dict[int, DueRow] = {}
    for case, *values in tx.execute(query.order_by(deadlines.c.due_at, deadlines.c.id)):
        first.setdefault(case, DueRow(*values))
    return first
