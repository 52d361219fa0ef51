"""The organisation's own value of a deadline: what it would do, setting it, and giving it to running cases.

A value holds from a date. Where it is to hold for what is waited for already, schedulers bring it to the running cases
from that date on, a batch a transaction; what has been done is remembered, so that anyone may go on where one stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, select

from engine import cases, deadline_values, versions, wakeups
from engine.actors import Actor
from engine.bpmn.run import Run
from engine.commands.change import Change, Workplace, open_change
from engine.commands.look import environment_of
from engine.commands.parked import demand_administrator
from engine.deadline_values import OwnValue
from engine.durations import parse_duration
from engine.errors import NotFound, SamledError
from engine.parties import of_case
from engine.process_settings import DeadlineSetting
from engine.schema import cases as case_table
from engine.schema import deadlines, tasks

#: Running cases that are looked at before a value is set; of more, these are a sample.
MOST_PREVIEWED = 2_000
#: Cases of one transaction.
BATCH = 20


class NotAdjustable(SamledError):
    """This deadline is fixed by law or by the process. Change another, or ask the process owner."""


@dataclass(frozen=True)
class Impact:
    """What a value does to what is waited for already."""

    #: Waits that it concerns, and of these those looked at.
    concerned: int = 0
    sooner: int = 0
    later: int = 0
    #: Of the sooner ones: due before now.
    overdue: int = 0


@dataclass(frozen=True)
class _Wait:
    """One open wait for the deadline."""

    token: int
    due_at: datetime
    #: When its task came.
    began: datetime


def declared(place: Workplace, tx: Connection, process_id: str, name: str) -> DeadlineSetting:
    """A deadline of the newest version of a process.

    Raises NotFound, and NotAdjustable where an organisation may not have its own.
    """
    newest = versions.latest(tx, process_id)
    if newest is None:
        raise NotFound(f"There is no process {process_id}. Look at `samled versions`.")
    setting = place.publications.get(tx, newest.id).deadlines.get(name)
    if setting is None:
        raise NotFound(f"The process {process_id} has no deadline “{name}”. Look at its process.toml.")
    if not setting.adjustable:
        raise NotAdjustable
    return setting


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
) -> None:
    """Give a deadline a value from a moment on (now if None); None: the package's own again.

    Raises NotFound, NotAdjustable, Forbidden; ValueError for no duration.
    """
    with place.database.command() as tx:
        demand_administrator(place, tx, by)
        declared(place, tx, process_id, name)
        now = place.clock.now(tx)
        deadline_values.add(
            tx, process_id, name, value,
            valid_from=valid_from or now, running=running, reason=reason, by=by.id if by else None, now=now,
        )  # fmt: skip
        if running:
            wakeups.announce(tx)


def preview(place: Workplace, process_id: str, name: str, value: str | None) -> Impact:
    """What a value would do to what is waited for, if it held for it now.

    Raises NotFound, NotAdjustable; ValueError for no duration.
    """
    if value is not None:
        parse_duration(value)
    with place.database.reading() as tx:
        setting = declared(place, tx, process_id, name)
        now = place.clock.now(tx)
        wanted = value or setting.value
        counts = {"concerned": 0, "sooner": 0, "later": 0, "overdue": 0}
        for row in _cases(tx, process_id, name, after=0, limit=MOST_PREVIEWED):
            for wait, due in _moved(place, tx, row, name, wanted):
                counts["concerned"] += 1
                counts["sooner"] += due < wait.due_at
                counts["later"] += due > wait.due_at
                counts["overdue"] += due < wait.due_at and due <= now
        return Impact(**counts)


def _moved(
    place: Workplace, tx: Connection, row: Row[*tuple[object, ...]], name: str, value: str
) -> Iterator[tuple[_Wait, datetime]]:
    """The waits of a case with the instant that a value would give them; nothing is changed."""
    published = place.publications.get(tx, row.version_id)
    environment = environment_of(place, tx, published, row, of_case(tx, row.id))
    environment.deadline_values = {**environment.deadline_values, name: value}
    run = Run.restore(published.model, row.state, environment)
    for wait in _waits(tx, row.id, name):
        due = run.due_again(wait.token, wait.began)
        if due is not None:
            yield wait, due


def _cases(tx: Connection, process_id: str, name: str, *, after: int, limit: int) -> list[Row[*tuple[object, ...]]]:
    waiting = select(deadlines.c.case_id).where(deadlines.c.name == name)
    query = select(case_table).where(
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


def apply(place: Workplace, limit: int = 200) -> int:
    """Bring values that hold by now to running cases; how many cases were looked at."""
    done = 0
    while done < limit:
        with place.database.command() as tx:
            now = place.clock.now(tx)
            own = deadline_values.waiting(tx, now)
            if own is None:
                return done
            rows = _cases(tx, own.process_id, own.name, after=own.applied_to, limit=BATCH)
            changes = [change for row in rows if (change := _apply_to(place, tx, row.id, own)) is not None]
            last = rows[-1].id if rows else own.applied_to
            deadline_values.mark_applied(tx, own.id, last, None if rows else now)
        for change in changes:
            change.keep_warm()
        done += len(rows)
    return done


def _apply_to(place: Workplace, tx: Connection, case: int, own: OwnValue) -> Change | None:
    change = open_change(place, tx, cases.lock_by_id(tx, case), None)
    if change.row.closed_at is not None:
        change.keep_unchanged()
        return None
    moved = 0
    for wait in _waits(tx, case, own.name):
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
