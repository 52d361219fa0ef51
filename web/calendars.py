"""How the organisation counts time: closed days, school terms, and its own values of deadlines.

For administrators. What a value would do to running cases is told before it can be saved.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from engine.access import may
from engine.commands.own_deadlines import NotAdjustable
from engine.deadline_values import in_force
from engine.errors import NotFound
from engine.process_settings import DeadlineSetting
from engine.school_years import RULES, SchoolYears, Stretch
from engine.versions import Version
from web.auth import actor
from web.context import directory, engine, now
from web.pages import add_place
from web.permissions import requires
from web.postponing import chosen_day
from web.questions import names
from web.remembered import the_calendar, the_version
from web.teams import all_teams

blueprint = Blueprint("calendars", __name__, url_prefix="/calendar")

Errors = dict[str, list[str]]


@dataclass(frozen=True)
class Row:
    """A deadline in the list."""

    process: Version
    setting: DeadlineSetting
    #: In force now.
    value: str

    @property
    def is_own(self) -> bool:
        """Has the organisation given it a value of its own?"""
        return self.value != self.setting.value


def _rows() -> list[Row]:
    """Every deadline of the newest versions."""
    own, moment = engine().settings().own_values, now()
    rows = []
    for version in engine().processes():
        declared = the_version(version.id).deadlines
        values = in_force(own, version.process_id, declared, moment)
        rows += [Row(version, setting, values[name]) for name, setting in declared.items()]
    return rows


@blueprint.get("")
@requires("administer")
def show() -> ResponseReturnValue:
    return _page({})


def _page(errors: Errors) -> str:
    settings = engine().settings()
    places = ["", *sorted({unit.municipality for unit in directory().units() if unit.municipality})]
    return render_template(
        "calendars/calendars.html",
        settings=settings,
        closed="\n".join(day.isoformat() for day in sorted(settings.calendar.closed_days)),
        places=[(place, _as_lines(settings.school_years.terms.get(place, ()))) for place in places],
        rules=RULES,
        units=[(unit.id, unit.name) for unit in directory().units()],
        rows=_rows(),
        teams=all_teams(),
        changes=engine().setting_changes(by=actor()),
        names=names(),
        errors=errors,
        typed=request.form,
    )


@blueprint.get("/team")
@requires("administer")
def choose_team() -> ResponseReturnValue:
    """To the page on which a unit's rhythm is set. Raises NotFound."""
    return redirect(url_for("teams.rhythm", unit_id=directory().unit(request.args.get("unit", "")).id))


def _as_lines(terms: Iterable[Stretch]) -> str:
    return "\n".join(f"{first.isoformat()} {last.isoformat()}" for first, last in terms)


@blueprint.post("/closed-days")
@requires("administer")
def set_closed_days() -> ResponseReturnValue:
    """The days on which the organisation is closed: one a line."""
    lines = [line.strip() for line in request.form.get("closed", "").splitlines() if line.strip()]
    days = {line: chosen_day(line) for line in lines}
    errors = {
        "closed": [_("“%(text)s” is no date. Write it as 2027-05-07.", text=t) for t, day in days.items() if not day]
    }
    errors = {key: texts for key, texts in errors.items() if texts} | _without_reason("closed-reason")
    if errors:
        return _page(errors), 422
    engine().set_closed_days([day for day in days.values() if day], request.form["closed-reason"], by=actor())
    return _saved()


@blueprint.post("/counting")
@requires("administer")
def set_counting() -> ResponseReturnValue:
    """Whether the eves are free, and how hours are counted."""
    if errors := _without_reason("counting-reason"):
        return _page(errors), 422
    engine().set_counting(
        eves="eves" in request.form,
        hours_of_working_days=request.form.get("hours") == "working-days",
        reason=request.form["counting-reason"],
        by=actor(),
    )
    return _saved()


@blueprint.post("/school-years")
@requires("administer")
def set_school_years() -> ResponseReturnValue:
    """The terms of each municipality, and what a deadline does between them."""
    errors = _without_reason("school-reason")
    terms = engine().settings().school_years.as_json()["terms"]
    for number, place in enumerate(request.form.getlist("place"), start=1):
        text = request.form.get(f"terms-{number}", "")
        found = [line.replace("–", " ").split() for line in text.splitlines() if line.strip()]
        try:
            if any(len(pair) != 2 for pair in found):
                raise ValueError
            SchoolYears.read({"terms": {place: found}})
        except ValueError:
            errors[f"terms-{number}"] = [
                _("Write one term a line, its first and last day: 2026-08-17 2026-12-18. They may not overlap.")
            ]
        terms.pop(place, None)
        if found:
            terms[place] = found
    rule = request.form.get("rule", "say")
    if errors or rule not in RULES:
        return _page(errors), 422
    kinds = list(engine().settings().school_years.kinds)
    years = SchoolYears.read({"terms": terms, "kinds": kinds, "rule": rule})
    engine().set_school_years(years, request.form["school-reason"], by=actor())
    return _saved()


def _without_reason(field: str) -> Errors:
    return {} if request.form.get(field, "").strip() else {field: [_("Say why. It stays on record.")]}


def _saved() -> ResponseReturnValue:
    flash(_("Saved. It holds for what is counted from now on."), "good")
    return redirect(url_for(".show"), code=303)


@blueprint.get("/deadlines/<process_id>/<deadline_id>")
@requires("administer")
def deadline(process_id: str, deadline_id: str) -> ResponseReturnValue:
    return _deadline_page(_row(process_id, deadline_id), {})


@blueprint.post("/deadlines/<process_id>/<deadline_id>")
@requires("administer")
def set_deadline(process_id: str, deadline_id: str) -> ResponseReturnValue:
    """First what it would do, then saved: the button that saves is there only under what it would do."""
    row = _row(process_id, deadline_id)
    value = request.form.get("value", "").strip() or None
    errors = _without_reason("reason")
    day = chosen_day(request.form.get("from", "")) if request.form.get("from") else the_calendar().local(now()).date()
    if day is None:
        errors["from"] = [_("Enter a date, such as 2027-03-27.")]
    principal = request.form.get("whose") or None
    if principal not in (None, *_principals()):
        errors["whose"] = [_("Choose one of the organisations in the list.")]
        principal = None
    try:
        impact = engine().preview_deadline(process_id, deadline_id, value, principal)
    except NotAdjustable:
        raise NotFound("This deadline is fixed. Look at the list.") from None
    except ValueError:
        errors["value"] = [_("Write for example “5 working days”, P3W (weeks), P10D (days) or PT48H (hours).")]
        impact = None
    if errors or day is None or impact is None:
        return _deadline_page(row, errors), 422
    if request.form.get("_do") != "save":
        return _deadline_page(row, {}, impact)
    engine().set_deadline(
        process_id, deadline_id, value, by=actor(), valid_from=_beginning(day),
        running=request.form.get("for") == "running", reason=request.form["reason"].strip(), principal=principal,
    )  # fmt: skip
    flash(_("The deadline is saved."), "good")
    return redirect(url_for(".show"), code=303)


def _principals() -> list[str]:
    """The organisations whose units meet in cases."""
    return engine().organisation().principals


def _beginning(day: date) -> datetime | None:
    """The first moment of a day; None for today or before: at once."""
    if day <= the_calendar().local(now()).date():
        return None
    return the_calendar().instant(datetime.combine(day, time()))


def _row(process_id: str, deadline_id: str) -> Row:
    for row in _rows():
        if (row.process.process_id, row.setting.name) == (process_id, deadline_id) and row.setting.adjustable:
            return row
    raise NotFound("There is no such deadline to set. Look at the list.")


def _deadline_page(row: Row, errors: Errors, impact: object = None) -> str:
    own = [
        one for one in reversed(engine().settings().own_values)
        if (one.process_id, one.name) == (row.process.process_id, row.setting.name)
    ]  # fmt: skip
    return render_template(
        "calendars/deadline.html",
        row=row,
        errors=errors,
        impact=impact,
        own=own,
        typed=request.form,
        names=names(),
        choices=[(one, one) for one in _principals()],
    )


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    add_place(app, "calendars.show", _l("Time"), 80, lambda: may(actor(), "administer"))
