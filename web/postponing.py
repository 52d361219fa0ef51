"""A task's date: move it, or have the next reminder wait. Staff meet it when a date cannot be kept, for a reason."""

from __future__ import annotations

from datetime import date, datetime, time

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.commands.postpone import ComesLaterAnyway, NoDate, NoReason, SnoozedEnough, TooFar
from engine.tasks import Task
from web.auth import actor
from web.context import engine
from web.i18n import date_time
from web.permissions import requires
from web.questions import names
from web.remembered import the_calendar

blueprint = Blueprint("postponing", __name__)
#: The hour at which a date that people choose ends.
END_OF_DAY = time(16, 0)


def chosen_day(text: str) -> date | None:
    """A date as a browser's date field sends it; None for anything else."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


@blueprint.get("/tasks/<int:task_id>/date")
@requires("move-deadline")
def show(task_id: int) -> ResponseReturnValue:
    return _page(_task(task_id), {})


@blueprint.post("/tasks/<int:task_id>/date")
@requires("move-deadline")
def move(task_id: int) -> ResponseReturnValue:
    """Give the task another date."""
    task = _task(task_id)
    errors = _missing("move")
    if not errors:
        try:
            due_at = _moment("move-date")
            engine().move_deadline(task_id, due_at, request.form["move-reason"], by=actor())
        except TooFar:
            errors["move-date"] = [_("Choose a date ahead, at most half a year away.")]
        except NoDate:
            errors["move-date"] = [_("This task has no date in its process. Ask the process owner to give it one.")]
        else:
            flash(_("The date is moved to %(moment)s.", moment=date_time(due_at)), "good")
            return redirect(url_for("tasks.show", task_id=task_id), code=303)
    return _page(task, errors), 422


@blueprint.post("/tasks/<int:task_id>/snooze")
@requires("move-deadline")
def snooze(task_id: int) -> ResponseReturnValue:
    """Have the next reminder wait."""
    task = _task(task_id)
    errors = _missing("wait")
    if not errors:
        try:
            until = _moment("wait-date")
            engine().snooze(task_id, until, request.form["wait-reason"], by=actor())
        except SnoozedEnough:
            errors["wait-date"] = [
                _("A reminder waits at most five working days at a time, and twice. Move the date instead.")
            ]
        except ComesLaterAnyway:
            errors["wait-date"] = [_("The next reminder comes no sooner than that. Leave it, or choose a later date.")]
        else:
            flash(_("The next reminder waits until %(moment)s.", moment=date_time(until)), "good")
            return redirect(url_for("tasks.show", task_id=task_id), code=303)
    return _page(task, errors), 422


def _task(task_id: int) -> Task:
    return engine().task_to_move(task_id, by=actor())


def _missing(which: str) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if chosen_day(request.form.get(f"{which}-date", "")) is None:
        errors[f"{which}-date"] = [_("Enter a date, such as 2027-03-27.")]
    if not request.form.get(f"{which}-reason", "").strip():
        errors[f"{which}-reason"] = [_("Say why. Whoever follows the case reads it.")]
    return errors


def _moment(field: str) -> datetime:
    day = chosen_day(request.form[field])
    if day is None:
        raise NoReason  # _missing has looked
    return the_calendar().instant(datetime.combine(day, END_OF_DAY))


def _page(task: Task, errors: dict[str, list[str]]) -> str:
    return render_template("tasks/date.html", task=task, errors=errors, names=names(), typed=request.form)


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
