"""Who is away and who is reminded instead: for oneself, a manager for their staff, an administrator for all."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.absences import NoSubstitute
from engine.access import may
from engine.directory import Person
from engine.errors import NotFound
from web.auth import actor
from web.context import directory, engine
from web.permissions import requires
from web.postponing import chosen_day
from web.questions import names

blueprint = Blueprint("absences", __name__, url_prefix="/absences")

Errors = dict[str, list[str]]


@blueprint.get("")
@requires("set-absence")
def show() -> ResponseReturnValue:
    return _page({})


@blueprint.post("")
@requires("set-absence")
def add() -> ResponseReturnValue:
    """Somebody will be away."""
    person = _person()
    first, last = (chosen_day(request.form.get(name, "")) for name in ("first", "last"))
    days = {"first": first, "last": last}
    errors: Errors = {name: [_("Enter a date, such as 2027-03-27.")] for name, day in days.items() if day is None}
    if first and last and last < first:
        errors["last"] = [_("The last day comes before the first. Choose a later one.")]
    if errors or first is None or last is None:
        return _page(errors), 422
    try:
        engine().add_absence(person.id, first, last, request.form.get("substitute") or None, by=actor())
    except NoSubstitute:
        return _page({"substitute": [_("Choose a colleague at the same unit, or nobody.")]}), 422
    flash(_("It is noted."), "good")
    return redirect(url_for(".show"), code=303)


@blueprint.post("/<int:absence_id>/remove")
@requires("set-absence")
def remove(absence_id: int) -> ResponseReturnValue:
    """Somebody is there after all."""
    try:
        engine().remove_absence(absence_id, _person().id, by=actor())
    except NotFound:
        flash(_("This absence is gone already."), "info")
    else:
        flash(_("The absence is removed."), "good")
    return redirect(url_for(".show"), code=303)


def _person() -> Person:
    """Whom the form names. Raises NotFound for anybody who is not one's to speak for."""
    wanted = request.form.get("person", "")
    for person in _people():
        if person.id == wanted:
            return person
    raise NotFound("There is nobody here by that name. Go back to the list.")


def _people() -> list[Person]:
    """Those for whom one may speak: oneself, and the people of the units one manages; an administrator: all."""
    if may(actor(), "administer", None):
        staff = {one.id: one for one in directory().people() if one.active}
    else:
        managers = engine().organisation().managers
        units = [unit for unit in actor().units if actor().id in managers.get(unit, ())]
        staff = {one.id: one for unit in units for one in directory().people(unit=unit) if one.active}
    staff.pop(actor().id, None)
    return [directory().person(actor().id), *sorted(staff.values(), key=lambda one: one.name)]


def _page(errors: Errors) -> str:
    people = _people()
    units = () if may(actor(), "administer", None) else actor().units
    colleagues = {one.id: one.name for unit in units for one in directory().people(unit=unit) if one.active}
    colleagues |= {one.id: one.name for one in people}
    return render_template(
        "account/absences.html",
        people=[(one.id, one.name) for one in people],
        absences=engine().absences(*[one.id for one in people], by=actor()),
        colleagues=sorted(colleagues.items(), key=lambda item: item[1]),
        names=names(),
        errors=errors,
        typed=request.form,
    )


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
