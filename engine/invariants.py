"""What must hold over the data at every moment. `samled check` prints the rows that break it; there must be none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, select

from engine import cases as case_rows
from engine import deadlines as deadline_rows
from engine import outbox as outbox_rows
from engine import parties as party_rows
from engine.bpmn.run import Run
from engine.commands.change import Workplace
from engine.commands.look import environment_of
from engine.database import is_about_the_database
from engine.deadlines import TIMER
from engine.projection import project
from engine.reasons import reason
from engine.roles import CaseRoles
from engine.schema import cases, deadlines, outbox, subscriptions, tasks, units

#: A deadline that is due for longer than this means that no scheduler runs.
LATE = timedelta(hours=1)
#: Cases restored at a time.
_BATCH = 200


@dataclass(frozen=True)
class Breach:
    """One row that breaks an invariant."""

    #: The case's number.
    case: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.case}: {self.rule}: {self.message}"


def check(place: Workplace) -> list[Breach]:
    """Every breach, by rule."""
    with place.database.reading() as tx:
        now = place.clock.now(tx)
        found = [
            *_without_owner(tx),
            *_with_unknown_owner(tx),
            *_without_next_step(tx),
            *_closed_with_rows(tx),
            *_late(tx, now),
            *_parked(tx),
        ]
        found += _unsent(tx, now)
        last = 0
        while True:
            query = select(*case_rows.WITHOUT_STATE).where(cases.c.closed_at.is_(None), cases.c.id > last)
            rows = tx.execute(query.order_by(cases.c.id).limit(_BATCH)).all()
            if not rows:
                return found
            for row in rows:
                found += _looked_at(place, tx, row)
            last = rows[-1].id


def _looked_at(place: Workplace, tx: Connection, row: Row[*tuple[Any, ...]]) -> list[Breach]:
    try:
        return list(_differs(place, tx, row))
    except Exception as error:
        if is_about_the_database(error):
            raise
        return [Breach(row.number, "unreadable", f"the case's state cannot be read: {reason(error)}")]


def _open(*conditions: ColumnElement[bool]) -> Select[str]:
    return select(cases.c.number).where(cases.c.closed_at.is_(None), *conditions).order_by(cases.c.id)


def _without_owner(tx: Connection) -> Iterator[Breach]:
    for number in tx.execute(_open(cases.c.owner == "")).scalars():
        yield Breach(number, "no-owner", "the open case has no owner unit")


def _with_unknown_owner(tx: Connection) -> Iterator[Breach]:
    """An owner that the directory does not know hears of nothing. Where there is no directory, any name will do."""
    known = exists().where(units.c.id == cases.c.owner)
    for number in tx.execute(_open(~known, exists().where(units.c.id.is_not(None)))).scalars():
        yield Breach(number, "unknown-owner", "the open case is owned by a unit that does not exist")


def _without_next_step(tx: Connection) -> Iterator[Breach]:
    """Invariant 1: an open task, or a future event with a date. A message alone may never come."""
    task = exists().where(tasks.c.case_id == cases.c.id)
    event = exists().where(deadlines.c.case_id == cases.c.id, deadlines.c.run_at.is_not(None))
    for number in tx.execute(_open(~task, ~event)).scalars():
        yield Breach(number, "no-next-step", "the open case has neither an open task nor an event with a date")


def _closed_with_rows(tx: Connection) -> Iterator[Breach]:
    for name, table in (("task", tasks), ("deadline", deadlines), ("subscription", subscriptions)):
        query = select(cases.c.number).join(table, table.c.case_id == cases.c.id)
        for number in tx.execute(query.where(cases.c.closed_at.is_not(None)).distinct()).scalars():
            yield Breach(number, "closed-with-rows", f"the closed case still has a {name}")


def _late(tx: Connection, now: datetime) -> Iterator[Breach]:
    query = select(cases.c.number, deadlines.c.element_id, deadlines.c.due_at)
    query = query.join(deadlines, deadlines.c.case_id == cases.c.id).where(deadlines.c.run_at < now - LATE)
    for row in tx.execute(query.order_by(deadlines.c.run_at).limit(1000)):
        message = f"the deadline at {row.element_id} was due {row.due_at:%Y-%m-%d %H:%M} UTC and has not fired"
        yield Breach(row.number, "late-deadline", f"{message}; does a scheduler run?")


def _parked(tx: Connection) -> Iterator[Breach]:
    for row in deadline_rows.parked(tx):
        yield Breach(row.case_id, "parked-deadline", f"the deadline at {row.element_id} could not fire: {row.error}")


def _unsent(tx: Connection, now: datetime) -> Iterator[Breach]:
    query = select(outbox.c.key, outbox.c.kind, outbox.c.error, cases.c.number)
    query = query.join(cases, cases.c.id == outbox.c.case_id, isouter=True)
    parked = query.where(outbox.c.sent_at.is_(None), outbox.c.next_try_at.is_(None))
    for row in tx.execute(parked.order_by(outbox.c.id).limit(1000)):
        yield Breach(row.number or "-", "not-delivered", f"the {row.kind} {row.key} could not leave: {row.error}")
    # E-mail may wait for a mail server; what cases tell each other may not.
    late = query.where(outbox.c.next_try_at < now - LATE, outbox.c.kind != outbox_rows.NOTICE)
    for row in tx.execute(late.order_by(outbox.c.id).limit(1000)):
        yield Breach(row.number or "-", "late-message", f"the {row.kind} {row.key} has not left; does a scheduler run?")


def _differs(place: Workplace, tx: Connection, row: Row[*tuple[Any, ...]]) -> Iterator[Breach]:
    """Rebuilds the rows from the state and compares."""
    case_id, number = row.id, row.number
    published = place.publications.get(tx, row.version_id)
    current = party_rows.of_case(tx, case_id)
    environment = environment_of(place, tx, published, row, current)
    run = Run.restore(published.model, case_rows.state(tx, case_id), environment)
    snapshot = place.snapshots.get(tx)
    declared = snapshot.roles(row.process_id, published.roles, row.owner)
    roles = CaseRoles(declared, row.owner, current, snapshot.organisation)
    wanted = project(run, roles)
    stored = {
        token: (element, due)
        for token, element, due in tx.execute(
            select(tasks.c.token_id, tasks.c.element_id, tasks.c.due_at).where(tasks.c.case_id == case_id)
        )
    }
    if stored != {token: (task.element_id, task.due_at) for token, task in wanted.tasks.items()}:
        yield Breach(number, "tasks-differ", "the open tasks do not agree with the case's state")
    columns = (deadlines.c.token_id, deadlines.c.kind, deadlines.c.due_at, deadlines.c.task_due_at)
    waiting = {
        # Where a task's ladder has come to, only its rows know.
        (token, due if kind == TIMER else task_due)
        for token, kind, due, task_due in tx.execute(select(*columns).where(deadlines.c.case_id == case_id))
    }
    if waiting != {(deadline.token_id, deadline.due_at) for deadline in wanted.deadlines.values()}:
        yield Breach(number, "deadlines-differ", "the deadlines do not agree with the case's state")
    waits = select(subscriptions.c.token_id).where(subscriptions.c.case_id == case_id)
    if set(tx.execute(waits).scalars()) != wanted.subscriptions.keys():
        yield Breach(number, "waits-differ", "the awaited messages do not agree with the case's state")
    if run.ended:
        yield Breach(number, "not-closed", "the case has ended and is not closed")
