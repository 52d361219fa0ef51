"""A case in words: who, by when, what happens otherwise, and each thing that has happened, as a sentence.

One table a question. The pages put the sentences together; nothing here reads the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from flask_babel import format_date, ngettext
from flask_babel import gettext as _

from engine.calendars import Calendar
from engine.deadlines import DUE, ESCALATE, REMIND, Step
from engine.history import Entry
from web.i18n import clock, date_time, due_words, zone

#: Working days are counted up to here; further away the date says more than a number.
FAR_AWAY = 60


@dataclass(frozen=True)
class DueText:
    """When something is due. `state` is the chip's: overdue, soon, waiting or empty."""

    state: str
    #: For the chip: "Overdue 2 days".
    short: str
    #: The whole of it: "By Friday 27 March 2026 at 16:00, in 3 working days." Empty without a date.
    sentence: str


def due_text(due_at: datetime | None, now: datetime, calendar: Calendar) -> DueText:
    """A due date as somebody who plans their week wants it."""
    told = due_words(due_at, now)
    if due_at is None:
        return DueText(told.state, told.words, "")
    when = _("%(day)s at %(time)s", day=long_day(due_at), time=clock(due_at))
    if due_at <= now:
        sentence = _("It was due %(when)s, %(distance)s.", when=when, distance=_ago(due_at, now, calendar))
    else:
        sentence = _("By %(when)s, %(distance)s.", when=when, distance=_ahead(due_at, now, calendar))
    return DueText(told.state, told.words, sentence)


def long_day(moment: datetime | date) -> str:
    """Friday 27 March 2026, in the reader's language."""
    day = moment.astimezone(zone()).date() if isinstance(moment, datetime) else moment
    return str(format_date(day, "EEEE d MMMM y"))


def _ahead(due_at: datetime, now: datetime, calendar: Calendar) -> str:
    days = _days_between(now, due_at)
    if days == 0:
        return _("today")
    if days == 1:
        return _("tomorrow")
    if days > FAR_AWAY:
        return ngettext("in %(num)d week", "in %(num)d weeks", days // 7)
    working = working_days(now, due_at, calendar)
    if not working:
        return ngettext("in %(num)d day", "in %(num)d days", days)
    return ngettext("in %(num)d working day", "in %(num)d working days", working)


def _ago(due_at: datetime, now: datetime, calendar: Calendar) -> str:
    days = _days_between(due_at, now)
    if days == 0:
        return _("earlier today")
    if days > FAR_AWAY:
        return ngettext("%(num)d week ago", "%(num)d weeks ago", days // 7)
    working = working_days(due_at, now, calendar)
    if not working:
        return ngettext("%(num)d day ago", "%(num)d days ago", days)
    return ngettext("%(num)d working day ago", "%(num)d working days ago", working)


def _days_between(earlier: datetime, later: datetime) -> int:
    return (later.astimezone(zone()).date() - earlier.astimezone(zone()).date()).days


def working_days(earlier: datetime, later: datetime, calendar: Calendar) -> int:
    """How many working days begin after the first instant's day, up to and including the second's."""
    first = earlier.astimezone(zone()).date()
    days = (first + timedelta(days=number) for number in range(1, _days_between(earlier, later) + 1))
    return sum(calendar.is_working_day(day) for day in days)


class Names:
    """What people and units are called. An id nobody knows is shown as it is: better a bare id than a hole."""

    def __init__(
        self,
        person: Callable[[str], str],
        unit: Callable[[str], str],
        roles: Mapping[str, str] | None = None,
        text: Callable[[str], str] = str,
    ) -> None:
        self._person, self._unit, self._roles = person, unit, roles or {}
        #: A text of the process in the reader's language.
        self.text = text

    def person(self, person_id: str | None) -> str:
        """A person; what nobody did, the system did."""
        return _("Samled (by itself)") if person_id in (None, "system") else self._person(str(person_id))

    def unit(self, unit_id: str | None) -> str:
        """A unit; nothing for none."""
        return self._unit(unit_id) if unit_id else ""

    def role(self, role: str) -> str:
        """A role of process.toml; `unit-manager` is built in."""
        return _("the unit's manager") if role == "unit-manager" else self.text(self._roles.get(role, role))

    def label(self, label: str) -> str:
        """Which one of several: mostly a unit."""
        return self._unit(label)

    def who(self, actor: str | None, unit: str | None) -> str:
        """A person and where they work."""
        if actor is None and unit is None:
            return self.person(None)
        named = [self.person(actor)] if actor else []
        return ", ".join(named + ([self.unit(unit)] if unit else []))


@dataclass(frozen=True)
class Said:
    """One command of a case's history, in words."""

    #: Of the history's row.
    id: int
    at: datetime
    kind: str
    text: str
    who: str
    element_id: str | None
    #: The step's name, for links that need to say what they are about.
    name: str
    reason: str
    #: What it led to, a sentence each.
    led_to: tuple[str, ...]
    #: Answers as they were given: {form id: {field: value}}.
    answers: Mapping[str, Any] | None
    #: Answers before a correction.
    before: Mapping[str, Any] | None


def timeline(entries: Sequence[Entry], names: Names, tells: Callable[[Entry], bool]) -> list[Said]:
    """The history, newest first, one line a command. `tells`: is this follow-up worth a sentence?"""
    commands: dict[int, list[Entry]] = {}
    for entry in entries:
        commands.setdefault(entry.id, []).append(entry)
    said = [_said(head, led_to, names, tells) for head, *led_to in commands.values()]
    return [line for line, later in pairwise([*reversed(said), None]) if line and not _repeats(line, later)]


def _repeats(line: Said, earlier: Said | None) -> bool:
    """The same once more at the same moment: a reminder about each of several tasks reads as one."""
    return earlier is not None and not line.answers and (line.at, line.text) == (earlier.at, earlier.text)


def _said(head: Entry, led_to: Sequence[Entry], names: Names, tells: Callable[[Entry], bool]) -> Said:
    follow_ups = [sentence(entry, names) for entry in led_to if tells(entry)]
    # A message has no name of its own that people would know; the event that heard it has.
    heard = next((entry for entry in led_to if head.kind == "received" and entry.kind == "caught"), head)
    return Said(
        id=head.id,
        at=head.at,
        kind=head.kind,
        text=sentence(heard, names),
        who=names.who(head.actor, head.unit),
        element_id=head.element_id,
        name=names.text(head.name or head.element_id or ""),
        reason=str(head.payload.get("reason") or ""),
        led_to=tuple(dict.fromkeys(follow_ups)),
        answers=head.payload.get("answers") or None,
        before=head.payload.get("old") or None,
    )


#: Kind of the history → its sentence. `what` is the step, `unit` and `whom` those it is about.
SENTENCES: Mapping[str, Callable[[dict[str, str]], str]] = {
    "started": lambda about: _("The case was opened."),
    "completed": lambda about: _("Done: %(what)s.", **about),
    "corrected": lambda about: _("The answers were corrected: %(what)s.", **about),
    "closed": lambda about: _("The case was closed."),
    "moved": lambda _about: _("The case was moved to another version of the process."),
    "move-taken-back": lambda _about: _("The case went back to the version before, as it was."),
    "retried": lambda about: _("The process was let try again."),
    "received": lambda about: _("Recorded: %(what)s.", **about),
    "caught": lambda about: _("Recorded: %(what)s.", **about),
    "thrown": lambda about: _("Told to others: %(what)s.", **about),
    "notice": lambda about: _("%(whom)s were told: %(what)s.", **about),
    "case-started": lambda about: _("A case of its own was started: %(what)s.", **about),
    "taken": lambda about: _("The task was taken: %(what)s.", **about),
    "released": lambda about: _("The task was put back for anybody in the unit: %(what)s.", **about),
    "assigned": lambda about: _("The task was handed to %(whom)s: %(what)s.", **about),
    "reminded": lambda about: _told(about, _("A reminder was sent: %(what)s.", **about)),
    "overdue": lambda about: _told(about, _("The date passed without it being done: %(what)s.", **about)),
    "escalated": lambda about: _told(about, _("It was passed up, since it is still not done: %(what)s.", **about)),
    "stopped": lambda about: _("The case stopped here, and its owner was told: %(what)s.", **about),
    "deadline-moved": lambda about: _("Another date, %(moment)s: %(what)s.", **about),
    "deadlines-changed": lambda _about: _("The organisation counts a deadline of the case differently from now on."),
    "snoozed": lambda about: _("The next reminder waits until %(moment)s: %(what)s.", **about),
    "deadline-parked": lambda about: _("A deadline stands still here, and its owner was told: %(what)s.", **about),
    "deadline-retried": lambda about: _("The deadline was let try again: %(what)s.", **about),
    "fired": lambda about: _("The time came: %(what)s.", **about),
    "entered": lambda about: _("Next: %(what)s.", **about),
    "cancelled": lambda about: _("No longer needed: %(what)s.", **about),
    "owner-set": lambda about: _("%(unit)s took over the case.", **about),
    "party-added": lambda about: _("%(unit)s takes part from now on.", **about),
    "party-removed": lambda about: _("%(unit)s no longer takes part.", **about),
    "file-added": lambda about: _("A file was added: %(what)s.", **about),
    "incident": lambda about: _("The process could not go on: %(what)s. Somebody must decide.", **about),
    "stuck": lambda about: _("The process could not go on: %(what)s. Somebody must decide.", **about),
    "ended": lambda about: _("The process reached its end: %(what)s.", **about),
}


def sentence(entry: Entry, names: Names) -> str:
    """One thing that happened. A kind nobody has worded yet is told by its name, never left out."""
    payload = entry.payload
    about = {
        "what": names.text(str(entry.name or payload.get("name") or entry.element_id or _("the case"))),
        "unit": names.unit(payload.get("unit") or _text(payload.get("to"))),
        "whom": _whom(payload.get("to"), names),
        "moment": _moment(payload.get("until") or payload.get("to")),
    }
    word = SENTENCES.get(entry.kind)
    return word(about) if word else f"{entry.kind.replace('-', ' ').capitalize()}: {about['what']}."


def sentence_of(kind: str, name: str | None, names: Names) -> str:
    """The sentence of a command of which only the kind and the step's name are known."""
    return sentence(Entry(0, datetime.min, None, None, kind, None, name), names)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _moment(value: Any) -> str:
    try:
        return date_time(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return ""


def _whom(to: Any, names: Names) -> str:
    """Those whom something reached: a person's id, or a list of units' ids, `unit:<id>` and `person:<id>`."""
    if not isinstance(to, list):
        return names.person(_text(to)) if to else ""
    return listed([_recipient(str(one), names) for one in to])


def _recipient(one: str, names: Names) -> str:
    kind, found, rest = one.partition(":")
    return names.person(rest) if found and kind == "person" else names.unit(rest if found else one)


def _told(about: Mapping[str, str], said: str) -> str:
    """The sentence, and who heard of it."""
    return " ".join([said, _("%(whom)s were told.", whom=about["whom"])]) if about["whom"] else said


def holder(assignee: str | None, units: Sequence[str], groups: Sequence[str], names: Names) -> str:
    """Who has a task now."""
    places = listed([names.unit(unit) for unit in units] or [names.role(group) for group in groups])
    if assignee and places:
        return _("%(person)s has taken it, for %(units)s.", person=names.person(assignee), units=places)
    if assignee:
        return _("%(person)s has taken it.", person=names.person(assignee))
    if places:
        return _("Waits at %(units)s. Nobody has taken it yet.", units=places)
    return _("Nobody has it yet.")


def listed(parts: Sequence[str]) -> str:
    """One, two and three."""
    if len(parts) < 2:
        return "".join(parts)
    return _("%(first)s and %(last)s", first=", ".join(parts[:-1]), last=parts[-1])


def consequences(steps: Iterable[Step], recipients: Sequence[str], now: datetime, names: Names) -> list[str]:
    """What happens if nobody acts: a sentence a day. `recipients`: of the escalation, rung by rung."""
    days: dict[str, list[Step]] = {}
    for step in steps:
        if step.at > now:
            days.setdefault(long_day(step.at), []).append(step)
    return [
        _("%(day)s: %(what)s.", day=_capital(day), what=_of_day(found, recipients, names))
        for day, found in days.items()
    ]


def told_already(steps: Iterable[Step], recipients: Sequence[str], now: datetime, names: Names) -> str:
    """Who has heard that it is late, when the date has passed."""
    passed = [step for step in steps if step.at <= now and step.kind != REMIND]
    told = [_("the unit's mailbox")] if any(step.kind == DUE for step in passed) else []
    told += [names.role(recipients[step.rung]) for step in passed if step.kind == ESCALATE]
    return _("Already told that it is late: %(whom)s.", whom=listed(told)) if told else ""


def _of_day(steps: Sequence[Step], recipients: Sequence[str], names: Names) -> str:
    kinds = {step.kind for step in steps}
    parts = [_("whoever has the task gets a reminder")] if REMIND in kinds else []
    parts += [_("the task is marked as overdue")] if DUE in kinds else []
    told = [_("the unit's mailbox")] if DUE in kinds else []
    told += [names.role(recipients[step.rung]) for step in steps if step.kind == ESCALATE]
    return "; ".join([*parts, *([_("%(whom)s is told", whom=listed(told))] if told else [])])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def otherwise(recipients: Sequence[str], names: Names) -> str:
    """The same in one breath, for a list: who hears of it, in which order."""
    if not recipients:
        return ""
    whom = [names.role(recipient) for recipient in recipients]
    if len(whom) == 1:
        return _("If it is not done in time, %(whom)s is told.", whom=whom[0])
    return _("If it is not done in time, %(whom)s is told, then %(others)s.", whom=whom[0], others=listed(whom[1:]))
