"""Move running cases to another version: what it would do, doing it, how it went, and taking it back.

For process owners, and without JavaScript: the page that asks is a form, long work goes on at a press of its button.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.caching import Published
from engine.errors import NotFound
from engine.findings import Language
from engine.migrating.forecast import Forecast, VersionAhead
from engine.migrating.outcome import Outcome
from engine.migrating.stored import Batch, Move
from engine.versions import Version
from web import once
from web.auth import actor
from web.context import engine
from web.i18n import language
from web.permissions import requires
from web.remembered import the_version

blueprint = Blueprint("migrating", __name__, url_prefix="/processes/<process_id>/move")

#: Seconds of moving that a page waits for.
PATIENCE = 5.0
#: Cases that a page lists one by one.
LISTED = 200
_MAP = "map-"


@dataclass(frozen=True)
class Step:
    """A step of an older version that is to become another."""

    id: str
    name: str
    #: Ids and names of what it may become.
    choices: Sequence[tuple[str, str]]
    chosen: str


@blueprint.get("")
@requires("publish")
def ahead(process_id: str) -> ResponseReturnValue:
    """What moving would do."""
    return _page(process_id, request.args.get("to", ""), {})


@blueprint.post("")
@requires("publish")
def move(process_id: str) -> ResponseReturnValue:
    """Look again with what was chosen, or move."""
    to = request.form.get("to", "")
    if request.form.get("_do") != "move":
        return _page(process_id, to, {})
    if (where := once.led_to()) is not None:
        return redirect(where, code=303)
    reason, chosen = request.form.get("reason", "").strip(), request.form.getlist("cases")
    errors = {}
    if not reason:
        errors["reason"] = [_("Say why. It stays in the history of the cases.")]
    if request.form.get("which") == "chosen" and not chosen:
        errors["cases"] = [_("Choose at least one case.")]
    if errors:
        return _page(process_id, to, errors), 422
    version = _wanted(process_id, to)
    batch = engine().ask_to_move(
        process_id,
        version.number,
        _mapping(version),
        reason=reason,
        recompute=bool(request.form.get("recompute")),
        cases=chosen if request.form.get("which") == "chosen" else None,
        by=actor(),
    )
    where = url_for(".batch", process_id=process_id, batch_id=batch.id)
    once.remember(where)
    engine().go_on_moving(batch.id, by=actor(), seconds=PATIENCE)
    return redirect(where, code=303)


@blueprint.get("/<int:batch_id>")
@requires("publish")
def batch(process_id: str, batch_id: int) -> ResponseReturnValue:
    """How it went."""
    return _batch_page(*_found(process_id, batch_id), {})


@blueprint.post("/<int:batch_id>")
@requires("publish")
def change_batch(process_id: str, batch_id: int) -> ResponseReturnValue:
    """Go on with cases that wait, or take the moved ones back."""
    found, moves = _found(process_id, batch_id)
    if request.form.get("_do") == "go-on":
        engine().go_on_moving(batch_id, by=actor(), seconds=PATIENCE)
        return redirect(url_for(".batch", process_id=process_id, batch_id=batch_id), code=303)
    reason = request.form.get("reason", "").strip()
    if not reason:
        return _batch_page(found, moves, {"reason": [_("Say why. It stays in the history of the cases.")]}), 422
    back, stay = engine().take_back(batch_id, reason=reason, by=actor())
    flash(_("Taken back: %(count)s.", count=len(back)), "good")
    if stay:
        flash(_("Gone on since, and left where they are: %(cases)s.", cases=", ".join(stay)), "warn")
    return redirect(url_for(".batch", process_id=process_id, batch_id=batch_id), code=303)


def _wanted(process_id: str, number: str) -> Version:
    """The version to move to: by its number, else the newest. Raises NotFound."""
    found = engine().versions(process_id)
    if number:
        found = [one for one in found if str(one.number) == number]
    else:
        found = [one for one in found if one.principal is None]
    if not found:
        raise NotFound
    return found[0]


def _mapping(version: Version) -> dict[str, str]:
    """What was chosen, of steps that the version has."""
    known = the_version(version.id).names
    pairs = {key.removeprefix(_MAP): value for key, value in request.form.items() if key.startswith(_MAP)}
    return {old: new for old, new in pairs.items() if new in known}


def _page(process_id: str, number: str, errors: Mapping[str, list[str]]) -> str:
    version = _wanted(process_id, number)
    mapping, recompute = _mapping(version), bool(request.form.get("recompute"))
    found = engine().what_moves(process_id, version.number, mapping, recompute=recompute, by=actor())
    newer = [one for one in engine().versions(process_id) if one.principal is None or one.id == version.id]
    return render_template(
        "migrating/ahead.html",
        version=version,
        found=found,
        told=[(one, _told(one)) for one in found.versions],
        steps=_steps(found, the_version(version.id), mapping),
        movable=[one for one in found.cases if one.outcome.moves][:LISTED],
        summary=_summary(found),
        recompute=recompute,
        choices=[(str(one.number), _("Version %(number)s", number=one.number)) for one in newer],
        errors=errors,
        typed=request.form,
        chosen=request.form.getlist("cases"),
        notes=lambda outcome: _notes(outcome, version),
        mark=once.mark(),
        batches=engine().move_batches(process_id),
    )


def _summary(found: Forecast) -> Mapping[str, int]:
    moving = [one for version in found.versions for one in version.moving]
    return {
        "cases": len(found.cases),
        "moving": len(moving),
        "redated": sum(one.redated for one in found.versions),
        "overdue": sum(one.overdue for one in found.versions),
    }


def _told(ahead_of: VersionAhead) -> Mapping[str, list[tuple[str, int]]]:
    """Where the cases of a version stand, and why some cannot move, in words with how many."""
    shown = cast("Language", language())
    names = the_version(ahead_of.version.id).names
    return {
        "stands": [(names.get(key) or key, count) for key, count in ahead_of.stands.items()],
        "reasons": [(getattr(reason.text, shown), count) for reason, count in ahead_of.reasons.items()],
    }


def _steps(found: Forecast, to: Published, mapping: Mapping[str, str]) -> list[Step]:
    """Steps at which cases stand, and that the version does not have or has as something else."""
    steps: dict[str, Step] = {}
    for one in found.versions:
        old = the_version(one.version.id)
        lost = {reason.element for reason in one.reasons if reason.code in ("no-counterpart", "another-kind")}
        for element in sorted(lost | (mapping.keys() & one.stands.keys())):
            info = old.model.element(element)
            if info is None:
                continue
            alike = [two for two in to.model.elements.values() if two.type == info.type]
            steps[element] = Step(
                element, info.name or element, [(two.id, two.name or two.id) for two in alike], mapping.get(element, "")
            )
    return list(steps.values())


def _notes(outcome: Outcome | Mapping[str, list[str]], to: Version) -> list[str]:
    """What moving changes in a case beside its version."""
    said = outcome.as_dict() if isinstance(outcome, Outcome) else outcome
    names = the_version(to.id).names

    def listed(key: str) -> str:
        return ", ".join(names.get(one) or one for one in said.get(key, []))

    notes = []
    if said.get("passed"):
        notes.append(_("New steps that lie behind it: %(steps)s", steps=listed("passed")))
    if said.get("ahead"):
        notes.append(_("New steps to come: %(steps)s", steps=listed("ahead")))
    if said.get("begun"):
        notes.append(_("Waited for from now on: %(steps)s", steps=listed("begun")))
    if said.get("dropped"):
        notes.append(_("No longer waited for: %(steps)s", steps=listed("dropped")))
    if said.get("redated"):
        notes.append(_("Dates that change: %(count)s", count=len(said["redated"])))
    return notes


def _found(process_id: str, batch_id: int) -> tuple[Batch, Sequence[Move]]:
    found, moves = engine().moves(batch_id, by=actor())
    if found.process_id != process_id:
        raise NotFound
    return found, moves


def _batch_page(found: Batch, moves: Sequence[Move], errors: Mapping[str, list[str]]) -> str:
    version = next(one for one in engine().versions(found.process_id) if one.id == found.to_version_id)
    shown = "text_sv" if language() == "sv" else "text"
    return render_template(
        "migrating/batch.html",
        batch=found,
        version=version,
        moves=[
            (one, [reason[shown] for reason in one.outcome.get("reasons", [])] or _notes(one.outcome, version))
            for one in moves
        ],
        back=sum(one.may_go_back for one in moves),
        errors=errors,
        states={
            "waiting": ("waiting", _("Waits")),
            "moved": ("done", _("Moved")),
            "refused": ("overdue", _("Stays")),
            "taken-back": ("", _("Taken back")),
        },
    )


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
