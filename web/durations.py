"""Lengths of time in words: `P3W` is “3 weeks”."""

from __future__ import annotations

from flask import Flask
from flask_babel import ngettext

from engine.durations import Duration, WorkingDays, parse_duration


def duration_words(value: str) -> str:
    """A duration as a process writes it, in words; what is no duration, as it is."""
    try:
        amount = parse_duration(value)
    except ValueError:
        return value
    if isinstance(amount, WorkingDays):
        return ngettext("%(num)d working day", "%(num)d working days", amount.count)
    return " ".join(_parts(amount)) or value


def _parts(amount: Duration) -> list[str]:
    years, months = divmod(amount.months, 12)
    weeks, days = (amount.days // 7, 0) if amount.days % 7 == 0 else (0, amount.days)
    hours, seconds = divmod(int(amount.seconds), 3600)
    minutes = seconds // 60
    words = [
        (years, ngettext("%(num)d year", "%(num)d years", years)),
        (months, ngettext("%(num)d month", "%(num)d months", months)),
        (weeks, ngettext("%(num)d week", "%(num)d weeks", weeks)),
        (days, ngettext("%(num)d day", "%(num)d days", days)),
        (hours, ngettext("%(num)d hour", "%(num)d hours", hours)),
        (minutes, ngettext("%(num)d minute", "%(num)d minutes", minutes)),
    ]
    return [text for count, text in words if count]


def init_app(app: Flask) -> None:
    app.jinja_env.filters["duration_words"] = duration_words
