"""My tasks: what must I do first today? Mine and my units', what is due first on top."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from engine.directory import Person
from engine.errors import Conflict, Forbidden, NotFound
from engine.tasks import Task
from web.auth import actor, demand, local_path, person
from web.context import directory, engine, now
from web.i18n import zone
from web.permissions import SIGNED_IN, requires
from web.questions import names
from web.remembered import the_units
from web.teams import my_teams
from web.texts import process_text

blueprint = Blueprint("inbox", __name__)

#: Tasks a page: enough for a day, and light on a telephone.
PAGE_SIZE = 50
OVERDUE, TODAY, WEEK, LATER, UNDATED = "overdue", "today", "week", "later", "undated"


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to, as it stands in the address: ids and a search among cases and units."""

    whose: str = ""
    process: str = ""
    unit: str = ""
    due: str = ""
    text: str = ""

    @classmethod
    def of_request(cls) -> Filters:
        """What the address says; what it makes no sense of, it leaves out."""
        given = {name: request.args.get(name, "").strip()[:100] for name in ("whose", "process", "unit", "due")}
        if given["unit"] not in actor().units:
            given["unit"] = ""
        return cls(**given, text=request.args.get("q", "").strip()[:100])

    def query(self, moment: datetime) -> dict[str, Any]:
        """As keyword arguments of `engine.tasks`."""
        wanted = {
            "assignee": actor().id if self.whose == "mine" else None,
            "process": self.process,
            "unit": self.unit,
            "text": self.text,
            "due_before": self._due_before(moment),
        }
        return {name: value for name, value in wanted.items() if value}

    def _due_before(self, moment: datetime) -> datetime | None:
        return {OVERDUE: moment, TODAY: end_of_day(moment), WEEK: end_of_day(moment, 6)}.get(self.due)

    def address(self, **changed: str | None) -> str:
        """This list with something changed; from its beginning."""
        values = {
            "whose": self.whose,
            "process": self.process,
            "unit": self.unit,
            "due": self.due,
            "q": self.text,
            **changed,
        }
        return url_for("inbox.show", **{name: value for name, value in values.items() if value})

    @property
    def narrowed(self) -> bool:
        """Whether anything but whose tasks they are narrows the list."""
        return bool(self.process or self.unit or self.due or self.text)


def holder(task: Task) -> str:
    """Who has the task: you, a colleague, or the units that hold it."""
    if task.assignee == actor().id:
        return _("You")
    if task.assignee:
        return names().person(task.assignee)
    return ", ".join(map(names().unit, task.units)) or _("Anybody")


def end_of_day(moment: datetime, days: int = 0) -> datetime:
    """Midnight after the day of `moment`, or after that many days more, where the organisation is."""
    day = moment.astimezone(zone()).date() + timedelta(days=days + 1)
    return datetime.combine(day, time.min, zone())


def section_of(task: Task, moment: datetime) -> str:
    """The part of the list a task stands in."""
    if task.due_at is None:
        return UNDATED
    if task.due_at <= moment:
        return OVERDUE
    if task.due_at < end_of_day(moment):
        return TODAY
    return WEEK if task.due_at < end_of_day(moment, 6) else LATER


def in_sections(tasks: Sequence[Task], moment: datetime) -> Iterator[tuple[str, str, list[Task]]]:
    """Key, heading and tasks of each part. The list is sorted by due date, so each part is in one piece."""
    headings = {
        OVERDUE: _("Overdue"),
        TODAY: _("Today"),
        WEEK: _("The coming week"),
        LATER: _("Later"),
        UNDATED: _("Without a date"),
    }
    for key, group in groupby(tasks, lambda task: section_of(task, moment)):
        yield key, headings[key], list(group)


def first_words(tasks: Sequence[Task], moment: datetime, more: bool) -> str:
    """The answer to: what must I do first today? For the beginning of an unfiltered list."""
    late = sum(section_of(task, moment) == OVERDUE for task in tasks)
    today = sum(section_of(task, moment) == TODAY for task in tasks)
    if more and late == len(tasks):
        return _("More than %(num)d tasks are overdue. Begin at the top.", num=late)
    parts = []
    if late:
        parts.append(ngettext("%(num)d task is overdue", "%(num)d tasks are overdue", late))
    if today:
        parts.append(ngettext("%(num)d is due today", "%(num)d are due today", today))
    if parts:
        return _("%(what)s. Begin at the top.", what=_(" and ").join(parts))
    return _("Nothing is overdue and nothing is due today.") if tasks else ""


@blueprint.get("/")
@requires(SIGNED_IN)  # engine.tasks(by=) gives what the person holds and nothing else
def show() -> ResponseReturnValue:
    filters, moment = Filters.of_request(), now()
    cursor = request.args.get("after") or None
    tasks = engine().tasks(by=actor(), cursor=cursor, limit=PAGE_SIZE, **filters.query(moment))
    processes = {
        version.process_id: process_text(version.title, version.process_id) for version in engine().processes()
    }
    return render_template(
        "inbox/inbox.html",
        filters=filters,
        sections=list(in_sections(tasks, moment)),
        first=first_words(tasks, moment, bool(tasks.next)) if not (cursor or filters.narrowed) else "",
        names=names(),
        holder=holder,
        my_units=[(unit, names().unit(unit)) for unit in actor().units],
        processes=processes,
        next_url=filters.address(after=tasks.next) if tasks.next else None,
        previous_url=filters.address(after=tasks.previous) if tasks.previous else None,
        first_url=filters.address() if cursor else None,
        teams=my_teams(),
        with_statistics=[(unit, names().unit(unit)) for unit in actor().units if unit in the_units()],
        me=actor().id,
        any_to_take=any(task.assignee in (None, actor().id) for task in tasks),
    )


def _task_name(task: Task) -> str:
    return process_text(task.name, task.process_id)


def _back() -> ResponseReturnValue:
    return redirect(local_path(request.form.get("next")) or url_for("inbox.show"), code=303)


@blueprint.post("/tasks/<int:task_id>/take")
@requires("take-task")
def take(task_id: int) -> ResponseReturnValue:
    try:
        task = engine().claim(task_id, by=actor())
    except Conflict:
        flash(_taken_by(task_id), "warn")
    else:
        flash(_("You have taken “%(name)s”.", name=_task_name(task)), "good")
    return _back()


def _taken_by(task_id: int) -> str:
    try:
        taker = engine().task(task_id, by=actor()).assignee
    except (NotFound, Forbidden, Conflict):
        return _("The task is done already.")
    return _("%(name)s has taken it already. Ask them to hand it on.", name=names().person(taker))


@blueprint.post("/tasks/<int:task_id>/release")
@requires("release-task")
def release(task_id: int) -> ResponseReturnValue:
    task = engine().release(task_id, by=actor())
    flash(_("You have let go of “%(name)s”. Anybody at the unit may take it.", name=_task_name(task)), "good")
    return _back()


def colleagues(task: Task) -> list[tuple[str, list[Person]]]:
    """Whom the task may be handed to: the people of the units that hold it, by unit."""
    found = []
    for unit in task.units:
        people = [
            someone for someone in directory().people(unit=unit) if someone.active and someone.id != task.assignee
        ]
        if people:
            found.append((unit, people))
    return found


def _hand_over_page(task: Task, errors: dict[str, list[str]]) -> str:
    return render_template(
        "inbox/hand_over.html",
        task=task,
        colleagues=colleagues(task),
        names=names(),
        holder=holder(task),
        errors=errors,
    )


@blueprint.get("/tasks/<int:task_id>/hand-over")
@requires("assign-task")
def choose_colleague(task_id: int) -> ResponseReturnValue:
    task = engine().task(task_id, by=actor())
    demand("assign-task", task)
    return _hand_over_page(task, {})


@blueprint.post("/tasks/<int:task_id>/hand-over")
@requires("assign-task")
def hand_over(task_id: int) -> ResponseReturnValue:
    """Give the task to a colleague at one of the units that hold it."""
    task = engine().task(task_id, by=actor())
    demand("assign-task", task)
    allowed = {someone.id: someone for _unit, people in colleagues(task) for someone in people}
    chosen = allowed.get(request.form.get("person", ""))
    if chosen is None:
        return _hand_over_page(task, {"person": [_("Choose who is to have the task.")]}), 422
    engine().assign(task_id, chosen.id, by=actor())
    name = _("you") if chosen.id == person().id else chosen.name
    flash(_("“%(task)s” is now with %(name)s.", task=_task_name(task), name=name), "good")
    return _back()


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
