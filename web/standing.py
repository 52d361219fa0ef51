"""Where a case stands: what waits, at whom, until when, what happens otherwise, and what is known so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from engine.access import may
from engine.caching import Published
from engine.cases import Case
from engine.deadlines import DUE, ESCALATE, REMIND, STOPPED, TIMER, Deadline
from engine.errors import NotFound
from engine.packages import Package
from engine.subscriptions import MESSAGE
from engine.tasks import Task
from forms import Form
from forms.answers import Answer
from web.auth import actor
from web.context import engine, now
from web.i18n import day
from web.questions import in_words
from web.remembered import the_calendar, the_school_years, the_units, the_version
from web.wording import DueText, Names, due_text, holder, long_day, otherwise

#: Lines on a page; a case with more open tasks than this is read in the task lists.
MOST = 40
CATCHING = ("intermediateCatchEvent", "receiveTask")


@dataclass(frozen=True)
class Line:
    """One open task, in words."""

    name: str
    who: str
    due: DueText
    #: Who hears of it if it is not done in time.
    otherwise: str
    #: The task's page, for those who hold it.
    url: str
    #: That the school is closed, now or on the date.
    closed: str = ""


@dataclass(frozen=True)
class Known:
    """What one form was answered with."""

    title: str
    #: One list of answers, or one for each unit that answered.
    answers: Sequence[Sequence[Answer]]


def standing(tasks: Iterable[Task], case: Case, names: Names) -> list[Line]:
    """The open tasks, the most pressing first."""
    moment, calendar = now(), the_calendar()
    deadlines = the_version(case.version_id).deadlines
    lines = []
    for task in list(tasks)[:MOST]:
        setting = deadlines.get(task.deadline_name or "")
        name = names.text(task.name) + (f" – {names.label(task.label)}" if task.label else "")
        who = holder(task.assignee, task.units, task.groups, names)
        url = url_for("tasks.show", task_id=task.id) if may(actor(), "read-task", task) else ""
        told = otherwise(setting.escalate if setting else (), names)
        lines.append(Line(name, who, due_text(task.due_at, moment, calendar), told, url, _closed(task, moment, names)))
    return lines


def _closed(task: Task, moment: datetime, names: Names) -> str:
    """Of a task that waits for a school between terms: nobody sees it before school begins."""
    units = [the_units().get(unit) for unit in task.units]
    for at in filter(None, (moment, task.due_at)):
        found = the_school_years().shared_break(units, the_calendar().local(at).date())
        if found:
            school = names.unit(task.units[0])
            return _("%(school)s is closed until %(date)s.", school=school, date=long_day(found[1]))
    return ""


def waits_in_words(case: Case, names: Names) -> list[str]:
    """What the case itself waits for: a day to come, or word from somebody. Only what stands in the way of going on."""
    published = the_version(case.version_id)
    dates = {deadline.element_id: deadline.due_at for deadline in engine().deadlines(case=case.id)}
    return [
        _("%(what)s, on %(date)s", what=names.text(_name(published, element)), date=day(dates[element]))
        if element in dates
        else names.text(_name(published, element))
        for element in waiting_elements(case)
    ]


def waiting_elements(case: Case) -> list[str]:
    """Events in the flow that the case has come to and that have not happened yet."""
    if not case.is_open:
        return []
    published = the_version(case.version_id)
    waits = [deadline.element_id for deadline in engine().deadlines(case=case.id) if deadline.kind == TIMER]
    waits += [heard.element_id for heard in engine().listening(case.id)]
    return [element for element in dict.fromkeys(waits) if _type(published, element) in CATCHING]


def subject_name(case: Case, package: Package) -> str:
    """Whom the case is about: the `name` that stands beside the personal identity number (`subject`) in the data."""
    place: Any = case.data
    for part in (package.subject or "").split(".")[:-1]:
        place = place.get(part) if isinstance(place, Mapping) else None
    name = place.get("name") if isinstance(place, Mapping) and package.subject else None
    return name if isinstance(name, str) else ""


def coming(case: Case, tasks: Sequence[Task], names: Names) -> list[str]:
    """What will happen by itself, the next first."""
    published, by_id = the_version(case.version_id), {task.id: task for task in tasks}
    lines = []
    for deadline in engine().deadlines(case=case.id)[:MOST]:
        task = by_id.get(deadline.task_id or 0)
        what = names.text(task.name if task else _name(published, deadline.element_id))
        what += f" – {names.label(task.label)}" if task and task.label else ""
        lines.append(f"{day(deadline.due_at)}: {_coming(deadline, what, published, names)}")
    return list(dict.fromkeys(lines))


def _coming(deadline: Deadline, what: str, published: Published, names: Names) -> str:
    if deadline.kind == REMIND:
        return _("reminder about “%(what)s”", what=what)
    if deadline.kind == DUE:
        return _("last day for “%(what)s”", what=what)
    if deadline.kind == STOPPED:
        return _("the owner is told that “%(what)s” has stopped", what=what)
    if deadline.kind == ESCALATE:
        setting = published.deadlines.get(deadline.name or "")
        rungs = setting.escalate if setting else ()
        whom = names.role(rungs[deadline.rung]) if deadline.rung < len(rungs) else ""
        return _("%(whom)s is told that “%(what)s” is not done", whom=whom, what=what)
    return what


def known_parts(case: Case, names: Names, but: str | None = None) -> list[Known]:
    """The case's answers in the order of its process; `but`: a form that is on the page anyway."""
    published, data = the_version(case.version_id), case.data
    parts = []
    for form, title in _forms(published, case.process_id):
        answers = [in_words(published, form, given) for given in _given(form.id, data)]
        if form.id != but and any(answers):
            parts.append(Known(names.text(title), [found for found in answers if found]))
    return parts


def _given(form_id: str, data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The answers to a form. Those of several units lie in a list that is named after the form: receipts of receipt."""
    if isinstance(data.get(form_id), Mapping):
        yield data[form_id]
    for name, rows in data.items():
        if name.startswith(form_id) and isinstance(rows, list):
            yield from (row for row in rows if isinstance(row, Mapping))


def _forms(published: Published, process_id: str) -> Iterator[tuple[Form, str]]:
    """Every form of the version once, with the name of the step that asks it; the start's first."""
    seen: set[str] = set()
    steps = [(process_id, published.model.start_form(process_id), None)]
    steps += [(info.process_id, info.form_id, info.name) for info in published.model.elements.values()]
    for owner, form_id, name in steps:
        if form_id and form_id not in seen:
            seen.add(form_id)
            try:
                form = published.form(owner, form_id)
            except NotFound:
                continue
            yield form, name or _("How it began")


@dataclass(frozen=True)
class Occasion:
    """Something that people may record at any time, because the process listens for it."""

    #: The message.
    message: str
    key: str
    element_id: str
    name: str
    documentation: str


def occasions(case: Case, drawn: Mapping[str, str], names: Names) -> list[Occasion]:
    """What can be recorded now. `drawn`: event → the name of the event sub-process that it starts.

    Only messages that are addressed to this very case: others come from other cases or systems.
    """
    published = the_version(case.version_id)
    found: dict[str, Occasion] = {}
    for heard in engine().listening(case.id) if case.is_open else ():
        info = published.model.element(heard.element_id, heard.process_id) or published.model.element(heard.element_id)
        if heard.kind != MESSAGE or heard.key != case.id or info is None:
            continue
        name = names.text(drawn.get(heard.element_id) or info.name or heard.name)
        occasion = Occasion(heard.name, heard.key, heard.element_id, name, names.text(info.documentation or ""))
        # The same message may be heard in several places: one button, named by the place that says most.
        if heard.name not in found or heard.element_id in drawn:
            found[heard.name] = occasion
    return list(found.values())


def _name(published: Published, element_id: str) -> str:
    return published.names.get(element_id) or element_id


def _type(published: Published, element_id: str) -> str:
    info = published.model.element(element_id)
    return info.type if info else ""
