"""A team's rhythm: a unit that meets every so often. When it does, closed, cancelled and extra days included.

The rules are in `docs/reference/time.md`, “Rhythms”. A rhythm is a setting (`engine/organisations.py`); who may set
one, `engine/access.py` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any, Literal, cast

from engine.calendars import Calendar
from engine.durations import Cycle, Duration
from engine.errors import SamledError
from engine.feel.context import MeetingTable

ClosedDay = Literal["move", "skip"]
CLOSED_DAY: tuple[ClosedDay, ...] = ("move", "skip")
#: Nobody plans further ahead, and a slip of the pen ends.
MOST_DATES = 200
MOST_ROOM = 100
#: Years that a meeting can be in; another is a slip of the pen.
YEARS = range(1990, 2201)
#: A meeting that a closed day moves comes at most this much later: the longest stretch without a working day.
_MOVED = timedelta(days=130)
#: A cycle that has hit closed days only for so long (each Sunday, say) will never meet.
_NEVER = timedelta(days=3660)
_MOMENT = timedelta(microseconds=1)


class NoRhythm(SamledError):
    """This is no rhythm. Write when the team first meets and how often, such as R/2026-09-01T13:00/P2W."""


@dataclass(frozen=True)
class Rhythm:
    """When a unit meets."""

    #: `R/2026-09-01T13:00/P2W`: from a first date and time, in the organisation's zone, so often.
    cycle: str
    #: What becomes of a meeting that falls on a closed day: it moves to the next working day, or there is none.
    closed_day: ClosedDay = "move"
    #: Days on which the meeting that would be held is not held.
    cancelled: frozenset[date] = frozenset()
    #: Meetings besides, in the organisation's zone; they are held whatever day it is.
    extra: frozenset[datetime] = frozenset()
    #: How many cases one meeting has time for; None: all that wait.
    room: int | None = None
    _cycle: Cycle = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_cycle", _read_cycle(self.cycle))
        if self.closed_day not in CLOSED_DAY:
            raise NoRhythm(f"“{self.closed_day}” is nothing a meeting can do on a closed day. Write move or skip.")
        if len(self.cancelled) > MOST_DATES or len(self.extra) > MOST_DATES:
            raise NoRhythm(f"More than {MOST_DATES} dates. Remove those that have passed.")
        if any(day.year not in YEARS for day in (*self.cancelled, *self.extra, self.first)):
            raise NoRhythm(f"A meeting is in the years {YEARS[0]} to {YEARS[-1]}. Correct the date.")
        if any(moment.tzinfo for moment in self.extra):
            raise NoRhythm("An extra meeting has an offset. Write its local date and time, such as 2026-09-08T13:00.")
        if self.room is not None and not 1 <= self.room <= MOST_ROOM:
            raise NoRhythm(f"A meeting has time for 1 to {MOST_ROOM} cases. Leave it out if there is no limit.")

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Rhythm:
        """From JSON as `as_json` gives it. Raises NoRhythm; ValueError for text that is no date."""
        return cls(
            value["cycle"],
            cast("ClosedDay", value.get("closed_day", "move")),
            frozenset(map(date.fromisoformat, value.get("cancelled", ()))),
            frozenset(map(datetime.fromisoformat, value.get("extra", ()))),
            value.get("room"),
        )

    def as_json(self) -> dict[str, Any]:
        """For the settings."""
        return {
            "cycle": self.cycle,
            "closed_day": self.closed_day,
            "cancelled": sorted(day.isoformat() for day in self.cancelled),
            "extra": sorted(moment.isoformat(timespec="minutes") for moment in self.extra),
            "room": self.room,
        }

    @property
    def first(self) -> datetime:
        """The first meeting, local and without a zone."""
        return cast("datetime", self._cycle.start)

    @property
    def interval(self) -> str:
        """How often, as ISO 8601 or working days."""
        return self.cycle.rpartition("/")[2]

    def meetings(self, calendar: Calendar, after: datetime) -> Iterator[datetime]:
        """The instants (UTC) of the meetings after an instant, in order; endless unless the cycle ends."""
        extra = sorted(moment for moment in map(calendar.instant, self.extra) if moment > after)
        for meeting in self._regular(calendar, after):
            while extra and extra[0] <= meeting:
                yield extra.pop(0)
            if calendar.local(meeting).date() not in self._days_of_extra:
                yield meeting
        yield from extra

    @property
    def _days_of_extra(self) -> frozenset[date]:
        """An extra meeting takes the place of the one that would be held that day: so the hour is changed for once."""
        return frozenset(moment.date() for moment in self.extra)

    def _regular(self, calendar: Calendar, after: datetime) -> Iterator[datetime]:
        """Those of the cycle after an instant: a day at most one, and none on cancelled days."""
        anchor = calendar.instant(self.first)
        found = calendar.next_in_cycle(self._cycle, anchor, after - _MOVED)
        number, last, horizon = found[0] if found else 0, None, max(after, anchor) + _NEVER
        while number and (planned := calendar.occurrence(self._cycle, anchor, number)) and planned < horizon:
            number += 1
            local = calendar.local(planned)
            day = local.date() if self.closed_day == "skip" else calendar.working_day_from(local.date())
            if day == last or not calendar.is_working_day(day):
                continue
            last, horizon = day, planned + _NEVER
            meeting = calendar.instant(datetime.combine(day, local.time()))
            if meeting > after and day not in self.cancelled:
                yield meeting

    def next_meeting(self, calendar: Calendar, after: datetime) -> datetime | None:
        """The first meeting after an instant, in UTC; None when there will be none."""
        return next(self.meetings(calendar, after), None)

    def from_today(self, calendar: Calendar, now: datetime, count: int) -> list[datetime]:
        """The next meetings; one of today stays the next until the day is over, so that a meeting sees its agenda."""
        midnight = calendar.instant(datetime.combine(calendar.local(now).date(), time()))
        return list(islice(self.meetings(calendar, midnight - _MOMENT), count))


def _read_cycle(text: str) -> Cycle:
    try:
        cycle = Cycle.parse(text)
    except ValueError as error:
        raise NoRhythm(str(error)) from None
    if cycle.start is None or cycle.start.tzinfo is not None:
        raise NoRhythm("A rhythm begins with a local date and time, such as R/2026-09-01T13:00/P2W.")
    if isinstance(cycle.interval, Duration) and not (cycle.interval.months or cycle.interval.days):
        raise NoRhythm("A team meets at most once a day. Write an interval of days or longer, such as P1W.")
    return cycle


def table(rhythms: Mapping[str, tuple[Rhythm, Calendar]], first_year: int, last_year: int) -> MeetingTable:
    """What FEEL's `next meeting` needs of these years, both included: each unit's meetings, and one more behind them.

    `rhythms`: unit id → its rhythm and the calendar on which the unit is asked.
    """
    begins, ends = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    found = {unit: _seconds(rhythm, calendar, begins, ends) for unit, (rhythm, calendar) in rhythms.items()}
    return MeetingTable(found, int(begins.timestamp()), int(ends.timestamp()))


@lru_cache(maxsize=1024)
def _seconds(rhythm: Rhythm, calendar: Calendar, begins: datetime, ends: datetime) -> tuple[int, ...]:
    """Kept: the organisation changes daily (somebody is away, say), its rhythms once a term."""
    seconds: list[int] = []
    for meeting in rhythm.meetings(calendar, begins - _MOMENT):
        seconds.append(int(meeting.timestamp()))
        if meeting >= ends:
            break
    return tuple(seconds)
