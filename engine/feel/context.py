"""What an expression may know besides its variables: the time, the calendar, the deadlines and the units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, eq=False)
class CalendarTable:
    """A calendar as plain numbers, so that JavaScript can compute on it without any I/O.

    Built by `engine.calendars.Calendar.table`. Build it once and pass the same object again: the runtime knows
    a table by its identity.
    """

    #: The zone's name, such as `Europe/Stockholm`.
    zone: str
    #: (UTC seconds since 1970, offset in seconds from then on), in order; the first row also holds for all time before.
    transitions: tuple[tuple[int, int], ...]
    #: ISO dates from Monday to Friday on which nobody works; Saturdays and Sundays are never worked.
    non_working_days: tuple[str, ...] = ()
    #: The years the table covers, both included. Local times and working days outside them are refused.
    first_year: int = 1
    last_year: int = 9999
    #: First and last ISO date of each stretch between a school's terms; not worked, and no deadline ends there.
    breaks: tuple[tuple[str, str], ...] = ()
    #: Do the hours of a deadline pass on working days only?
    hours_of_working_days: bool = False


@dataclass(frozen=True, eq=False)
class MeetingTable:
    """When the units that have a rhythm meet, for `next meeting`; built by `engine.rhythms.table`.

    As with a calendar: pass the same object again, the runtime knows it by its identity.
    """

    #: Unit id → UTC seconds since 1970 of its meetings, in order.
    by_unit: Mapping[str, Sequence[int]] = field(default_factory=dict)
    #: UTC seconds of the stretch it covers; who asks from outside it is refused.
    begins: int = -(2**53)
    ends: int = 2**53


NO_MEETINGS = MeetingTable()


@dataclass(frozen=True)
class FeelContext:
    """The surroundings of one evaluation. Raises `ValueError` for a naive `now` or a calendar of another zone."""

    #: Aware; what `now()` and `today()` read.
    now: datetime
    zone: str = "Europe/Stockholm"
    #: None: the national calendar of `zone`, twenty years around `now`.
    calendar: CalendarTable | None = None
    #: Deadline id → `P3W`, `PT48H` or `5 working days`, for `deadline(name)`.
    deadlines: Mapping[str, str] = field(default_factory=dict)
    #: Role id → unit ids, for `units with role(name)` and `next meeting(role)`.
    units_by_role: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: For `next meeting(unit)`.
    meetings: MeetingTable = NO_MEETINGS

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("FeelContext.now has no time zone. Pass an aware datetime.")
        if self.calendar is not None and self.calendar.zone != self.zone:
            raise ValueError(f"The calendar is of {self.calendar.zone}, the context of {self.zone}. Pass one zone.")

    @property
    def table(self) -> CalendarTable:
        """The calendar given, or the national one."""
        if self.calendar is not None:
            return self.calendar
        from engine.calendars import Calendar

        return Calendar(self.zone).table(self.now.year - 10, self.now.year + 10)
