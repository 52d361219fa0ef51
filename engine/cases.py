"""Cases: one row each, with what waits and the data; locked first by every command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, LargeBinary, Row, bindparam, insert, select, update

from engine import counters, listing, searching
from engine.actors import Actor
from engine.encoding import encode, pack_text
from engine.errors import NotFound
from engine.pages import Page, Pager, Turn, one_number
from engine.parties import Party
from engine.prepared import Prepared
from engine.rules import Text
from engine.schema import cases, tasks, versions


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """A case as a list shows it: nothing personal."""

    #: The number, such as 2026-00123.
    id: str
    process_id: str
    title: str
    #: The unit that answers for it.
    owner: str
    #: Counts the commands on it.
    revision: int
    started_at: datetime
    closed_at: datetime | None
    close_reason: str | None
    #: How many elements cannot go on by themselves.
    incidents: int
    version_id: int
    version_number: int
    started_by: str | None


@dataclass(frozen=True, slots=True)
class Case(CaseSummary):
    """A case with its data."""

    data: Mapping[str, Any] = field(default_factory=dict)
    parties: tuple[Party, ...] = ()
    #: What stopped, in words.
    incident_texts: tuple[Text, ...] = ()

    @property
    def incident_messages(self) -> list[str]:
        """What stopped, in English."""
        return [text.en for text in self.incident_texts]

    @property
    def party_units(self) -> list[str]:
        """Units that take part now."""
        return [party.unit for party in self.parties]

    @property
    def is_open(self) -> bool:
        """Does anything remain to be done?"""
        return self.closed_at is None


_SUMMARY = select(
    cases.c.number, cases.c.process_id, versions.c.title, cases.c.owner, cases.c.revision, cases.c.started_at,
    cases.c.closed_at, cases.c.close_reason, cases.c.incidents, cases.c.version_id, versions.c.number.label("version"),
    cases.c.started_by,
).join(versions, versions.c.id == cases.c.version_id)  # fmt: skip
#: What whoever locks a case gets of it; with it how often the organisation has changed: snapshots of it may be old.
LOCKED_COLUMNS = (
    cases.c.id, cases.c.number, cases.c.version_id, cases.c.process_id, cases.c.owner, cases.c.revision,
    cases.c.started_at, cases.c.closed_at, cases.c.close_reason, cases.c.incidents,
    counters.organisation_query.scalar_subquery().label("organisation"),
)  # fmt: skip
_LOCK = select(*LOCKED_COLUMNS)
_LOCK_BY_ID = Prepared(_LOCK.where(cases.c.id == bindparam("id")).with_for_update(of=cases))
_LOCK_BY_NUMBER = Prepared(_LOCK.where(cases.c.number == bindparam("id")).with_for_update(of=cases))
_LOCK_BY_TASK = Prepared(
    _LOCK.add_columns(tasks.c.token_id, tasks.c.element_id, tasks.c.assignee, tasks.c.name.label("task_name"))
    .join(tasks, tasks.c.case_id == cases.c.id)
    .where(tasks.c.id == bindparam("id"))
    .with_for_update(of=cases)
)
_STATE = Prepared(select(cases.c.state).where(cases.c.id == bindparam("id")))
_KEY = Prepared(select(cases.c.id).where(cases.c.number == bindparam("number")))
_INSERT = Prepared(
    insert(cases).returning(cases.c.id),
    ["number", "version_id", "process_id", "owner", "revision", "state", "started_at", "started_by", "incidents"],
)
_SAVE = Prepared(
    update(cases)
    .where(cases.c.id == bindparam("key_id"))
    .values(
        revision=bindparam("revision"), state=bindparam("state", type_=LargeBinary), owner=bindparam("owner"),
        incidents=bindparam("incidents"), closed_at=bindparam("closed_at"), close_reason=bindparam("close_reason"),
    )
)  # fmt: skip

#: A named tuple of `LOCKED_COLUMNS`.
LockedRow = Any


#: For looking at many cases: the state is then read a case at a time, so that one that is broken hides no other.
WITHOUT_STATE = [column for column in cases.columns if column.name != "state"]


def key(tx: Connection, number: str) -> int:
    """The inner id of a case number. Raises NotFound."""
    found: int | None = _KEY.scalar(tx, {"number": number})
    if found is None:
        raise missing(number)
    return found


def number(tx: Connection, case: int) -> str:
    """The number of a case by its inner id."""
    found: str = tx.execute(select(cases.c.number).where(cases.c.id == case)).scalar_one()
    return found


def missing(number: object) -> NotFound:
    """The error for a case that does not exist, or must look as if it did not."""
    return NotFound(f"There is no case {number} for you. Check the number.")


def lock(tx: Connection, number: str) -> LockedRow:
    """Lock a case by its number: the first statement of every command on it. Raises NotFound."""
    row = _LOCK_BY_NUMBER.first(tx, {"id": number})
    if row is None:
        raise missing(number)
    return row


def lock_by_id(tx: Connection, case: int) -> LockedRow:
    """Lock a case by its inner id. Raises NotFound."""
    row = _LOCK_BY_ID.first(tx, {"id": case})
    if row is None:
        raise missing(case)
    return row


def lock_by_task(tx: Connection, task_id: int) -> LockedRow | None:
    """Lock the case of an open task; the row has the task's token too. None: the task is not open.

    On PostgreSQL the task's columns may be those from before a wait for the lock: the run decides what is open.
    """
    found: LockedRow | None = _LOCK_BY_TASK.first(tx, {"id": task_id})
    return found


def state(tx: Connection, case: int) -> dict[str, Any]:
    """What waits, and the data."""
    found: dict[str, Any] = _STATE.scalar(tx, {"id": case})
    return found


def data_of(state: Mapping[str, Any]) -> dict[str, Any]:
    """The case's data out of its state: the outermost scope's variables."""
    scopes = state.get("scopes")
    return dict(scopes[0][3]) if scopes else {}


def add(tx: Connection, values: Mapping[str, Any]) -> int:
    """Write a new case; its inner id."""
    case: int = _INSERT.scalar(tx, values)
    return case


def save(tx: Connection, case: int, values: Mapping[str, Any]) -> int:
    """Write what a command made of the case: revision, state, owner, incidents, closed_at, close_reason.

    Returns how many bytes the JSON of the state has.
    """
    state = encode(values["state"]).encode()
    _SAVE.run(tx, {"key_id": case, **values, "state": pack_text(state)})
    return len(state)


def owner(tx: Connection, case: int) -> str:
    """The unit that answers for a case."""
    unit: str = tx.execute(select(cases.c.owner).where(cases.c.id == case)).scalar_one()
    return unit


def set_subject(tx: Connection, case: int, subject_key: str | None) -> None:
    """Write whom the case is about."""
    tx.execute(update(cases).where(cases.c.id == case).values(subject_key=subject_key))


def summary(tx: Connection, number: str) -> Row[*tuple[Any, ...]]:
    """The columns of CaseSummary, then inner id and state. Raises NotFound."""
    row = tx.execute(_SUMMARY.add_columns(cases.c.id, cases.c.state).where(cases.c.number == number)).first()
    if row is None:
        raise missing(number)
    return row


def page(
    tx: Connection,
    by: Actor | None,
    *,
    process: str | None = None,
    unit: str | None = None,
    text: str | None = None,
    open: bool | None = None,
    subject_key: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[CaseSummary]:
    """Cases, newest first; `by` sees only those that are visible to them."""
    meant = searching.meant(tx, text) if text else None
    if meant is not None and meant.is_nothing:
        return Page()
    wanted = listing.Wanted(process, unit, open, subject_key, meant)

    def fetch(turn: Turn | None, most: int) -> Sequence[int]:
        return tx.execute(listing.ids(wanted, by, turn, most)).scalars().all()

    found = Pager(fetch, lambda key: (key,), one_number).page(cursor, limit)
    rows = tx.execute(_SUMMARY.where(cases.c.id.in_(list(found))).order_by(cases.c.id.desc()))
    return Page((CaseSummary(*row[:12]) for row in rows), found.next, found.previous)
