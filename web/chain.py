"""The way that something has gone from unit to unit, as a table on the case page.

Any process may have one: the list `hops` in its data. The keys are read by name (docs/reference/chain.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from web.i18n import date_time
from web.wording import Names, long_day

LIST = "hops"


@dataclass(frozen=True)
class Hop:
    """One unit that got it."""

    unit: str
    #: When it got it and when it answered, in words.
    since: str
    until: str
    answer: str
    reason: str


def read(data: Mapping[str, Any], names: Names) -> list[Hop]:
    """The chain out of a case's data, the oldest first; empty where there is none."""
    return [
        Hop(
            names.unit(row["unit"]),
            _moment(row.get("from")),
            _moment(row.get("to")),
            _answer(row),
            _text(row, "reason"),
        )
        for row in _rows(data)
    ]


def holder(data: Mapping[str, Any]) -> str:
    """The id of the unit that has it now, or had it last; nothing where there is no chain."""
    rows = _rows(data)
    return str(rows[-1]["unit"]) if rows else ""


def _rows(data: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    rows = data.get(LIST)
    found = rows if isinstance(rows, list) else []
    return [row for row in found if isinstance(row, Mapping) and _text(row, "unit")]


def _answer(row: Mapping[str, Any]) -> str:
    said = _text(row, "answer")
    until = _day(row.get("until"))
    known = {
        "": _("has not answered yet") if not row.get("to") else "",
        "answered": _("answered"),
        "more-time": _("needs more time, until %(date)s", date=until) if until else _("needs more time"),
        "passed-on": _("helped it on"),
        "wrong-unit": _("wrong unit, helped it on"),
        "no-answer": _("did not answer"),
    }
    return known.get(said, said)


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return value.strip() if isinstance(value, str) else ""


def _moment(value: Any) -> str:
    """A stored instant as people say it; text that is none is shown as it is."""
    if not isinstance(value, str) or not value:
        return ""
    try:
        return date_time(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return value


def _day(value: Any) -> str:
    if not isinstance(value, str) or not value:
        return ""
    try:
        return long_day(date.fromisoformat(value[:10]))
    except (ValueError, OverflowError):
        return value
