"""The same done to many cases: start, complete, hand on. Asked for once, then done one by one.

What is asked for is written first, all of it. Each item is then a transaction of its own, in which it is also marked as
done: whatever stops the work, `go_on` takes up what waits, and nothing is done twice. What cannot be done is refused
with its reason; nothing is skipped.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, insert, select, update

from engine import cases as case_rows
from engine import outbox
from engine.access import OrganisationAccess, UnitAccess, may
from engine.actors import Actor
from engine.commands import start as starting
from engine.commands import work
from engine.commands.change import Change, Workplace
from engine.database import is_about_the_database
from engine.errors import Conflict, DatabaseUnavailable, Forbidden, NotFound, OutcomeUnknown, SamledError
from engine.schema import bulk_batches, bulk_items, cases, holders, tasks

log = logging.getLogger(__name__)

START, COMPLETE, ASSIGN = "start", "complete", "assign"
WAITING, DONE, REFUSED = "waiting", "done", "refused"
_STOPPED = "It could not be done for an unexpected reason; the log of this process tells which."


class NoReason(SamledError):
    """Say why. It stays with the batch."""


@dataclass(frozen=True)
class Bulk:
    """Many of the same, asked for at once."""

    id: int
    #: start | complete | assign
    kind: str
    how: Mapping[str, Any]
    unit: str | None
    reason: str
    created_at: datetime
    created_by: str | None
    #: waiting | done | refused → how many.
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.counts.values())

    @property
    def is_done(self) -> bool:
        """Has every one been done or refused?"""
        return not self.counts.get(WAITING)


@dataclass(frozen=True)
class Item:
    """One of a batch."""

    number: int
    #: waiting | done | refused
    state: str
    task_id: int | None
    #: The case's number; of one that is to be started, once it is.
    case_id: str | None
    error: str | None


def ask_to_start(
    place: Workplace,
    process_id: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    owner: str | None,
    reason: str,
    by: Actor | None,
) -> Bulk:
    """Write which cases are to be started, one for each set of start answers. Raises NotFound, NoReason, Forbidden."""
    with place.database.command() as tx:
        _demand(place, tx, by, None)
        if owner is not None and place.snapshots.get(tx).organisation.units.get(owner) is None:
            raise NotFound(f"There is no unit {owner}. Check its id.")
        starting.newest(place, tx, process_id, starting.principal_of(place, tx, by, owner))
        items = [{"answers": dict(row)} for row in rows]
        return _add(place, tx, START, {"process": process_id, "owner": owner}, items, None, reason, by)


def ask_to_complete(
    place: Workplace,
    process_id: str,
    element_id: str,
    answers: Mapping[str, Any],
    *,
    numbers: Collection[str] | None,
    reason: str,
    by: Actor | None,
) -> Bulk:
    """Write which open tasks are to be completed with the same answers: those at an element, of some cases or of all.

    Raises NotFound (no such case), NoReason, Forbidden.
    """
    with place.database.command() as tx:
        _demand(place, tx, by, None)
        query = select(tasks.c.id, tasks.c.case_id).join(cases, cases.c.id == tasks.c.case_id)
        query = query.where(tasks.c.element_id == element_id, cases.c.process_id == process_id)
        if numbers is not None:
            query = query.where(cases.c.id.in_([case_rows.key(tx, number) for number in numbers]))
        items = [{"task_id": row.id, "case_id": row.case_id} for row in tx.execute(query.order_by(tasks.c.id))]
        return _add(place, tx, COMPLETE, {"answers": dict(answers)}, items, None, reason, by)


def ask_to_assign(
    place: Workplace, giver: str, taker: str | None, *, unit: str | None, reason: str, by: Actor | None
) -> Bulk:
    """Write which open tasks are to go from one person to another (None: back to their units).

    `unit`: those that it holds, for its managers; else all. Raises NoReason, Forbidden, Conflict (the same person).
    """
    if giver == taker:
        raise Conflict("They have these tasks already. Choose somebody else.")
    with place.database.command() as tx:
        _demand(place, tx, by, unit)
        query = select(tasks.c.id, tasks.c.case_id).join(holders, holders.c.task_id == tasks.c.id)
        query = query.where(holders.c.kind == "assignee", holders.c.holder == giver)
        if unit is not None:
            query = query.where(_held_by(unit))
        items = [{"task_id": row.id, "case_id": row.case_id} for row in tx.execute(query.order_by(holders.c.sort_at))]
        return _add(place, tx, ASSIGN, {"from": giver, "to": taker}, items, unit, reason, by)


def taken_in(place: Workplace, unit: str, by: Actor | None) -> dict[str, int]:
    """Person → how many open tasks of a unit they have taken. Raises Forbidden."""
    query = select(holders.c.holder, func.count()).join(tasks, tasks.c.id == holders.c.task_id)
    query = query.where(holders.c.kind == "assignee", _held_by(unit)).group_by(holders.c.holder)
    with place.database.reading() as tx:
        _demand(place, tx, by, unit)
        return {person: many for person, many in tx.execute(query)}


def _held_by(unit: str) -> Any:
    other = holders.alias("unit_holds")
    return exists().where(other.c.task_id == tasks.c.id, other.c.kind == "unit", other.c.holder == unit)


def _demand(place: Workplace, tx: Connection, by: Actor | None, unit: str | None) -> None:
    """A unit's batches are for its managers, the others for administrators; each item is asked for apart."""
    organisation = place.snapshots.get(tx).organisation
    if by is None:
        return
    if unit is not None:
        allowed = may(by, "hand-over-all", UnitAccess(unit, organisation.managers.get(unit, ())))
    else:
        allowed = may(by, "administer", OrganisationAccess(organisation.has_people))
    if not allowed:
        raise Forbidden("Only a unit's managers hand over all that somebody has. Ask one of them.")


def _add(
    place: Workplace,
    tx: Connection,
    kind: str,
    how: Mapping[str, Any],
    items: Iterable[Mapping[str, Any]],
    unit: str | None,
    reason: str,
    by: Actor | None,
) -> Bulk:
    if not reason.strip():
        raise NoReason
    values = {
        "kind": kind, "how": dict(how), "unit": unit, "reason": reason.strip()[:2000],
        "created_at": place.clock.now(tx), "created_by": by.id if by else None,
    }  # fmt: skip
    key: int = tx.execute(insert(bulk_batches).values(**values).returning(bulk_batches.c.id)).scalar_one()
    rows = [{"batch_id": key, "number": number, "state": WAITING, **item} for number, item in enumerate(items, 1)]
    if rows:
        tx.execute(insert(bulk_items), rows)
    return _batch(tx, key)


def _batch(tx: Connection, batch_id: int) -> Bulk:
    row = tx.execute(select(bulk_batches).where(bulk_batches.c.id == batch_id)).first()
    if row is None:
        raise NotFound(f"There is no batch {batch_id}. Check its number.")
    count = select(bulk_items.c.state, func.count()).where(bulk_items.c.batch_id == batch_id)
    fields: list[Any] = [*row, {state: many for state, many in tx.execute(count.group_by(bulk_items.c.state))}]
    return Bulk(*fields)


def found(place: Workplace, batch_id: int, by: Actor | None, *, limit: int = 10_000) -> tuple[Bulk, list[Item]]:
    """A batch, and what came of each: first what was refused. Raises NotFound, Forbidden."""
    query = (
        select(bulk_items.c.number, bulk_items.c.state, bulk_items.c.task_id)
        .add_columns(cases.c.number.label("case"), bulk_items.c.error)
        .join(cases, cases.c.id == bulk_items.c.case_id, isouter=True)
        .where(bulk_items.c.batch_id == batch_id)
        .order_by(bulk_items.c.state != REFUSED, bulk_items.c.number)
    )
    with place.database.reading() as tx:
        batch = _batch(tx, batch_id)
        _demand(place, tx, by, batch.unit)
        return batch, [Item(*row) for row in tx.execute(query.limit(limit))]


def go_on(
    place: Workplace, batch_id: int, by: Actor | None, *, limit: int | None = None, seconds: float | None = None
) -> tuple[Bulk, bool]:
    """Do what waits, at most so many and for so long; with it, whether cases have thrown something at others.

    Raises NotFound, Forbidden.
    """
    until = time.monotonic() + seconds if seconds is not None else None
    batch, _ = found(place, batch_id, by, limit=0)
    query = select(bulk_items.c.number).where(bulk_items.c.batch_id == batch_id, bulk_items.c.state == WAITING)
    with place.database.reading() as tx:
        left = list(tx.execute(query.order_by(bulk_items.c.number).limit(limit or 1_000_000)).scalars())
    thrown = False
    for number in left:
        if until is not None and time.monotonic() > until:
            break
        if (change := _try(place, batch, number, by)) is not None:
            change.keep_warm()
            thrown |= any(item.kind != outbox.NOTICE for item in change.context.outgoing)
    return found(place, batch_id, by, limit=0)[0], thrown


def _try(place: Workplace, batch: Bulk, number: int, by: Actor | None) -> Change | None:
    try:
        with place.database.command() as tx:
            return _done(place, tx, batch, number, by)
    except Exception as error:
        if is_about_the_database(error):
            raise
        if not isinstance(error, SamledError):
            log.exception("Item %s of batch %s could not be done", number, batch.id)
        elif _is_passing(error):
            raise
        _refuse(place, batch.id, number, _told(error))
        return None


def _is_passing(error: SamledError) -> bool:
    """The database could not do it now: it waits, and is taken up again."""
    return isinstance(error, DatabaseUnavailable | OutcomeUnknown)


def _told(error: Exception) -> str:
    return error.message if isinstance(error, SamledError) else _STOPPED


def _done(place: Workplace, tx: Connection, batch: Bulk, number: int, by: Actor | None) -> Change | None:
    """Do one item and mark it, in this transaction. None: another process has, or there is nothing to follow up."""
    here = (bulk_items.c.batch_id == batch.id) & (bulk_items.c.number == number)
    task = int(tx.execute(select(func.coalesce(bulk_items.c.task_id, 0)).where(here)).scalar_one())
    if task:
        # The case before anything else, as every command: the other order would deadlock with people's.
        case_rows.lock_by_task(tx, task)
    row = tx.execute(select(bulk_items).where(here).with_for_update()).one()
    if row.state != WAITING:
        return None
    change: Change | None = None
    case = row.case_id
    if batch.kind == START:
        wanted = starting.Beginning(batch.how["process"], row.answers, by, batch.how["owner"])
        change = starting.start(place, tx, wanted)
        case = change.id
    elif batch.kind == COMPLETE:
        change = work.complete_within(place, tx, task, batch.how["answers"], by)
    else:
        giver, taker = batch.how["from"], batch.how["to"]
        kind = "assigned" if taker else "released"
        work.assign_within(place, tx, task, taker, by, kind, only_from=giver, reason=batch.reason)
    values = {"state": DONE, "case_id": case, "answers": None, "at": place.clock.now(tx)}
    tx.execute(update(bulk_items).where(here).values(**values))
    return change


def _refuse(place: Workplace, batch_id: int, number: int, why: str) -> None:
    here = (bulk_items.c.batch_id == batch_id) & (bulk_items.c.number == number) & (bulk_items.c.state == WAITING)
    with place.database.command() as tx:
        values = {"state": REFUSED, "error": why[:2000], "answers": None, "at": place.clock.now(tx)}
        tx.execute(update(bulk_items).where(here).values(**values))
