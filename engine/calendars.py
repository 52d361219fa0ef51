"""An organisation's calendar: its time zone and working days, and what a duration means on it.

Everything goes in as an aware datetime and comes out as one in UTC. The rules are in `docs/reference/time.md`:
months end where months end, days and longer keep the local hour, hours are clock hours, a local time that does not
exist moves forward by the gap, and one that exists twice is the first.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.durations import Amount, Cycle, Duration, WorkingDays, as_amount

if TYPE_CHECKING:
    from engine.feel.context import CalendarTable

DEFAULT_ZONE = "Europe/Stockholm"
_DAY = timedelta(days=1)
_SATURDAY = 5


@lru_cache(maxsize=512)
def _holidays(year: int, eves: bool) -> frozenset[date]:
    # Imported late: it costs 0.15 s, and most commands need no holiday.
    from holidays.countries.sweden import Sweden

    # Source: lag (1989:253) om allmänna helgdagar; the three eves are equalled with Sundays by semesterlagen 7 §.
    categories = ("public", "de_facto") if eves else ("public",)
    return frozenset(Sweden(years=year, categories=categories, include_sundays=False))


def _stretch(zone: ZoneInfo, year: int) -> Iterator[tuple[int, int]]:
    """The instants of a year at which the zone's offset changes, with the offset (seconds) from then on."""
    moment = datetime(year, 1, 1, tzinfo=UTC)
    while moment.year == year:
        following = moment + _DAY
        if moment.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
            change = _bisect(zone, int(moment.timestamp()), int(following.timestamp()))
            yield change, _offset(zone, change)
        moment = following


def _bisect(zone: ZoneInfo, before: int, after: int) -> int:
    old = _offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return after


def _offset(zone: ZoneInfo, epoch: int) -> int:
    offset = datetime.fromtimestamp(epoch, zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0


@dataclass(frozen=True)
class Calendar:
    """Which days are worked, and in which time zone."""

    zone: str = DEFAULT_ZONE
    #: Days of the organisation's own on which nobody works, such as the days between terms.
    closed_days: frozenset[date] = frozenset()
    #: Are Midsummer Eve, Christmas Eve and New Year's Eve free?
    eves: bool = True
    #: Of a school: first and last day of each stretch between terms. Nobody works then, and no deadline ends then.
    breaks: tuple[tuple[date, date], ...] = ()
    #: Do the hours of a deadline (`PT48H`) pass on working days only? Else they are hours on the clock.
    hours_of_working_days: bool = False

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"“{self.zone}” is no time zone. Write a name such as Europe/Stockholm.") from None

    @property
    def zone_info(self) -> ZoneInfo:
        """The zone itself; `zoneinfo` keeps one object a name."""
        return ZoneInfo(self.zone)

    def local(self, instant: datetime) -> datetime:
        """The same instant on the organisation's wall clock. Naive input is taken for local time already."""
        return self.instant(instant).astimezone(self.zone_info)

    def instant(self, moment: datetime | date | str) -> datetime:
        """A moment as UTC: ISO text, a date (its first instant) or a datetime; without an offset it is local time.

        Raises `ValueError` for text that is no date.
        """
        if isinstance(moment, str):
            try:
                moment = datetime.fromisoformat(moment.strip())
            except ValueError:
                raise ValueError(f"“{moment}” is no date and time. Write it as 2026-03-27T10:00+01:00.") from None
        elif not isinstance(moment, datetime):
            moment = datetime.combine(moment, time())
        # fold=0 is both rules at once: the first of two, and forward by the gap when there is none.
        aware = moment if moment.tzinfo else moment.replace(tzinfo=self.zone_info, fold=0)
        try:
            return aware.astimezone(UTC)
        except OverflowError:
            raise _out_of_range() from None

    def add(self, start: datetime, amount: Amount | timedelta | str) -> datetime:
        """The instant (UTC) an amount after `start`. Raises `ValueError` beyond the years 1-9999."""
        return self._moved(start, as_amount(amount))

    def subtract(self, start: datetime, amount: Amount | timedelta | str) -> datetime:
        """The instant (UTC) an amount before `start`; with zero working days, the last working day up to `start`."""
        wanted = as_amount(amount)
        if wanted == WorkingDays(0):
            local = self.local(start)
            return self._at(self.working_day_from(local.date(), -1), local)
        return self._moved(start, -wanted)

    def due(self, start: datetime, amount: Amount | timedelta | str) -> datetime:
        """The instant (UTC) by which something is due that takes so long from `start`.

        As `add`, but hours may count on working days only, and what would end in a break ends on the first working
        day after it, at the same hour. Raises `ValueError` beyond the years 1-9999.
        """
        amount = as_amount(amount)
        if not isinstance(amount, Duration) or not amount.seconds or not self.hours_of_working_days:
            return self._after_break(self.add(start, amount))
        try:
            days = self._on_the_calendar(start, replace(amount, seconds=0))
            return self._after_break(self._working_seconds_after(days, amount.seconds))
        except OverflowError:
            raise _out_of_range() from None

    def _working_seconds_after(self, start: datetime, seconds: float) -> datetime:
        local = self.local(start)
        day, moment = self.working_day_from(local.date()), start
        if day != local.date():
            moment = self.instant(day)
        while (left := (self.instant(day + _DAY) - moment).total_seconds()) < seconds:
            seconds -= left
            day = self.next_working_day(day)
            moment = self.instant(day)
        return moment + timedelta(seconds=seconds)

    def _after_break(self, moment: datetime) -> datetime:
        local = self.local(moment)
        if not self.is_break(local.date()):
            return moment
        return self._at(self.working_day_from(local.date()), local)

    def is_break(self, day: date) -> bool:
        """Does the day lie between two terms of the school?"""
        return any(first <= day <= last for first, last in self.breaks)

    def _moved(self, start: datetime, amount: Amount) -> datetime:
        try:
            if isinstance(amount, WorkingDays):
                local = self.local(start)
                return self._at(self.working_days_after(local.date(), amount.count), local)
            return self._on_the_calendar(start, amount) + timedelta(seconds=amount.seconds)
        except OverflowError:
            raise _out_of_range() from None

    def _on_the_calendar(self, start: datetime, amount: Duration) -> datetime:
        if not (amount.months or amount.days):
            # Clock time only: the second of two equal hours must stay the second.
            return self.instant(start)
        local = self.local(start)
        day = _add_months(local.date(), amount.months) + timedelta(days=amount.days)
        return self.instant(start) if day == local.date() else self._at(day, local)

    def _at(self, day: date, local: datetime) -> datetime:
        return self.instant(datetime.combine(day, local.time()))

    def is_working_day(self, day: date) -> bool:
        """Neither weekend, public holiday, free eve, a closed day of the organisation's own, nor a school's break."""
        if day.weekday() >= _SATURDAY or day in self.closed_days or self.is_break(day):
            return False
        return day not in _holidays(day.year, self.eves)

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        return self.working_day_from(day + _DAY)

    def working_day_from(self, day: date, direction: int = 1) -> date:
        """`day` itself if it is worked, else the nearest that is: forward (1) or back (-1)."""
        for _ in range(3660):
            if self.is_working_day(day):
                return day
            day += direction * _DAY
        raise ValueError("The calendar has no working day within ten years. Remove some of its closed days.")

    def working_days_after(self, day: date, count: int) -> date:
        """The day `count` working days later (earlier if negative); 0 is `day` itself or the next that is worked."""
        if count == 0:
            return self.working_day_from(day)
        direction = 1 if count > 0 else -1
        for _ in range(abs(count)):
            day = self.working_day_from(day + direction * _DAY, direction)
        return day

    def occurrence(self, cycle: Cycle, anchor: datetime, number: int) -> datetime | None:
        """When a cycle fires for the `number`th time (from 1); None when it has no such repetition.

        `anchor` is when the timer began to wait. Each is counted from the anchor and not from the one before:
        from 31 January `R/P1M` gives 28 February and 31 March.
        """
        if number < 1 or (cycle.repetitions is not None and number > cycle.repetitions):
            return None
        if cycle.start is None:
            return self.add(anchor, _times(cycle.interval, number))
        if number == 1:
            return self.instant(cycle.start)
        return self.add(self.instant(cycle.start), _times(cycle.interval, number - 1))

    def next_in_cycle(self, cycle: Cycle, anchor: datetime, after: datetime) -> tuple[int, datetime] | None:
        """The first firing strictly after an instant: its number and when. None when the cycle is over."""
        number, reach = 1, 1
        moment = self.instant(after)
        # Doubling, then halving: an outage of years over a cycle of minutes is some forty looks and not a million.
        while (due := self.occurrence(cycle, anchor, self._last(cycle, reach))) and due <= moment:
            if self._last(cycle, reach) != reach:
                return None
            number, reach = reach + 1, reach * 2
        while number < reach:
            middle = (number + reach) // 2
            due = self.occurrence(cycle, anchor, self._last(cycle, middle))
            number, reach = (middle + 1, reach) if due and due <= moment else (number, middle)
        found = self.occurrence(cycle, anchor, number)
        return (number, found) if found else None

    @staticmethod
    def _last(cycle: Cycle, number: int) -> int:
        return number if cycle.repetitions is None else min(number, cycle.repetitions)

    def table(self, first_year: int, last_year: int) -> CalendarTable:
        """What the FEEL runtime needs of these years, both included: offset changes and days not worked."""
        return _table(self, first_year, last_year)


@lru_cache(maxsize=64)
def _table(calendar: Calendar, first_year: int, last_year: int) -> CalendarTable:
    from engine.feel.context import CalendarTable

    zone = calendar.zone_info
    start = int(datetime(first_year, 1, 1, tzinfo=UTC).timestamp()) - 86400
    transitions = [(start, _offset(zone, start))]
    closed = {day for day in calendar.closed_days if first_year <= day.year <= last_year}
    for year in range(first_year, last_year + 1):
        transitions += _stretch(zone, year)
        closed |= _holidays(year, calendar.eves)
    days = tuple(sorted(day.isoformat() for day in closed if day.weekday() < _SATURDAY))
    breaks = tuple((first.isoformat(), last.isoformat()) for first, last in calendar.breaks)
    hours = calendar.hours_of_working_days
    return CalendarTable(calendar.zone, tuple(transitions), days, first_year, last_year, breaks, hours)


def _add_months(day: date, months: int) -> date:
    if not months:
        return day
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _times(interval: Amount, number: int) -> Amount:
    return WorkingDays(interval.count * number) if isinstance(interval, WorkingDays) else interval * number


def _out_of_range() -> ValueError:
    return ValueError("That is beyond the years a date can have (1-9999). Write a shorter duration.")
