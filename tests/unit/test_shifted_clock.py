"""The clock of demonstrations: the real time, moved by what a file says."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.clock import ShiftedClock


def _away(clock: ShiftedClock) -> timedelta:
    return clock.now() - datetime.now(UTC)


def test_without_a_file_it_is_now(tmp_path: Path) -> None:
    assert abs(_away(ShiftedClock(tmp_path / "shift"))) < timedelta(seconds=5)


def test_a_shift_moves_it_at_once_and_it_goes_on_running(tmp_path: Path) -> None:
    file = tmp_path / "shift"
    clock = ShiftedClock(file)
    file.write_text(str(21 * 86400))
    assert abs(_away(clock) - timedelta(days=21)) < timedelta(seconds=5)
    assert clock.now() < clock.now()


def test_a_shift_that_is_no_number_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "shift"
    file.write_text("tomorrow")
    with pytest.raises(ValueError, match="tomorrow"):
        ShiftedClock(file).now()
