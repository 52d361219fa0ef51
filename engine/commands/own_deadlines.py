"""The organisation's own value of a deadline: what it would do, setting it, and giving it to running cases.

A value holds from a date. Where it is to hold for what is waited for already, schedulers bring it to the running cases
from that date on, a batch a transaction; what has been done is remembered, so that anyone may go on where one stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from engine import cases, deadline_values, versions, wakeups
from engine.actors import Actor
from engine.bpmn.run import Run
from engine.caching import Snapshot
from engine.claims import Claim
from engine.commands.change import Change, Workplace, open_change
from engine.commands.look import environment_of
from engine.commands.parked import demand_administrator
from engine.database import is_about_the_database
from engine.deadline_values import OwnValue
from engine.errors import NotFound, SamledError
from engine.parties import of_case
from engine.process_settings import DeadlineSetting
from engine.reasons import reason
from engine.roles import CaseRoles
from engine.schema import cases as case_table
from engine.schema import deadlines, tasks

log = logging.getLogger(__name__)

#: Running cases that are looked at before a value is set; of more, these are a sample.
MOST_PREVIEWED = 2_000
#: Cases of one transaction.
BATCH = 20


class NotAdjustable(SamledError):
    """This deadline is fixed by law or by the process. Change another, or ask the process owner."""


@dataclass(frozen=True)
class Impact:
    """What a value does to what is waited for already."""

    #: Waits that it concerns.
    concerned: int = 0
    sooner: int = 0
    later: int = 0
    #: Of the sooner ones: due before now.
    overdue: int = 0
    #: Were there so many cases that only the first were looked at?
    is_sample: bool = False


@dataclass(frozen=True)
class _Wait:
    """One open wait for the deadline."""

    token: int
    due_at: datetime
    #: When its task came.
    began: datetime


def declared(place: Workplace, tx: Connection, process_id: str, name: str, principal: str | None) -> DeadlineSetting:
    """A deadline of the version of a process on which cases start now, those of `principal` where it is given.

    Raises NotFound, and NotAdjustable where an organisation may not have its own.
    """
    if principal is not None and principal not in place.snapshots.get(tx).organisation.principals:
        raise NotFound(f"No unit belongs to {principal}. Write the organisation as its units have it.")
    newest = versions.latest(tx, process_id, principal)
    if newest is None:
        raise NotFound(f"There is no process {process_id}. Look at `samled versions`.")
    setting = place.publications.get(tx, newest.id).deadlines.get(name)
    if setting is None:
        raise NotFound(f"The process {process_id} has no deadline “{name}”. Look at its process.toml.")
    if not setting.adjustable:
        raise NotAdjustable
    return setting


def _demand_settable(
    place: Workplace, tx: Connection, process_id: str, name: str, value: str | None, principal: str | None
) -> None:
    """Raises as `declared` does; but what somebody has set can always be taken back."""
    is_set = any(one.is_of(process_id, name, principal) for one in deadline_values.load(tx))
    if value is not None or not is_set:
        declared(place, tx, process_id, name, principal)


def set_value(
    place: Workplace,
    process_id: str,
    name: str,
    value: str | None,
    *,
    valid_from: datetime | None,
    running: bool,
    reason: str,
    by: Actor | None,
    principal: str | None = None,
) -> None:
    """Give a deadline a value from a moment on (now if None); None: the package's own again.

    `principal`: for the units of that organisation only, and before what is set for all.

    Raises NotFound, NotAdjustable, Forbidden; ValueError for no duration.
    """
    with place.database.command() as tx:
        demand_administrator(place, tx, by)
        _demand_settable(place, tx, process_id, name, value, principal)
        now = place.clock.now(tx)
        deadline_values.add(
            tx, process_id, name, value,
            valid_from=valid_from or now, running=running, reason=reason, by=by.id if by else None, now=now,
            principal=principal,
        )  # fmt: skip
        if running:
            wakeups.announce(tx)


def preview(place: Workplace, process_id: str, name: str, value: str | None, principal: str | None = None) -> Impact:
    """What a value would do to what is waited for, if it held for it now.

    Raises NotFound, NotAdjustable; ValueError for no duration.
    """
    if value is not None:
        deadline_values.demand_duration(value)
    with place.database.reading() as tx:
        _demand_settable(place, tx, process_id, name, value, principal)
        now = place.clock.now(tx)
        wanted = OwnValue(0, process_id, name, value, now, False, "", now, None, principal=principal)
        counts = {"concerned": 0, "sooner": 0, "later": 0, "overdue": 0}
        rows = _cases(tx, process_id, name, after=0, limit=MOST_PREVIEWED)
        for row in rows:
            for wait, due in _moved(place, tx, row, wanted):
                counts["concerned"] += 1
                counts["sooner"] += due < wait.due_at
                counts["later"] += due > wait.due_at
                counts["overdue"] += due < wait.due_at and due <= now
        return Impact(**counts, is_sample=len(rows) == MOST_PREVIEWED)


def _moved(
    place: Workplace, tx: Connection, row: Row[*tuple[Any, ...]], wanted: OwnValue
) -> list[tuple[_Wait, datetime]]:
    """The waits of a case that a value concerns, with the instant that it would give them; nothing is changed.

    None of a case that cannot be read, which `samled check` tells.
    """
    try:
        return list(_would_move(place, tx, row, wanted))
    except Exception as error:
        if is_about_the_database(error):
            raise
        log.error("What a new value would do to case %s is not known: %s", row.id, reason(error))
        return []


def _would_move(
    place: Workplace, tx: Connection, row: Row[*tuple[Any, ...]], wanted: OwnValue
) -> Iterator[tuple[_Wait, datetime]]:
    published = place.publications.get(tx, row.version_id)
    snapshot = place.snapshots.get(tx)
    with_it = replace(snapshot.settings, own_values=(*snapshot.settings.own_values, wanted))
    snapshot = replace(snapshot, settings=with_it)
    current = of_case(tx, row.id)
    environment = environment_of(place, tx, published, row, current, snapshot)
    run = Run.restore(published.model, cases.state(tx, row.id), environment)
    declared_roles = snapshot.roles(row.process_id, published.roles, row.owner)
    roles = CaseRoles(declared_roles, row.owner, current, snapshot.organisation)
    for wait in _waits(tx, row.id, wanted.name):
        if not _concerns(wanted, wait, run, snapshot, roles, environment.now):
            continue
        due = run.due_again(wait.token, wait.began)
        if due is not None:
            yield wait, due


def _concerns(own: OwnValue, wait: _Wait, run: Run, snapshot: Snapshot, roles: CaseRoles, now: datetime) -> bool:
    """Does a wait go by this value: not by one that an organisation in it has of its own?"""
    units = [unit for group in run.asked_groups(wait.token) for unit in roles.units_of_group(group)]
    principals = snapshot.principals(units, roles.owner)
    return deadline_values.decides(own, snapshot.settings.own_values, principals, now)


def _cases(tx: Connection, process_id: str, name: str, *, after: int, limit: int) -> list[Row[*tuple[Any, ...]]]:
    waiting = select(deadlines.c.case_id).where(deadlines.c.name == name)
    query = select(*cases.WITHOUT_STATE).where(
        case_table.c.process_id == process_id, case_table.c.closed_at.is_(None), case_table.c.id > after,
        case_table.c.id.in_(waiting),
    )  # fmt: skip
    return list(tx.execute(query.order_by(case_table.c.id).limit(limit)))


def _waits(tx: Connection, case: int, name: str) -> list[_Wait]:
    query = select(deadlines.c.token_id, deadlines.c.task_due_at, tasks.c.created_at).join(
        tasks, (tasks.c.case_id == deadlines.c.case_id) & (tasks.c.token_id == deadlines.c.token_id), isouter=True
    )
    rows = tx.execute(query.where(deadlines.c.case_id == case, deadlines.c.name == name))
    return [_Wait(token, due_at, created or due_at) for token, due_at, created in rows]


class _Failed(Exception):
    """A case could not be looked at; the transaction is to be rolled back."""

    def __init__(self, value: OwnValue, case: int) -> None:
        self.value, self.case = value, case


def apply(place: Workplace, limit: int = 200) -> int:
    """Bring values that hold by now to running cases; how many cases were looked at.

    A case that cannot be looked at is passed over and logged; the others go on.
    """
    done, size = 0, BATCH
    while done < limit:
        try:
            looked_at = _apply_batch(place, size)
        except _Failed as failed:
            if size == 1:
                _pass_over(place, failed)
            size = 1
            continue
        if looked_at is None:
            break
        done += looked_at
        size = min(BATCH, size * 2)
    return done


def _apply_batch(place: Workplace, most: int) -> int | None:
    """How many cases; None: there is nothing to do that another does not do."""
    with place.database.command() as tx:
        now = place.clock.now(tx)
        own = deadline_values.waiting(tx, now)
        if own is None:
            return None
        rows = _cases(tx, own.process_id, own.name, after=own.applied_to, limit=most)
        changes = [change for row in rows if (change := _tried(place, tx, row.id, own)) is not None]
        deadline_values.mark_applied(tx, own.id, rows[-1].id if rows else own.applied_to, None if rows else now)
    for change in changes:
        change.keep_warm()
    return len(rows)


def _tried(place: Workplace, tx: Connection, case: int, own: OwnValue) -> Change | None:
    try:
        return _apply_to(place, tx, case, own)
    except Exception as error:
        if is_about_the_database(error):
            raise
        raise _Failed(own, case) from error


def _pass_over(place: Workplace, failed: _Failed) -> None:
    log.error("A new value could not be brought to case %s: %s", failed.case, reason(failed.__cause__))
    with place.database.command() as tx:
        deadline_values.mark_applied(tx, failed.value.id, failed.case, None)


def bring_to(place: Workplace, tx: Connection, claim: Claim) -> Change | None:
    """Before a deadline fires: a value that holds for running cases and has not come to this one yet. None: no such.

    Else what falls due by the old value would fire before the new one is there.
    """
    snapshot = place.snapshots.get(tx, claim.case.organisation or 0)
    for own in snapshot.settings.own_values:
        waits = own.running and own.applied_at is None and own.applied_to < claim.case.id
        named = (own.process_id, own.name) == (claim.case.process_id, claim.due.name)
        if waits and named and own.valid_from <= place.clock.now(tx):
            change = _apply_to(place, tx, claim.case.id, own)
            if change is not None:
                return change
    return None


def _apply_to(place: Workplace, tx: Connection, case: int, own: OwnValue) -> Change | None:
    change = open_change(place, tx, cases.lock_by_id(tx, case), None)
    if change.row.closed_at is not None:
        change.keep_unchanged()
        return None
    moved = 0
    for wait in _waits(tx, case, own.name):
        if not _concerns(own, wait, change.run, change.snapshot, change.context.roles, change.now):
            continue
        due = change.run.due_again(wait.token, wait.began)
        if due is not None and due != wait.due_at:
            element = change.before.deadlines[wait.token].element_id
            said = change.move_due(wait.token, due, why=own.reason)
            change.context.events.append(["deadline-moved", element, wait.token, said])
            moved += 1
    if not moved:
        change.keep_unchanged()
        return None
    change.save("deadlines-changed", payload={"deadline": own.name})
    return change
