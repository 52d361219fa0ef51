"""What people do with a task: complete, take, give back, hand on, draft."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from engine import cases, directory, drafts, files, history, tasks
from engine.access import may
from engine.actors import Actor
from engine.bpmn.run import OpenTask
from engine.cases import LockedRow
from engine.commands import answers as answering
from engine.commands.change import Change, Workplace, open_change
from engine.errors import Conflict, Forbidden, NotFound
from engine.tasks import Task


def complete(
    place: Workplace, task_id: int, answers: Mapping[str, Any], by: Actor | None, revision: int | None
) -> Change:
    """Complete an open task.

    Raises NotFound (never was, or not to be seen), Forbidden, Conflict (done already, or a stale revision),
    InvalidAnswers.
    """
    with place.database.command() as tx:
        return complete_within(place, tx, task_id, answers, by, revision, last=True)


def complete_within(
    place: Workplace,
    tx: Connection,
    task_id: int,
    answers: Mapping[str, Any],
    by: Actor | None,
    revision: int | None = None,
    *,
    last: bool = False,
) -> Change:
    """As `complete`, in a transaction that may do more; with `last` it does not."""
    row = cases.lock_by_task(tx, task_id)
    if row is None:
        raise _gone(place, tx, task_id, by)
    change = open_change(place, tx, row, by)
    change.demand_revision(revision)
    open_task = _still_open(change, row, task_id)
    _demand_held(change, row, "complete-task")
    known = {**change.run.data, **open_task.local}
    cleaned = answering.clean(
        change.published,
        open_task.process_id,
        open_task.form_id,
        answers,
        change.environment,
        known,
        change.pickers(),
    )
    change.run.complete(open_task.token_id, cleaned)
    files.mark_answered(change.tx, change.id, cleaned, change.now)
    payload = {"answers": cleaned}
    change.save("completed", element_id=open_task.element_id, task_id=task_id, payload=payload, last=last)
    return change


def _still_open(change: Change, row: LockedRow, task_id: int) -> OpenTask:
    """The task in the run: on PostgreSQL the row may be older than the lock, so the run decides."""
    open_task = change.run.open_task(row.token_id)
    if open_task is None:
        done = history.completion(change.tx, task_id)
        raise _done(change.published.names.get(row.element_id), done)
    return open_task


def _done(name: str | None, done: Any) -> Conflict:
    what = f"“{name}”" if name else "This task"
    if done is None:
        return Conflict(f"{what} is no longer open: the case has moved on. Look at the case to see what happened.")
    said = history.in_words("completed", name or done.element_id, done.actor, done.at)
    return Conflict(f"{what} is done already. Nothing of yours was saved over it.", changes=[said])


def _demand_held(change: Change, row: LockedRow, action: Any) -> None:
    """NotFound for whoever may not even see the case, Forbidden for whoever sees it but does not hold the task."""
    if change.by is None:
        return
    projected = change.before.tasks[row.token_id]
    held = _Held(row.assignee, projected.units, projected.groups, projected.people)
    if may(change.by, action, held):
        return
    if may(change.by, "read-case", change.case_access):
        raise Forbidden("This task is for somebody else. Ask the unit that holds it.")
    raise NotFound(f"There is no open task {row.token_id} for you. Check the link.")


class _Held:
    """A task for `may`, as the run sees it."""

    def __init__(
        self, assignee: str | None, units: tuple[str, ...], groups: tuple[str, ...], people: tuple[str, ...]
    ) -> None:
        self.assignee, self.units, self.groups, self.people = assignee, units, groups, people


def _gone(place: Workplace, tx: Any, task_id: int, by: Actor | None) -> Exception:
    """The error for a task that is not open: Conflict if it was and `by` may know, else NotFound."""
    done = history.completion(tx, task_id)
    if done is None:
        return NotFound(f"There is no open task {task_id}. It may have been cancelled; look at its case.")
    row = cases.lock_by_id(tx, done.case_id)
    change = open_change(place, tx, row, by)
    change.keep_unchanged()
    if by is not None and not may(by, "read-case", change.case_access):
        return NotFound(f"There is no open task {task_id}. Check the link.")
    return _done(change.published.names.get(done.element_id), done)


def assign(place: Workplace, task_id: int, person: str | None, by: Actor | None, kind: str) -> Task:
    """Take (`taken`), give back (`released`) or hand on (`assigned`) an open task. Raises as `complete` does."""
    with place.database.command() as tx:
        return assign_within(place, tx, task_id, person, by, kind)


def assign_within(
    place: Workplace,
    tx: Connection,
    task_id: int,
    person: str | None,
    by: Actor | None,
    kind: str,
    *,
    only_from: str | None = None,
    reason: str = "",
) -> Task:
    """As `assign`, in a transaction that may do more. `only_from`: Conflict where the task is not that person's."""
    row = cases.lock_by_task(tx, task_id)
    if row is None:
        raise _gone(place, tx, task_id, by)
    task = tasks.get(tx, task_id)
    _demand_task(tx, task, by, {"taken": "take-task", "released": "release-task"}.get(kind, "assign-task"))
    if only_from is not None and task.assignee != only_from:
        raise Conflict("The task is with somebody else by now. Nothing was changed.")
    if kind == "taken" and task.assignee not in (None, person):
        raise Conflict(f"{task.assignee} has taken this task already. Ask them to hand it on.")
    if kind == "assigned" and person is not None:
        # Whoever has a task reads its case: to hand it to another unit would let the case cross that border.
        directory.demand_colleague(tx, person, task.units or (by.units if by else ()))
    if task.assignee != person:
        tasks.assign(tx, task_id, person)
        history.append(
            tx,
            row.id,
            kind,
            now=place.clock.now(tx),
            actor=by.id if by else None,
            unit=by.unit if by else None,
            element_id=row.element_id,
            payload={"from": task.assignee, "to": person} | ({"reason": reason} if reason else {}),
        )
    return tasks.get(tx, task_id)


def _demand_task(tx: Any, task: Task, by: Actor | None, action: Any) -> None:
    if by is not None and not may(by, action, task):
        # Whoever does not hold a task learns nothing of it, not even that it exists.
        raise NotFound(f"There is no open task {task.id} for you. Check the link.")


def save_draft(place: Workplace, task_id: int, values: Mapping[str, Any], by: Actor) -> None:
    """Keep what somebody has typed so far. Raises NotFound."""
    with place.database.command() as tx:
        _demand_task(tx, tasks.get(tx, task_id), by, "complete-task")
        drafts.save(tx, task_id, by.id, values, place.clock.now(tx))
