"""What the editor in the browser asks for and sends: the files of a draft, findings, comments. JSON, one object each.

An answer that is not as hoped has `error`, in words for the person.
"""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Flask, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest

from engine.editing.contents import FileRefused
from engine.editing.drafts import Draft
from engine.editing.editing import Locked, is_locked
from engine.errors import Conflict, NotFound, SamledError
from engine.findings import Finding, Language
from engine.layout import lay_out
from web.auth import actor
from web.context import engine, now
from web.i18n import language
from web.permissions import requires
from web.questions import names

blueprint = Blueprint("editing_json", __name__, url_prefix="/processes/drafts/<int:draft_id>")

#: Characters of a comment.
COMMENT_LIMIT = 2000


@blueprint.get("/files")
@requires("publish")
def files(draft_id: int) -> ResponseReturnValue:
    """The files as they are saved."""
    return jsonify(_state(engine().editing.draft(draft_id, actor())))


@blueprint.put("/files")
@requires("publish")
def save(draft_id: int) -> ResponseReturnValue:
    """Write some of them."""
    body = _body()
    changes, revision = body.get("files"), body.get("revision")
    if not isinstance(changes, dict) or not isinstance(revision, int) or isinstance(revision, bool):
        raise BadRequest
    if not all(isinstance(text, str | None) for text in changes.values()):
        raise BadRequest
    try:
        saved = engine().editing.save(draft_id, changes, revision, actor())
    except FileRefused as error:
        return jsonify(error=str(error)), 422
    except Conflict as error:
        return _refused(draft_id, error)
    return jsonify(revision=saved.revision)


@blueprint.post("/findings")
@requires("publish")
def findings(draft_id: int) -> ResponseReturnValue:
    """What the checks say."""
    return jsonify(findings=[_finding(one) for one in engine().editing.findings(draft_id, actor())])


@blueprint.post("/<any(undo, redo):what>")
@requires("publish")
def go(draft_id: int, what: str) -> ResponseReturnValue:
    """Take a save back, or make it again."""
    editing = engine().editing
    try:
        draft = (editing.undo if what == "undo" else editing.redo)(draft_id, actor())
    except NotFound:
        editing.draft(draft_id, actor())  # raises again where the draft itself is not there
        return jsonify(
            error=_("There is nothing more to undo.") if what == "undo" else _("That was the last step.")
        ), 422
    except Conflict as error:
        return _refused(draft_id, error)
    return jsonify(_state(draft))


@blueprint.post('/<any(lock, "take-over", unlock):what>')
@requires("publish")
def lock(draft_id: int, what: str) -> ResponseReturnValue:
    """Say that one is at work on it, or done."""
    try:
        if what == "unlock":
            engine().editing.unlock(draft_id, actor())
        else:
            engine().editing.lock(draft_id, actor(), take_over=what == "take-over")
    except Conflict as error:
        return _refused(draft_id, error)
    return jsonify(_state(engine().editing.draft(draft_id, actor())))


@blueprint.get("/comments")
@requires("publish")
def comments(draft_id: int) -> ResponseReturnValue:
    """What is said, oldest first."""
    people = names()
    said = [
        {
            "id": one.id,
            "element_id": one.element_id,
            "text": one.text,
            "who": people.person(one.by) if one.by else "",
            "when": one.at.isoformat(),
            "resolved": one.resolved_at is not None,
        }
        for one in engine().editing.comments(draft_id, actor())
    ]
    return jsonify(comments=said)


@blueprint.post("/comments")
@requires("publish")
def comment(draft_id: int) -> ResponseReturnValue:
    """Say something about an element, or settle what was said."""
    body = _body()
    if body.get("resolved") is True and isinstance(body.get("id"), int):
        engine().editing.settle(draft_id, body["id"], actor())
        return jsonify({})
    text, element_id = body.get("text"), body.get("element_id", "")
    if not isinstance(text, str) or not text.strip() or len(text) > COMMENT_LIMIT:
        raise BadRequest
    if not isinstance(element_id, str) or len(element_id) > 200:
        raise BadRequest
    engine().editing.comment(draft_id, element_id, text.strip(), actor())
    return jsonify({}), 201


@blueprint.post("/layout")
@requires("publish")
def layout(draft_id: int) -> ResponseReturnValue:
    """A model with its diagram drawn anew; nothing is saved by it."""
    engine().editing.draft(draft_id, actor())
    xml = _body().get("xml")
    if not isinstance(xml, str):
        raise BadRequest
    try:
        drawn = lay_out(xml.encode(), "model.bpmn", anew=True)
    except SamledError:
        return jsonify(error=_("This model cannot be laid out as it is. Mend what the checks say first.")), 422
    return jsonify(xml=drawn.content.decode())


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BadRequest
    return body


def _state(draft: Draft) -> dict[str, Any]:
    locked = is_locked(draft, actor(), now())
    return {
        "revision": draft.revision,
        "files": dict(draft.files),
        "lock": names().person(draft.locked_by) if locked and draft.locked_by else None,
        "may": {"edit": draft.state == "open" and not locked},
    }


def _refused(draft_id: int, error: Conflict) -> ResponseReturnValue:
    draft, people = engine().editing.draft(draft_id, actor()), names()
    if isinstance(error, Locked):
        who = people.person(draft.locked_by) if draft.locked_by else ""
        return jsonify(error=_("%(who)s is changing this draft.", who=who), locked_by=who), 409
    who = people.person(draft.saved_by) if draft.saved_by else ""
    told = _("This draft was changed meanwhile. What you wrote is kept in this browser.")
    return jsonify(error=told, saved_by=who, saved_at=draft.saved_at.isoformat()), 409


def _finding(one: Finding) -> dict[str, Any]:
    message, remedy = one.texts(cast("Language", language()))
    return {**one.as_dict(), "message": message, "remedy": remedy}


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
