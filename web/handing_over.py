"""All that somebody of a unit has taken, handed to a colleague or back to the unit: by the unit's managers."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.access import UnitAccess
from engine.bulk import Bulk
from engine.directory import Unit
from engine.errors import NotFound
from web.auth import actor, demand
from web.context import directory, engine
from web.permissions import requires
from web.questions import names
from web.remembered import the_organisation, the_units

blueprint = Blueprint("handing_over", __name__, url_prefix="/units/<unit_id>/hand-over")

#: Seconds of work for one answer; the rest when somebody asks for it.
_SECONDS = 5.0
#: Chosen in the list of colleagues: anybody at the unit.
_NOBODY = "-"

Errors = dict[str, list[str]]


@blueprint.get("")
@requires("hand-over-all")
def choose(unit_id: str) -> ResponseReturnValue:
    return _page(_unit(unit_id), {})


@blueprint.post("")
@requires("hand-over-all")
def hand_over(unit_id: str) -> ResponseReturnValue:
    unit = _unit(unit_id)
    giver, taker, reason = (request.form.get(name, "").strip() for name in ("giver", "taker", "reason"))
    errors: Errors = {}
    if giver not in engine().taken_in(unit_id, by=actor()):
        errors["giver"] = [_("Choose who has the tasks now.")]
    if taker != _NOBODY and taker not in {someone.id for someone in directory().people(unit=unit_id) if someone.active}:
        errors["taker"] = [_("Choose who is to have the tasks.")]
    elif giver and giver == taker:
        errors["taker"] = [_("They have these tasks already. Choose somebody else.")]
    if not reason:
        errors["reason"] = [_("Say why. It stays on record.")]
    if errors:
        return _page(unit, errors), 422
    to = None if taker == _NOBODY else taker
    asked = engine().ask_to_assign(giver, to, unit=unit_id, reason=reason, by=actor())
    return _carried_out(asked)


@blueprint.get("/<int:batch_id>")
@requires("hand-over-all")
def batch(unit_id: str, batch_id: int) -> ResponseReturnValue:
    unit, found = _unit(unit_id), _found(unit_id, batch_id)
    called = names()
    return render_template(
        "units/handed_over.html",
        unit=unit,
        batch=found,
        giver=called.person(found.how["from"]),
        taker=called.person(found.how["to"]) if found.how["to"] else "",
        left=[item for item in engine().bulk(batch_id, by=actor())[1] if item.state == "refused"],
    )


@blueprint.post("/<int:batch_id>")
@requires("hand-over-all")
def go_on(unit_id: str, batch_id: int) -> ResponseReturnValue:
    _unit(unit_id)
    return _carried_out(_found(unit_id, batch_id))


def _carried_out(asked: Bulk) -> ResponseReturnValue:
    engine().go_on_with(asked.id, by=actor(), seconds=_SECONDS)
    return redirect(url_for(".batch", unit_id=asked.unit, batch_id=asked.id), code=303)


def _unit(unit_id: str) -> Unit:
    unit = the_units().get(unit_id)
    if unit is None:
        raise NotFound("There is no such unit. Look at the list.")
    demand("hand-over-all", UnitAccess(unit_id, the_organisation().managers.get(unit_id, ())))
    return unit


def _found(unit_id: str, batch_id: int) -> Bulk:
    found, _items = engine().bulk(batch_id, by=actor())
    if found.unit != unit_id:
        raise NotFound("There is no such page. Look at the unit's.")
    return found


def _page(unit: Unit, errors: Errors) -> str:
    taken = engine().taken_in(unit.id, by=actor())
    called = names()
    people = [someone for someone in directory().people(unit=unit.id) if someone.active]
    return render_template(
        "units/hand_over.html",
        unit=unit,
        givers=[(person, f"{called.person(person)} ({amount})") for person, amount in sorted(taken.items())],
        takers=[(_NOBODY, _("Nobody: anybody at the unit may take them")), *((one.id, one.name) for one in people)],
        typed=request.form,
        errors=errors,
    )


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
