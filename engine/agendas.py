"""The agenda of a unit's meetings: it makes itself from open tasks that a model marks as the meeting's.

A user task is for the meeting when its `zeebe:properties` say `agenda = true`. It stands on the agenda of the next
meeting by which it is due; what a meeting has no time for waits for the one after, and says for how long it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from engine import tasks
from engine.caching import Publications
from engine.calendars import Calendar
from engine.rhythms import Rhythm
from engine.schema import cases, holders
from engine.schema import tasks as rows
from engine.tasks import Task

#: The property of a user task that puts it on the agenda.
MARK = "agenda"
#: How many meetings ahead are shown.
AHEAD = 5
#: More than this on one agenda is not read.
MOST = 300


@dataclass(frozen=True)
class Agenda:
    """A unit's meetings to come, and what the first of them takes up."""

    unit: str
    #: None: the unit has no rhythm.
    rhythm: Rhythm | None
    #: Instants, the next first; one of today until the day is over. Empty: there will be none.
    meetings: Sequence[datetime]
    #: For the next meeting, what has waited longest first; of a unit that does not meet, all that is marked.
    items: Sequence[Task]
    #: For the one after: what the next has no time for, then what is due by then, what has waited longest first.
    later: Sequence[Task]
    #: How many marked tasks are due after both, and so stand on neither.
    beyond: int = 0


def make(
    tx: Connection, publications: Publications, unit: str, rhythm: Rhythm | None, calendar: Calendar, now: datetime
) -> Agenda:
    """The agenda of a unit as it is now; `calendar` is the one on which the unit is asked."""
    meetings = rhythm.from_today(calendar, now, AHEAD) if rhythm else []
    if rhythm is None or not meetings:
        return Agenda(unit, rhythm, meetings, _marked(tx, publications, unit, None), [])
    found = _marked(tx, publications, unit, meetings[1] if len(meetings) > 1 else None)
    beyond = len(_marked(tx, publications, unit, None)) - len(found) if len(meetings) > 1 else 0
    due = [task for task in found if task.due_at is None or task.due_at <= meetings[0]]
    items = due[: rhythm.room]
    later = due[len(items) :] + [task for task in found if task not in due]
    return Agenda(unit, rhythm, meetings, items, later, beyond)


def _marked(tx: Connection, publications: Publications, unit: str, due: datetime | None) -> list[Task]:
    """Open tasks that the unit holds, that are for the meeting and due by then, the oldest first."""
    held = select(rows.c.id).join(holders, holders.c.task_id == rows.c.id)
    held = held.where(holders.c.kind == "unit", holders.c.holder == unit)
    if due is not None:
        held = held.where((rows.c.due_at <= due) | rows.c.due_at.is_(None))
    kinds: Select[*tuple[Any, ...]] = (
        select(cases.c.version_id, rows.c.element_id)
        .join(rows, rows.c.case_id == cases.c.id)
        .where(rows.c.id.in_(held))
        .distinct()
    )
    found: list[Task] = []
    for version, element in tx.execute(kinds).all():
        info = publications.get(tx, version).model
        if any(one.properties.get(MARK) == "true" for (_, id), one in info.elements.items() if id == element):
            found += tasks.of_element(tx, held, version, element, MOST)
    return sorted(found, key=lambda task: (task.created_at, task.id))[:MOST]
