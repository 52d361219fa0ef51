"""Absences, as people enter them: their own, or their manager's or an administrator's word for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, select

from engine import absences
from engine.absences import Absence
from engine.access import PersonAccess, may
from engine.actors import Actor
from engine.commands.change import Workplace
from engine.errors import Forbidden
from engine.schema import memberships


def add(
    place: Workplace, person: str, first_day: date, last_day: date, substitute: str | None, by: Actor | None
) -> None:
    """Somebody will be away. Raises Forbidden, NoSubstitute; ValueError when it ends before it begins."""
    with place.database.command() as tx:
        _demand(place, tx, person, by)
        absences.add(tx, person, first_day, last_day, substitute, by.id if by else None, place.clock.now(tx))


def remove(place: Workplace, absence_id: int, person: str, by: Actor | None) -> None:
    """Somebody is there after all. Raises Forbidden, NotFound."""
    with place.database.command() as tx:
        _demand(place, tx, person, by)
        absences.remove(tx, absence_id, person)


def of_people(place: Workplace, people: Sequence[str], by: Actor | None) -> list[Absence]:
    """When these people are away from today on, person by person. Raises Forbidden."""
    with place.database.reading() as tx:
        for person in people:
            _demand(place, tx, person, by)
        snapshot = place.snapshots.get(tx)
        today = snapshot.settings.calendar.local(place.clock.now(tx)).date()
        known = snapshot.organisation.absences
        return [one for person in people for one in known.get(person, ()) if one.last_day >= today]


def _demand(place: Workplace, tx: Connection, person: str, by: Actor | None) -> None:
    if by is None or may(by, "set-absence", PersonAccess(person)):
        return
    units = tx.execute(select(memberships.c.unit_id).where(memberships.c.person_id == person)).scalars().all()
    managers = place.snapshots.get(tx).organisation.managers
    speak = [manager for unit in units for manager in managers.get(unit, ())]
    if not may(by, "set-absence", PersonAccess(person, speak)):
        raise Forbidden("Only they themselves, their manager or an administrator say when somebody is away.")
