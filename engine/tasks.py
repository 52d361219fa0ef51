"""Open tasks: rows while somebody is awaited, gone when the task is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    bindparam,
    delete,
    exists,
    insert,
    literal,
    or_,
    select,
    true,
    tuple_,
    union,
    update,
)
from sqlalchemy import case as case_of

from engine import searching
from engine.actors import Actor
from engine.errors import NotFound
from engine.pages import Page, Pager, Turn, one_number
from engine.prepared import Prepared
from engine.schema import FAR, Instant, Key, cases, holders, tasks


@dataclass(frozen=True, slots=True)
class Task:
    """An open task."""

    id: int
    element_id: str
    name: str
    #: The case's number, such as 2026-00123.
    case_id: str
    #: The candidate group as the model writes it (the first, if there are several).
    group: str | None
    #: The person who has taken it.
    assignee: str | None
    due_at: datetime | None
    #: Units that hold it.
    units: tuple[str, ...] = ()
    #: Plain groups (declared nowhere) whose members hold it.
    groups: tuple[str, ...] = ()
    #: People whom the model names.
    people: tuple[str, ...] = ()
    #: All candidate groups, declared roles included.
    candidate_groups: tuple[str, ...] = ()
    #: Which one of several instances this is, such as the unit it is for.
    label: str | None = None
    form_id: str | None = None
    #: The deadline of process.toml that its due date comes from.
    deadline_name: str | None = None
    priority: int | None = None
    created_at: datetime | None = None
    follow_up_at: datetime | None = None
    overdue: bool = False
    process_id: str = ""
    #: The unit that owns the case.
    owner: str = ""

    @property
    def unit(self) -> str | None:
        """The first unit that holds it."""
        return self.units[0] if self.units else None


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as projected from a run: what is compared to know what changed."""

    token_id: int
    element_id: str
    name: str
    candidate_groups: tuple[str, ...]
    units: tuple[str, ...]
    groups: tuple[str, ...]
    people: tuple[str, ...]
    #: Whom the model gives it to; people may hand it on.
    assignee: str | None
    label: str | None
    form_id: str | None
    deadline_name: str | None
    priority: int | None
    due_at: datetime | None
    follow_up_at: datetime | None
    #: Those of `units` that see the case for the sake of this task only: they neither own it nor take part.
    guests: tuple[str, ...] = ()

    def values(self) -> dict[str, Any]:
        """As columns."""
        return {
            "token_id": self.token_id,
            "element_id": self.element_id,
            "name": self.name[:500],
            "task_group": self.candidate_groups[0] if self.candidate_groups else None,
            "unit": self.units[0] if self.units else None,
            "held_by": {
                "units": self.units,
                "groups": self.groups,
                "people": self.people,
                "all": self.candidate_groups,
            },
            "label": self.label[:500] if self.label else None,
            "form_id": self.form_id,
            "deadline_name": self.deadline_name,
            "priority": self.priority,
            "due_at": self.due_at,
            "follow_up_at": self.follow_up_at,
            "sort_at": self.due_at or FAR,
        }

    def held_by(self) -> list[tuple[str, str]]:
        """Rows of `holders`: kind and holder."""
        rows = [("unit", unit) for unit in self.units] + [("group", group) for group in self.groups]
        rows += [("person", person) for person in self.people] + [("guest", unit) for unit in self.guests]
        return [*rows, ("assignee", self.assignee)] if self.assignee else rows


@dataclass(frozen=True)
class TaskFilter:
    """Which tasks; what is None does not matter."""

    case: int | None = None
    group: str | None = None
    unit: str | None = None
    assignee: str | None = None
    process: str | None = None
    element: str | None = None
    #: A case number, its beginning or its running number; or part of the name of a unit that owns it or takes part.
    text: str | None = None
    due_before: datetime | None = None
    overdue: bool | None = None


_TASK = select(
    tasks.c.id, tasks.c.element_id, tasks.c.name, cases.c.number, tasks.c.task_group, tasks.c.assignee, tasks.c.due_at,
    tasks.c.held_by, tasks.c.label, tasks.c.form_id, tasks.c.deadline_name, tasks.c.priority, tasks.c.created_at,
    tasks.c.follow_up_at, tasks.c.overdue, cases.c.process_id, cases.c.owner, tasks.c.sort_at,
).join(cases, cases.c.id == tasks.c.case_id)  # fmt: skip
_ONE = _TASK.where(tasks.c.id == bindparam("id"))
_BY_TOKEN = Prepared(_TASK.where(tasks.c.case_id == bindparam("case"), tasks.c.token_id == bindparam("token")))
_OVERDUE = Prepared(update(tasks).where(tasks.c.id == bindparam("key_id")).values(overdue=bindparam("overdue")))
_DELETE = Prepared(delete(tasks).where(tasks.c.case_id == bindparam("case"), tasks.c.token_id == bindparam("token")))
_NEW = [column.name for column in tasks.columns if column.name not in ("id", "overdue")]
_INSERT = Prepared(insert(tasks), _NEW)
_INSERT_HOLDERS = Prepared(insert(holders))
#: Finds the task by its token, so that nothing need be read between the two inserts.
_INSERT_HOLDERS_OF_TOKEN = Prepared(
    insert(holders).from_select(
        ["task_id", "kind", "holder", "sort_at"],
        select(
            tasks.c.id, bindparam("held_kind", type_=String), bindparam("held_by", type_=String), tasks.c.sort_at
        ).where(tasks.c.case_id == bindparam("case"), tasks.c.token_id == bindparam("token")),
    )
)


def _view(row: Row[*tuple[Any, ...]]) -> Task:
    held: dict[str, list[str]] = row[7]
    sets = [tuple(held[kind]) for kind in ("units", "groups", "people", "all")]
    fields: list[Any] = [*row[:7], *sets, *row[8:17]]
    return Task(*fields)


def get(tx: Connection, task_id: int) -> Task:
    """An open task. Raises NotFound: it never was, or it is done."""
    row = tx.execute(_ONE, {"id": task_id}).first()
    if row is None:
        raise NotFound(f"There is no open task {task_id}. It may be done already; look at its case.")
    return _view(row)


def page(tx: Connection, wanted: TaskFilter, by: Actor | None, cursor: str | None, limit: int) -> Page[Task]:
    """Open tasks, what is due first at the top; `by` sees only what they hold."""
    meant = searching.meant(tx, wanted.text) if wanted.text else None
    if meant is not None and meant.is_nothing:
        return Page()
    holders_of, wanted = _whose(wanted, by)
    conditions = _conditions(wanted)
    if meant is not None:
        conditions.append(_means(tx, meant))

    def fetch(turn: Turn | None, most: int) -> Sequence[_Place]:
        if holders_of is None:
            query = _ordered(select(tasks.c.id, tasks.c.sort_at), tasks.c.sort_at, tasks.c.id, turn, most)
            if wanted.due_before is not None:
                query = query.where(tasks.c.due_at < wanted.due_before)
            query = query.join(cases, cases.c.id == tasks.c.case_id).where(true(), *conditions)
        else:
            query = held(holders_of, conditions, wanted.due_before, turn, most)
        return tx.execute(query).all()

    found = Pager(fetch, _place_keys, _read_keys).page(cursor, limit)
    rows = tx.execute(_TASK.where(tasks.c.id.in_([place.id for place in found])).order_by(tasks.c.sort_at, tasks.c.id))
    return Page(map(_view, rows), found.next, found.previous)


#: A task's id and when it is sorted.
_Place = Row[*tuple[Any, ...]]


def _place_keys(row: _Place) -> tuple[str, int]:
    return row.sort_at.isoformat(), row.id


def _read_keys(keys: Sequence[Any]) -> tuple[datetime, int]:
    moment, *rest = keys
    at = datetime.fromisoformat(moment)
    if at.tzinfo is None:
        raise ValueError(moment)
    return at, *one_number(rest)


def _whose(wanted: TaskFilter, by: Actor | None) -> tuple[list[tuple[str, str]] | None, TaskFilter]:
    """The holders whose tasks are asked for (None: everybody's), and what is left to be filtered."""
    everything = by is None or by.is_system
    if wanted.unit is not None and (everything or (by and wanted.unit in by.units)):
        return [("unit", wanted.unit)], replace(wanted, unit=None)
    if wanted.assignee is not None and (everything or (by and wanted.assignee == by.id)):
        return [("assignee", wanted.assignee)], replace(wanted, assignee=None)
    if by is None or everything:
        return None, wanted
    keys = [("unit", unit) for unit in by.units] + [("group", role) for role in by.roles]
    return [*keys, ("person", by.id), ("assignee", by.id)], wanted


def held(
    keys: Sequence[tuple[str, str]],
    conditions: Sequence[ColumnElement[bool]],
    due_before: datetime | None,
    turn: Turn | None,
    limit: int,
) -> Any:
    """The first places of each holder, together: each part is one index range of at most `limit` rows."""
    parts = []
    for kind, holder in keys:
        part = select(holders.c.task_id.label("id"), holders.c.sort_at)
        part = part.where(holders.c.kind == kind, holders.c.holder == holder)
        if due_before is not None:
            part = part.where(holders.c.sort_at < due_before)
        if conditions:
            part = part.join(tasks, tasks.c.id == holders.c.task_id).join(cases, cases.c.id == tasks.c.case_id)
            part = part.where(*conditions)
        named = _ordered(part, holders.c.sort_at, holders.c.task_id, turn, limit).subquery()
        parts.append(select(named.c.id, named.c.sort_at))
    together = union(*parts).subquery()
    return _ordered(select(together.c.id, together.c.sort_at), together.c.sort_at, together.c.id, turn, limit)


def _ordered(query: Select[Any], at: Any, key: Any, turn: Turn | None, limit: int) -> Any:
    if turn is None:
        return query.order_by(at, key).limit(limit)
    # As one comparison of rows: written with OR, neither database begins its index range here.
    moment, last = turn.keys
    here, there = tuple_(at, key), tuple_(literal(moment, Instant), literal(last, Key))
    if turn.backward:
        return query.where(here < there).order_by(at.desc(), key.desc()).limit(limit)
    return query.where(here > there).order_by(at, key).limit(limit)


def _means(tx: Connection, meant: searching.Meant) -> ColumnElement[bool]:
    if not meant.is_exact:
        return meant.condition()
    return tasks.c.case_id.in_(list(tx.execute(select(cases.c.id).where(meant.condition())).scalars()))


def _conditions(wanted: TaskFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    plain = [
        (tasks.c.case_id, wanted.case), (cases.c.process_id, wanted.process),
        (tasks.c.element_id, wanted.element), (tasks.c.overdue, wanted.overdue),
    ]  # fmt: skip
    found += [column == value for column, value in plain if value is not None]
    if wanted.group is not None:
        found.append(or_(tasks.c.task_group == wanted.group, _holder_is("group", wanted.group)))
    if wanted.unit is not None:
        found.append(_holder_is("unit", wanted.unit))
    if wanted.assignee is not None:
        found.append(_holder_is("assignee", wanted.assignee))
    return found


def _holder_is(kind: str, holder: str) -> ColumnElement[bool]:
    one = holders.alias("one")
    return exists().where(one.c.task_id == tasks.c.id, one.c.kind == kind, one.c.holder == holder)


def add(tx: Connection, case: int, rows: Sequence[TaskRow], now: datetime) -> None:
    """Write new tasks."""
    values = [{**row.values(), "case_id": case, "assignee": row.assignee, "created_at": now} for row in rows]
    _INSERT.run_many(tx, values)
    _INSERT_HOLDERS_OF_TOKEN.run_many(
        tx,
        [
            {"case": case, "token": row.token_id, "held_kind": kind, "held_by": holder}
            for row in rows
            for kind, holder in row.held_by()
        ],
    )


def change(tx: Connection, case: int, row: TaskRow, *, leaves_unit: bool) -> None:
    """Write what changed in an open task. Who has taken it keeps it, unless it has left a unit: it may be theirs."""
    where = (tasks.c.case_id == case, tasks.c.token_id == row.token_id)
    values = row.values() | ({"assignee": row.assignee} if leaves_unit else {})
    # Another date: whether it is overdue, its ladder tells anew.
    values["overdue"] = case_of({tasks.c.due_at.is_not_distinct_from(row.due_at): tasks.c.overdue}, else_=False)
    key = tx.execute(update(tasks).where(*where).values(**values).returning(tasks.c.id)).scalar_one()
    gone = holders.c.task_id == key if leaves_unit else (holders.c.task_id == key) & (holders.c.kind != "assignee")
    tx.execute(delete(holders).where(gone))
    tx.execute(update(holders).where(holders.c.task_id == key).values(sort_at=row.due_at or FAR))
    held = [pair for pair in row.held_by() if leaves_unit or pair[0] != "assignee"]
    sort_at = row.due_at or FAR
    _INSERT_HOLDERS.run_many(
        tx, [{"task_id": key, "kind": kind, "holder": who, "sort_at": sort_at} for kind, who in held]
    )


def remove(tx: Connection, case: int, tokens: Iterable[int]) -> None:
    """Forget tasks that are done or cancelled, with their holders and drafts."""
    _DELETE.run_many(tx, [{"case": case, "token": token} for token in tokens])


def assign(tx: Connection, task_id: int, person: str | None) -> None:
    """Give an open task to a person, or back to its units."""
    found = tx.execute(
        update(tasks).where(tasks.c.id == task_id).values(assignee=person).returning(tasks.c.sort_at)
    ).scalar_one()
    tx.execute(delete(holders).where(holders.c.task_id == task_id, holders.c.kind == "assignee"))
    if person is not None:
        _INSERT_HOLDERS.run(tx, {"task_id": task_id, "kind": "assignee", "holder": person, "sort_at": found})


def mark_overdue(tx: Connection, task_id: int) -> None:
    """The task's due date has passed."""
    _OVERDUE.run(tx, {"key_id": task_id, "overdue": True})


def token(tx: Connection, task_id: int) -> int:
    """The token of an open task in its case's run. Raises NotFound: somebody has completed it meanwhile."""
    number: int | None = tx.execute(select(tasks.c.token_id).where(tasks.c.id == task_id)).scalar()
    if number is None:
        raise NotFound("The task is no longer open. Look at its case.")
    return number


def by_token(tx: Connection, case: int, token: int) -> Task:
    """The open task of a token. Raises NotFound."""
    row = _BY_TOKEN.first(tx, {"case": case, "token": token})
    if row is None:
        raise NotFound("The task is no longer open. Look at its case.")
    return _view(row)


def of_element(tx: Connection, ids: Any, version: int, element: str, limit: int) -> list[Task]:
    """Those of `ids` (a select) that wait at an element of a version, the oldest first."""
    query = _TASK.where(tasks.c.id.in_(ids), cases.c.version_id == version, tasks.c.element_id == element)
    return [_view(row) for row in tx.execute(query.order_by(tasks.c.created_at, tasks.c.id).limit(limit))]


def access_of(tx: Connection, case: int) -> list[Task]:
    """The open tasks of a case, for the question who may read it."""
    query: Select[*tuple[Any, ...]] = _TASK.where(tasks.c.case_id == case).order_by(tasks.c.sort_at, tasks.c.id)
    return [_view(row) for row in tx.execute(query)]
