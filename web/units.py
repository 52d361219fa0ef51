"""The units: how each is reached, and what it promises whoever asks it something.

For everybody on staff. The promise is worded by the unit's managers and by administrators.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from engine.access import UnitAccess, may
from engine.directory import Unit
from engine.errors import NotFound
from engine.promises import LONGEST, Promise
from web.auth import actor, demand
from web.context import directory, engine
from web.pages import add_place
from web.permissions import SIGNED_IN, requires
from web.promises import in_words
from web.questions import names
from web.remembered import the_organisation, the_units, the_version
from web.texts import text_of

blueprint = Blueprint("units", __name__, url_prefix="/units")

Errors = dict[str, list[str]]


@dataclass(frozen=True)
class Row:
    """A unit in the list."""

    unit: Unit
    #: The mailbox, its own or that of the unit through which it is reached.
    mailbox: str
    via: str
    watched: str


@dataclass(frozen=True)
class Example:
    """What the unit promises in one process, in words."""

    process: str
    text: str


@blueprint.get("")
@requires(SIGNED_IN)  # function mailboxes are published: no person stands here
def index() -> ResponseReturnValue:
    """All units, or those whose name or municipality holds what was looked for."""
    text = request.args.get("text", "").strip()[:100]
    found = [unit for unit in directory().units() if text.lower() in f"{unit.name} {unit.municipality or ''}".lower()]
    watched = {unit: own.watched for unit, own in engine().promises().items()}
    return render_template("units/list.html", rows=[_row(unit, watched.get(unit.id, "")) for unit in found], text=text)


def _row(unit: Unit, watched: str) -> Row:
    via = the_units().get(unit.via_unit or "") if not unit.mailbox else None
    return Row(unit, the_organisation().mailbox(unit.id) or "", via.name if via else "", watched)


@blueprint.get("/<unit_id>")
@requires(SIGNED_IN)
def show(unit_id: str) -> ResponseReturnValue:
    return _page(_unit(unit_id), {})


@blueprint.post("/<unit_id>/promise")
@requires("set-promise")
def set_promise(unit_id: str) -> ResponseReturnValue:
    """Word the promise anew; empty: the template again."""
    unit = _unit(unit_id)
    demand("set-promise", _access(unit_id))
    said = {name: request.form.get(name, "").strip() for name in ("text", "watched", "reason")}
    errors: Errors = {
        name: [_("Write at most %(most)d characters.", most=LONGEST)]
        for name, text in said.items()
        if len(text) > LONGEST
    }
    if not said["reason"]:
        errors["reason"] = [_("Say why. It stays on record.")]
    if errors:
        return _page(unit, errors), 422
    engine().set_promise(unit_id, Promise(said["text"], said["watched"]), said["reason"], by=actor())
    flash(_("The promise is saved."), "good")
    return redirect(url_for(".show", unit_id=unit_id), code=303)


def _unit(unit_id: str) -> Unit:
    unit = the_units().get(unit_id)
    if unit is None:
        raise NotFound("There is no such unit. Look at the list.")
    return unit


def _access(unit_id: str) -> UnitAccess:
    return UnitAccess(unit_id, the_organisation().managers.get(unit_id, ()))


def _page(unit: Unit, errors: Errors) -> str:
    own, called = engine().promise(unit.id), names()
    return render_template(
        "units/unit.html",
        row=_row(unit, own.watched),
        own=own,
        examples=list(_examples(unit, own)),
        managers=[called.person(person) for person in the_organisation().managers.get(unit.id, ())],
        may_set=may(actor(), "set-promise", _access(unit.id)),
        may_hand_over=may(actor(), "hand-over-all", _access(unit.id)),
        changes=engine().promise_changes(unit.id),
        errors=errors,
        typed=request.form,
        names=called,
    )


def _examples(unit: Unit, own: Promise) -> Iterator[Example]:
    """The promise in each process that has a template of one."""
    for version in engine().processes():
        published = the_version(version.id)
        if published.package.promise:
            text = in_words(own, published, version.process_id, unit)
            yield Example(text_of(published, version.title), text)


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    add_place(app, "units.index", _l("Units"), 60)
