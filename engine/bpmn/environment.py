"""What a command gives the case it runs: the time, the calendar, the deadlines' values, and the services."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from engine.calendars import Calendar
from engine.feel import FeelContext
from engine.feel.context import NO_MEETINGS, MeetingTable


@dataclass(frozen=True)
class ServiceCall:
    """A service task that has been reached."""

    type: str
    element_id: str
    headers: Mapping[str, str]
    #: What the task's input mapping gives.
    inputs: Mapping[str, Any]


def no_services(call: ServiceCall) -> Mapping[str, Any] | None:
    """The default: nothing is offered."""
    raise LookupError(call.type)


def no_meetings(now: datetime) -> MeetingTable:
    """The default: no unit has a rhythm."""
    return NO_MEETINGS


def no_values(groups: Sequence[str]) -> Mapping[str, str] | None:
    """The default: no unit has values of deadlines of its own."""
    return None


def no_calendar(groups: Sequence[str]) -> Calendar | None:
    """The default: no unit has a calendar of its own."""
    return None


@dataclass
class Environment:
    """One command's surroundings. `now` stands still while the command runs."""

    now: datetime
    calendar: Calendar = field(default_factory=Calendar)
    #: Candidate groups of a task → the calendar of the units they mean; the case's where they have none of their own.
    calendar_of: Callable[[Sequence[str]], Calendar | None] = no_calendar
    #: Deadline name → its value in force ("P3W", "5 working days").
    deadline_values: Mapping[str, str] = field(default_factory=dict)
    #: Candidate groups → the values in force for the units they mean; None: those of the case.
    deadline_values_of: Callable[[Sequence[str]], Mapping[str, str] | None] = no_values
    #: Role → the units that may hold it.
    units_by_role: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: When units with a rhythm meet, in the years around an instant.
    meetings: Callable[[datetime], MeetingTable] = no_meetings
    #: The variable `case`: `id`, `owner`, `started`.
    case: Mapping[str, Any] = field(default_factory=dict)
    #: Carries out a service task; returns variables. Raises LookupError for an unknown type.
    service: Callable[[ServiceCall], Mapping[str, Any] | None] = no_services
    #: The most steps one command may take before it counts as a loop that never waits.
    step_budget: int = 20_000

    @cached_property
    def feel(self) -> FeelContext:
        """The same for FEEL."""
        return self.feel_on(self.calendar, self.now)

    def feel_on(self, calendar: Calendar, now: datetime, groups: Sequence[str] = ()) -> FeelContext:
        """The same on another calendar, at another time, or with the deadlines of those whom candidate groups mean."""
        values = self.deadline_values_of(groups) if groups else None
        return FeelContext(
            now=now,
            zone=calendar.zone,
            calendar=calendar.table(now.year - 25, now.year + 15),
            deadlines=dict(self.deadline_values if values is None else values),
            units_by_role={role: list(units) for role, units in self.units_by_role.items()},
            meetings=self.meetings(now),
        )

    def instant(self, text: str, *, end_of_day: bool = False) -> datetime:
        """ISO date or date-time text as an instant in UTC; a date alone is its first, or last, minute in the zone.

        Raises:
            ValueError: the text is neither.
        """
        whole_day = end_of_day and len(text.strip()) == len("2026-03-27")
        return self.calendar.instant(f"{text.strip()}T23:59" if whole_day else text)
