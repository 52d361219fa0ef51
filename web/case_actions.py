"""What people do to a case besides its tasks: correct an answer, record what has happened, close it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.access import AnswersAccess, may
from engine.caching import Published
from engine.cases import Case
from engine.commands.review import Answered
from engine.errors import Conflict, InvalidAnswers, NotFound
from web import diagram, once
from web.auth import actor, demand
from web.context import engine
from web.permissions import requires
from web.questions import Errors, Questions, lookups, merged, names, no_files
from web.remembered import the_version
from web.standing import Occasion, occasions
from web.texts import form_of

blueprint = Blueprint("case_actions", __name__)


def _to_case(number: str) -> ResponseReturnValue:
    return redirect(url_for("cases.show", number=number), code=303)


# Correct


@blueprint.get("/cases/<number>/answers/<int:entry_id>")
@requires("correct-answers")
def correct(number: str, entry_id: int) -> ResponseReturnValue:
    return _correct_page(_correctable(number, entry_id), None)


@blueprint.post("/cases/<number>/answers/<int:entry_id>")
@requires("correct-answers")
def corrected(number: str, entry_id: int) -> ResponseReturnValue:
    given = _correctable(number, entry_id)
    questions = _questions(given)
    raw = questions.form.read_post(request.form)
    if change := questions.form.change_rows(request.form, raw):
        return _correct_page(given, change.raw, focus=change.focus)
    if request.form.get("_do") != "correct":
        return _correct_page(given, raw)
    reason = request.form.get("_reason", "").strip()
    refused = no_files(_("A file cannot be attached when answers are corrected. Describe it in the reason instead."))
    errors = merged(questions.problems(raw), refused)
    if errors or not reason:
        return _correct_page(given, raw, errors, asked_reason=True), 422
    try:
        engine().correct(number, entry_id, {questions.form.id: raw}, reason, by=actor())
    except InvalidAnswers as invalid:
        return _correct_page(given, raw, invalid.errors), 422
    except Conflict:
        flash(_("These answers have been changed by somebody else meanwhile. Nothing of yours was saved."), "warn")
        return _correct_page(_correctable(number, entry_id), raw), 409
    flash(_("The answers are corrected. The old ones stay in the history."), "good")
    return _to_case(number)


def _correctable(number: str, entry_id: int) -> Answered:
    given = engine().answered(number, entry_id, by=actor())
    demand("correct-answers", AnswersAccess(given.owner, given.unit))
    if given.form is None:
        raise NotFound
    if not engine().case(number).is_open:
        raise Conflict(changes=[_("The case is closed.")])
    return given


def _questions(given: Answered) -> Questions:
    if given.form is None:
        raise NotFound
    form = form_of(_published(given.case_id), given.form)
    return Questions(form, given.evaluate, given.data, lookups(given.case_id))


def _published(number: str) -> Published:
    return the_version(engine().case(number).version_id)


def _correct_page(
    given: Answered,
    raw: Mapping[str, Any] | None,
    errors: Errors | None = None,
    *,
    asked_reason: bool = False,
    focus: str = "",
) -> str:
    questions, called = _questions(given), names(_published(given.case_id))
    if raw is None:
        raw = questions.form.prefill(given.answers)
    reason = request.form.get("_reason", "")
    missing = [_("Write why the answers are corrected. It stays in the history.")]
    return render_template(
        "cases/correct.html",
        number=given.case_id,
        name=called.text(given.name or "") or _("How it began"),
        who=called.who(given.actor, given.unit),
        at=given.at,
        view=questions.view(raw, errors, focus),
        changes=questions.form.is_dynamic,
        reason=reason,
        reason_errors=missing if asked_reason and not reason.strip() else [],
    )


# Record


@blueprint.get("/cases/<number>/record/<element_id>")
@requires("read-case")
def record(number: str, element_id: str) -> ResponseReturnValue:
    case = engine().case(number, by=actor())
    return render_template("cases/record.html", number=number, event=_occasion(case, element_id), once=once.mark())


@blueprint.post("/cases/<number>/record/<element_id>")
@requires("read-case")
def recorded(number: str, element_id: str) -> ResponseReturnValue:
    """Tell the process that it has happened, then straight on to the task that follows, if it is this person's."""
    case = engine().case(number, by=actor())
    if known := once.led_to():
        return redirect(known, code=303)
    occasion = _occasion(case, element_id)
    before = {task.id for task in engine().tasks(case=number)}
    if not engine().send(occasion.message, occasion.key, by=actor()):
        raise Conflict(changes=[_("It has been recorded already.")])
    flash(_("It is recorded: %(what)s.", what=occasion.name), "good")
    mine = (
        task for task in engine().tasks(case=number) if task.id not in before and may(actor(), "complete-task", task)
    )
    following = next(mine, None)
    where = url_for("tasks.show", task_id=following.id) if following else url_for("cases.show", number=number)
    once.remember(where)
    return redirect(where, code=303)


def _occasion(case: Case, element_id: str) -> Occasion:
    """Raises NotFound for what the case does not listen for now: it may have been recorded already."""
    published = the_version(case.version_id)
    drawing = diagram.drawing_of(published.package, case.process_id)
    for occasion in occasions(case, drawing.occasions, names(published)):
        if occasion.element_id == element_id:
            return occasion
    raise NotFound


# Try again what stopped


@blueprint.post("/cases/<number>/retry")
@requires("correct-answers")
def retry(number: str) -> ResponseReturnValue:
    """Let a process that could not go on try once more, when what was wrong has been mended."""
    engine().retry_incident(number, by=actor())
    if engine().case(number).incidents:
        flash(_("The process still cannot go on. Tell the process owner."), "warn")
    else:
        flash(_("The process goes on."), "good")
    return _to_case(number)


# Close


@blueprint.get("/cases/<number>/close")
@requires("close-case")
def close(number: str) -> ResponseReturnValue:
    return _close_page(_closable(number), {})


@blueprint.post("/cases/<number>/close")
@requires("close-case")
def closed(number: str) -> ResponseReturnValue:
    case = _closable(number)
    reason = request.form.get("reason", "").strip()
    if not reason:
        text = _("Write why the case is closed, such as: opened twice.")
        return _close_page(case, {"reason": [text]}), 422
    engine().close_case(number, reason, by=actor())
    flash(_("The case is closed."), "good")
    return _to_case(number)


def _closable(number: str) -> Case:
    case = engine().case(number, by=actor())
    demand("close-case", case)
    if not case.is_open:
        raise Conflict(changes=[_("The case is closed already.")])
    return case


def _close_page(case: Case, errors: Mapping[str, list[str]]) -> str:
    called = names(the_version(case.version_id))
    open_tasks = [called.text(task.name) for task in engine().tasks(case=case.id)]
    return render_template(
        "cases/close.html", number=case.id, open_tasks=open_tasks, errors=errors, reason=request.form.get("reason", "")
    )


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
