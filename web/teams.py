"""A team: the agenda of its next meeting, and when it meets.

The agenda is for those who work at the unit; when it meets is set by its managers and by administrators.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.access import UnitAccess, may
from engine.agendas import AHEAD
from engine.directory import Unit
from engine.rhythms import CLOSED_DAY, MOST_ROOM, YEARS, NoRhythm, Rhythm
from engine.tasks import Task
from web.auth import actor, demand
from web.context import directory, engine, now
from web.permissions import requires
from web.postponing import chosen_day
from web.questions import names
from web.remembered import the_calendar, the_organisation, the_settings, the_units
from web.texts import process_text

blueprint = Blueprint("teams", __name__, url_prefix="/units")

Errors = dict[str, list[str]]
#: How often a team meets, as it is chosen on the page.
OFTEN = ("P1W", "P2W", "P3W", "P4W", "P1M")


@dataclass(frozen=True)
class Meeting:
    """A unit that has a rhythm, and its next meeting."""

    unit: str
    name: str
    #: None: the unit has a rhythm, and no meeting to come.
    at: datetime | None


def my_teams() -> list[Meeting]:
    """The units of the person that have a rhythm, and when each meets next."""
    rhythms = the_settings().rhythms
    return [_team(unit) for unit in actor().units if unit in rhythms]


def all_teams() -> list[Meeting]:
    """All units that have a rhythm, by name."""
    return sorted(map(_team, the_settings().rhythms), key=lambda team: team.name)


def _team(unit_id: str) -> Meeting:
    return Meeting(unit_id, names().unit(unit_id), next(iter(_ahead(unit_id, 1)), None))


@blueprint.get("/<unit_id>/agenda")
@requires("read-agenda")
def agenda(unit_id: str) -> ResponseReturnValue:
    """The next meetings of a unit, and what the first takes up."""
    found = engine().agenda(unit_id, by=actor())
    return render_template(
        "teams/agenda.html",
        unit=directory().unit(unit_id),
        agenda=found,
        waited=_days_waited,
        processes={one.process_id: process_text(one.title, one.process_id) for one in engine().processes()},
        names=names(),
        may_set=may(actor(), "set-rhythm", _access(unit_id)),
    )


def _days_waited(task: Task) -> int:
    """Days since the task came, by the dates of the organisation's calendar."""
    if task.created_at is None:
        return 0
    return (the_calendar().local(now()).date() - the_calendar().local(task.created_at).date()).days


def _access(unit_id: str) -> UnitAccess:
    return UnitAccess(unit_id, the_organisation().managers.get(unit_id, ()))


@blueprint.get("/<unit_id>/rhythm")
@requires("set-rhythm")
def rhythm(unit_id: str) -> ResponseReturnValue:
    """When the unit meets, to change."""
    demand("set-rhythm", _access(unit_id))
    return _page(directory().unit(unit_id), {})


@blueprint.post("/<unit_id>/rhythm")
@requires("set-rhythm")
def set_rhythm(unit_id: str) -> ResponseReturnValue:
    """Set when the unit meets; without a first day it has no rhythm any more."""
    demand("set-rhythm", _access(unit_id))
    unit = directory().unit(unit_id)
    errors: Errors = {} if request.form.get("reason", "").strip() else {"reason": [_("Say why. It stays on record.")]}
    wanted = _typed(errors) if request.form.get("first", "").strip() else None
    if errors:
        return _page(unit, errors), 422
    engine().set_rhythm(unit_id, wanted, request.form["reason"].strip(), by=actor())
    flash(_("Saved. It holds for what is counted from now on."), "good")
    reads = may(actor(), "read-agenda", _access(unit_id))
    return redirect(url_for(".agenda", unit_id=unit_id) if reads else url_for(".rhythm", unit_id=unit_id), code=303)


def _typed(errors: Errors) -> Rhythm | None:
    """The rhythm as it was typed; None where something is wrong, which then stands in `errors`."""
    first = _day(request.form["first"])
    if first is None:
        errors["first"] = [_("Enter a date, such as 2027-03-27.")]
    moment = _moment(first or date(2000, 1, 1), request.form.get("hour", ""))
    if moment is None:
        errors["hour"] = [_("Enter a time of day, such as 13:00.")]
    cancelled = [_day(line) for line in _lines("cancelled")]
    if None in cancelled:
        errors["cancelled"] = [_("Write one date a line, such as 2027-05-07.")]
    extra = [_moment_of(line) for line in _lines("extra")]
    if None in extra:
        errors["extra"] = [_("Write one date and time a line, such as 2027-05-07 13:00.")]
    room = request.form.get("room", "").strip()
    if room and not (len(room) <= 3 and room.isascii() and room.isdigit() and 1 <= int(room) <= MOST_ROOM):
        errors["room"] = [_("Enter a number from 1 to %(most)d, or nothing.", most=MOST_ROOM)]
    if errors or moment is None:
        return None
    often = request.form.get("often", "")
    closed = next((one for one in CLOSED_DAY if one == request.form.get("closed_day")), CLOSED_DAY[0])
    try:
        return Rhythm(
            f"R/{moment:%Y-%m-%dT%H:%M}/{often}",
            closed,
            frozenset(day for day in cancelled if day),
            frozenset(one for one in extra if one),
            int(room) if room else None,
        )
    except NoRhythm:
        errors["often"] = [_("Choose how often the team meets.")]
        return None


def _lines(name: str) -> Sequence[str]:
    return [line.strip() for line in request.form.get(name, "").splitlines() if line.strip()]


def _day(text: str) -> date | None:
    """A date on which a meeting can be; None for anything else."""
    day = chosen_day(text)
    return day if day and day.year in YEARS else None


def _moment(day: date, time: str) -> datetime | None:
    """A local date and time; None where the time is none."""
    try:
        return datetime.strptime(f"{day.isoformat()} {time.strip().replace('.', ':')}", "%Y-%m-%d %H:%M")
    except ValueError:
        return None


def _moment_of(line: str) -> datetime | None:
    written, _space, time = line.replace("T", " ").partition(" ")
    day = _day(written)
    return _moment(day, time) if day else None


def _page(unit: Unit, errors: Errors) -> str:
    return render_template(
        "teams/rhythm.html",
        unit=unit,
        rhythm=the_settings().rhythms.get(unit.id),
        meetings=_ahead(unit.id, AHEAD),
        often=OFTEN,
        errors=errors,
        typed=request.form,
        reads=may(actor(), "read-agenda", _access(unit.id)),
    )


def _ahead(unit_id: str, count: int) -> Sequence[datetime]:
    settings, unit = the_settings(), the_units().get(unit_id)
    found = settings.rhythms.get(unit_id)
    return found.from_today(settings.calendar_of([unit] if unit else []), now(), count) if found else []


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
