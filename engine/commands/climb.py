"""One step of a deadline that is no timer of the model: tell whom it concerns, then set the next step.

Two kinds: the ladder of a task (remind, due, escalate), and an element that has stopped. The case's run is not touched.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection

from engine import deadlines, history, outbox, tasks
from engine.absences import asked_instead
from engine.caching import Published, Snapshot
from engine.claims import Claim
from engine.commands.change import Workplace
from engine.deadlines import DUE, ESCALATE, REMIND, STOPPED, DueRow
from engine.outbox import Outgoing
from engine.prepared import together
from engine.roles import CaseRoles
from engine.tasks import Task

_HISTORY = {REMIND: "reminded", DUE: "overdue", ESCALATE: "escalated", STOPPED: "stopped"}


def climb(place: Workplace, tx: Connection, claim: Claim, now: datetime) -> bool:
    """Take the step that is due. False: it is passed over, since after an outage it is too late to remind."""
    row = claim.due
    snapshot = place.snapshots.get(tx, claim.case.organisation or 0)
    published = place.publications.get(tx, claim.case.version_id)
    setting = published.deadlines.get(row.name) if row.name else None
    task = None if row.kind == STOPPED else tasks.by_token(tx, claim.case.id, row.token_id)
    calendar = snapshot.calendar_of(task.units if task else ())
    following = deadlines.next_step(row, setting, calendar, now)
    if row.kind == REMIND and row.task_due_at <= now:
        deadlines.move(tx, row.id, following)
        return False
    day = snapshot.settings.calendar.local(now).date()
    told = _those_present(_whom(claim, task, published, snapshot, day), task, claim, snapshot, day)
    with together(tx):
        if task and row.kind == DUE:
            tasks.mark_overdue(tx, task.id)
        outbox.put(tx, claim.case.id, _notices(claim.case.number, row, told, snapshot, day), now)
        history.append(
            tx, claim.case.id, _HISTORY[row.kind], now=now, element_id=row.element_id, payload=_payload(row, told)
        )
        deadlines.move(tx, row.id, following)
    return True


def _payload(row: DueRow, told: list[str]) -> dict[str, object]:
    if row.kind == STOPPED:
        return {"to": told}
    return {"to": told, "deadline": row.name, "due": row.task_due_at.isoformat(), "rung": row.rung}


def _whom(claim: Claim, task: Task | None, published: Published, snapshot: Snapshot, day: date) -> list[str]:
    row, owner = claim.due, claim.case.owner
    roles = CaseRoles(
        snapshot.roles(claim.case.process_id, published.roles, owner), owner, claim.parties, snapshot.organisation
    )
    if task is None:  # stopped: the case's owner and their managers hear of it until they have decided
        return list(dict.fromkeys([f"unit:{owner}", *roles.recipients("unit-manager", (owner,))]))
    holding = [f"unit:{unit}" for unit in task.units or (owner,)]
    too: list[str] = []
    if snapshot.settings.school_years.rule == "ask" and snapshot.school_break(task.units, day):
        # Nobody is at the school: whoever owns the case hears, to ask somebody else; their managers, if it is theirs.
        too = roles.recipients("unit-manager", (owner,)) if owner in task.units else [f"unit:{owner}"]
    if row.kind == REMIND:
        named = [task.assignee] if task.assignee else list(task.people)
        return ([f"person:{person}" for person in named] or holding) + too
    if row.kind == DUE:
        return holding + too
    setting = published.deadlines.get(row.name) if row.name else None
    return roles.recipients(setting.escalate[row.rung], task.units) if setting else []


def _those_present(told: list[str], task: Task | None, claim: Claim, snapshot: Snapshot, day: date) -> list[str]:
    """The same, with those who stand in for whoever is away; where nobody does, or has no address, the task's units."""
    holding = [f"unit:{unit}" for unit in (task.units if task else ()) or (claim.case.owner,)]
    present: list[str] = []
    for recipient in told:
        kind, _, key = recipient.partition(":")
        if kind == "person":
            instead = asked_instead(snapshot.organisation.absences, key, day)
            present += [f"person:{instead}"] if instead and _hears(f"person:{instead}", snapshot) else holding
        else:
            present.append(recipient)
    return list(dict.fromkeys(present))


def _notices(number: str, row: DueRow, told: list[str], snapshot: Snapshot, day: date) -> list[Outgoing]:
    return [
        Outgoing(
            # Of the same thing, the same recipient hears once a day.
            f"{number}/{row.token_id}/{row.kind}/{day:%Y-%m-%d}/{recipient}",
            outbox.NOTICE,
            {"case": number, "to": recipient, "reason": row.kind},
        )
        for recipient in told
        if _hears(recipient, snapshot)
    ]


def _hears(recipient: str, snapshot: Snapshot) -> bool:
    """Has the person or unit an address? Where nobody is registered, anybody may be meant."""
    kind, _, key = recipient.partition(":")
    organisation = snapshot.organisation
    if kind == "person":
        return key in organisation.reachable or not organisation.has_people
    return organisation.mailbox(key) is not None
