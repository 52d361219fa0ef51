"""What durations mean on an organisation's calendar."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calendars import Calendar
from engine.durations import Cycle, Duration, WorkingDays

STOCKHOLM = Calendar()
CLOSED = Calendar(closed_days=frozenset(date(2026, 2, day) for day in range(16, 21)))

instants = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
days = st.dates(date(2000, 1, 1), date(2060, 1, 1))


def local(text):
    return STOCKHOLM.instant(text)


@pytest.mark.parametrize(
    ("start", "amount", "end"),
    [
        # Over the changes of the clock: days keep the local hour, hours do not.
        ("2026-03-28T10:00+01:00", "P1D", "2026-03-29T10:00+02:00"),
        ("2026-03-28T10:00+01:00", "PT24H", "2026-03-29T11:00+02:00"),
        ("2026-10-24T10:00+02:00", "P1D", "2026-10-25T10:00+01:00"),
        ("2026-10-24T10:00+02:00", "PT24H", "2026-10-25T09:00+01:00"),
        ("2026-03-27T10:00+01:00", "P8D", "2026-04-04T10:00+02:00"),
        ("2026-03-27T10:00+01:00", "P1DT48H", "2026-03-30T11:00+02:00"),
        # A local time that does not exist moves forward by the gap; one that exists twice is the first.
        ("2026-03-28T02:30+01:00", "P1D", "2026-03-29T03:30+02:00"),
        ("2026-10-24T02:30+02:00", "P1D", "2026-10-25T02:30+02:00"),
        # Months end where months end.
        ("2026-01-31T10:00+01:00", "P1M", "2026-02-28T10:00+01:00"),
        ("2028-01-31T10:00+01:00", "P1M", "2028-02-29T10:00+01:00"),
        ("2028-02-29T10:00+01:00", "P1Y", "2029-02-28T10:00+01:00"),
        ("2026-08-31T10:00+02:00", "P6M", "2027-02-28T10:00+01:00"),
        ("2026-03-31T10:00+02:00", "P1M1D", "2026-05-01T10:00+02:00"),
        ("2028-02-29T10:00+01:00", "P4Y", "2032-02-29T10:00+01:00"),
        # Over the new year: 2026 ends with week 53, which a week from a day in it leaves for the same day of week 1.
        ("2026-12-31T23:30+01:00", "PT1H", "2027-01-01T00:30+01:00"),
        ("2026-12-31T10:00+01:00", "P1W", "2027-01-07T10:00+01:00"),
        ("2026-12-31T10:00+01:00", "P2M", "2027-02-28T10:00+01:00"),
        ("2026-12-30T10:00+01:00", "1 working day", "2027-01-04T10:00+01:00"),
        # Working days: over a weekend, Easter, Midsummer, Christmas.
        ("2026-03-27T10:00+01:00", "1 working day", "2026-03-30T10:00+02:00"),
        ("2026-04-02T10:00+02:00", "1 working day", "2026-04-07T10:00+02:00"),
        ("2026-06-18T10:00+02:00", "1 working day", "2026-06-22T10:00+02:00"),
        ("2026-12-23T10:00+01:00", "2 working days", "2026-12-29T10:00+01:00"),
        ("2026-03-28T10:00+01:00", "1 working day", "2026-03-30T10:00+02:00"),
        ("2026-03-28T10:00+01:00", "0 working days", "2026-03-30T10:00+02:00"),
        ("2026-03-27T10:00+01:00", "0 working days", "2026-03-27T10:00+01:00"),
    ],
)
def test_an_amount_leads_to(start, amount, end):
    assert STOCKHOLM.add(datetime.fromisoformat(start), amount) == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    ("start", "amount", "end"),
    [
        ("2026-03-30T10:00+02:00", "2 working days", "2026-03-26T10:00+01:00"),
        ("2026-03-29T10:00+02:00", "0 working days", "2026-03-27T10:00+01:00"),
        ("2026-03-31T10:00+02:00", "P1M", "2026-02-28T10:00+01:00"),
        ("2026-03-30T10:00+02:00", "P1D", "2026-03-29T10:00+02:00"),
        ("2026-03-29T11:00+02:00", "PT24H", "2026-03-28T10:00+01:00"),
    ],
)
def test_an_amount_before_leads_to(start, amount, end):
    assert STOCKHOLM.subtract(datetime.fromisoformat(start), amount) == datetime.fromisoformat(end)


def test_clock_hours_keep_the_second_of_two_equal_hours():
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30 for the second time that night
    assert STOCKHOLM.add(second, "PT0S") == second
    assert STOCKHOLM.add(second, "PT1H") == second + timedelta(hours=1)
    assert STOCKHOLM.add(second, "P0D") == second


def test_an_organisations_own_closed_days_are_not_worked():
    friday = datetime(2026, 2, 13, 9, tzinfo=UTC)
    assert STOCKHOLM.add(friday, "1 working day") == datetime(2026, 2, 16, 9, tzinfo=UTC)
    assert CLOSED.add(friday, "1 working day") == datetime(2026, 2, 23, 9, tzinfo=UTC)


def test_the_three_eves_are_free_unless_the_organisation_says_otherwise():
    strict = Calendar(eves=False)
    for eve in (date(2026, 6, 19), date(2026, 12, 24), date(2026, 12, 31)):
        assert not STOCKHOLM.is_working_day(eve)
        assert strict.is_working_day(eve)


def test_a_calendar_on_which_nobody_ever_works_says_so_instead_of_searching_for_ever():
    never = Calendar(closed_days=frozenset(date(2026, 1, 1) + timedelta(days=day) for day in range(5000)))
    with pytest.raises(ValueError, match="no working day"):
        never.next_working_day(date(2026, 1, 1))


def test_an_unknown_zone_is_refused():
    for zone in ("Europe/Stokholm", "", "../../etc/passwd"):
        with pytest.raises(ValueError, match="Europe/Stockholm"):
            Calendar(zone)


def test_a_date_beyond_the_calendar_is_refused_in_words():
    with pytest.raises(ValueError, match="shorter"):
        STOCKHOLM.add(datetime(9990, 1, 1, tzinfo=UTC), "P200Y")
    with pytest.raises(ValueError, match="shorter"):
        STOCKHOLM.subtract(datetime(10, 1, 1, tzinfo=UTC), "P200Y")


def test_a_moment_without_offset_is_local_time():
    assert STOCKHOLM.instant("2026-03-27T10:00") == datetime(2026, 3, 27, 9, tzinfo=UTC)
    assert STOCKHOLM.instant("2026-03-27T10:00Z") == datetime(2026, 3, 27, 10, tzinfo=UTC)
    assert STOCKHOLM.instant("2026-03-27") == datetime(2026, 3, 26, 23, tzinfo=UTC)
    assert STOCKHOLM.instant(date(2026, 3, 27)) == datetime(2026, 3, 26, 23, tzinfo=UTC)
    assert STOCKHOLM.instant("2026-03-29T02:30") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert STOCKHOLM.instant("2026-10-25T02:30") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="no date"):
        STOCKHOLM.instant("tomorrow")


@given(instants, st.integers(-4000, 4000))
def test_days_keep_the_local_hour_unless_that_hour_does_not_exist(start, count):
    before, after = STOCKHOLM.local(start), STOCKHOLM.local(STOCKHOLM.add(start, Duration(days=count)))
    assert after.date() == before.date() + timedelta(days=count)
    if after.time() != before.time():
        assert (after.month, after.hour, before.hour) == (3, 3, 2)
        assert after.replace(hour=2).time() == before.time()
    if count:
        assert after.fold == 0


@given(instants, st.integers(-120, 120))
def test_months_land_in_that_month_on_the_same_day_or_its_last(start, count):
    before, after = STOCKHOLM.local(start), STOCKHOLM.local(STOCKHOLM.add(start, Duration(months=count)))
    assert (after.year - before.year) * 12 + after.month - before.month == count
    assert after.day == before.day or (after + timedelta(days=1)).day == 1


@given(instants, st.integers(-100_000, 100_000))
def test_hours_are_clock_hours(start, count):
    assert STOCKHOLM.add(start, Duration(seconds=3600 * count)) == start + timedelta(hours=count)


@given(instants, st.integers(0, 24), st.integers(0, 60), st.integers(1, 60))
def test_a_longer_amount_ends_later(start, months, days_, more):
    shorter, longer = Duration(months, days_), Duration(months, days_ + more)
    assert STOCKHOLM.add(start, shorter) < STOCKHOLM.add(start, longer)
    assert STOCKHOLM.add(start, WorkingDays(days_ + 1)) < STOCKHOLM.add(start, WorkingDays(days_ + 1 + more))


@given(instants, st.integers(1, 10_000_000), st.integers(1, 400))
def test_whoever_starts_later_is_not_due_earlier(start, seconds, count):
    # But for the night the clock changes: 02:30 that does not exist becomes 03:30, while 03:00 stays.
    later = start + timedelta(seconds=seconds)
    slack = timedelta(hours=1) if seconds < 7200 else timedelta()
    assert STOCKHOLM.add(start, Duration(days=count)) <= STOCKHOLM.add(later, Duration(days=count)) + slack


@given(instants, st.integers(1, 10_000_000), st.integers(1, 400))
def test_whoever_starts_later_is_not_due_on_an_earlier_working_day(start, seconds, count):
    # Days and not hours: Friday 18:00 and Saturday 10:00 are both due on Monday, each at its own hour.
    due = [STOCKHOLM.add(moment, WorkingDays(count)) for moment in (start, start + timedelta(seconds=seconds))]
    assert STOCKHOLM.local(due[0]).date() <= STOCKHOLM.local(due[1]).date()


@given(days, st.integers(-300, 300))
def test_working_days_never_land_on_a_closed_day_and_count_those_in_between(day, count):
    landed = STOCKHOLM.working_days_after(day, count)
    assert STOCKHOLM.is_working_day(landed)
    if count:
        first, last = (day + timedelta(days=1), landed) if count > 0 else (landed, day - timedelta(days=1))
        passed = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        assert sum(map(STOCKHOLM.is_working_day, passed)) == abs(count)


@given(days)
def test_the_next_working_day_is_the_first_after(day):
    following = STOCKHOLM.next_working_day(day)
    assert following > day
    assert STOCKHOLM.is_working_day(following)
    assert STOCKHOLM.working_days_after(day, 1) == following


def fires(cycle, anchor, number):
    return [STOCKHOLM.occurrence(Cycle.parse(cycle), anchor, k) for k in range(1, number + 1)]


def test_a_cycle_of_months_does_not_drift_from_the_end_of_the_month():
    assert fires("R/P1M", local("2026-01-31T10:00"), 3) == [
        local("2026-02-28T10:00"),
        local("2026-03-31T10:00"),
        local("2026-04-30T10:00"),
    ]


def test_a_cycle_ends_after_its_repetitions():
    anchor = local("2026-03-20T10:00")
    assert fires("R2/P1W", anchor, 3) == [local("2026-03-27T10:00"), local("2026-04-03T10:00"), None]
    assert fires("R0/P1W", anchor, 1) == [None]


def test_a_cycle_with_a_start_fires_first_at_its_start():
    started = fires("R3/2026-01-01T10:00+01:00/P1D", local("2025-12-01T08:00"), 4)
    assert started == [local("2026-01-01T10:00"), local("2026-01-02T10:00"), local("2026-01-03T10:00"), None]


@given(
    instants,
    st.integers(-1000, 2_000_000),
    st.sampled_from(["R/PT1M", "R/P1D", "R7/P1D", "R/P1M", "R3/P1W", "R0/P1D", "R9/2026-01-01T10:00+01:00/P1W"]),
)
def test_the_next_in_a_cycle_is_the_first_after_the_moment(anchor, minutes, text):
    cycle, after = Cycle.parse(text), anchor + timedelta(minutes=minutes)
    found = STOCKHOLM.next_in_cycle(cycle, anchor, after)
    if found is None:
        last = STOCKHOLM.occurrence(cycle, anchor, cycle.repetitions)
        assert last is None or last <= after
        return
    number, due = found
    assert due == STOCKHOLM.occurrence(cycle, anchor, number)
    assert due > after
    assert number == 1 or STOCKHOLM.occurrence(cycle, anchor, number - 1) <= after


def test_the_table_for_expressions_has_the_changes_of_the_clock_and_the_days_not_worked():
    table = CLOSED.table(2026, 2027)
    assert table.zone == "Europe/Stockholm"
    changes = [(datetime.fromtimestamp(epoch, UTC), offset) for epoch, offset in table.transitions[1:]]
    assert changes == [
        (datetime(2026, 3, 29, 1, tzinfo=UTC), 7200),
        (datetime(2026, 10, 25, 1, tzinfo=UTC), 3600),
        (datetime(2027, 3, 28, 1, tzinfo=UTC), 7200),
        (datetime(2027, 10, 31, 1, tzinfo=UTC), 3600),
    ]
    assert table.transitions[0][1] == 3600
    assert "2026-06-19" in table.non_working_days
    assert "2026-02-16" in table.non_working_days
    assert "2026-06-06" not in table.non_working_days  # a Saturday: implied
    assert all(earlier < later for earlier, later in pairwise(table.non_working_days))


SCHOOL = Calendar(breaks=((date(2026, 6, 13), date(2026, 8, 16)), (date(2026, 12, 19), date(2027, 1, 10))))
WORKED = Calendar(hours_of_working_days=True)


@pytest.mark.parametrize(
    ("calendar", "start", "amount", "end"),
    [
        # 48 hours on the clock, and of working days: from Friday over the weekend; at the weekend; over Easter.
        (STOCKHOLM, "2026-03-13T15:00", "PT48H", "2026-03-15T15:00"),
        (WORKED, "2026-03-13T15:00", "PT48H", "2026-03-17T15:00"),
        (WORKED, "2026-03-14T15:00", "PT48H", "2026-03-18T00:00"),
        (WORKED, "2026-04-02T09:00", "PT48H", "2026-04-08T09:00"),
        (WORKED, "2026-03-13T15:00", "P1DT1H", "2026-03-16T01:00"),
        # The clock goes forward on a Sunday, which does not count; days and weeks are days and weeks all the same.
        (WORKED, "2026-03-27T15:00", "PT48H", "2026-03-31T15:00"),
        (WORKED, "2026-03-13T15:00", "P1W", "2026-03-20T15:00"),
        # A school: working days pass over the summer, and what would end in it ends when school begins again.
        (SCHOOL, "2026-06-10T10:00", "5 working days", "2026-08-19T10:00"),
        (SCHOOL, "2026-06-10T10:00", "P3W", "2026-08-17T10:00"),
        (SCHOOL, "2026-06-11T10:00", "PT48H", "2026-08-17T10:00"),
        (SCHOOL, "2026-06-10T10:00", "P3M", "2026-09-10T10:00"),
        # And over the new year.
        (SCHOOL, "2026-12-17T10:00", "2 working days", "2027-01-11T10:00"),
        (SCHOOL, "2026-12-17T10:00", "P2W", "2027-01-11T10:00"),
        (SCHOOL, "2026-12-17T10:00", "P1M", "2027-01-17T10:00"),
    ],
)
def test_by_when_something_is_due(calendar, start, amount, end):
    assert calendar.due(local(start), amount) == local(end)


def test_a_school_does_not_work_between_terms():
    assert [SCHOOL.is_working_day(date(2026, month, day)) for month, day in ((6, 12), (6, 15), (8, 14), (8, 17))] == [
        True, False, False, True
    ]  # fmt: skip
    assert SCHOOL.next_working_day(date(2026, 6, 12)) == date(2026, 8, 17)
