"""What of a run stands in rows: its open tasks, its deadlines and the messages it waits for.

A projection is a pure function of the run, the parties and the organisation, so that `samled check` can build it again
and compare. Token numbers are never used twice in a case: a row of a token that was there before is still right,
unless the owner or the parties have changed (then roles mean other units) or a timer has moved.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from engine import deadlines, subscriptions, tasks, wakeups
from engine.bpmn.run import OpenTask, Run, Wait
from engine.calendars import Calendar
from engine.deadlines import STOPPED, TIMER, DeadlineRow, Step, first_step
from engine.process_settings import DeadlineSetting
from engine.roles import CaseRoles
from engine.subscriptions import SubscriptionRow
from engine.tasks import TaskRow


@dataclass
class Projection:
    """The rows by token."""

    tasks: dict[int, TaskRow] = field(default_factory=dict)
    deadlines: dict[int, DeadlineRow] = field(default_factory=dict)
    subscriptions: dict[int, SubscriptionRow] = field(default_factory=dict)

    def without(self, tokens: Collection[int]) -> Projection:
        """The same but for some tokens' rows."""
        if not tokens:
            return self
        return Projection(
            {token: row for token, row in self.tasks.items() if token not in tokens},
            {token: row for token, row in self.deadlines.items() if token not in tokens},
            self.subscriptions,
        )


def project(run: Run, roles: CaseRoles, before: Projection | None = None) -> Projection:
    """The rows of a run. What `before` (made with the same roles) holds already is taken from it."""
    found, known = Projection(), before or Projection()
    for token in run.open_token_ids:
        row = known.tasks.get(token) or _new(run, token, roles)
        found.tasks[token] = row
        if row.due_at is not None:
            found.deadlines[token] = known.deadlines.get(token) or DeadlineRow(
                token, row.element_id, row.due_at, False, row.deadline_name
            )
    for token, wait in run.waits.items():
        _add_wait(found, token, wait)
    for token, stop in run.stops.items():
        found.deadlines[token] = DeadlineRow(token, stop.element_id, stop.since, False, is_stopped=True)
    return found


def _new(run: Run, token: int, roles: CaseRoles) -> TaskRow:
    task = run.open_task(token)
    if task is None:  # it was in the list a moment ago
        raise LookupError(token)
    return _task(task, roles)


def _add_wait(found: Projection, token: int, wait: Wait) -> None:
    if wait.kind == TIMER and wait.due_at is not None:
        found.deadlines[token] = DeadlineRow(token, wait.element_id, wait.due_at, True, wait.name)
    elif wait.kind in (subscriptions.MESSAGE, subscriptions.SIGNAL) and wait.name:
        found.subscriptions[token] = SubscriptionRow(token, wait.kind, wait.name, wait.key, wait.element_id)


def _task(task: OpenTask, roles: CaseRoles) -> TaskRow:
    units: dict[str, None] = {}
    plain: list[str] = []
    for group in task.candidate_groups:
        meant = roles.units_of_group(group)
        units.update(dict.fromkeys(meant))
        if not meant and roles.is_plain(group):
            plain.append(group)
    if not (units or plain or task.candidate_users or task.assignee):
        units[roles.owner] = None  # a task that the model gives to nobody is the owner's
    return TaskRow(
        token_id=task.token_id,
        element_id=task.element_id,
        name=task.name or task.element_id,
        candidate_groups=task.candidate_groups,
        units=tuple(units),
        groups=tuple(plain),
        people=task.candidate_users,
        assignee=task.assignee,
        label=label_of(task.local),
        form_id=task.form_id,
        deadline_name=task.deadline_name,
        priority=task.priority,
        due_at=task.due_at,
        follow_up_at=task.follow_up_at,
        guests=tuple(filter(roles.is_guest, units)),
    )


def label_of(local: Mapping[str, Any]) -> str | None:
    """Which of several instances a task is: the first text among its own variables."""
    for value in local.values():
        if isinstance(value, str) and value:
            return value
        if isinstance(value, Mapping):
            for key in ("name", "title", "unit", "id"):
                if isinstance(value.get(key), str):
                    return str(value[key])
    return None


@dataclass(frozen=True)
class Surroundings:
    """What is needed to write rows: whose they are, when, and by which calendar and package."""

    case: int
    process_id: str
    declared: Mapping[str, DeadlineSetting]
    #: Units → the calendar on which they are asked.
    calendar_of: Callable[[Sequence[str]], Calendar]
    now: datetime

    def step(self, row: DeadlineRow, units: Sequence[str]) -> Step:
        """The step with which a deadline begins; `units` hold the task."""
        if row.is_timer:
            return Step(TIMER, 0, row.due_at)
        if row.is_stopped:
            return Step(STOPPED, 0, row.due_at)
        setting = self.declared.get(row.name) if row.name else None
        return first_step(row.due_at, setting, self.calendar_of(units), self.now)


def write(tx: Connection, around: Surroundings, before: Projection, after: Projection) -> list[TaskRow]:
    """Write rows that are new, and delete those that are gone. Returns the new tasks."""
    case = around.case
    tasks.remove(tx, case, before.tasks.keys() - after.tasks.keys())
    added = [row for token, row in after.tasks.items() if token not in before.tasks]
    tasks.add(tx, case, added, around.now)
    _write_deadlines(tx, around, before, after)
    subscriptions.remove(tx, case, before.subscriptions.keys() - after.subscriptions.keys())
    waiting = [row for token, row in after.subscriptions.items() if token not in before.subscriptions]
    subscriptions.add(tx, case, around.process_id, waiting)
    return added


def change_tasks(tx: Connection, case: int, before: Projection, after: Projection) -> list[TaskRow]:
    """Write tasks that stay open and have got other holders; those that have come to new units, with these units only.

    Apart from `write`: it reads.
    """
    came: list[TaskRow] = []
    for token, row in after.tasks.items():
        old = before.tasks.get(token)
        if old is None or old is row or old == row:
            continue
        tasks.change(tx, case, row, leaves_unit=not set(old.units) <= set(row.units))
        came.append(replace(row, units=tuple(unit for unit in row.units if unit not in old.units)))
    return came


def _units(found: Projection, token: int) -> Sequence[str]:
    return found.tasks[token].units if token in found.tasks else ()


def _write_deadlines(tx: Connection, around: Surroundings, before: Projection, after: Projection) -> None:
    moved = {token for token, row in before.deadlines.items() if after.deadlines.get(token) != row}
    deadlines.remove(tx, around.case, moved)
    new = [row for token, row in after.deadlines.items() if token not in before.deadlines or token in moved]
    added = [(row, around.step(row, _units(after, row.token_id))) for row in new]
    deadlines.add(tx, around.case, added)
    if any(step.at <= around.now + wakeups.NEAR for _, step in added):
        wakeups.announce(tx)
