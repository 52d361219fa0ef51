"""The cases of a list: which ones, and in which order, each part an index range that ends when the page is full.

What an actor sees lies in several ranges: what their units own, what these take part in (open and closed ones apart,
so that neither has to be skipped in search of the other), and what they see only for the sake of a task. Each gives a
page at most; together they are sorted. A filter that few cases of a unit pass reads on through that unit's range.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select, true, union

from engine.actors import Actor
from engine.pages import Turn
from engine.schema import cases, holders, parties, tasks
from engine.searching import Meant


@dataclass(frozen=True)
class Wanted:
    """Which cases; what is None does not matter."""

    process: str | None = None
    #: The unit that owns it, or takes part.
    unit: str | None = None
    open: bool | None = None
    subject_key: str | None = None
    meant: Meant | None = None

    @property
    def is_handful(self) -> bool:
        """Only a few cases can be meant: they are looked up, and then asked whose they are."""
        return self.subject_key is not None or (self.meant is not None and self.meant.is_exact)

    def conditions(self) -> list[ColumnElement[bool]]:
        """All but the unit."""
        found: list[ColumnElement[bool]] = []
        if self.process is not None:
            found.append(cases.c.process_id == self.process)
        if self.subject_key is not None:
            found.append(cases.c.subject_key == self.subject_key)
        return [*found, self.meant.condition()] if self.meant else found


def ids(wanted: Wanted, by: Actor | None, turn: Turn | None, limit: int) -> Select[int]:
    """Inner ids of cases, the newest first; when read backwards the oldest first."""
    everything = by is None or by.is_system
    units = () if everything or by is None else by.units
    conditions = wanted.conditions()
    if wanted.unit is not None:
        if everything or wanted.unit in units:
            units, by, everything = (wanted.unit,), None, False
        else:
            conditions.append(_concerns([wanted.unit]))
    if everything or wanted.is_handful:
        if not everything:
            conditions.append(_concerns(units) if by is None else or_(_concerns(units), _asked_of(by)))
        query = select(cases.c.id).where(_is_open(wanted.open), *conditions)
        return _cut(query, cases.c.id, turn, limit)
    parts = [_cut(*part, turn, limit).subquery() for part in _ranges(units, wanted.open, conditions)]
    asked = [_of_tasks(key, conditions) for key in _keys(by)] if by and wanted.open is not False else []
    together = union(*(select(part.c.id) for part in parts), *asked).subquery()
    return _cut(select(together.c.id), together.c.id, turn, limit)


def _is_open(open: bool | None) -> ColumnElement[bool]:
    if open is None:
        return true()
    return cases.c.closed_at.is_(None) if open else cases.c.closed_at.is_not(None)


def _cut(query: Select[int], key: Any, turn: Turn | None, limit: int) -> Select[int]:
    if turn is not None:
        query = query.where(key > turn.keys[0] if turn.backward else key < turn.keys[0])
    return query.order_by(key if turn and turn.backward else key.desc()).limit(limit)


def _ranges(
    units: Sequence[str], open: bool | None, conditions: Sequence[ColumnElement[bool]]
) -> Iterator[tuple[Select[int], Any]]:
    """For each unit what it owns and what it takes part in, open and closed."""
    for unit in units:
        for closed in (False, True) if open is None else (not open,):
            yield select(cases.c.id).where(cases.c.owner == unit, _is_open(not closed), *conditions), cases.c.id
            part = select(parties.c.case_id.label("id"))
            part = part.where(parties.c.unit == unit, parties.c.closed.is_(closed), parties.c.until.is_(None))
            if conditions:
                part = part.join(cases, cases.c.id == parties.c.case_id).where(*conditions)
            yield part, parties.c.case_id


def _keys(by: Actor) -> list[tuple[str, str]]:
    """As whom an actor sees cases for the sake of a task."""
    keys = [("guest", unit) for unit in by.units] + [("group", role) for role in by.roles]
    return [*keys, ("person", by.id), ("assignee", by.id)]


def _of_tasks(key: tuple[str, str], conditions: Sequence[ColumnElement[bool]]) -> Select[int]:
    # Neither sorted nor limited: with a limit, both databases would rather walk through all cases for it. What one
    # person or guest has is little.
    kind, holder = key
    query = select(tasks.c.case_id.label("id")).join(holders, holders.c.task_id == tasks.c.id)
    query = query.where(holders.c.kind == kind, holders.c.holder == holder)
    return query.join(cases, cases.c.id == tasks.c.case_id).where(*conditions) if conditions else query


def _concerns(units: Sequence[str]) -> ColumnElement[bool]:
    """One of these units owns the case or takes part."""
    party = parties.alias("present")
    takes_part = exists().where(party.c.case_id == cases.c.id, party.c.unit.in_(units), party.c.until.is_(None))
    return or_(cases.c.owner.in_(units), takes_part)


def _asked_of(by: Actor) -> ColumnElement[bool]:
    """One of its tasks is theirs."""
    task, holder = tasks.alias("asked"), holders.alias("holding")
    theirs = or_(*((holder.c.kind == kind) & (holder.c.holder == who) for kind, who in _keys(by)))
    return exists().where(task.c.case_id == cases.c.id, holder.c.task_id == task.c.id, theirs)
