"""The clocks."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.clock import SystemClock, VirtualClock


def test_a_virtual_clock_stands_still_until_it_is_moved():
    clock = VirtualClock("2026-03-27T10:00+01:00")
    assert clock.now() == clock.now() == datetime(2026, 3, 27, 9, tzinfo=UTC)


def test_days_keep_the_local_hour_when_the_clock_is_advanced():
    clock = VirtualClock("2026-03-27T10:00+01:00")
    assert clock.advance("P8D") == datetime(2026, 4, 4, 8, tzinfo=UTC)
    assert clock.advance(timedelta(hours=2)) == clock.now() == datetime(2026, 4, 4, 10, tzinfo=UTC)


def test_a_virtual_clock_without_offset_is_local_time():
    assert VirtualClock("2026-03-27T10:00").now() == datetime(2026, 3, 27, 9, tzinfo=UTC)
    assert VirtualClock("2026-03-27T10:00", zone="Europe/Helsinki").now() == datetime(2026, 3, 27, 8, tzinfo=UTC)


def test_a_clock_never_goes_back():
    clock = VirtualClock("2026-03-27T10:00+01:00")
    with pytest.raises(ValueError, match="go back"):
        clock.advance("-P1D")
    with pytest.raises(ValueError, match="go back"):
        clock.set("2026-03-26")


def test_the_system_clock_is_aware_and_in_utc():
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)
