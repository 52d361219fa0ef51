"""Drafts of processes: begun, looked at, agreed to, published; out and in as files.

For process owners. The drawing itself is `web/editor/`, and what it sends arrives in `editing_json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, cast

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.differences import differences
from engine.editing.contents import FileRefused, NotAPackage, texts, zipped
from engine.editing.drafts import Draft
from engine.editing.editing import Locked, NotYours, OtherProcess, Unready, is_locked
from engine.errors import Conflict, InvalidModel, NotFound, SamledError
from engine.findings import Finding, Language
from engine.merging import Merged, NoSuchConflict, Side
from engine.packages import Package
from web.auth import actor
from web.context import engine, now
from web.i18n import language
from web.permissions import requires
from web.postponing import chosen_day
from web.processes import Choice, about, in_sentences
from web.questions import names
from web.remembered import the_calendar, the_version

blueprint = Blueprint("editing", __name__, url_prefix="/processes")


@blueprint.post("/<process_id>/drafts")
@requires("publish")
def begin(process_id: str) -> ResponseReturnValue:
    """A new draft on the version that new cases start on."""
    draft = engine().editing.open(process_id, actor(), principal=request.form.get("principal") or None)
    return redirect(url_for(".show", draft_id=draft.id), code=303)


@blueprint.get("/drafts")
@requires("publish")
def drafts() -> ResponseReturnValue:
    """Every draft that somebody works on."""
    found = engine().editing.drafts(by=actor())
    return render_template("editing/drafts.html", drafts=found, names=names(), state=_state, title=_title)


@blueprint.get("/drafts/<int:draft_id>")
@requires("publish")
def show(draft_id: int) -> ResponseReturnValue:
    """What differs, what the checks say, and what is said."""
    draft = engine().editing.draft(draft_id, actor())
    return _show(draft)


@blueprint.get("/drafts/<int:draft_id>/diagram")
@requires("publish")
def diagram(draft_id: int) -> ResponseReturnValue:
    """The draft as a drawing that can be changed."""
    return render_template("editing/diagram.html", **frame(engine().editing.draft(draft_id, actor()), "diagram"))


@blueprint.get("/drafts/<int:draft_id>/publish")
@requires("publish")
def ready(draft_id: int) -> ResponseReturnValue:
    """What stands between the draft and a version, with the scenarios played."""
    draft = engine().editing.draft(draft_id, actor())
    found = engine().editing.findings(draft_id, actor(), publish=True) if draft.state == "open" else []
    return _publish_page(draft, found, {})


@blueprint.post("/drafts/<int:draft_id>/publish")
@requires("publish")
def ask(draft_id: int) -> ResponseReturnValue:
    """Ask for it to be published."""
    draft, errors = engine().editing.draft(draft_id, actor()), {}
    reason, day = request.form.get("reason", "").strip(), request.form.get("day", "").strip()
    if not reason:
        errors["reason"] = [_("Say why. It stays on record.")]
    begins = _begins(day, errors)
    if errors:
        return _publish_page(draft, [], errors), 422
    try:
        asked = engine().editing.ask(draft_id, reason, actor(), begins=begins)
    except Unready as error:
        return _publish_page(draft, error.findings, {}), 422
    except Conflict as error:
        return _told(draft_id, error)
    except OtherProcess:
        return _another_id(draft_id)
    return _after(asked)


@blueprint.post("/drafts/<int:draft_id>/agree")
@requires("publish")
def agree(draft_id: int) -> ResponseReturnValue:
    """A second person agrees."""
    try:
        return _after(engine().editing.agree(draft_id, actor()))
    except NotYours:
        flash(_("You have asked for this yourself. Ask a second person to look at it and agree."), "warn")
    except Conflict as error:
        return _told(draft_id, error)
    except SamledError:
        flash(_("It cannot be published as it is, and is open again. Look at what the checks say."), "bad")
    return redirect(url_for(".show", draft_id=draft_id), code=303)


@blueprint.post('/drafts/<int:draft_id>/do/<any(undo, redo, discard, open, "take-over"):what>')
@requires("publish")
def change(draft_id: int, what: str) -> ResponseReturnValue:
    """Small things that are a button each."""
    editing = engine().editing
    try:
        match what:
            case "undo":
                editing.undo(draft_id, actor())
            case "redo":
                editing.redo(draft_id, actor())
            case "open":
                editing.send_back(draft_id, actor())
            case "take-over":
                editing.lock(draft_id, actor(), take_over=True)
            case _:
                editing.discard(draft_id, actor())
                flash(_("The draft is laid aside."), "good")
    except Conflict as error:
        return _told(draft_id, error)
    except NotFound:
        editing.draft(draft_id, actor())  # raises again where the draft itself is not there
        flash(_("There is nothing more to undo.") if what == "undo" else _("That was the last step."), "warn")
    return redirect(url_for(".show", draft_id=draft_id), code=303)


@blueprint.post("/drafts/<int:draft_id>/merge")
@requires("publish")
def merge(draft_id: int) -> ResponseReturnValue:
    """Take what was published meanwhile into the draft, each conflict chosen."""
    editing = engine().editing
    draft = editing.draft(draft_id, actor())
    try:
        found, seen = editing.with_newest(draft), editing.newest(draft)
    except InvalidModel:
        found = seen = None  # the page says that the draft cannot be read
    if found is None or seen is None or request.form.get("seen") != f"{seen.id}-{draft.revision}":
        return _told(draft_id, Conflict())
    take: dict[str, Side] = {}
    for number, conflict in enumerate(found.conflicts):
        if (side := request.form.get(f"take-{number}")) in ("ours", "theirs"):
            take[conflict.id] = cast("Side", side)
    try:
        editing.take_newest(draft_id, draft.revision, take, actor())
    except (Conflict, NoSuchConflict):
        flash(_("Choose in every conflict first."), "warn")
        return _show(draft, take), 422
    flash(_("The changes are in the draft."), "good")
    return redirect(url_for(".show", draft_id=draft_id), code=303)


@blueprint.post("/<process_id>/versions/<int:number>/back")
@requires("publish")
def go_back(process_id: str, number: int) -> ResponseReturnValue:
    """A draft with what an earlier version was."""
    reason = _("Back to version %(number)s", number=number)
    draft = engine().editing.go_back(process_id, number, reason, actor())
    told = _("This draft is version %(number)s as it was. Publish it to go back: new cases start on it.", number=number)
    flash(told, "good")
    return redirect(url_for(".ready", draft_id=draft.id), code=303)


@blueprint.get("/drafts/<int:draft_id>/package.zip")
@requires("publish")
def download(draft_id: int) -> ResponseReturnValue:
    """The draft's files as an archive."""
    draft = engine().editing.draft(draft_id, actor())
    return _file(zipped(draft.files), f"{draft.process_id}.zip")


@blueprint.get("/<process_id>/versions/<int:number>.zip")
@requires("publish")
def download_version(process_id: str, number: int) -> ResponseReturnValue:
    """A version's files as an archive."""
    found = next((one for one in engine().versions(process_id) if one.number == number), None)
    if found is None:
        raise NotFound
    return _file(zipped(texts(the_version(found.id).package)), f"{process_id}-{number}.zip")


@blueprint.get("/import")
@requires("publish")
def choose_file() -> ResponseReturnValue:
    """Choose a package or a model from one's own disk."""
    return render_template("editing/import.html", errors={})


@blueprint.post("/import")
@requires("publish")
def bring_in() -> ResponseReturnValue:
    """Make a draft of it."""
    errors = {}
    file = request.files.get("file")
    if file is None or not file.filename:
        errors["file"] = [_("Choose a file.")]
    else:
        try:
            draft = engine().editing.bring_in(file.filename, file.read(), actor())
            return redirect(url_for(".show", draft_id=draft.id), code=303)
        except NotAPackage:
            errors["file"] = [_("This is no process: choose a .zip of a process package, or a .bpmn file.")]
        except FileRefused:
            errors["file"] = [
                _("It holds a file that a process has no use for, or that is too large. Take that out, and try again.")
            ]
    return render_template("editing/import.html", errors=errors), 422


def frame(draft: Draft, tab: str) -> dict[str, Any]:
    """What `editing/draft.html` shows around each tab."""
    locked = is_locked(draft, actor(), now())
    return {
        "draft": draft,
        "tab": tab,
        "title": _title(draft),
        "state": _state(draft),
        "names": names(),
        "locked": locked,
        "may_edit": draft.state == "open" and not locked,
    }


def say_not_saved(draft: Draft, error: Conflict) -> None:
    """Why a save of a draft, as it is now, was not taken."""
    if isinstance(error, Locked):
        flash(_("Somebody else is changing this draft. Wait until they have saved, or take it over."), "warn")
    elif draft.state != "open":
        flash(_("This draft is no longer open to changes."), "warn")
    else:
        flash(
            _("Somebody has saved this draft meanwhile. What you wrote is still here: look at it, and save again."),
            "warn",
        )


def _show(draft: Draft, take: Mapping[str, Side] | None = None) -> str:
    editing = engine().editing
    base, package, merged, changes = editing.base(draft), None, None, None
    try:
        package = editing.package(draft)
        changes = in_sentences(base, package, differences(base, package)) if base else None
        merged = editing.with_newest(draft) if not draft.is_closed else None
        readable = True
    except InvalidModel:
        readable = False  # what was saved last broke it; it can be undone from this page
    newest = editing.newest(draft)
    return render_template(
        "editing/show.html",
        **frame(draft, "show"),
        readable=readable,
        changes=changes,
        comments=[one for one in editing.comments(draft.id, actor()) if one.resolved_at is None],
        newest=newest,
        seen=f"{newest.id}-{draft.revision}" if newest else "",
        is_behind=merged is not None,
        choices=_choices(merged, package, take or {}) if package else [],
    )


def _choices(merged: Merged | None, package: Package, take: Mapping[str, Side]) -> list[Choice]:
    shown = cast("Language", language())
    return [
        Choice(one, f"take-{number}", about(one, package, shown), take.get(one.id))
        for number, one in enumerate(merged.conflicts if merged else ())
    ]


def _publish_page(draft: Draft, found: list[Finding], errors: Mapping[str, list[str]]) -> str:
    shown = cast("Language", language())
    against = [one for one in found if one.severity != "warning"]
    return render_template(
        "editing/publish.html",
        **frame(draft, "publish"),
        against=[(one, " ".join(one.texts(shown))) for one in against],
        warnings=[(one, " ".join(one.texts(shown))) for one in found if one.severity == "warning"],
        errors=errors,
        typed=request.form,
        second_person=engine().editing.second_person,
        mine=draft.asked_by == actor().id,
    )


def _begins(day: str, errors: dict[str, list[str]]) -> datetime | None:
    if not day:
        return None
    chosen = chosen_day(day)
    if chosen is None or chosen <= now().date():
        errors["day"] = [_("Write a day to come, or leave it empty to publish at once.")]
        return None
    return the_calendar().instant(datetime.combine(chosen, time.min))


def _after(draft: Draft) -> ResponseReturnValue:
    if draft.state == "published":
        flash(_("Published. New cases start on it; cases that run stay on their version until you move them."), "good")
        return redirect(url_for("migrating.ahead", process_id=draft.process_id), code=303)
    if draft.approved_by is None:
        flash(_("Asked for. It is published when a second person has agreed."), "good")
    else:
        flash(_("Agreed. It is published on its day."), "good")
    return redirect(url_for(".show", draft_id=draft.id), code=303)


def _another_id(draft_id: int) -> ResponseReturnValue:
    told = _("The model has been given another id, so it would become another process. Change the id back first.")
    flash(told, "bad")
    return redirect(url_for(".show", draft_id=draft_id), code=303)


def _told(draft_id: int, error: Conflict) -> ResponseReturnValue:
    if isinstance(error, Locked):
        flash(_("Somebody else is changing this draft. Wait until they have saved, or take it over."), "warn")
    else:
        flash(_("The draft or its process was changed meanwhile. This is how it is now."), "warn")
    return redirect(url_for(".show", draft_id=draft_id), code=303)


def _state(draft: Draft) -> tuple[str, str]:
    """A chip: its kind and its words."""
    if draft.state == "in-review":
        agreed = draft.approved_by is not None
        return ("soon", _("Agreed, waits for its day")) if agreed else ("waiting", _("Waits for a second person"))
    return {
        "open": ("", _("Being changed")),
        "published": ("done", _("Published")),
        "discarded": ("stopped", _("Laid aside")),
    }[draft.state]


def _title(draft: Draft) -> str:
    newest = engine().editing.newest(draft)
    return newest.title if newest else draft.process_id


def _file(content: bytes, name: str) -> Response:
    response = Response(content, mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
