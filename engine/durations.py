"""Lengths of time as a model or a `process.toml` writes them: ISO 8601, working days, and cycles.

Parsed here, applied to an instant by `engine.calendars`: what "a month" is depends on where it starts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

#: No amount reaches further than this; a larger one is a slip of the pen.
LONGEST_YEARS = 200

_SIGNED = r"[-+]?\d{1,12}"
_ISO = re.compile(
    rf"(?P<sign>[-+]?)P(?=.)(?:(?P<years>{_SIGNED})Y)?(?:(?P<months>{_SIGNED})M)?(?:(?P<weeks>{_SIGNED})W)?"
    rf"(?:(?P<days>{_SIGNED})D)?(?:T(?=.)(?:(?P<hours>{_SIGNED})H)?(?:(?P<minutes>{_SIGNED})M)?"
    r"(?:(?P<seconds>[-+]?\d{1,12}(?:[.,]\d{1,9})?)S)?)?",
    re.ASCII,
)
_WORKING_DAYS = re.compile(r"(\d{1,6})\s+working\s+days?", re.ASCII | re.IGNORECASE)
_REPETITIONS = re.compile(r"R(?P<count>\d{0,9}|-1)", re.ASCII)


@dataclass(frozen=True)
class Duration:
    """An ISO 8601 duration: calendar months and days, then clock seconds. Each part keeps its own unit."""

    months: int = 0
    days: int = 0
    #: Seconds on the clock; whole unless the text had a fraction.
    seconds: float = 0

    def __mul__(self, times: int) -> Duration:
        return Duration(self.months * times, self.days * times, self.seconds * times)

    def __neg__(self) -> Duration:
        return self * -1

    @property
    def positive(self) -> bool:
        """Does it lead forward, wherever it starts?"""
        parts = (self.months, self.days, self.seconds)
        return min(parts) >= 0 and max(parts) > 0

    def __str__(self) -> str:
        date = (f"{self.months}M" if self.months else "") + (f"{self.days}D" if self.days else "")
        clock = f"T{self.seconds:g}S" if self.seconds != int(self.seconds) else f"T{int(self.seconds)}S"
        return f"P{date}{clock if self.seconds or not date else ''}"


@dataclass(frozen=True)
class WorkingDays:
    """A number of working days, such as `5 working days`; what a working day is, the calendar knows."""

    count: int

    def __neg__(self) -> WorkingDays:
        return WorkingDays(-self.count)

    def __str__(self) -> str:
        return f"{self.count} working {'day' if self.count == 1 else 'days'}"


Amount = Duration | WorkingDays


def parse_duration(text: str) -> Amount:
    """`P3W`, `P1Y2M3DT4H`, `P2W3D`, `PT48H` or `5 working days`.

    Raises `ValueError` with what to write instead. Fractions are for seconds only.
    """
    stripped = text.strip()
    if working := _WORKING_DAYS.fullmatch(stripped):
        count = int(working[1])
        if count > LONGEST_YEARS * 250:
            raise ValueError(f"“{text}” is more than {LONGEST_YEARS} years. Write a shorter duration.")
        return WorkingDays(count)
    match = _ISO.fullmatch(stripped)
    if not match:
        raise ValueError(
            f"“{text}” is no duration. Write an ISO 8601 duration such as P3W, P1M or PT48H, or “5 working days”."
        )
    return _checked(_from_match(match), text)


def _from_match(match: re.Match[str]) -> Duration:
    def number(part: str) -> int:
        return int(match[part] or 0)

    seconds = float((match["seconds"] or "0").replace(",", ".")) + 60 * number("minutes") + 3600 * number("hours")
    whole = int(seconds) if seconds == int(seconds) else seconds
    duration = Duration(12 * number("years") + number("months"), 7 * number("weeks") + number("days"), whole)
    return -duration if match["sign"] == "-" else duration


def _checked(duration: Duration, text: str) -> Duration:
    years = abs(duration.months) / 12 + abs(duration.days) / 365 + abs(duration.seconds) / (365 * 86400)
    if years > LONGEST_YEARS:
        raise ValueError(f"“{text}” is more than {LONGEST_YEARS} years. Write a shorter duration.")
    return duration


def as_amount(value: Amount | timedelta | str) -> Amount:
    """Any way to say a length of time, as an amount; a `timedelta` counts clock seconds."""
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return Duration(seconds=int(seconds) if seconds == int(seconds) else seconds)
    return value


@dataclass(frozen=True)
class Cycle:
    """A repeating interval: `R/P6M` for ever, `R3/P1W` three times, `R3/2026-01-01T10:00+01:00/P1D` from a start."""

    #: How many times it fires; None is for ever.
    repetitions: int | None
    interval: Amount
    #: The first firing. None: one interval after the timer starts to wait. Naive means the calendar's own zone.
    start: datetime | None = None

    @classmethod
    def parse(cls, text: str) -> Cycle:
        """Raises `ValueError` with what to write instead."""
        parts = [part.strip() for part in text.strip().split("/")]
        head = _REPETITIONS.fullmatch(parts[0])
        if not head or len(parts) not in (2, 3):
            raise ValueError(
                f"“{text}” is no cycle. Write R/P6M (for ever), R3/P1W (three times) "
                "or R3/2026-01-01T10:00+01:00/P1D (from a start)."
            )
        interval = parse_duration(parts[-1])
        if (isinstance(interval, Duration) and not interval.positive) or interval == WorkingDays(0):
            raise ValueError(f"“{text}” repeats without time in between. Write an interval longer than nothing.")
        count = head["count"]
        return cls(int(count) if count not in ("", "-1") else None, interval, _start(parts, text))

    def __str__(self) -> str:
        start = f"/{self.start.isoformat()}" if self.start else ""
        return f"R{'' if self.repetitions is None else self.repetitions}{start}/{self.interval}"


def _start(parts: list[str], text: str) -> datetime | None:
    if len(parts) == 2:
        return None
    try:
        return datetime.fromisoformat(parts[1])
    except ValueError:
        raise ValueError(f"“{parts[1]}” in “{text}” is no date and time. Write it as 2026-01-01T10:00+01:00.") from None
