"""History: one row a command, never changed. What the command did to the case lies packed inside it.

One row and not one for each thing that happened: a completion touches five elements on average, and five rows with
their index entries weigh more than the answers themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select

from engine.bpmn.occurrences import Occurrence
from engine.prepared import Prepared
from engine.schema import history

#: Kinds of rows that are no change of the case's state: they have no revision.
ASIDE = (
    *("taken", "released", "assigned", "file-added"),
    *("reminded", "overdue", "escalated", "deadline-parked", "deadline-retried"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened in a case."""

    #: The command's row; entries of one command share it.
    id: int
    at: datetime
    #: Who did it; None: nobody, such as a timer.
    actor: str | None
    unit: str | None
    #: A command (started, completed, corrected, closed, received, taken, released, assigned, reminded, overdue,
    #: escalated …) or what it led to (entered, cancelled, fired, caught, thrown, flow, ended, incident, owner-set,
    #: party-added, party-removed, case-started, notice).
    kind: str
    element_id: str | None
    #: The element's name in the version that ran.
    name: str | None = None
    token_id: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


_INSERT = Prepared(insert(history), ["case_id", "at", "actor", "unit", "kind", "element_id", "task_id", "payload"])
_OF_CASE = (
    select(history.c.id, history.c.at, history.c.actor, history.c.unit, history.c.kind, history.c.element_id)
    .add_columns(history.c.payload)
    .where(history.c.case_id == bindparam("case"))
    .order_by(history.c.id)
)
_OF_TASK = select(history).where(history.c.task_id == bindparam("task"), history.c.kind == "completed").limit(1)
_LAST = (
    select(history.c.at, history.c.actor, history.c.kind, history.c.element_id)
    .where(history.c.case_id == bindparam("case"), history.c.kind.not_in(ASIDE))
    .order_by(history.c.id.desc())
    .limit(bindparam("count"))
)


def append(
    tx: Connection,
    case: int,
    kind: str,
    *,
    now: datetime,
    actor: str | None = None,
    unit: str | None = None,
    element_id: str | None = None,
    task_id: int | None = None,
    payload: Mapping[str, Any] | None = None,
    occurrences: Sequence[Occurrence] = (),
    events: Sequence[list[Any]] = (),
) -> None:
    """Write what a command did. `events`: what services did, in the short form [kind, element, token, payload]."""
    packed = dict(payload or {})
    if occurrences or events:
        packed["events"] = [*map(_short, occurrences), *events]
    _INSERT.run(
        tx,
        {
            "case_id": case, "at": now, "actor": actor, "unit": unit, "kind": kind,
            "element_id": element_id, "task_id": task_id, "payload": packed,
        },
    )  # fmt: skip


def _short(occurrence: Occurrence) -> list[Any]:
    short: list[Any] = [occurrence.kind, occurrence.element_id, occurrence.token_id]
    return [*short, occurrence.payload] if occurrence.payload else short


def of_case(tx: Connection, case: int, names: Mapping[str, str | None]) -> list[Entry]:
    """Everything that happened in a case, oldest first. `names`: element id → name."""
    entries: list[Entry] = []
    for row in tx.execute(_OF_CASE, {"case": case}):
        entries += _entries(row, names)
    return entries


def between(tx: Connection, case: int, first: int, last: int, names: Mapping[str, str | None]) -> list[Entry]:
    """What the commands from one row to another did, oldest first."""
    entries: list[Entry] = []
    for row in tx.execute(_OF_CASE.where(history.c.id.between(first, last)), {"case": case}):
        entries += _entries(row, names)
    return entries


def _entries(row: Row[*tuple[Any, ...]], names: Mapping[str, str | None]) -> list[Entry]:
    payload = dict(row.payload)
    events = payload.pop("events", [])
    found = []
    head = Entry(
        row.id, row.at, row.actor, row.unit, row.kind, row.element_id, names.get(row.element_id), None, payload
    )
    led_to = [
        Entry(row.id, row.at, row.actor, row.unit, kind, element, names.get(element), token, *rest)
        for kind, element, token, *rest in events
    ]
    # The library tells of the command itself too (completed, fired): once is enough, with the answers.
    for entry in led_to:
        if (entry.kind, entry.element_id) == (head.kind, head.element_id) and head.token_id is None:
            head = Entry(
                head.id, head.at, head.actor, head.unit, head.kind, head.element_id, head.name,
                entry.token_id, {**entry.payload, **head.payload},
            )  # fmt: skip
        else:
            found.append(entry)
    return [head, *found]


def entry(tx: Connection, case: int, entry_id: int) -> Row[*tuple[Any, ...]] | None:
    """One command's row."""
    return tx.execute(_OF_CASE.where(history.c.id == entry_id), {"case": case}).first()


def completion(tx: Connection, task_id: int) -> Row[*tuple[Any, ...]] | None:
    """The row of the command that completed a task."""
    return tx.execute(_OF_TASK, {"task": task_id}).first()


def last(tx: Connection, case: int, count: int, names: Mapping[str, str | None]) -> list[str]:
    """The last commands on a case in words, oldest first: what somebody with a stale page has missed."""
    rows = tx.execute(_LAST, {"case": case, "count": min(count, 20)}).all()
    return [
        in_words(row.kind, names.get(row.element_id) or row.element_id, row.actor, row.at) for row in reversed(rows)
    ]


def last_actor(tx: Connection, case: int) -> tuple[str | None, str | None]:
    """Who moved the case last, and for which unit."""
    query = select(history.c.actor, history.c.unit).where(history.c.case_id == case, history.c.actor.is_not(None))
    row = tx.execute(query.where(history.c.kind.not_in(ASIDE)).order_by(history.c.id.desc()).limit(1)).first()
    return (row.actor, row.unit) if row else (None, None)


_WORDS = {
    "started": "The case was started",
    "completed": "“{what}” was completed",
    "fired": "The time ran out at “{what}”",
    "corrected": "The answers of “{what}” were corrected",
    "closed": "The case was closed",
    "received": "The message “{what}” arrived",
}


def in_words(kind: str, what: str | None, actor: str | None, at: datetime) -> str:
    """One command as a sentence."""
    said = _WORDS.get(kind, f"{kind.replace('-', ' ').capitalize()}: {{what}}").format(what=what or "the case")
    by = f" by {actor}" if actor else ""
    return f"{said}{by} at {at:%Y-%m-%d %H:%M} UTC."
