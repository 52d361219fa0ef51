"""A task: what is asked of me, by when, and what comes after.

Life of an answer: typed → kept as a draft while it is typed → completed → a receipt that says what happens next and
who has it. Whatever goes wrong on the way (an error, a colleague who was first, a step that is no longer needed), what
was typed is shown again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.caching import Published
from engine.commands.look import TaskDetail
from engine.commands.review import Answered
from engine.errors import Conflict, InvalidAnswers, NotFound
from forms.answers import Answer
from forms.view import FormView
from web import attachments
from web.auth import actor, typed
from web.context import engine, now
from web.i18n import date_time
from web.permissions import requires
from web.questions import Errors, Questions, in_words, lookups, merged, names
from web.remembered import the_calendar, the_version
from web.standing import Line, known_parts, standing, subject_name, waits_in_words
from web.texts import form_of
from web.wording import Names, consequences, due_text, holder, long_day, sentence_of, told_already

blueprint = Blueprint("tasks", __name__)

#: The same answers again within this time are a second press of the button, not a second thought.
TWICE = timedelta(minutes=30)


@dataclass(frozen=True)
class Holder:
    """Who has the task, and what the reader may do about it."""

    text: str
    #: The colleague who has taken it, if it is somebody else.
    other: str
    can_take: bool
    can_release: bool


@dataclass(frozen=True)
class Receipt:
    """What follows from an answer."""

    name: str
    case_id: str
    text: str
    #: The same answers were sent twice.
    again: bool
    closed: bool
    #: Open tasks that this answer led to; else all that are open.
    following: Sequence[Line]
    others: Sequence[Line]
    waits: Sequence[str]


@blueprint.get("/tasks/<int:task_id>")
@requires("read-task")
def show(task_id: int) -> ResponseReturnValue:
    try:
        task = engine().task(task_id, by=actor())
    except NotFound:
        return _done_page(task_id, None)
    late = typed()
    if late is not None and task.form is not None:
        return _page(task, task.form.read_post(late))
    return _page(task, task.draft)


@blueprint.post("/tasks/<int:task_id>")
@requires("complete-task")
def answer(task_id: int) -> ResponseReturnValue:
    try:
        task = engine().task(task_id, by=actor())
    except NotFound:
        return _done_page(task_id, request.form)
    if task.form is None:
        return _complete(task, {}, {})
    uploads = attachments.store(task, task.form, request.files)
    raw = task.form.read_post(request.form, uploads.references)
    if change := task.form.change_rows(request.form, raw):
        engine().save_draft(task_id, change.raw, by=actor())
        return _page(task, change.raw, focus=change.focus)
    if request.form.get("_do") != "complete":
        return _keep(task, raw, uploads.errors)
    errors = merged(uploads.errors, _questions(task).problems(raw), _foreign(task, raw))
    if errors:
        engine().save_draft(task_id, raw, by=actor())
        return _page(task, raw, errors), 422
    return _complete(task, {task.form.id: raw}, raw)


def _complete(task: TaskDetail, answers: Mapping[str, Any], raw: Mapping[str, Any]) -> ResponseReturnValue:
    try:
        engine().complete(task.id, answers, by=actor())
    except InvalidAnswers as invalid:
        return _page(task, raw, invalid.errors), 422
    except (Conflict, NotFound):
        return _done_page(task.id, request.form)
    try:
        engine().completed(task.id, by=None if actor().is_system else actor())
    except NotFound:
        # The answer ended this unit's part in the case: the receipt would show a case that is not theirs any more.
        flash(_("Done: %(task)s. Your unit's part in the case is over.", task=task.name), "good")
        return redirect(url_for("inbox.show"), code=303)
    return redirect(url_for("tasks.receipt", task_id=task.id), code=303)


def _keep(task: TaskDetail, raw: Mapping[str, Any], errors: Errors) -> ResponseReturnValue:
    """A draft by the button, or the page again because something needs to be shown anew."""
    engine().save_draft(task.id, raw, by=actor())
    if errors or request.form.get("_do") != "draft":
        return _page(task, raw, errors), 422 if errors else 200
    flash(_("The draft is saved. Only you see it; go on whenever you like."), "good")
    return redirect(url_for("tasks.show", task_id=task.id), code=303)


@blueprint.post("/tasks/<int:task_id>/draft")
@requires("complete-task")
def save_draft(task_id: int) -> ResponseReturnValue:
    """Where the page's script sends what has been typed so far."""
    task = engine().task(task_id, by=actor())
    if task.form is not None:
        engine().save_draft(task_id, task.form.read_post(request.form), by=actor())
    return jsonify(saved=True)


@blueprint.get("/tasks/<int:task_id>/done")
@requires("read-case")
def receipt(task_id: int) -> ResponseReturnValue:
    """What happens next, and who has it now."""
    done = engine().completed(task_id, by=actor())
    case = engine().case(done.case_id)
    called = names(the_version(case.version_id))
    tasks = engine().tasks(case=done.case_id)
    following = [task for task in tasks if task.created_at == done.at]
    others = [task for task in tasks if task.created_at != done.at]
    told = Receipt(
        name=called.text(done.name or ""),
        case_id=done.case_id,
        text=_by_whom(done, called),
        again="again" in request.args,
        closed=case.closed_at is not None,
        following=standing(following, case, called),
        others=standing(others, case, called),
        waits=waits_in_words(case, called),
    )
    return render_template("tasks/receipt.html", receipt=told)


def _page(task: TaskDetail, raw: Mapping[str, Any] | None, errors: Errors | None = None, focus: str = "") -> str:
    case = engine().case(task.case_id)
    called = names(the_version(case.version_id))
    moment, calendar = now(), the_calendar()
    view: FormView | None = _questions(task).view(raw, errors, focus) if task.form else None
    return render_template(
        "tasks/task.html",
        task=task,
        about=subject_name(case, the_version(case.version_id).package),
        names=called,
        view=view,
        changes=task.form is not None and task.form.is_dynamic,
        due=due_text(task.due_at, moment, calendar),
        consequences=consequences(task.ladder, task.escalate, moment, called),
        told=told_already(task.ladder, task.escalate, moment, called),
        asked=_asked(task, called),
        holder=_holder(task, called),
        known=known_parts(case, called, but=task.form.id if task.form else None),
        has_draft=task.draft is not None and raw is task.draft,
    )


def _questions(task: TaskDetail) -> Questions:
    form, evaluate = task.form, task.evaluate
    if form is None or evaluate is None:
        raise ValueError(f"task {task.id} has no form")
    return Questions(form_of(_published(task.case_id), form), evaluate, task.known, lookups(task.case_id))


def _asked(task: TaskDetail, called: Names) -> str:
    """Out of which step, and by whom, the task came."""
    asked = engine().asked(task)
    if asked is None:
        return ""
    what = sentence_of(asked.kind, asked.name, called)
    if asked.actor is None:
        return f"{what} {long_day(asked.at)}."
    return _(
        "%(what)s By %(who)s, %(day)s.", what=what, who=called.who(asked.actor, asked.unit), day=long_day(asked.at)
    )


def _holder(task: TaskDetail, called: Names) -> Holder:
    mine = task.assignee == actor().id
    text = _("You have taken it.") if mine else holder(task.assignee, task.units, task.groups, called)
    other = called.person(task.assignee) if task.assignee and not mine else ""
    return Holder(text, other, can_take=task.assignee is None, can_release=mine)


def _foreign(task: TaskDetail, raw: Mapping[str, Any]) -> Errors:
    """Refuses references to files that somebody made up: a file of an answer is a file of this case."""
    if task.form is not None and attachments.made_up(task.form, raw, task.case_id):
        return {"": [_("Choose the files again: one of them does not belong to this case.")]}
    return {}


def _published(case_id: str) -> Published:
    return the_version(engine().case(case_id).version_id)


def _done_page(task_id: int, posted: Mapping[str, str] | None) -> ResponseReturnValue:
    """The task is not open for this person. If it is done and they may know, who was first; what they typed, always."""
    try:
        done = engine().completed(task_id, by=actor())
    except NotFound:
        if posted is None or not (lines := _typed_lines(posted)):
            raise
        return render_template("tasks/gone.html", lines=lines), 404
    if posted is not None and _same_again(done, posted):
        return redirect(url_for("tasks.receipt", task_id=task_id, again=1), code=303)
    mine = done.form.read_post(posted) if done.form is not None and posted is not None else None
    page = render_template(
        "tasks/too_late.html",
        done=done,
        name=names(_published(done.case_id)).text(done.name or ""),
        text=_by_whom(done, names()),
        answers=_in_words(done, done.answers.get(done.form.id, {}) if done.form else {}),
        typed=_in_words(done, mine) if mine else [],
    )
    return page, 409 if posted is not None else 200


def _same_again(done: Answered, posted: Mapping[str, str]) -> bool:
    """The button was pressed twice: the same person, the same answers, just now."""
    if done.actor != actor().id or now() - done.at > TWICE:
        return False
    if done.form is None:
        return True
    raw = done.form.read_post(posted)
    questions = Questions(done.form, done.evaluate, done.data, lookups(done.case_id))
    return not questions.problems(raw) and questions.cleaned(raw) == done.answers.get(done.form.id)


def _in_words(done: Answered, data: Mapping[str, Any] | None) -> list[Answer]:
    return in_words(_published(done.case_id), done.form, data) if done.form is not None and data else []


def _typed_lines(posted: Mapping[str, str]) -> list[str]:
    return [value for name, value in posted.items() if not name.startswith(("_", "csrf")) and value.strip()]


def _by_whom(done: Answered, called: Names) -> str:
    if done.actor == actor().id:
        return _("You did this on %(moment)s.", moment=date_time(done.at))
    return _("%(who)s did this on %(moment)s.", who=called.who(done.actor, done.unit), moment=date_time(done.at))


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
