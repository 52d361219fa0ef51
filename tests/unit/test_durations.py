"""Durations and cycles as they are written."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.durations import Cycle, Duration, WorkingDays, as_amount, parse_duration


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("P3W", Duration(days=21)),
        ("P2W3D", Duration(days=17)),
        ("P1Y2M3DT4H", Duration(14, 3, 4 * 3600)),
        ("PT48H", Duration(seconds=48 * 3600)),
        ("P1M", Duration(months=1)),
        ("PT1M", Duration(seconds=60)),
        ("PT0.5S", Duration(seconds=0.5)),
        ("PT1,5S", Duration(seconds=1.5)),
        ("P0D", Duration()),
        ("-P3D", Duration(days=-3)),
        ("P-3D", Duration(days=-3)),
        (" P3D ", Duration(days=3)),
        ("5 working days", WorkingDays(5)),
        ("1 working day", WorkingDays(1)),
        ("10  Working Days", WorkingDays(10)),
    ],
)
def test_a_duration_is_read(text, amount):
    assert parse_duration(text) == amount


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "P3", "3W", "3 weeks", "P1W2", "P3DT", "P1.5D", "PT1.5H", "p3d", "P1D1W", "-5 working days",
     "five working days", "P٣D", "P3D\nP3D"],
)  # fmt: skip
def test_what_is_no_duration_is_refused_with_what_to_write(text):
    with pytest.raises(ValueError, match="P3W"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["P201Y", "P999999999999D", "PT999999999999H", "99999 working days"])
def test_a_duration_of_centuries_is_taken_for_a_slip_of_the_pen(text):
    with pytest.raises(ValueError, match="Write a shorter duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["P14M3DT3600S", "PT0S", "P21D", "PT0.5S", "P-3D", "5 working days", "1 working day"])
def test_an_amount_is_written_as_it_is_read(text):
    assert str(parse_duration(text)) == text


def test_a_timedelta_counts_clock_seconds():
    assert as_amount(timedelta(days=1)) == Duration(seconds=86400)
    assert as_amount("P1D") == Duration(days=1)
    assert as_amount(WorkingDays(2)) == WorkingDays(2)


@pytest.mark.parametrize(
    ("text", "cycle"),
    [
        ("R/P6M", Cycle(None, Duration(months=6))),
        ("R-1/P6M", Cycle(None, Duration(months=6))),
        ("R3/P1W", Cycle(3, Duration(days=7))),
        ("R2/5 working days", Cycle(2, WorkingDays(5))),
        (
            "R3/2026-01-01T10:00+01:00/P1D",
            Cycle(3, Duration(days=1), datetime(2026, 1, 1, 9, tzinfo=UTC)),
        ),
    ],
)
def test_a_cycle_is_read(text, cycle):
    assert Cycle.parse(text) == cycle
    assert Cycle.parse(str(cycle)) == cycle


@pytest.mark.parametrize(
    "text", ["", "R", "R3", "3/P1W", "R/P1W/2026-01-01T10:00", "R3/soon/P1W", "0 0 9 * *", "Rx/P1D"]
)
def test_what_is_no_cycle_is_refused_with_what_to_write(text):
    with pytest.raises(ValueError, match="Write"):
        Cycle.parse(text)


@pytest.mark.parametrize("text", ["R/P0D", "R/PT0S", "R/-P1D", "R/P1M-1D", "R/0 working days"])
def test_a_cycle_without_time_in_between_is_refused(text):
    with pytest.raises(ValueError, match="longer than nothing"):
        Cycle.parse(text)
