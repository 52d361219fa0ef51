"""What time it is. Injected everywhere, so that nothing else asks the machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.calendars import DEFAULT_ZONE, Calendar
from engine.durations import Amount

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Clock(Protocol):
    """Gives the time now, aware and in UTC."""

    def now(self, connection: Connection | None = None) -> datetime:
        """The time; within one transaction on `connection` it may stand still."""
        ...


class SystemClock:
    """The real time. On PostgreSQL the server's, so that machines whose clocks differ agree on what is due."""

    def now(self, connection: Connection | None = None) -> datetime:
        """PostgreSQL's `now()`, which stands still for a transaction, when given such a connection; else the host's."""
        if connection is not None and connection.dialect.name == "postgresql":
            # Only here: `samled validate` needs no database library, and to import one takes longer than to validate.
            from engine.prepared import moment_of

            moment: datetime = moment_of(connection) or connection.exec_driver_sql("SELECT now()").scalar_one()
            return moment.astimezone(UTC)
        return datetime.now(UTC)


class ShiftedClock:
    """The real time, moved by the whole seconds that a file holds: lets several processes live in one later day.

    For demonstrations and acceptance tests. A missing or empty file means no shift.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._real = SystemClock()

    def now(self, connection: Connection | None = None) -> datetime:
        """The real time plus the shift. Raises `ValueError` when the file holds anything but a number of seconds."""
        return self._real.now(connection) + timedelta(seconds=self._shift())

    def _shift(self) -> int:
        try:
            return int(self._file.read_text(encoding="ascii").strip() or 0)
        except FileNotFoundError:
            return 0


class VirtualClock:
    """A clock that stands still until it is moved: for scenarios and tests."""

    def __init__(self, start: datetime | str, zone: str = DEFAULT_ZONE) -> None:
        """`start` is ISO text or a datetime; without an offset it is local time in `zone`."""
        self._calendar = Calendar(zone)
        self._now = self._calendar.instant(start)

    def now(self, connection: Connection | None = None) -> datetime:
        """The moment it was last moved to."""
        return self._now

    def advance(self, amount: Amount | timedelta | str) -> datetime:
        """Move forward, such as by `P3D` (keeps the local hour), `PT48H` or `5 working days`."""
        return self.set(self._calendar.add(self._now, amount))

    def set(self, moment: datetime | str) -> datetime:
        """Move to a moment. Raises `ValueError` for one in the past: nothing that has happened can un-happen."""
        target = self._calendar.instant(moment)
        if target < self._now:
            raise ValueError(f"The clock cannot go back from {self._now.isoformat()} to {target.isoformat()}.")
        self._now = target
        return target
