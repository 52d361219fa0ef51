"""When a team meets: the cycle on the calendar, closed, cancelled and extra days, and what FEEL is told of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.calendars import Calendar
from engine.feel import FeelContext, current_feel
from engine.rhythms import NoRhythm, Rhythm, table

CALENDAR = Calendar()
TUESDAYS = "R/2025-09-02T13:00/P2W"


def meetings(rhythm: Rhythm, after: str, count: int = 3) -> list[str]:
    found = islice(rhythm.meetings(CALENDAR, CALENDAR.instant(after)), count)
    return [CALENDAR.local(meeting).strftime("%Y-%m-%d %H:%M") for meeting in found]


def test_the_hour_stays_the_same_in_summer_and_winter() -> None:
    assert meetings(Rhythm(TUESDAYS), "2026-03-16", 2) == ["2026-03-17 13:00", "2026-03-31 13:00"]


def test_a_meeting_on_a_closed_day_moves_to_the_next_working_day_or_is_not_held() -> None:
    # 6 January is Epiphany.
    assert meetings(Rhythm(TUESDAYS), "2025-12-24", 2) == ["2026-01-07 13:00", "2026-01-20 13:00"]
    assert meetings(Rhythm(TUESDAYS, closed_day="skip"), "2025-12-24", 1) == ["2026-01-20 13:00"]


def test_two_that_land_on_one_day_are_one() -> None:
    # Daily, over the New Year holiday and a weekend.
    assert meetings(Rhythm("R/2025-12-01T09:00/P1D"), "2025-12-30T12:00", 2) == ["2026-01-02 09:00", "2026-01-05 09:00"]


def test_a_cancelled_day_is_the_day_after_the_move() -> None:
    moved = Rhythm(TUESDAYS, cancelled=frozenset({date(2026, 1, 7)}))
    assert meetings(moved, "2025-12-24", 1) == ["2026-01-20 13:00"]
    planned = Rhythm(TUESDAYS, cancelled=frozenset({date(2026, 1, 6)}))
    assert meetings(planned, "2025-12-24", 1) == ["2026-01-07 13:00"]


def test_an_extra_meeting_is_held_whatever_day_it_is_and_takes_the_place_of_that_days() -> None:
    extra = frozenset({datetime(2026, 1, 10, 9), datetime(2026, 1, 20, 15)})
    rhythm = Rhythm(TUESDAYS, extra=extra)
    assert meetings(rhythm, "2026-01-08") == ["2026-01-10 09:00", "2026-01-20 15:00", "2026-02-03 13:00"]


def test_extra_meetings_are_held_after_a_cycle_has_ended() -> None:
    rhythm = Rhythm("R2/2026-01-13T13:00/P1W", extra=frozenset({datetime(2026, 5, 5, 9)}))
    assert meetings(rhythm, "2026-01-01", 9) == ["2026-01-13 13:00", "2026-01-20 13:00", "2026-05-05 09:00"]


def test_a_team_that_only_ever_meets_on_closed_days_has_no_meeting() -> None:
    assert meetings(Rhythm("R/2026-01-04T13:00/P1W", closed_day="skip"), "2026-01-01") == []


def test_todays_meeting_stays_the_next_until_the_day_is_over() -> None:
    late, tomorrow = CALENDAR.instant("2026-01-20T23:00"), CALENDAR.instant("2026-01-21T00:00")
    assert Rhythm(TUESDAYS).from_today(CALENDAR, late, 1) == [CALENDAR.instant("2026-01-20T13:00")]
    assert Rhythm(TUESDAYS).from_today(CALENDAR, tomorrow, 1) == [CALENDAR.instant("2026-02-03T13:00")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"cycle": "P2W"},
        {"cycle": "R/P2W"},
        {"cycle": "R/2026-01-13T13:00+01:00/P2W"},
        {"cycle": "R/2026-01-13T13:00/PT2H"},
        {"cycle": "R/9999-01-13T13:00/P2W"},
        {"cycle": TUESDAYS, "cancelled": frozenset({date(1, 1, 1)})},
        {"cycle": TUESDAYS, "extra": frozenset({datetime(9999, 1, 1, 9)})},
        {"cycle": TUESDAYS, "room": 0},
        {"cycle": TUESDAYS, "closed_day": "shout"},
        {"cycle": TUESDAYS, "extra": frozenset({CALENDAR.instant("2026-01-13")})},
    ],
)
def test_what_is_no_rhythm_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(NoRhythm):
        Rhythm(**wrong)


DAYS = st.dates(date(2025, 9, 1), date(2026, 9, 1))


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["P1D", "P1W", "P2W", "P1M", "10 working days"]),
    st.sampled_from(["move", "skip"]),
    st.frozensets(DAYS, max_size=5),
    st.frozensets(st.builds(datetime.combine, DAYS, st.times()), max_size=3),
    st.datetimes(datetime(2025, 6, 1), datetime(2026, 12, 1)),
)
def test_meetings_come_in_order_a_day_apart_and_not_on_cancelled_days(
    interval: str, closed_day: Any, cancelled: frozenset[date], extra: frozenset[datetime], after: datetime
) -> None:
    rhythm = Rhythm(f"R/2025-09-02T13:00/{interval}", closed_day, cancelled, extra)
    start = CALENDAR.instant(after)
    found = list(islice(rhythm.meetings(CALENDAR, start), 20))
    assert all(meeting > start for meeting in found)
    assert all(one < other for one, other in pairwise(found))
    local = [CALENDAR.local(meeting) for meeting in found]
    regular = [moment for moment in local if moment.replace(tzinfo=None) not in extra]
    assert all(CALENDAR.is_working_day(moment.date()) for moment in regular)
    assert not cancelled.intersection(moment.date() for moment in regular)
    # It does not matter from where one looks.
    if len(found) > 1:
        assert rhythm.next_meeting(CALENDAR, found[1] - timedelta(seconds=1)) == found[1]


def ask(source: str, now: str = "2026-01-12T09:00") -> Any:
    rhythms = {"team": (Rhythm(TUESDAYS), CALENDAR), "other": (Rhythm("R/2026-01-14T08:00/P1W"), CALENDAR)}
    context = FeelContext(
        now=CALENDAR.instant(now),
        meetings=table(rhythms, 2025, 2028),
        units_by_role={"teams": ["team", "other"], "none": []},
    )
    return current_feel().compile(source).evaluate_with_warnings({}, context)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('next meeting("team")', "2026-01-20T13:00:00+01:00"),
        ('next meeting("teams")', "2026-01-14T08:00:00+01:00"),
        ('next meeting("team", date("2026-02-03"))', "2026-02-03T13:00:00+01:00"),
        ('next meeting("team", "2026-02-03T13:00:00+01:00")', "2026-02-17T13:00:00+01:00"),
        ('next meeting("somebody")', None),
        ('next meeting("none")', None),
    ],
)
def test_feel_knows_the_next_meeting_of_a_unit_or_of_a_role(source: str, expected: str | None) -> None:
    assert ask(source) == (expected, [])


@pytest.mark.parametrize("source", ['next meeting("team", date("2020-01-01"))', "next meeting(1)", "next meeting()"])
def test_feel_says_what_it_cannot_know(source: str) -> None:
    value, warnings = ask(source)
    assert value is None
    assert warnings


def test_the_table_that_feel_gets_is_the_same_as_the_calendar_says() -> None:
    rhythm, after = Rhythm(TUESDAYS), CALENDAR.instant("2026-03-17T12:59")
    meeting = rhythm.next_meeting(CALENDAR, after)
    assert meeting is not None
    said, _ = ask('next meeting("team")', "2026-03-17T12:59")
    assert datetime.fromisoformat(said) == meeting
