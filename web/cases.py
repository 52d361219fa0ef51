"""Cases: the list, and the page of one: where it stands in words, on its drawing, and what has happened."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from engine.access import AnswersAccess, CaseAccess, may
from engine.caching import Published
from engine.cases import Case, CaseSummary
from engine.errors import NotFound
from engine.history import Entry
from engine.reads import Read
from engine.tasks import Task
from forms.answers import Answer
from web import chain, diagram, plan
from web.auth import actor, demand
from web.context import engine, now
from web.i18n import language
from web.pages import add_place
from web.permissions import SIGNED_IN, requires
from web.promises import Promised, promised
from web.questions import in_words, names
from web.remembered import the_version
from web.standing import Line, coming, known_parts, occasions, standing, subject_name, waiting_elements, waits_in_words
from web.texts import process_text, text_of
from web.wording import Names, Said, timeline

blueprint = Blueprint("cases", __name__)

PAGE_SIZE = 50
#: Commands of the timeline on a page.
TIMELINE = 25
#: Commands that the drawing is marked from: what is older has long been marked by what came after.
DRAWN = 2000


@dataclass(frozen=True)
class Row:
    """A case in the list."""

    number: str
    process: str
    owner: str
    opened: datetime
    closed: datetime | None
    #: What waits first, and by when.
    waits: str
    due: datetime | None


@dataclass(frozen=True)
class Told:
    """A line of the timeline with its answers in words."""

    said: Said
    answers: Sequence[Answer]
    before: Sequence[Answer]
    correct_url: str


@blueprint.get("/cases")
@requires(SIGNED_IN)  # engine.cases(by=) gives what the person may see and nothing else
def index() -> ResponseReturnValue:
    wanted = {name: request.args.get(name, "").strip()[:100] for name in ("text", "process", "unit", "state")}
    wanted["state"] = wanted["state"] if wanted["state"] in ("open", "closed", "all") else "open"
    cursor = request.args.get("after") or None
    found = engine().cases(
        by=actor(),
        process=wanted["process"] or None,
        unit=wanted["unit"] if wanted["unit"] in actor().units else None,
        text=wanted["text"] or None,
        open={"open": True, "closed": False}.get(wanted["state"]),
        cursor=cursor,
        limit=PAGE_SIZE,
    )
    called = names()
    first = engine().first_tasks([case.id for case in found if case.closed_at is None])
    return render_template(
        "cases/list.html",
        rows=[_row(case, first.get(case.id), called) for case in found],
        wanted=wanted,
        searched=any(wanted[name] for name in ("text", "process", "unit")) or wanted["state"] != "open",
        processes=[(other.process_id, process_text(other.title, other.process_id)) for other in engine().processes()],
        units=[(unit, called.unit(unit)) for unit in actor().units],
        next_url=url_for("cases.index", **_said(wanted), after=found.next) if found.next else None,
        previous_url=url_for("cases.index", **_said(wanted), after=found.previous) if found.previous else None,
        first_url=url_for("cases.index", **_said(wanted)) if cursor else None,
    )


def _said(wanted: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in wanted.items() if value}


def _row(case: CaseSummary, first: Task | None, called: Names) -> Row:
    said = names(the_version(case.version_id))
    waits = said.text(first.name) + (f" – {called.label(first.label)}" if first.label else "") if first else ""
    return Row(
        number=case.id,
        process=said.text(case.title),
        owner=called.unit(case.owner),
        opened=case.started_at,
        closed=case.closed_at,
        waits=waits or "–",
        due=first.due_at if first else None,
    )


@dataclass(frozen=True)
class CasePage:
    """What the case page shows."""

    number: str
    #: The child's name, where the process says where it stands.
    about: str
    process: str
    owner: str
    opened: datetime
    closed: datetime | None
    close_reason: str
    incidents: Sequence[str]
    standing: Sequence[Line]
    waits: Sequence[str]
    events: Sequence[Mapping[str, str]]
    drawing_url: str
    marks_url: str
    drawing_label: str
    timeline: Sequence[Told]
    older_url: str | None
    newest_url: str | None
    plan_url: str
    chain: Sequence[chain.Hop]
    promised: Promised | None
    parties: Sequence[Mapping[str, str]]
    deadlines: Sequence[str]
    known: Sequence[Any]
    files: Sequence[Any]
    may_close: bool
    may_retry: bool
    may_read_log: bool


@blueprint.get("/cases/<number>")
@requires("read-case")
def show(number: str) -> ResponseReturnValue:
    case = engine().case(number, by=actor())
    return render_template("cases/case.html", page=_case_page(case))


def _case_page(case: Case) -> CasePage:
    published = the_version(case.version_id)
    called = names(published)
    tasks = engine().tasks(case=case.id)
    drawing = diagram.drawing_of(published.package, case.process_id)
    before = request.args.get("before", type=int)
    entries = engine().timeline(case.id, before=before, limit=TIMELINE)
    here = url_for("cases.show", number=case.id)
    return CasePage(
        number=case.id,
        about=subject_name(case, published.package),
        process=called.text(case.title),
        owner=called.unit(case.owner),
        opened=case.started_at,
        closed=case.closed_at,
        close_reason="" if case.close_reason in (None, "ended") else str(case.close_reason),
        incidents=[getattr(text, language()) for text in case.incident_texts],
        standing=standing(tasks, case, called),
        waits=waits_in_words(case, called),
        events=[
            {
                "name": occasion.name,
                "url": url_for("case_actions.record", number=case.id, element_id=occasion.element_id),
            }
            for occasion in occasions(case, drawing.occasions, called)
        ],
        drawing_url=url_for("cases.drawing", version_id=case.version_id, language=language())
        if drawing.is_drawn
        else "",
        marks_url=url_for("cases.marks", number=case.id),
        drawing_label=_("The process as a drawing. Where the case stands is said in words above."),
        timeline=_timeline(entries, case, published, called),
        older_url=f"{url_for('cases.show', number=case.id, before=entries.next)}#timeline-title"
        if entries.next
        else None,
        newest_url=f"{here}#timeline-title" if before else None,
        plan_url=url_for("cases.show_plan", number=case.id) if plan.has_plan(case.data) else "",
        chain=chain.read(case.data, called),
        promised=promised(published, case.process_id, case.data) if case.is_open else None,
        parties=_parties(case, called),
        deadlines=coming(case, tasks, called),
        known=known_parts(case, called),
        files=[
            {"id": file.id, "name": file.name, "size": _size(file.size)} for file in engine().files(case.id, by=actor())
        ],
        may_close=case.is_open and may(actor(), "close-case", case),
        may_retry=bool(case.incidents) and may(actor(), "correct-answers", AnswersAccess(case.owner)),
        may_read_log=may(actor(), "read-log", case),
    )


def _timeline(entries: Sequence[Entry], case: Case, published: Published, called: Names) -> list[Told]:
    told = []
    for said in timeline(entries, called, _worth_telling(published)):
        access = AnswersAccess(case.owner, next((entry.unit for entry in entries if entry.id == said.id), None))
        correctable = said.answers and case.is_open and may(actor(), "correct-answers", access)
        url = url_for("case_actions.correct", number=case.id, entry_id=said.id) if correctable else ""
        answers = _in_words(published, said, said.answers, case.process_id)
        told.append(Told(said, answers, _in_words(published, said, said.before, case.process_id), url))
    return told


def _worth_telling(published: Published) -> Callable[[Entry], bool]:
    """Of what a command led to, people want to hear of new tasks, of what stopped, and of what reached others."""

    def worth(entry: Entry) -> bool:
        if entry.kind == "entered":
            info = published.model.element(entry.element_id or "")
            return info is not None and info.type == "userTask"
        return entry.kind not in ("flow", "completed", "caught", "thrown", "cancelled", "ended") and bool(
            entry.name or entry.kind in ("owner-set", "party-added", "party-removed", "incident")
        )

    return worth


def _in_words(published: Published, said: Said, answers: Mapping[str, Any] | None, process_id: str) -> list[Answer]:
    info = published.model.element(said.element_id or "")
    form_id = info.form_id if info else published.model.start_form(process_id)
    given = (answers or {}).get(form_id or "")
    if not form_id or not isinstance(given, Mapping):
        return []
    return in_words(published, published.form(info.process_id if info else process_id, form_id), given)


def _parties(case: Case, called: Names) -> list[dict[str, str]]:
    owner = {"name": called.unit(case.owner), "roles": _("owns the case"), "ground": ""}
    rest = [
        {
            "name": called.unit(party.unit),
            "roles": ", ".join(called.role(role) for role in party.roles),
            "ground": party.ground or "",
        }
        for party in case.parties
        if party.unit != case.owner
    ]
    own = [", ".join(called.role(role) for role in party.roles) for party in case.parties if party.unit == case.owner]
    if any(own):
        owner["roles"] = ", ".join([owner["roles"], *filter(None, own)])
    return [owner, *rest]


def _size(size: int) -> str:
    return f"{size / 2**20:.1f} MB" if size >= 2**20 else f"{max(1, size // 2**10)} kB"


def _seen(number: str) -> Case:
    """A case whose page is being looked at: the read was logged with the page."""
    case = engine().case(number)
    demand("read-case", CaseAccess(case.owner, case.party_units, engine().tasks(case=number)))
    return case


@blueprint.get("/drawings/<int:version_id>.bpmn")
@requires(SIGNED_IN)  # the model names no person; a version never changes, so the browser may keep it
def drawing(version_id: int) -> ResponseReturnValue:
    published = the_version(version_id)
    found = diagram.drawing_of(published.package, published.version.process_id)
    if not found.is_drawn:
        raise NotFound
    foreign = language() != published.package.language
    content = found.in_words(partial(text_of, published)) if foreign else found.content
    response = Response(content, mimetype="application/xml")
    if "gzip" in request.accept_encodings:
        response.set_data(gzip.compress(content))
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.headers["Vary"] = "Accept-Encoding, Cookie"
    return response


@blueprint.get("/cases/<number>/marks.json")
@requires("read-case")
def marks(number: str) -> ResponseReturnValue:
    """What is done and what waits, for the drawing."""
    case = _seen(number)
    drawn = diagram.drawing_of(the_version(case.version_id).package, case.process_id)
    tasks: list[Task] = engine().tasks(case=number)
    found = diagram.marks(drawn, engine().timeline(number, limit=DRAWN), tasks, waiting_elements(case), now())
    return jsonify(found.as_json())


@blueprint.get("/cases/<number>/plan")
@requires("read-case")
def show_plan(number: str) -> ResponseReturnValue:
    case = engine().case(number, by=actor())
    published = the_version(case.version_id)
    if not plan.has_plan(case.data):
        raise NotFound
    return render_template(
        "cases/plan.html",
        number=number,
        about=subject_name(case, published.package),
        process=text_of(published, case.title),
        plan=plan.read(case.data, names()),
    )


@blueprint.get("/cases/<number>/reads")
@requires("read-log")
def reads(number: str) -> ResponseReturnValue:
    cursor = request.args.get("after") or None
    found = engine().reads(number, by=actor(), cursor=cursor, limit=PAGE_SIZE)
    published = the_version(engine().case(number).version_id)
    called = names(published)
    return render_template(
        "cases/reads.html",
        number=number,
        reads=[
            {
                "at": read.at,
                "who": called.person(read.actor),
                "unit": called.unit(read.unit),
                "what": _what(read, published),
                "refused": read.refused,
            }
            for read in found
        ],
        next_url=url_for("cases.reads", number=number, after=found.next) if found.next else None,
        previous_url=url_for("cases.reads", number=number, after=found.previous) if found.previous else None,
        first_url=url_for("cases.reads", number=number) if cursor else None,
    )


def _what(read: Read, published: Published) -> str:
    kind, _sep, rest = read.what.partition(":")
    match kind:
        case "case":
            return _("The case")
        case "task" | "date":
            return _("The task “%(name)s”", name=text_of(published, published.names.get(rest) or rest))
        case "history":
            return _("The history")
        case "answers":
            return _("Earlier answers")
        case "file":
            return _("A file")
        case "log":
            return _("This list")
        case _:
            return read.what


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    add_place(app, "cases.index", _l("Cases"), 20)
