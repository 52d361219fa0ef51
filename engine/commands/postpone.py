"""People and deadlines: move a task's date by hand, or have its next telling wait a little. Both with a reason.

Neither may make a deadline silent: a date may be moved only so far, and a telling may wait only a few working days at a
time and only a few times for one date. (The limits are `local`.)
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection

from engine import cases, deadlines, history, reads, tasks
from engine.access import may
from engine.actors import Actor
from engine.cases import LockedRow
from engine.commands.change import Change, Workplace, iso, open_change
from engine.errors import NotFound, SamledError
from engine.tasks import Task

#: How far from now a date may be moved, on the unit's calendar.
FURTHEST = "P6M"
#: How long a telling may wait at a time, and how often for one date.
LONGEST_SNOOZE = "5 working days"
MOST_SNOOZES = 2


class TooFar(SamledError):
    """A date lies ahead and at most half a year away. Choose one in between."""


class SnoozedEnough(SamledError):
    """The telling has waited as often as it may, or would wait longer than five working days. Move the date instead."""


class ComesLaterAnyway(SamledError):
    """The next telling comes no sooner than that. Leave it, or choose a later date."""


class NoDate(SamledError):
    """The task has no date that could be moved. Let its process owner give it one."""


class NoReason(SamledError):
    """Say why: whoever follows the case reads it in the history."""


def task_to_move(place: Workplace, task_id: int, by: Actor | None) -> Task:
    """An open task, for whoever may move its date: logged as a read of its case. Raises NotFound."""
    with place.database.command() as tx:
        task = tasks.get(tx, task_id)
        if by is not None:
            refused = not may(by, "move-deadline", task)
            case = cases.summary(tx, task.case_id).id
            reads.log(tx, case, by, f"date:{task.element_id}", place.clock.now(tx), refused=refused)
    _demand(task, by)
    return task


def move_deadline(place: Workplace, task_id: int, due_at: datetime, reason: str, by: Actor | None) -> Change:
    """Give an open task another date.

    Raises NotFound, Conflict, NoReason, TooFar.
    """
    why = _reason(reason)
    with place.database.command() as tx:
        row, task = _locked(tx, task_id, by)
        change = open_change(place, tx, row, by)
        furthest = change.snapshot.calendar_of(task.units).add(change.now, FURTHEST)
        if not change.now < due_at <= furthest:
            raise TooFar
        if row.token_id not in change.before.deadlines:
            raise NoDate
        said = change.move_due(row.token_id, due_at.astimezone(UTC), why=why, by_hand=True)
        change.save("deadline-moved", element_id=task.element_id, task_id=task_id, payload=said)
    return change


def snooze(place: Workplace, task_id: int, until: datetime, reason: str, by: Actor | None) -> None:
    """Have the next telling (reminder, due, escalation) of an open task wait until then; its date stays.

    Raises NotFound, NoReason, SnoozedEnough, ComesLaterAnyway.
    """
    why = _reason(reason)
    with place.database.command() as tx:
        row, task = _locked(tx, task_id, by)
        now = place.clock.now(tx)
        furthest = place.snapshots.get(tx).calendar_of(task.units).add(now, LONGEST_SNOOZE)
        if not now < until <= furthest:
            raise SnoozedEnough
        waits = deadlines.snooze(tx, row.id, row.token_id, until, MOST_SNOOZES)
        if not waits:
            raise ComesLaterAnyway if waits is None else SnoozedEnough
        said = {"until": iso(until.astimezone(UTC)), "reason": why}
        history.append(
            tx, row.id, "snoozed", now=now, actor=by.id if by else None, unit=by.unit if by else None,
            element_id=row.element_id, task_id=task_id, payload=said,
        )  # fmt: skip


def _locked(tx: Connection, task_id: int, by: Actor | None) -> tuple[LockedRow, Task]:
    """The case of the task, locked, and the task."""
    row = cases.lock_by_task(tx, task_id)
    if row is None:
        raise _gone(task_id)
    task = tasks.get(tx, task_id)
    _demand(task, by)
    return row, task


def _reason(text: str) -> str:
    if not text.strip():
        raise NoReason
    return text.strip()[:2000]


def _demand(task: Task, by: Actor | None) -> None:
    """Who holds the task, or owns its case, may; whoever does neither learns nothing of it."""
    if by is not None and not may(by, "move-deadline", task):
        raise _gone(task.id)


def _gone(task_id: int) -> NotFound:
    return NotFound(f"There is no open task {task_id}. It may be done already; look at its case.")
