"""Start a case: choose what it is about, answer the first questions, and hear of it if there is a case already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from engine.caching import Published
from engine.cases import CaseSummary
from engine.errors import InvalidAnswers, NotFound
from forms import Form
from web import once
from web.auth import actor, typed
from web.context import engine
from web.pages import add_place
from web.permissions import requires
from web.promises import Promised, promised
from web.questions import Errors, Questions, lookups, merged, names, no_files
from web.remembered import the_version
from web.texts import form_of, text_of

blueprint = Blueprint("start", __name__)


@dataclass(frozen=True)
class Process:
    """A process that can be started."""

    id: str
    title: str
    description: str


@blueprint.get("/start")
@requires("start-case")
def choose() -> ResponseReturnValue:
    found = [_in_words(version.process_id, version.title, the_version(version.id)) for version in engine().startable()]
    return render_template("start/choose.html", processes=found)


@blueprint.get("/start/<process_id>")
@requires("start-case")
def form(process_id: str) -> ResponseReturnValue:
    questions, late = _questions(process_id), typed()
    return _page(_process(process_id), questions, questions.form.read_post(late) if questions and late else None)


@blueprint.post("/start/<process_id>")
@requires("start-case")
def begin(process_id: str) -> ResponseReturnValue:
    process, questions = _process(process_id), _questions(process_id)
    if started := once.led_to():
        return _to_case(started)
    raw: Mapping[str, Any] = questions.form.read_post(request.form) if questions else {}
    if questions and (changed := questions.form.change_rows(request.form, raw)):
        return _page(process, questions, changed.raw, focus=changed.focus)
    if request.form.get("_do") != "start":
        return _page(process, questions, raw)
    if questions and (
        errors := merged(
            questions.problems(raw),
            no_files(_("Start the case without the file, and attach it in one of the tasks that follow.")),
        )
    ):
        return _page(process, questions, raw, errors), 422
    answers = {questions.form.id: raw} if questions else {}
    if "_anyway" not in request.form and (existing := _existing(process_id, questions, raw)):
        return _page(process, questions, raw, existing=existing), 409
    try:
        case = engine().start(process_id, answers, by=actor(), owner=_owner())
    except InvalidAnswers as invalid:
        return _page(process, questions, raw, invalid.errors), 422
    once.remember(case.id)
    flash(_("The case has number %(number)s.", number=case.id), "good")
    return _to_case(case.id)


def _to_case(number: str) -> ResponseReturnValue:
    return redirect(url_for("cases.show", number=number), code=303)


def _existing(process_id: str, questions: Questions | None, raw: Mapping[str, Any]) -> Sequence[CaseSummary]:
    if questions is None:
        return []
    return engine().open_cases_about(
        process_id, {questions.form.id: questions.cleaned(raw)}, by=actor(), owner=_owner()
    )


def _owner() -> str | None:
    """The unit chosen by somebody who works at several; the engine refuses one that is not theirs."""
    return request.form.get("_owner_unit") or None


def _in_words(process_id: str, title: str, published: Published) -> Process:
    return Process(process_id, text_of(published, title), text_of(published, published.package.description))


def _process(process_id: str) -> Process:
    engine().demand_startable(process_id)
    for version in engine().processes():
        if version.process_id == process_id:
            return _in_words(process_id, version.title, the_version(version.id))
    raise NotFound


def _questions(process_id: str) -> Questions | None:
    found: tuple[Form | None, Any] = engine().start_form(process_id, by=actor(), owner=_owner())
    form, evaluate = found
    if form is None:
        return None
    version = engine().version_to_start(process_id, by=actor(), owner=_owner())
    return Questions(form_of(the_version(version.id), form), evaluate, {}, lookups())


def _page(
    process: Process,
    questions: Questions | None,
    raw: Mapping[str, Any] | None,
    errors: Errors | None = None,
    *,
    focus: str = "",
    existing: Sequence[CaseSummary] = (),
) -> str:
    called = names()
    return render_template(
        "start/form.html",
        process=process,
        view=questions.view(raw, errors, focus) if questions else None,
        changes=questions is not None and questions.form.is_dynamic,
        existing=existing,
        promised=_promised(process.id, questions, raw),
        names=called,
        once=once.mark(),
        units=[(unit, called.unit(unit)) for unit in actor().units],
        owner=_owner() or actor().unit,
    )


def _promised(process_id: str, questions: Questions | None, raw: Mapping[str, Any] | None) -> Promised | None:
    """What the unit promises that has been chosen so far."""
    if not questions or not raw:
        return None
    version = engine().version_to_start(process_id, by=actor(), owner=_owner())
    return promised(the_version(version.id), process_id, {questions.form.id: raw})


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    add_place(app, "start.choose", _l("Start a case"), 30, shown=lambda: bool(actor().units))
