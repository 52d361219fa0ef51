"""The published processes: their versions, what differs between them, organisations' own variants, who holds a role.

For process owners and administrators. A variant whose base was revised is merged here, conflicts chosen one by one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape

from engine.access import may
from engine.commands.variants import BeyondVariant, NotAmong, VariantStatus
from engine.differences import Change, differences, sentences
from engine.differences.vocabulary import aspect_word
from engine.errors import Conflict as StaleMerge
from engine.errors import Forbidden, InvalidModel, NotFound, SamledError
from engine.findings import Language
from engine.merging import Conflict, Merged, NoSuchConflict, Side
from engine.packages import Package
from engine.process_settings import Role
from engine.versions import Version
from web.auth import actor
from web.context import engine
from web.i18n import language
from web.pages import add_place, has_role
from web.permissions import requires
from web.questions import names
from web.remembered import the_version

blueprint = Blueprint("processes", __name__, url_prefix="/processes")

_NAMES = re.compile(r"\*([^*]+)\*")


@dataclass(frozen=True)
class Choice:
    """A conflict as it is shown: what each side says, and which was chosen."""

    conflict: Conflict
    #: What it is called in the form.
    field: str
    about: str
    chosen: Side | None


@blueprint.get("")
@requires("publish")
def show() -> ResponseReturnValue:
    """Every process, with who has a variant of it."""
    whose: dict[str, list[Version]] = {}
    for variant in engine().variants():
        whose.setdefault(variant.process_id, []).append(variant)
    return render_template("processes/processes.html", processes=engine().processes(), whose=whose)


@blueprint.get("/<process_id>")
@requires("publish")
def process(process_id: str) -> ResponseReturnValue:
    """The versions of a process, and what differs between two of them."""
    versions = _versions(process_id)
    old, new = _compared(versions)
    own = {variant.id for variant in engine().variants(process_id)}
    newest = next(version for version in versions if version.principal is None)
    return render_template(
        "processes/process.html",
        newest=newest,
        versions=versions,
        own=own,
        names=names(),
        old=old,
        new=new,
        choices=[(str(one.number), _called(one)) for one in versions],
        told=_told(old, new) if old else None,
        roles=the_version(newest.id).roles.values(),
        kinds=engine().settings().role_kinds.get(process_id, {}),
        administers=has_role("administrator"),
    )


@blueprint.get("/<process_id>/variants/<version_id>")
@requires("publish")
def variant(process_id: str, version_id: str) -> ResponseReturnValue:
    """An organisation's variant beside its base, and what a merge with the newest base would give."""
    if version_id not in {str(one.id) for one in engine().variants(process_id)}:
        raise NotFound
    return _variant_page(_status(process_id, version_id), {})


@blueprint.post("/<process_id>/variants/<version_id>")
@requires("publish")
def update(process_id: str, version_id: str) -> ResponseReturnValue:
    """Choose in conflicts, and publish the merge when nothing is left to choose."""
    before = _status(process_id, version_id)
    if request.form.get("seen") != _seen(before):
        return _changed_meanwhile(process_id, version_id)
    found, take = _chosen(process_id, version_id, _taken(before))
    if request.form.get("_do") == "update" and not found.merged.conflicts:
        try:
            made = engine().update_variant(process_id, str(found.variant.principal), take, by=actor())
        except StaleMerge:
            return _changed_meanwhile(process_id, version_id)
        except (InvalidModel, Forbidden, BeyondVariant) as error:
            flash(_refusal(error), "bad")
            return _variant_page(before, take, found.merged), 422
        flash(_("The variant is published as version %(number)s.", number=made.number), "good")
        return redirect(url_for(".process", process_id=process_id), code=303)
    if found.merged.conflicts:
        flash(_("Choose in every conflict first."), "warn")
        return _variant_page(before, take), 422
    return _variant_page(before, take)


@blueprint.get("/<process_id>/roles/<role_id>")
@requires("administer")
def role(process_id: str, role_id: str) -> ResponseReturnValue:
    """Which kinds of unit hold a role."""
    return _role_page(process_id, _role(process_id, role_id), {})


@blueprint.post("/<process_id>/roles/<role_id>")
@requires("administer")
def set_role(process_id: str, role_id: str) -> ResponseReturnValue:
    """Narrow them, for an organisation or for all."""
    found, errors = _role(process_id, role_id), {}
    reason, principal = request.form.get("reason", "").strip(), request.form.get("whose") or None
    if not reason:
        errors["reason"] = [_("Say why. It stays on record.")]
    if principal not in (None, *engine().organisation().principals):
        errors["whose"] = [_("Choose one of the organisations in the list.")]
    if not errors:
        try:
            engine().set_role_kinds(
                process_id, role_id, request.form.getlist("kinds"), principal=principal, reason=reason, by=actor()
            )
        except NotAmong:
            errors["kinds"] = [_("Choose among the kinds in the list.")]
    if errors:
        return _role_page(process_id, found, errors), 422
    flash(_("Saved. It holds for what comes from now on."), "good")
    return redirect(url_for(".process", process_id=process_id), code=303)


def _versions(process_id: str) -> list[Version]:
    """All versions, the newest first. Raises NotFound."""
    found = engine().versions(process_id)
    if not found:
        raise NotFound
    return found


def _compared(versions: Sequence[Version]) -> tuple[Version | None, Version]:
    """The two versions to compare: those asked for, else the newest with the one before it."""
    by_number = {str(version.number): version for version in versions}
    bases = [version for version in versions if version.principal is None]
    new = by_number.get(request.args.get("to", ""), bases[0])
    return by_number.get(request.args.get("from", ""), bases[1] if len(bases) > 1 else None), new


def _told(old: Version, new: Version) -> list[Markup]:
    before, after = the_version(old.id).package, the_version(new.id).package
    return in_sentences(before, after, differences(before, after))


def in_sentences(before: Package, after: Package, changes: Sequence[Change]) -> list[Markup]:
    """Differences in the reader's language, with names set off."""
    told = sentences(before, after, changes, cast("Language", language()))
    return [Markup(_NAMES.sub(r"<em>\1</em>", str(escape(one)))) for one in told]  # noqa: S704 - escaped first


def _called(version: Version) -> str:
    number = _("Version %(number)s", number=version.number)
    return f"{number} – {version.principal}" if version.principal else number


def _refusal(error: SamledError) -> str:
    match error:
        case Forbidden():
            return _("Only the organisation's own process owners publish its variants. Ask one of them.")
        case BeyondVariant():
            return _("It changes a deadline that is fixed for every organisation. Change that back in the variant.")
        case _:
            return _("What comes out cannot be published as it is. Mend the variant's files, and publish those.")


def _changed_meanwhile(process_id: str, version_id: str) -> ResponseReturnValue:
    flash(_("The variant or its base was published anew meanwhile. Look at it as it is now, and choose again."), "warn")
    return _variant_page(_status(process_id, version_id), {}), 409


def _status(process_id: str, version_id: str, take: Mapping[str, Side] | None = None) -> VariantStatus:
    """Of the organisation whose variant this version is or was. Raises NotFound, NoSuchConflict."""
    found = next((one for one in engine().versions(process_id) if str(one.id) == version_id), None)
    if found is None or found.principal is None:
        raise NotFound
    return engine().variant_status(process_id, found.principal, take)


def _chosen(process_id: str, version_id: str, take: Mapping[str, Side]) -> tuple[VariantStatus, Mapping[str, Side]]:
    """The merge with what was chosen, save in what another choice made no conflict any more."""
    try:
        return _status(process_id, version_id, take), take
    except NoSuchConflict as gone:
        take = {key: side for key, side in take.items() if key not in gone.unknown}
        return _status(process_id, version_id, take), take


def _seen(status: VariantStatus) -> str:
    """What the page was of: the choices on it are in the merge of these two."""
    return f"{status.newest.id}-{status.variant.id}"


def _taken(status: VariantStatus) -> dict[str, Side]:
    taken = {}
    for number, conflict in enumerate(status.merged.conflicts):
        side = request.form.get(f"take-{number}")
        if side in ("ours", "theirs"):
            taken[conflict.id] = cast("Side", side)
    return taken


def _variant_page(status: VariantStatus, take: Mapping[str, Side], merged: Merged | None = None) -> str:
    """`merged`: what came out with what was chosen; else the page tells of it as it is without."""
    base, newest, own = status.packages
    shown = cast("Language", language())
    choices = [
        Choice(one, f"take-{number}", about(one, own, shown), take.get(one.id))
        for number, one in enumerate(status.merged.conflicts)
    ]
    return render_template(
        "processes/variant.html",
        status=status,
        own=in_sentences(base, own, status.own),
        revised=in_sentences(base, newest, status.revised),
        seen=_seen(status),
        choices=choices,
        findings=[" ".join(finding.texts(shown)) for finding in (merged or status.merged).findings],
    )


def about(conflict: Conflict, package: Package, shown: Language) -> str:
    """What a conflict is about: the step, and what of it."""
    name = package.translate(conflict.name, shown) or conflict.element or conflict.file
    aspect = getattr(aspect_word(conflict.aspect), shown) if conflict.aspect else _("as a whole")
    return f"{name}: {aspect}"


def _role(process_id: str, role_id: str) -> Role:
    _versions(process_id)
    newest = engine().version_to_start(process_id)
    found = the_version(newest.id).roles.get(role_id)
    if found is None:
        raise NotFound
    return found


def _role_page(process_id: str, role: Role, errors: Mapping[str, list[str]]) -> str:
    kinds = role.kinds or sorted({unit.kind for unit in engine().organisation().units.values()})
    return render_template(
        "processes/role.html",
        process_id=process_id,
        role=role,
        kinds=kinds,
        errors=errors,
        typed=request.form,
        chosen=request.form.getlist("kinds"),
        own=engine().settings().role_kinds.get(process_id, {}).get(role.id, {}),
        choices=[(one, one) for one in engine().organisation().principals],
    )


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    add_place(app, "processes.show", _l("Processes"), 75, lambda: may(actor(), "publish"))
