"""A unit as a team: set when it meets, look at the agenda of its next meeting and at its own statistics."""

from __future__ import annotations

from engine import agendas, indicators, organisations, versions
from engine.access import Action, UnitAccess, may
from engine.actors import Actor
from engine.agendas import Agenda
from engine.caching import Snapshot
from engine.commands.change import Workplace
from engine.errors import Forbidden, NotFound
from engine.indicators import Statistics
from engine.rhythms import Rhythm


def set_rhythm(place: Workplace, unit: str, rhythm: Rhythm | None, reason: str, by: Actor | None) -> None:
    """Set when a unit meets; None: not any more. Raises NotFound, Forbidden."""
    with place.database.command() as tx:
        snapshot = place.snapshots.get(tx)
        if unit not in snapshot.organisation.units:
            raise _missing(unit)
        if not _allowed(snapshot, unit, "set-rhythm", by):
            raise Forbidden("When a unit meets is set by its managers and by administrators. Ask one of them.")
        organisations.set_rhythm(tx, unit, rhythm, by.id if by else None, place.clock.now(tx), reason)


def agenda(place: Workplace, unit: str, by: Actor | None) -> Agenda:
    """A unit's meetings and agenda. Raises NotFound, also for whoever is not of the unit."""
    with place.database.reading() as tx:
        snapshot = place.snapshots.get(tx)
        if unit not in snapshot.organisation.units or not _allowed(snapshot, unit, "read-agenda", by):
            raise _missing(unit)
        rhythm = snapshot.settings.rhythms.get(unit)
        now = place.clock.now(tx)
        return agendas.make(tx, place.publications, unit, rhythm, snapshot.calendar_of([unit]), now)


def statistics(place: Workplace, unit: str, year: int | None, by: Actor | None) -> Statistics:
    """A unit's year in every process; None: this year. Raises NotFound, also for whoever is not of the unit."""
    with place.database.reading() as tx:
        snapshot = place.snapshots.get(tx)
        if unit not in snapshot.organisation.units or not _allowed(snapshot, unit, "read-statistics", by):
            raise _missing(unit)
        now = place.clock.now(tx)
        wanted = year if year is not None else snapshot.calendar_of([unit]).local(now).year
        published = [place.publications.get(tx, version.id) for version in versions.newest(tx)]
        return indicators.of_unit(tx, published, unit, wanted, now, snapshot)


def _allowed(snapshot: Snapshot, unit: str, action: Action, by: Actor | None) -> bool:
    managers = snapshot.organisation.managers.get(unit, ())
    return by is None or may(by, action, UnitAccess(unit, managers))


def _missing(unit: str) -> NotFound:
    return NotFound(f"There is no unit {unit} of yours. Check the link.")
