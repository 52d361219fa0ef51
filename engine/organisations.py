"""What the organisation sets for itself: its own deadline values, its closed days, its zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from engine import counters
from engine.calendars import DEFAULT_ZONE, Calendar
from engine.durations import parse_duration
from engine.process_settings import DeadlineSetting
from engine.schema import settings
from engine.upsert import upsert

_DEADLINES, _CLOSED, _ZONE = "deadlines", "closed-days", "zone"


@dataclass(frozen=True)
class Settings:
    """A snapshot of the settings."""

    calendar: Calendar = field(default_factory=Calendar)
    #: Process id → deadline name → the organisation's own value.
    deadlines: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def deadline_values(self, process_id: str, declared: Mapping[str, DeadlineSetting]) -> dict[str, str]:
        """Deadline name → the value in force: the organisation's own where it may have one, else the package's."""
        own = self.deadlines.get(process_id, {})
        return {
            name: own.get(name, deadline.value) if deadline.adjustable else deadline.value
            for name, deadline in declared.items()
        }


def load(tx: Connection) -> Settings:
    """The settings as they are now."""
    stored: dict[str, Any] = {row.key: row.value for row in tx.execute(select(settings.c.key, settings.c.value))}
    closed = frozenset(date.fromisoformat(day) for day in stored.get(_CLOSED, []))
    return Settings(Calendar(stored.get(_ZONE, DEFAULT_ZONE), closed), stored.get(_DEADLINES, {}))


def set_deadline(tx: Connection, process_id: str, name: str, value: str | None, by: str | None, now: datetime) -> None:
    """Give a deadline a value of the organisation's own (None: the package's again). Raises ValueError for no duration.

    It holds for waits that begin from now on.
    """
    if value is not None:
        parse_duration(value)
    counters.raise_organisation(tx)  # first: whoever changes another value at the same time waits here
    known = {process: dict(own) for process, own in load(tx).deadlines.items()}
    own = known.setdefault(process_id, {})
    own.pop(name, None)
    if value is not None:
        own[name] = value
    _put(tx, _DEADLINES, known, by, now)


def set_closed_days(tx: Connection, days: frozenset[date], by: str | None, now: datetime) -> None:
    """Set the days on which the organisation is closed, besides weekends and holidays."""
    _put(tx, _CLOSED, sorted(day.isoformat() for day in days), by, now)


def set_zone(tx: Connection, zone: str, by: str | None, now: datetime) -> None:
    """Set the time zone. Raises ValueError for a name that is none."""
    Calendar(zone)
    _put(tx, _ZONE, zone, by, now)


def get(tx: Connection, key: str) -> Any:
    """Any setting by its key; None when it is not set."""
    return tx.execute(select(settings.c.value).where(settings.c.key == key)).scalar()


def _put(tx: Connection, key: str, value: Any, by: str | None, now: datetime) -> None:
    upsert(tx, settings, {"key": key, "value": value, "changed_at": now, "changed_by": by})
    counters.raise_organisation(tx)


def put(tx: Connection, key: str, value: Any, by: str | None, now: datetime) -> None:
    """Store any setting by its key."""
    _put(tx, key, value, by, now)
