"""The calendar in JavaScript and the one in Python, in lock-step: the same instants for the same questions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.calendars import Calendar
from engine.feel import FeelContext, current_feel

FIRST, LAST = 2020, 2032
ZONES = ("Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kolkata")
_closed = frozenset(date(2026, 8, 3) + timedelta(days=number) for number in range(12))
_breaks = tuple((date(year, 6, 13), date(year, 8, 16)) for year in range(2022, 2031))
CALENDARS = [
    Calendar(zone, closed, eves) for zone in ZONES for closed in (frozenset(), _closed) for eves in (True, False)
] + [Calendar(zone, breaks=_breaks, hours_of_working_days=hours) for zone in ZONES for hours in (True, False)]

_instants = st.datetimes(datetime(2022, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
#: Near the changes of the clock, where a rule is easily got wrong.
_changes = st.builds(
    lambda year, spring, minutes: (
        datetime(year, 3, 25, tzinfo=UTC) if spring else datetime(year, 10, 24, tzinfo=UTC)
    ) + timedelta(minutes=minutes),
    st.integers(2022, 2029), st.booleans(), st.integers(0, 8 * 24 * 60),
)  # fmt: skip
instants = _instants | _changes
calendars = st.sampled_from(CALENDARS)
days = st.dates(date(2022, 1, 1), date(2029, 12, 31))
durations = st.builds(
    lambda months, days, hours, minutes: f"P{months}M{days}DT{hours}H{minutes}M",
    st.integers(0, 20), st.integers(0, 60), st.integers(0, 60), st.integers(0, 90),
) | st.builds("{} working days".format, st.integers(0, 60))  # fmt: skip


def surroundings(calendar: Calendar, now: datetime, deadline: str = "P1D") -> FeelContext:
    return FeelContext(now=now, zone=calendar.zone, calendar=calendar.table(FIRST, LAST), deadlines={"x": deadline})


_deadline = current_feel().compile('deadline("x")')
_deadline_from = current_feel().compile('deadline("x", date and time(start))')
_plus = current_feel().compile("date and time(start) + duration(amount)")
_read = current_feel().compile("date and time(start)")
_today = current_feel().compile("today()")
_after = current_feel().compile("working days after(date(day), n)")
_next = current_feel().compile("next working day(date(day))")


@settings(max_examples=200, deadline=None)
@given(calendars, instants, durations)
def test_a_deadline_from_now_is_the_instant_that_the_calendar_gives(
    calendar: Calendar, now: datetime, amount: str
) -> None:
    found = datetime.fromisoformat(_deadline.evaluate({}, surroundings(calendar, now, amount)))
    assert found == calendar.due(now, amount)
    assert found.utcoffset() == calendar.local(found).utcoffset()


@settings(max_examples=100, deadline=None)
@given(calendars, instants, durations)
def test_a_deadline_from_an_instant_is_the_one_that_the_calendar_gives(
    calendar: Calendar, start: datetime, amount: str
) -> None:
    found = _deadline_from.evaluate({"start": start.isoformat()}, surroundings(calendar, start, amount))
    assert datetime.fromisoformat(found) == calendar.due(start, amount)


@settings(max_examples=200, deadline=None)
@given(calendars, instants, durations.filter(lambda amount: amount.startswith("P")))
def test_a_local_time_moved_by_a_duration_is_where_the_calendar_moves_it(
    calendar: Calendar, start: datetime, amount: str
) -> None:
    local = calendar.local(start).replace(tzinfo=None, fold=0)
    variables = {"start": local.isoformat(timespec="milliseconds"), "amount": amount}
    found = _plus.evaluate(variables, surroundings(calendar, start))
    assert datetime.fromisoformat(found) == calendar.add(calendar.instant(local), amount)


@settings(max_examples=200, deadline=None)
@given(
    calendars,
    st.datetimes(datetime(2022, 1, 1), datetime(2029, 12, 31)) | _changes.map(lambda m: m.replace(tzinfo=None)),
)
def test_any_local_time_is_the_same_instant_in_both(calendar: Calendar, local: datetime) -> None:
    local = local.replace(microsecond=0)
    found = _read.evaluate({"start": local.isoformat()}, surroundings(calendar, datetime(2026, 1, 1, tzinfo=UTC)))
    assert datetime.fromisoformat(found) == calendar.instant(local)


@settings(max_examples=200, deadline=None)
@given(calendars, days, st.integers(-60, 60))
def test_working_days_are_the_same_days_in_both(calendar: Calendar, day: date, count: int) -> None:
    at = surroundings(calendar, datetime(2026, 1, 1, tzinfo=UTC))
    assert (
        _after.evaluate({"day": day.isoformat(), "n": count}, at) == calendar.working_days_after(day, count).isoformat()
    )
    assert _next.evaluate({"day": day.isoformat()}, at) == calendar.next_working_day(day).isoformat()


@settings(max_examples=100, deadline=None)
@given(calendars, instants)
def test_today_is_the_local_date(calendar: Calendar, now: datetime) -> None:
    assert _today.evaluate({}, surroundings(calendar, now)) == calendar.local(now).date().isoformat()
