"""Fire what is due: one deadline, one transaction.

The case whose deadline was due first is claimed by its lock (`SKIP LOCKED`: schedulers never wait for each other), then
the deadline is read again under the lock: whoever was faster has deleted or moved it. So each fires exactly once, and a
scheduler that is killed leaves it as it was.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from engine import cases, deadlines, history, outbox, tasks
from engine.caching import Snapshot
from engine.commands.change import Change, Workplace, open_change
from engine.deadlines import DUE, ESCALATE, REMIND, STOPPED, TIMER, DueRow
from engine.errors import Conflict, DatabaseUnavailable
from engine.outbox import Outgoing
from engine.parties import of_case
from engine.roles import CaseRoles
from engine.tasks import Task

log = logging.getLogger(__name__)

_HISTORY = {REMIND: "reminded", DUE: "overdue", ESCALATE: "escalated"}


class _Failed(Exception):
    """A deadline could not fire; the transaction is to be rolled back."""

    def __init__(self, case: int, row: DueRow) -> None:
        self.case, self.row = case, row


def fire_next(place: Workplace) -> tuple[int, float] | None:
    """Fire the deadline that was due first: how many fired (0: it could not), and how many seconds late.

    None: nothing is due that another scheduler does not hold.
    """
    change: Change | None = None
    try:
        with place.database.command() as tx:
            now = place.clock.now(tx)
            case = deadlines.claim_case(tx, now)
            if case is None:
                return None
            row = deadlines.next_due_in(tx, case, now)
            if row is None:  # another scheduler fired it between our look and our lock
                return 0, 0.0
            if row.kind == REMIND and row.task_due_at <= now:  # after an outage: too late to remind
                _set_next(place, tx, case, row, now)
                return 0, 0.0
            change = _fire(place, tx, case, row, now)
    except _Failed as failed:
        _remember_failure(place, failed)
        return 0, 0.0
    if change is not None:
        change.keep_warm()
    return 1, max(0.0, (now - row.due_at).total_seconds())


def _fire(place: Workplace, tx: Connection, case: int, row: DueRow, now: datetime) -> Change | None:
    try:
        if row.kind == TIMER:
            return _fire_timer(place, tx, case, row, now)
        if row.kind == STOPPED:
            _tell_of_stop(place, tx, case, row, now)
        else:
            _climb(place, tx, case, row, now)
        return None
    except DatabaseUnavailable:
        raise
    except Exception as error:
        raise _Failed(case, row) from error


def _remember_failure(place: Workplace, failed: _Failed) -> None:
    cause = failed.__cause__
    log.error("A deadline of case %s at %s could not fire", failed.case, failed.row.element_id, exc_info=cause)
    with place.database.command() as tx:
        cases.lock_by_id(tx, failed.case)
        deadlines.mark_failed(tx, failed.row, place.clock.now(tx), f"{type(cause).__name__}: {cause}")


def _fire_timer(place: Workplace, tx: Connection, case: int, row: DueRow, now: datetime) -> Change | None:
    change = open_change(place, tx, cases.lock_by_id(tx, case), None, now=now)
    try:
        change.run.fire(row.token_id)
    except Conflict:
        # The row and the run disagree, which `samled check` reports too; the run is right.
        log.error("A deadline of case %s at %s belongs to nothing that waits", change.number, row.element_id)
        deadlines.move(tx, row.id, None)
        return None
    change.save("fired", element_id=row.element_id)
    return change


def _climb(place: Workplace, tx: Connection, case: int, row: DueRow, now: datetime) -> None:
    """One step of a task's ladder: tell whom it concerns, then set the next step. The run is not touched."""
    locked = cases.lock_by_id(tx, case)
    snapshot = place.snapshots.get(tx, locked.organisation or 0)
    published = place.publications.get(tx, locked.version_id)
    task = tasks.by_token(tx, case, row.token_id)
    setting = published.deadlines.get(row.name) if row.name else None
    roles = CaseRoles(published.roles, locked.owner, of_case(tx, case), snapshot.organisation)
    told = _whom(row, task, roles, setting.escalate if setting else ())
    if row.kind == DUE:
        tasks.mark_overdue(tx, task.id)
    outbox.put(tx, case, _notices(locked.number, row, told, snapshot), now)
    payload = {"to": told, "deadline": row.name, "due": row.task_due_at.isoformat(), "rung": row.rung}
    history.append(tx, case, _HISTORY[row.kind], now=now, element_id=row.element_id, payload=payload)
    deadlines.move(tx, row.id, deadlines.next_step(row, setting, snapshot.settings.calendar, now))


def _tell_of_stop(place: Workplace, tx: Connection, case: int, row: DueRow, now: datetime) -> None:
    """An element cannot go on by itself: the case's owner and their managers hear of it until they have decided."""
    locked = cases.lock_by_id(tx, case)
    snapshot = place.snapshots.get(tx, locked.organisation or 0)
    published = place.publications.get(tx, locked.version_id)
    roles = CaseRoles(published.roles, locked.owner, of_case(tx, case), snapshot.organisation)
    told = list(dict.fromkeys([f"unit:{locked.owner}", *roles.recipients("unit-manager", (locked.owner,))]))
    outbox.put(tx, case, _notices(locked.number, row, told, snapshot), now)
    history.append(tx, case, "stopped", now=now, element_id=row.element_id, payload={"to": told})
    deadlines.move(tx, row.id, deadlines.next_step(row, None, snapshot.settings.calendar, now))


def _set_next(place: Workplace, tx: Connection, case: int, row: DueRow, now: datetime) -> None:
    """Pass over a step."""
    locked = cases.lock_by_id(tx, case)
    setting = place.publications.get(tx, locked.version_id).deadlines.get(row.name or "")
    calendar = place.snapshots.get(tx, locked.organisation or 0).settings.calendar
    deadlines.move(tx, row.id, deadlines.next_step(row, setting, calendar, now))


def _whom(row: DueRow, task: Task, roles: CaseRoles, escalate: tuple[str, ...]) -> list[str]:
    holding = [f"unit:{unit}" for unit in task.units or (roles.owner,)]
    if row.kind == REMIND:
        named = [task.assignee] if task.assignee else list(task.people)
        return [f"person:{person}" for person in named] or holding
    if row.kind == DUE:
        return holding
    return roles.recipients(escalate[row.rung], task.units)


def _notices(number: str, row: DueRow, told: list[str], snapshot: Snapshot) -> list[Outgoing]:
    return [
        Outgoing(
            f"{number}/{row.token_id}/{row.kind}/{row.rung}/{row.due_at:%Y-%m-%d}/{recipient}",
            outbox.NOTICE,
            {"case": number, "to": recipient, "reason": row.kind},
        )
        for recipient in told
        if _reachable(recipient, snapshot)
    ]


def _reachable(recipient: str, snapshot: Snapshot) -> bool:
    kind, _, key = recipient.partition(":")
    return kind == "person" or snapshot.organisation.mailbox(key) is not None


def fire_due(place: Workplace, limit: int) -> tuple[int, float]:
    """Fire up to `limit` deadlines in due order. How many fired, and how late the latest was, in seconds."""
    fired, latest = 0, 0.0
    while fired < limit:
        result: Any = fire_next(place)
        if result is None:
            break
        fired, latest = fired + result[0], max(latest, result[1])
    return fired, latest
