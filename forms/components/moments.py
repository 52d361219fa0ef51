"""Questions answered by a date, a time of day, or both."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from forms.components.base import Question
from forms.components.choices import Picker
from forms.messages import Message
from forms.nodes import Node
from forms.scope import Scope
from forms.templating import Template
from forms.wrong import Wrong

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_TIME = re.compile(r"(\d{2}):(\d{2})(?::00(?:\.0+)?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)
SUBTYPES = ("date", "time", "datetime")
FORMATS = ("utc_offset", "utc_normalized", "no_timezone")
#: A date that is easy to read as an example.
EXAMPLE = datetime.date(2027, 3, 27)


@dataclass(frozen=True, kw_only=True)
class Datetime(Question):
    """A date (`2026-03-27`), a time (`13:30`) or both (`2026-03-27T13:30`), stored as ISO text.

    `timeSerializingFormat` says whether times carry their distance to UTC. A time alone takes today's.
    """

    type = "datetime"
    properties = Question.properties | {
        "subtype",
        "dateLabel",
        "timeLabel",
        "use24h",
        "timeSerializingFormat",
        "timeInterval",
        "disallowPassedDates",
    }
    subtype: str = "date"
    date_label: Template
    time_label: Template
    #: `utc_offset`, `utc_normalized` or `no_timezone`.
    format: str = "no_timezone"
    #: Minutes between the times that may be chosen.
    interval: int = 1
    not_past: bool = False
    working_day: bool = False

    @classmethod
    def load_label(cls, node: Node) -> Template:
        """form-js labels a date and a time apart; a question asked with one label takes whichever there is."""
        text = node.text("label") or node.text("dateLabel") or node.text("timeLabel")
        return node.as_template("label", text or node.name.replace("_", " "))

    @classmethod
    def settings(cls, node: Node) -> dict[str, Any]:
        subtype, format = node.text("subtype") or "date", node.text("timeSerializingFormat") or "no_timezone"
        if subtype not in SUBTYPES:
            node.refuse("property-type.subtype", subtype=subtype)
            subtype = "date"
        if format not in FORMATS:
            node.refuse("property-type.time-format", format=format, known=", ".join(FORMATS))
            format = "no_timezone"
        interval = node.whole_number("timeInterval", 1, least=1) or 1
        if interval > 60 or 60 % interval:
            node.refuse("property-type.interval", interval=interval)
            interval = 1
        picker = Picker.load(node, frozenset({"working-date"}))
        if picker and subtype == "time":
            node.refuse("unsupported-picker.time")
        return {
            "subtype": subtype,
            "format": "no_timezone" if subtype == "date" else format,
            "interval": interval,
            "not_past": node.flag("disallowPassedDates"),
            "working_day": picker is not None,
            "date_label": node.template("dateLabel"),
            "time_label": node.template("timeLabel"),
        }

    @property
    def depends(self) -> bool:
        return self.subtype != "date"

    def missing(self) -> Message:
        if self.subtype == "time":
            return Message("required-time")
        return Message("required-date", {"example": EXAMPLE})

    def read(self, raw: Any) -> Any:
        """Typed text as ISO text without seconds; a zone is kept until `settle`."""
        if isinstance(raw, Mapping):
            raw = _joined(raw, self.subtype)
        if raw is None or raw == "":
            return None
        if not isinstance(raw, str) or len(raw) > 40:
            raise Wrong(self._wrong, example=EXAMPLE)
        if self.subtype == "date":
            return _date(raw, self._wrong)
        if self.subtype == "time":
            return _time(raw, self._wrong)
        date, _, time = raw.strip().partition("T")
        return f"{_date(date, self._wrong)}T{_time(time, self._wrong)}"

    @property
    def _wrong(self) -> str:
        return {"date": "not-a-date", "time": "not-a-time", "datetime": "not-a-moment"}[self.subtype]

    def settle(self, value: Any, scope: Scope) -> Any:
        """The time in the form's own format, in the organisation's zone."""
        if value is None or self.subtype == "date":
            return value
        moment = self.moment(value, scope)
        if self.format == "no_timezone":
            return _text(moment, self.subtype, "")
        if self.format == "utc_normalized":
            return _text(moment.astimezone(datetime.UTC), self.subtype, "Z")
        return _text(moment, self.subtype, _offset(moment))

    def moment(self, value: str, scope: Scope) -> datetime.datetime:
        """The answer as an instant on the organisation's clock. A time that a clock change skips moves on."""
        zone = ZoneInfo(scope.situation.zone)
        if self.subtype == "time":
            value = f"{scope.situation.today().isoformat()}T{value}"
        found = _with_zone(value, zone)
        return found.astimezone(datetime.UTC).astimezone(zone)

    def check(self, value: Any, scope: Scope) -> list[Message]:
        problems: list[Message] = []
        date: datetime.date | None = None
        if self.subtype == "date":
            date = datetime.date.fromisoformat(value)
        else:
            moment = self.moment(value, scope)
            date = moment.date() if self.subtype == "datetime" else None
            if moment.minute % self.interval:
                example = moment.replace(minute=moment.minute - moment.minute % self.interval).strftime("%H:%M")
                problems.append(Message("interval", {"minutes": self.interval, "example": example}))
        if date and self.not_past and date < (today := scope.situation.today()):
            problems.append(Message("past-date", {"example": today + datetime.timedelta(days=7)}))
        elif date and self.working_day and (nearest := self._working_day(date, scope)) != date:
            problems.append(Message("working-day", {"example": nearest}))
        return problems

    def _working_day(self, date: datetime.date, scope: Scope) -> datetime.date:
        """The date itself when it is a working day, else the first after it, by the engine's calendar."""
        before = (date - datetime.timedelta(days=1)).isoformat()
        found = scope.situation.evaluate(f'working days after(date("{before}"), 1)', {})
        return datetime.date.fromisoformat(str(found)[:10])

    def in_words(self, value: Any, scope: Scope) -> str:
        try:
            if not value:
                return ""
            if isinstance(value, Mapping):
                return " ".join(str(value.get(half) or "") for half in ("date", "time")).strip()
            if self.subtype == "date":
                return super().in_words(datetime.date.fromisoformat(value), scope)
            moment = self.moment(value, scope)
            return moment.strftime("%H:%M") if self.subtype == "time" else super().in_words(moment, scope)
        except (TypeError, ValueError):
            return str(value)

    def schema_metadata(self) -> dict[str, Any]:
        formats = {"date": "date", "datetime": "date-time", "time": "time"}
        return {"format": formats[self.subtype]} if self.format != "no_timezone" or self.subtype == "date" else {}


def _joined(raw: Mapping[str, Any], subtype: str) -> Any:
    """What two input boxes sent, as one text."""
    date, time = raw.get("date") or "", raw.get("time") or ""
    if not set(raw) <= {"date", "time"} or not isinstance(date, str) or not isinstance(time, str):
        return 0  # neither text nor empty: refused by the reader
    date, time = date.strip(), time.strip()
    return {"date": date, "time": time}.get(subtype) or (f"{date}T{time}" if date or time else None)


def _date(text: str, wrong: str) -> str:
    found = _DATE.fullmatch(text.strip())
    try:
        date = datetime.date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        date = None
    # Years outside these are slips of the pen, and arithmetic with zones overflows at the ends of the calendar.
    if date is None or not 1850 <= date.year <= 2200:
        raise Wrong(wrong, example=EXAMPLE)
    return date.isoformat()


def _time(text: str, wrong: str) -> str:
    found = _TIME.fullmatch(text.strip())
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise Wrong(wrong, example=EXAMPLE)
    zone = found[3] or ""
    if zone and zone != "Z":
        zone = f"{zone[:3]}:{zone[-2:]}"
        if int(zone[1:3]) > 14 or int(zone[4:]) > 59:
            raise Wrong(wrong, example=EXAMPLE)
    return f"{found[1]}:{found[2]}{zone}"


def _with_zone(value: str, zone: ZoneInfo) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _text(moment: datetime.datetime, subtype: str, zone: str) -> str:
    return moment.strftime("%H:%M" if subtype == "time" else "%Y-%m-%dT%H:%M") + zone


def _offset(moment: datetime.datetime) -> str:
    text = moment.strftime("%z")
    return f"{text[:3]}:{text[3:5]}"
