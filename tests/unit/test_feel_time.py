"""FEEL's dates, times and durations: exact, in the organisation's zone, and without feelin's faults."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.calendars import Calendar
from engine.errors import FeelError
from engine.feel import CalendarTable, Feel, FeelContext, current_feel


def context(now: str = "2026-03-27T10:00+01:00", zone: str = "Europe/Stockholm", **more: Any) -> FeelContext:
    return FeelContext(now=datetime.fromisoformat(now), zone=zone, **more)


def evaluate(source: str, variables: Mapping[str, Any] | None = None, at: FeelContext | None = None) -> Any:
    return current_feel().compile(source).evaluate(variables or {}, at or context())


@pytest.fixture(params=["UTC", "America/New_York", "Pacific/Auckland"])
def host_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("today()", "2026-03-27"),
        ("now()", "2026-03-27T10:00:00+01:00"),
        ('date("2026-03-27")', "2026-03-27"),
        ("date(2026, 3, 27)", "2026-03-27"),
        ('date(date and time("2026-03-27T00:30:00+01:00"))', "2026-03-27"),
        ('date(from: "2026-03-27")', "2026-03-27"),
        ('date and time("2026-03-27T10:00:00+01:00")', "2026-03-27T10:00:00+01:00"),
        ('date and time("2026-03-27T10:00:00.250Z")', "2026-03-27T10:00:00.250Z"),
        ('date and time("2026-03-27T10:00")', "2026-03-27T10:00:00+01:00"),
        ('date and time(date("2026-07-01"), time("08:00:00"))', "2026-07-01T08:00:00+02:00"),
        ('@"2026-03-27"', "2026-03-27"),
        ('@"2026-03-27T10:00:00@Europe/Stockholm"', "2026-03-27T10:00:00+01:00"),
        ('@"2026-03-27T10:00:00@UTC"', "2026-03-27T10:00:00Z"),
        ('@"P1D"', "P1D"),
        ('time("10:00:00")', "10:00:00"),
        ('time("10:00:00+02:00")', "10:00:00+02:00"),
        ("time(8, 30, 0)", "08:30:00"),
        ('time(date and time("2026-03-27T10:00"))', "10:00:00"),
        ('time("23:30:00") + duration("PT1H")', "00:30:00"),
        ('time("10:00:00") - time("08:30:00")', "PT1H30M"),
        ('duration("P1Y2M")', "P1Y2M"),
        ('duration("P14M")', "P1Y2M"),
        ('duration("P2W3D")', "P17D"),
        ('duration("PT48H")', "PT48H"),
        ('duration("-P1DT2H")', "-P1DT2H"),
        ('duration("PT0S")', "PT0S"),
        ('duration("PT1.5S")', "PT1.5S"),
        ('duration("P1D") + duration("PT2H")', "P1DT2H"),
        ('duration("P1D") * 3', "P3D"),
        ('2 * duration("P1M")', "P2M"),
        ('-duration("P1D")', "-P1D"),
        ('string(duration("PT48H"))', "PT48H"),
        ('string(date("2026-03-27"))', "2026-03-27"),
        ('[today(), {a: duration("P1D")}]', ["2026-03-27", {"a": "P1D"}]),
        ('date("2026-03-27").weekday', 5),
        ('date and time("2026-03-27T10:20:30").minute', 20),
        ('duration("P1Y2M").months', 2),
        ('duration("PT26H").days', 1),
        ("now().time offset", "PT1H"),
        ("now().timezone", "Europe/Stockholm"),
        ('day of week(date("2026-03-27"))', "Friday"),
        ('month of year(date("2026-03-27"))', "March"),
        ('day of year(date("2024-12-31"))', 366),
        ('week of year(date("2027-01-01"))', 53),
        ('week of year(date("2024-12-30"))', 1),
        ('date("2026-03-27") in [date("2026-03-01")..date("2026-03-31")]', True),
        ('duration("P1D") = duration("PT24H")', True),
        ('duration("P1Y") = duration("P12M")', True),
        ('duration("PT25H") > duration("P1D")', True),
        ('date and time("2026-03-27T09:00:00Z") = date and time("2026-03-27T10:00:00+01:00")', True),
        ('date("0001-01-01")', "0001-01-01"),
        ('date("9999-12-31")', "9999-12-31"),
    ],
)
def test_a_value_of_time_comes_out_as_iso_text_of_its_own_type(source: str, expected: Any) -> None:
    assert evaluate(source) == expected


# feelin's faults, one by one ////


@pytest.mark.parametrize("hour", ["00:00", "00:30", "10:00", "23:59"])
def test_today_is_the_date_of_the_same_day_at_every_hour(hour: str) -> None:
    assert evaluate('today() = date("2026-07-01")', at=context(f"2026-07-01T{hour}+02:00")) is True


def test_midnight_in_utc_is_an_instant_and_not_a_date() -> None:
    source = 'date and time("2026-03-27T00:00:00Z")'
    assert evaluate(source) == "2026-03-27T00:00:00Z"
    assert evaluate(f"{source} instance of date") is False
    assert evaluate(f'{source} + duration("PT1H")') == "2026-03-27T01:00:00Z"
    with pytest.raises(FeelError, match="cannot be compared"):
        evaluate(f'{source} = date("2026-03-27")')


def test_the_first_of_january_1900_is_a_date_and_not_a_time() -> None:
    assert evaluate('date("1900-01-01")') == "1900-01-01"
    assert evaluate('date and time("1900-01-01T10:00:00Z")') == "1900-01-01T10:00:00Z"


def test_local_time_is_the_organisations_and_never_the_hosts(host_zone: str) -> None:
    assert evaluate('date and time("2026-07-01T10:00:00")') == "2026-07-01T10:00:00+02:00"
    assert evaluate("now()", at=context("2026-07-01T23:30:00Z")) == "2026-07-02T01:30:00+02:00"
    assert evaluate("today()", at=context("2026-07-01T23:30:00Z")) == "2026-07-02"
    assert evaluate('time("10:00:00")') == "10:00:00"
    assert evaluate('date and time("2026-07-01T10:00:00")', at=context(zone="Europe/Helsinki")).endswith("+03:00")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2020-01-31", "2026-03-01", "P6Y1M"),
        ("2020-01-31", "2020-02-29", "P1M"),
        ("2020-02-29", "2021-02-28", "P1Y"),
        ("2026-03-27", "2026-03-27", "PT0S"),
        ("2026-03-27", "2026-04-26", "PT0S"),
        ("2026-03-27", "2025-01-01", "-P1Y2M"),
    ],
)
def test_years_and_months_between_two_dates_are_whole(start: str, end: str, expected: str) -> None:
    assert evaluate(f'years and months duration(date("{start}"), date("{end}"))') == expected


def test_durations_of_more_than_half_a_year_are_not_equal_by_rounding() -> None:
    assert evaluate('duration("P200D") = duration("P201D")') is False


def test_the_days_between_two_dates_are_days_and_not_years() -> None:
    assert evaluate('date("2027-03-27") - date("2026-03-27")') == "P365D"
    assert evaluate('date("2026-03-27") + (date("2027-03-27") - date("2026-03-27"))') == "2027-03-27"


def test_the_date_of_an_instant_is_the_local_one() -> None:
    assert evaluate('date(date and time("2026-03-27T00:30:00"))') == "2026-03-27"


@pytest.mark.parametrize(
    "source",
    [
        'date("2026-02-29")',
        'date("2026-13-01")',
        'date("2026")',
        'date("20260327")',
        'date("2026-W12")',
        'date("2026-3-7")',
        'date(" 2026-03-27")',
        "date(2026, 2, 29)",
        "date(10000, 1, 1)",
        'date and time("2026-03-27")',
        'date and time("2026-03-27T24:00:00")',
        'date and time("2026-03-27T10:60:00")',
        'date and time("2026-03-27T10:00:00+19:00")',
        'date and time("2026-03-27T10:00:00@Mars/Olympus")',
        'time("25:00:00")',
        "time(10, 0)",
        'duration("P")',
        'duration("P1.5D")',
        'duration("1 day")',
        "today() + 1",
        'today() + "P1D"',
        "today() + now()",
        "today() - now()",
        'time("10:00:00") + duration("P1M")',
        'date("9999-12-31") + duration("P1D")',
        'date("0001-01-01") - duration("P1M")',
        'duration("P1M") - duration("P1D")',
        'time("10:00:00") < time("10:00:00+01:00")',
    ],
)
def test_what_is_no_time_is_refused_and_never_guessed(source: str) -> None:
    with pytest.raises(FeelError):
        evaluate(source)


# across the changes of the clock ////


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # Forward, 29 March 2026 at 02:00.
        ('date and time("2026-03-28T10:00") + duration("P1D")', "2026-03-29T10:00:00+02:00"),
        ('date and time("2026-03-28T10:00") + duration("PT24H")', "2026-03-29T11:00:00+02:00"),
        ('date and time("2026-03-28T02:30") + duration("P1D")', "2026-03-29T03:30:00+02:00"),
        ('date and time("2026-03-29T02:30")', "2026-03-29T03:30:00+02:00"),
        ('date and time("2026-03-29T12:00") - date and time("2026-03-28T12:00")', "PT23H"),
        # Back, 25 October 2026 at 03:00.
        ('date and time("2026-10-24T10:00") + duration("P1D")', "2026-10-25T10:00:00+01:00"),
        ('date and time("2026-10-24T10:00") + duration("PT24H")', "2026-10-25T09:00:00+01:00"),
        ('date and time("2026-10-25T02:30")', "2026-10-25T02:30:00+02:00"),
        ('date and time("2026-10-25T02:30") + duration("PT1H")', "2026-10-25T02:30:00+01:00"),
        ('date and time("2026-10-26T02:30") - duration("P1D")', "2026-10-25T02:30:00+02:00"),
        # An offset that is given stays.
        ('date and time("2026-03-28T10:00:00+01:00") + duration("P1D")', "2026-03-29T10:00:00+01:00"),
    ],
)
def test_days_keep_the_local_hour_and_hours_are_clock_hours(source: str, expected: str) -> None:
    assert evaluate(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('date("2026-01-31") + duration("P1M")', "2026-02-28"),
        ('date("2024-01-31") + duration("P1M")', "2024-02-29"),
        ('date("2024-02-29") + duration("P1Y")', "2025-02-28"),
        ('date("2024-02-29") + duration("P4Y")', "2028-02-29"),
        ('date("2024-03-01") - duration("P1D")', "2024-02-29"),
        ('date("2026-03-31") - duration("P1M")', "2026-02-28"),
        ('date("2100-02-28") + duration("P1D")', "2100-03-01"),
        ('date("2026-03-27") + duration("PT26H")', "2026-03-28"),
    ],
)
def test_months_end_where_months_end(source: str, expected: str) -> None:
    assert evaluate(source) == expected


# our own functions ////

DEADLINES = {"meeting": "P3W", "answer": "PT48H", "receipt": "5 working days", "long": "P1M", "broken": "soon"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('deadline("meeting")', "2026-04-17T10:00:00+02:00"),
        ('deadline("answer")', "2026-03-29T11:00:00+02:00"),
        # 3 April is Good Friday, 6 April Easter Monday.
        ('deadline("receipt")', "2026-04-07T10:00:00+02:00"),
        ('deadline("long")', "2026-04-27T10:00:00+02:00"),
        ('deadline("meeting", date and time("2026-01-10T08:00"))', "2026-01-31T08:00:00+01:00"),
        ('deadline("meeting", date("2026-01-10"))', "2026-01-31T23:59:59+01:00"),
        ('deadline("receipt", date("2026-03-27"))', "2026-04-07T23:59:59+02:00"),
        ('deadline("meeting", "2026-01-10")', "2026-01-31T23:59:59+01:00"),
        ('deadline("meeting", "2026-01-10T07:00:00Z")', "2026-01-31T08:00:00+01:00"),
        ('deadline("meeting", now() - duration("P1D"))', "2026-04-16T10:00:00+02:00"),
        ('deadline(name: "meeting", from: today())', "2026-04-17T23:59:59+02:00"),
        ("working days after(today(), 1)", "2026-03-30"),
        ('working days after(date("2026-04-02"), 1)', "2026-04-07"),
        ("working days after(today(), -1)", "2026-03-26"),
        ('working days after(date("2026-03-28"), 0)', "2026-03-30"),
        ("working days after(now(), 2)", "2026-03-31T10:00:00+02:00"),
        ('working days after("2026-03-27", 1)', "2026-03-30"),
        ("next working day(today())", "2026-03-30"),
        ('next working day(date("2026-12-23"))', "2026-12-28"),
        ('age(date("2010-03-27"), today())', 16),
        ('age(date("2010-03-28"), today())', 15),
        ('age("2010-03-28")', 15),
        ('age(date("2008-02-29"), date("2026-02-27"))', 17),
        ('age(date("2008-02-29"), date("2026-02-28"))', 18),
        ('age(date("2008-02-29"), date("2028-02-28"))', 19),
        ('age(date("2008-02-29"), date("2028-02-29"))', 20),
        ('age(birth date: date("2010-03-27"), on: date("2026-03-27"))', 16),
        ('units with role("coordinator")', ["elevhalsa-exempelby"]),
        ('units with role(name: "coordinator")', ["elevhalsa-exempelby"]),
    ],
)
def test_our_own_functions_follow_the_organisations_calendar(source: str, expected: Any) -> None:
    at = context(deadlines=DEADLINES, units_by_role={"coordinator": ["elevhalsa-exempelby"]})
    assert evaluate(source, at=at) == expected


@pytest.mark.parametrize(
    "source",
    [
        'deadline("no-such")',
        'deadline("broken")',
        "deadline(5)",
        "deadline()",
        'deadline("meeting", null)',
        'deadline("meeting", time("10:00:00"))',
        'deadline("meeting", "next week")',
        'deadline("constructor")',
        "working days after(today(), 1.5)",
        "working days after(today(), 1000000)",
        "working days after(today())",
        "next working day(5)",
        'age(date("2027-01-01"), today())',
        "age(null, today())",
        'units with role("toString")',
        'working days after(date("1900-01-01"), 1)',
        'working days after(date("2200-01-01"), 1)',
        'date and time("2200-01-01T10:00")',
    ],
)
def test_our_own_functions_refuse_what_they_cannot_answer(source: str) -> None:
    with pytest.raises(FeelError):
        evaluate(source, at=context(deadlines=DEADLINES))


def test_a_calendar_without_working_days_is_refused_instead_of_searched_for_ever() -> None:
    days = tuple(f"2026-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29))
    table = CalendarTable("Europe/Stockholm", ((0, 3600),), days, 2026, 2026)
    with pytest.raises(FeelError, match="calendar does not reach"):
        evaluate('working days after(date("2026-02-01"), 100)', at=context(calendar=table))


def test_a_context_is_of_one_zone_and_its_time_is_aware() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        FeelContext(now=datetime(2026, 3, 27))
    with pytest.raises(ValueError, match="one zone"):
        FeelContext(now=datetime(2026, 3, 27, tzinfo=UTC), calendar=Calendar("UTC").table(2026, 2026))


def test_calendars_of_many_organisations_do_not_mix() -> None:
    feel = Feel()
    expression = feel.compile("next working day(today())")
    day = datetime(2026, 3, 26, 12, tzinfo=UTC)
    tables = [
        CalendarTable("Europe/Stockholm", ((0, 3600),), ("2026-03-27",) if number % 2 else (), 2026, 2026)
        for number in range(40)
    ]
    for _ in range(2):
        found = [expression.evaluate({}, FeelContext(now=day, calendar=table)) for table in tables]
        assert found == ["2026-03-27", "2026-03-30"] * 20
