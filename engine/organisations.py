"""What the organisation sets for itself: zone, closed days, school years, values of deadlines, teams' rhythms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from engine import counters, deadline_values
from engine.calendars import DEFAULT_ZONE, Calendar
from engine.deadline_values import OwnValue
from engine.directory import Unit
from engine.process_settings import DeadlineSetting, Role
from engine.rhythms import Rhythm
from engine.schema import setting_changes, settings
from engine.school_years import SchoolYears
from engine.upsert import upsert

CLOSED_DAYS, ZONE, EVES, HOURS, SCHOOL_YEARS = "closed-days", "zone", "eves", "hours-of-working-days", "school-years"
#: Which kinds of unit hold a role.
ROLE_KINDS = "role-kinds"
RoleKinds = Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]
#: And behind it a unit's id: when that unit meets.
RHYTHM = "rhythm:"


@dataclass(frozen=True)
class Settings:
    """A snapshot of the settings."""

    calendar: Calendar = field(default_factory=Calendar)
    school_years: SchoolYears = field(default_factory=SchoolYears)
    own_values: tuple[OwnValue, ...] = ()
    #: Unit id → when it meets.
    rhythms: Mapping[str, Rhythm] = field(default_factory=dict)

    #: Process id → role → organisation (empty: all) → which kinds of unit may hold it there.
    role_kinds: RoleKinds = field(default_factory=dict)

    def deadline_values(
        self,
        process_id: str,
        declared: Mapping[str, DeadlineSetting],
        now: datetime,
        principals: Sequence[str] = (),
    ) -> dict[str, str]:
        """Deadline name → the value in force; `principals`: the organisations whose own come first, in this order."""
        return deadline_values.in_force(self.own_values, process_id, declared, now, principals)

    def roles(self, process_id: str, declared: Mapping[str, Role], principal: str | None) -> Mapping[str, Role]:
        """The roles of a process as an organisation has set them: among the kinds that a version declares.

        Where none of what was set is left among them, the version's own.
        """
        own = self.role_kinds.get(process_id)
        if not own:
            return declared
        found = dict(declared)
        for name, by_principal in own.items():
            kinds = by_principal.get(principal or "") or by_principal.get("")
            if name in found:
                declares = found[name].kinds
                kept = tuple(kind for kind in kinds or () if not declares or kind in declares)
                found[name] = replace(found[name], kinds=kept or declares)
        return found

    def calendar_of(self, units: Iterable[Unit]) -> Calendar:
        """The calendar on which these units are asked: that of a school's terms where all of them are schools."""
        if self.school_years.rule != "wait":
            return self.calendar
        breaks = [self.school_years.breaks(unit) for unit in units]
        return replace(self.calendar, breaks=breaks[0]) if breaks and all(breaks) else self.calendar


@dataclass(frozen=True, slots=True)
class SettingChange:
    """Who set what, when and why."""

    key: str
    value: Any
    reason: str
    changed_at: datetime
    changed_by: str | None


def load(tx: Connection) -> Settings:
    """The settings as they are now."""
    stored: dict[str, Any] = {row.key: row.value for row in tx.execute(select(settings.c.key, settings.c.value))}
    calendar = Calendar(
        stored.get(ZONE, DEFAULT_ZONE),
        frozenset(map(date.fromisoformat, stored.get(CLOSED_DAYS, []))),
        eves=stored.get(EVES, True),
        hours_of_working_days=stored.get(HOURS, False),
    )
    rhythms = {
        key.removeprefix(RHYTHM): Rhythm.read(value)
        for key, value in stored.items()
        if key.startswith(RHYTHM) and value
    }
    own, kinds = deadline_values.load(tx), stored.get(ROLE_KINDS, {})
    return Settings(calendar, SchoolYears.read(stored.get(SCHOOL_YEARS)), own, rhythms, kinds)


def set_closed_days(tx: Connection, days: frozenset[date], by: str | None, now: datetime, reason: str = "") -> None:
    """Set the days on which the organisation is closed, besides weekends and holidays."""
    _change(tx, CLOSED_DAYS, sorted(day.isoformat() for day in days), by, now, reason)


def set_zone(tx: Connection, zone: str, by: str | None, now: datetime, reason: str = "") -> None:
    """Set the time zone. Raises ValueError for a name that is none."""
    Calendar(zone)
    _change(tx, ZONE, zone, by, now, reason)


def set_counting(
    tx: Connection, *, eves: bool, hours_of_working_days: bool, by: str | None, now: datetime, reason: str = ""
) -> None:
    """Are the three eves free, and do a deadline's hours pass on working days only?"""
    _change(tx, EVES, eves, by, now, reason)
    _change(tx, HOURS, hours_of_working_days, by, now, reason)


def set_school_years(tx: Connection, years: SchoolYears, by: str | None, now: datetime, reason: str = "") -> None:
    """Set the terms, and what deadlines do between them."""
    _change(tx, SCHOOL_YEARS, years.as_json(), by, now, reason)


def set_rhythm(tx: Connection, unit: str, rhythm: Rhythm | None, by: str | None, now: datetime, reason: str) -> None:
    """Set when a unit meets; None: it has no rhythm any more."""
    _change(tx, RHYTHM + unit, rhythm.as_json() if rhythm else {}, by, now, reason)


def set_role_kinds(
    tx: Connection,
    process_id: str,
    role: str,
    principal: str | None,
    kinds: Sequence[str],
    by: str | None,
    now: datetime,
    reason: str,
) -> None:
    """Set which kinds of unit hold a role, for an organisation or (None) for all; nothing: as the process says."""
    counters.raise_organisation(tx)  # first: whoever changes a setting at the same time waits here
    held: dict[str, dict[str, dict[str, list[str]]]] = get(tx, ROLE_KINDS) or {}
    own = held.setdefault(process_id, {}).setdefault(role, {})
    own[principal or ""] = list(kinds)
    if not kinds:
        del own[principal or ""]
    _change(tx, ROLE_KINDS, held, by, now, reason)


def get(tx: Connection, key: str) -> Any:
    """Any setting by its key; None when it is not set."""
    return tx.execute(select(settings.c.value).where(settings.c.key == key)).scalar()


def put(tx: Connection, key: str, value: Any, by: str | None, now: datetime) -> None:
    """Store any setting by its key."""
    upsert(tx, settings, {"key": key, "value": value, "changed_at": now, "changed_by": by})
    counters.raise_organisation(tx)


def _change(tx: Connection, key: str, value: Any, by: str | None, now: datetime, reason: str) -> None:
    """Store a setting; who changed it, when and why stays on record."""
    counters.raise_organisation(tx)  # first: whoever changes a setting at the same time waits here
    if get(tx, key) == value:
        return
    put(tx, key, value, by, now)
    row = {"key": key, "value": value, "reason": reason, "changed_at": now, "changed_by": by}
    tx.execute(insert(setting_changes).values(**row))


def changes(tx: Connection, limit: int = 100) -> list[SettingChange]:
    """The history of the settings, the newest first."""
    columns = [setting_changes.c[name] for name in SettingChange.__slots__]
    query = select(*columns).order_by(setting_changes.c.id.desc())
    return [SettingChange(*row) for row in tx.execute(query.limit(limit))]
