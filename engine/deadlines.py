"""Deadlines: a row for each timer of the model, and one for each task with a due date.

A task's row climbs a ladder: `remind` (before), `due`, then `escalate` once for every recipient of process.toml; the
last rung is told again every week, as long as the task is open. The row holds the next step only, so that a task costs
one row however many rungs it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from engine.calendars import Calendar
from engine.prepared import Prepared
from engine.process_settings import DeadlineSetting
from engine.schema import cases, deadlines, tasks

TIMER, REMIND, DUE, ESCALATE, STOPPED = "timer", "remind", "due", "escalate", "stopped"
#: How often the last rung hears again of a task that nobody takes (`local`).
REPEATED_EVERY = "5 working days"
#: Pauses after a failure; after the last the deadline is parked where an administrator sees it.
PAUSES = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something that will happen at a moment if nobody acts before."""

    id: int
    #: The case's number.
    case_id: str
    #: timer | remind | due | escalate | stopped
    kind: str
    element_id: str
    #: The deadline of process.toml.
    name: str | None
    due_at: datetime
    #: Which recipient of `escalate` is next.
    rung: int = 0
    task_id: int | None = None
    attempts: int = 0
    parked_at: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of a task's ladder."""

    kind: str
    rung: int
    at: datetime


@dataclass(frozen=True, slots=True)
class DeadlineRow:
    """A deadline as projected from a run: a timer, or a task's ladder as a whole."""

    token_id: int
    element_id: str
    #: When the timer fires or the task is due.
    due_at: datetime
    is_timer: bool
    name: str | None = None
    #: An element that stands as an incident: its owner is told, and again every week until somebody acts.
    is_stopped: bool = False


@dataclass(frozen=True, slots=True)
class DueRow:
    """A row that a scheduler has to fire."""

    id: int
    token_id: int
    kind: str
    rung: int
    element_id: str
    name: str | None
    due_at: datetime
    task_due_at: datetime
    attempts: int


def ladder(due_at: datetime, setting: DeadlineSetting | None, calendar: Calendar) -> list[Step]:
    """All steps of a task that is due then, in order."""
    if setting is None:
        return [Step(DUE, 0, due_at)]
    steps = [Step(REMIND, 0, calendar.subtract(due_at, setting.remind))] if setting.remind else []
    steps.append(Step(DUE, 0, due_at))
    at = due_at
    for rung in range(len(setting.escalate)):
        steps.append(Step(ESCALATE, rung, at))
        at = calendar.add(at, setting.escalate_every)
    return steps


def first_step(due_at: datetime, setting: DeadlineSetting | None, calendar: Calendar, now: datetime) -> Step:
    """Where a new task's ladder begins: a reminder that would come at once is none."""
    steps = ladder(due_at, setting, calendar)
    return steps[1] if steps[0].kind == REMIND and steps[0].at <= now else steps[0]


def next_step(row: DueRow, setting: DeadlineSetting | None, calendar: Calendar, now: datetime) -> Step:
    """The step after the row's; at the top the last one again, so that an open task never stops being heard of.

    What would have come again during an outage does not come at once: it goes on from `now`.
    """
    steps = ladder(row.task_due_at, setting, calendar)
    for number, step in enumerate(steps[:-1]):
        if (step.kind, step.rung) == (row.kind, row.rung):
            return steps[number + 1]
    at = calendar.add(row.due_at, REPEATED_EVERY)
    while at <= now:
        at = calendar.add(at, REPEATED_EVERY)
    return Step(row.kind, row.rung, at)


_VIEW = (
    select(
        deadlines.c.id, cases.c.number, deadlines.c.kind, deadlines.c.element_id, deadlines.c.name, deadlines.c.due_at,
        deadlines.c.rung, tasks.c.id.label("task_id"), deadlines.c.attempts, deadlines.c.parked_at, deadlines.c.error,
    )
    .join(cases, cases.c.id == deadlines.c.case_id)
    .join(
        tasks, (tasks.c.case_id == deadlines.c.case_id) & (tasks.c.token_id == deadlines.c.token_id), isouter=True
    )
    .order_by(deadlines.c.due_at, deadlines.c.id)
)  # fmt: skip
_COLUMNS = ["case_id", "token_id", "kind", "rung", "element_id", "name", "due_at", "task_due_at", "run_at"]
_INSERT = Prepared(insert(deadlines), _COLUMNS)
_DELETE = Prepared(
    delete(deadlines).where(deadlines.c.case_id == bindparam("case"), deadlines.c.token_id == bindparam("token"))
)
#: The columns of `DueRow`.
DUE_COLUMNS = (
    deadlines.c.id, deadlines.c.token_id, deadlines.c.kind, deadlines.c.rung, deadlines.c.element_id,
    deadlines.c.name, deadlines.c.due_at, deadlines.c.task_due_at, deadlines.c.attempts,
)  # fmt: skip
_MOVE = Prepared(
    update(deadlines)
    .where(deadlines.c.id == bindparam("key_id"))
    .values(
        kind=bindparam("kind"), rung=bindparam("rung"), due_at=bindparam("due_at"), run_at=bindparam("run_at"),
        attempts=bindparam("attempts"), error=bindparam("error"),
    )
)  # fmt: skip
_LADDER_ROW = select(
    deadlines.c.id, deadlines.c.kind, deadlines.c.due_at, deadlines.c.task_due_at, deadlines.c.snoozes
).where(
    deadlines.c.case_id == bindparam("case"), deadlines.c.token_id == bindparam("token"),
    deadlines.c.kind.in_([REMIND, DUE, ESCALATE]), deadlines.c.parked_at.is_(None),
)  # fmt: skip
_NEXT = select(func.min(deadlines.c.run_at))


def next_run(tx: Connection) -> datetime | None:
    """When a scheduler has something to do next."""
    return tx.execute(_NEXT).scalar()


def of_case(tx: Connection, case: int) -> list[Deadline]:
    """The deadlines of a case, the next first."""
    return _views(tx.execute(_VIEW.where(deadlines.c.case_id == case)))


def upcoming(tx: Connection, before: datetime | None, limit: int) -> list[Deadline]:
    """Deadlines of all cases, the next first."""
    query = _VIEW if before is None else _VIEW.where(deadlines.c.due_at < before)
    return _views(tx.execute(query.limit(limit)))


def parked(tx: Connection) -> list[Deadline]:
    """Deadlines that could not fire and wait for an administrator."""
    return _views(tx.execute(_VIEW.where(deadlines.c.parked_at.is_not(None))))


def _views(rows: Iterable[Row[*tuple[Any, ...]]]) -> list[Deadline]:
    return [Deadline(*row) for row in rows]


def add(tx: Connection, case: int, rows: Sequence[tuple[DeadlineRow, Step]]) -> None:
    """Write new deadlines, each with the step that comes first."""
    _INSERT.run_many(tx, [_values(case, row, step) for row, step in rows])


def _values(case: int, row: DeadlineRow, step: Step) -> dict[str, Any]:
    return {
        "case_id": case, "token_id": row.token_id, "kind": step.kind, "rung": step.rung, "element_id": row.element_id,
        "name": row.name, "due_at": step.at, "task_due_at": row.due_at, "run_at": step.at,
    }  # fmt: skip


def remove(tx: Connection, case: int, tokens: Iterable[int]) -> None:
    """Forget deadlines that nothing waits for any more."""
    _DELETE.run_many(tx, [{"case": case, "token": token} for token in tokens])


def move(tx: Connection, row_id: int, step: Step | None) -> None:
    """Set a task's ladder to its next step, or end it."""
    if step is None:
        tx.execute(delete(deadlines).where(deadlines.c.id == row_id))
    else:
        values = {"kind": step.kind, "rung": step.rung, "due_at": step.at, "run_at": step.at}
        _MOVE.run(tx, {"key_id": row_id, **values, "attempts": 0, "error": None})


def snooze(tx: Connection, case: int, token: int, until: datetime, most: int) -> bool | None:
    """Have the next step of a ladder wait; a reminder not beyond the date itself.

    False: it has waited enough. None: it comes no sooner anyway, so nothing is changed.
    """
    row = tx.execute(_LADDER_ROW, {"case": case, "token": token}).first()
    if row is None or row.snoozes >= most:
        return False
    at = min(until, row.task_due_at) if row.kind == REMIND else until
    if at <= row.due_at:
        return None
    waits = update(deadlines).where(deadlines.c.id == row.id)
    tx.execute(waits.values(due_at=at, run_at=at, snoozes=row.snoozes + 1))
    return True


def mark_failed(tx: Connection, row: DueRow, now: datetime, error: str) -> bool:
    """The deadline could not fire: it is tried again later, or parked. Whether it was parked."""
    values: dict[str, Any] = {"attempts": row.attempts + 1, "error": error[:2000]}
    parks = row.attempts >= len(PAUSES)
    values |= {"run_at": None, "parked_at": now} if parks else {"run_at": now + PAUSES[row.attempts]}
    # As it was when it failed: what has been moved or tried by another meanwhile is left alone.
    same = (deadlines.c.id == row.id, deadlines.c.attempts == row.attempts, deadlines.c.due_at == row.due_at)
    return bool(tx.execute(update(deadlines).where(*same).values(**values)).rowcount) and parks


def parked_row(tx: Connection, row_id: int) -> Row[*tuple[Any, ...]] | None:
    """The case and the element of a parked deadline; None when it is not parked."""
    query = select(deadlines.c.case_id, deadlines.c.element_id)
    return tx.execute(query.where(deadlines.c.id == row_id, deadlines.c.parked_at.is_not(None))).first()


def retry(tx: Connection, row_id: int, now: datetime) -> bool:
    """Let a parked deadline be tried at once. False: it is not parked any more."""
    again = update(deadlines).where(deadlines.c.id == row_id, deadlines.c.parked_at.is_not(None))
    return bool(tx.execute(again.values(parked_at=None, run_at=now, attempts=0)).rowcount)
