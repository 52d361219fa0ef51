"""A draft as a list of steps that is edited in place: without JavaScript, with keyboard and screen reader alone.

It is the model that the diagram shows. One row is open at a time; what is typed stays when somebody else was first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.editing import texts
from engine.editing.drafts import Draft
from engine.editing.steps import flow, read, say, templates
from engine.editing.steps.model import Model, StepRefused, file_of
from engine.errors import Conflict, InvalidModel, NotFound
from engine.layout import CannotLayOut
from web.auth import actor
from web.context import engine
from web.editing import frame, say_not_saved
from web.permissions import requires
from web.step_words import Words, refusal
from web.typed import Errors, Typed, for_fields

blueprint = Blueprint("step_list", __name__, url_prefix="/processes")


@dataclass
class Work:
    """A draft with its model, and what a person wants changed in it."""

    draft: Draft
    typed: Typed
    file: str = ""
    errors: Errors = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.files = dict(self.draft.files)
        self.file = file_of(self.files, self.files, self.draft.process_id)
        self.model = Model(self.files[self.file], self.file)
        self.steps = read.steps(self.model)
        self.words = Words(self.files, self.steps)

    def put(self, changes: Mapping[str, str]) -> None:
        self.files |= changes

    def changed(self) -> dict[str, str | None]:
        """The files that are not as they were."""
        return {name: text for name, text in self.files.items() if self.draft.files.get(name) != text}


@blueprint.get("/drafts/<int:draft_id>/steps")
@requires("publish")
def show(draft_id: int) -> ResponseReturnValue:
    """The steps in order; `step` names the one that is open."""
    draft = engine().editing.draft(draft_id, actor())
    return _page(draft, request.args.get("step", ""), Typed())


@blueprint.post("/drafts/<int:draft_id>/steps")
@requires("publish")
def change(draft_id: int) -> ResponseReturnValue:
    """Change, add, move or take out a step."""
    draft = engine().editing.draft(draft_id, actor())
    what, _space, key = request.form.get("_do", "").partition(" ")
    typed = Typed(request.form)
    if what not in _DO:
        raise NotFound
    try:
        if typed.get("revision") != str(draft.revision):
            raise Conflict
        work = Work(draft, typed)
        told, at = _DO[what](work, key)
        if work.errors:
            return _page(draft, key, typed, work.errors), 422
        engine().editing.save(draft_id, work.changed(), draft.revision, actor())
    except (StepRefused, CannotLayOut, InvalidModel) as error:
        flash(refusal(error), "warn")
        return _page(draft, key, typed), 422
    except Conflict as error:
        return _not_saved(draft_id, key, typed, error)
    flash(told, "good")
    opened = at if what == "add" else None
    return redirect(url_for(".show", draft_id=draft_id, step=opened, _anchor=f"row-{at}" if at else None), code=303)


def _not_saved(draft_id: int, key: str, typed: Typed, error: Conflict) -> ResponseReturnValue:
    draft = engine().editing.draft(draft_id, actor())
    say_not_saved(draft, error)
    return _page(draft, key, typed), 409


def _page(draft: Draft, opened: str, typed: Typed, errors: Errors | None = None) -> str:
    shared = frame(draft, "steps")
    try:
        work = Work(draft, typed)
    except (InvalidModel, StepRefused):
        return render_template("editing/steps.html", **shared, work=None, errors={})
    step = read.find(work.steps, opened) if shared["may_edit"] else None
    if opened and step is None and shared["may_edit"]:
        flash(refusal(StepRefused("gone")), "warn")
    return render_template(
        "editing/steps.html",
        **shared,
        **for_fields(),
        work=work,
        steps=work.steps,
        words=work.words,
        opened=step,
        can=_can(work, step) if step else None,
        typed=typed,
        errors=errors or {},
    )


@dataclass(frozen=True)
class _Can:
    """What can be done to the step that is open."""

    up: str | None
    down: str | None
    stays: str
    goes_too: tuple[str, ...]
    places: tuple[tuple[str, str], ...]
    templates: tuple[tuple[str, str], ...]


def _can(work: Work, step: read.Step) -> _Can:
    model, words = work.model, work.words
    reason = flow.why_it_stays(model, step.id)
    gone = [] if reason else flow.taken_with(model, step.id)
    own = {step.id for step in work.steps}
    calls = [name for name in templates.CALLS if templates.CALLS[name][0] != work.draft.process_id]
    kinds = ["task", *(["approval"] if step.is_activity else []), *calls]
    return _Can(
        flow.neighbour(model, step.id, up=True),
        flow.neighbour(model, step.id, up=False),
        words.reason(reason) if reason else "",
        tuple(words.text(one.get("name") or "") for one in gone if one.get("name") or one.get("id") in own),
        tuple(_places(work, step)),
        tuple((name, words.template(name)) for name in kinds),
    )


def _places(work: Work, step: read.Step) -> list[tuple[str, str]]:
    """The ways on which a new step can stand: after this one, on each of its ways, or before it."""
    found = []
    for way in step.ways:
        label = work.words.text(way.label or way.target)
        found.append(
            (way.flow_id, _("After it") if len(step.ways) == 1 else _("After it, on the way “%(way)s”", way=label))
        )
    into = work.model.into(step.id)
    for one in into:
        source = work.model.nodes.get(one.get("sourceRef", ""))
        name = work.words.text((source.get("name") or "") if source is not None else "")
        words = (
            _("Before it") if len(into) == 1 or not name else _("Before it, when one comes from “%(step)s”", step=name)
        )
        found.append((str(one.get("id")), words))
    return found


# --- what is done -----------------------------------------------------------------------------------------------------


def _change(work: Work, key: str) -> tuple[str, str]:
    """What a step says."""
    step = read.find(work.steps, key)
    if step is None:
        raise StepRefused("gone")
    model, typed = work.model, work.typed
    told = [(step.name, typed.line("name"), typed.languages("name", work.words.languages))]
    say.rename(model, key, typed.line("name"))
    if step.is_task:
        _who(work, step)
        say.set_form(model, key, typed.get("form"))
    if step.has_date:
        _when(work, step)
    for number, way in enumerate(step.ways):
        if typed.get(f"way-{number}") == way.flow_id:
            name = f"way-{number}-name"
            say.set_way(model, way.flow_id, typed.line(name), typed.get(f"way-{number}-if").strip())
            told.append((way.label, typed.line(name), typed.languages(name, work.words.languages)))
    work.put({work.file: model.text()})
    work.put(texts.retell(work.files, told))
    return _("“%(step)s” is saved.", step=typed.line("name") or step.name), key


def _who(work: Work, step: read.Step) -> None:
    roles, formula = work.typed.all("role"), work.typed.get("who").strip()
    if roles and formula:
        work.errors["who"] = [_("Choose roles, or keep the formula: not both.")]
    elif formula and not formula.startswith("="):
        work.errors["who"] = [_("A formula begins with =, such as =[case.owner].")]
    else:
        known = [one for one in (*work.words.role_names, *step.groups) if one in roles]
        say.assign(work.model, step.id, list(dict.fromkeys(known)), formula)


def _when(work: Work, step: read.Step) -> None:
    """Its date; the time, reminder and ladder of its deadline with it."""
    chosen, typed = work.typed.get("deadline"), work.typed
    now = step.deadlines[0] if len(step.deadlines) == 1 else ""
    if chosen == "=":
        formula = typed.get("due").strip()
        if not formula.startswith("="):
            work.errors["due"] = [_("A formula begins with =, such as =date(meeting.date).")]
            return
        say.set_due(work.model, step.id, formula)
        return
    if chosen == "+":
        chosen = texts.free_deadline(work.files, step.id)
    elif chosen and chosen != now:
        say.set_due(work.model, step.id, say.with_deadline(step.due, chosen))
        return  # its own figures hold
    if not chosen:
        say.set_due(work.model, step.id, "")
        return
    if chosen != now:
        say.set_due(work.model, step.id, say.with_deadline(step.due, chosen))
    title = work.words.settings.deadlines[chosen].title if chosen in work.words.settings.deadlines else ""
    said = typed.deadline("d", title or typed.line("name"), work.errors)
    if said is not None:
        work.put(texts.set_deadline(work.files, chosen, said))


def _add(work: Work, key: str) -> tuple[str, str]:
    """A step ready made, on the way that was chosen."""
    typed, model, name = work.typed, work.model, work.typed.line("a-name")
    template = typed.get("a-template")
    if not name:
        work.errors["a-name"] = [_("Say what the step is called, such as “Approve the summons”.")]
    if template not in templates.TEMPLATES:
        work.errors["a-template"] = [_("Choose what kind of step it is.")]
    due, groups = "", [one for one in work.words.role_names if one in typed.all("a-role")]
    if template in ("task", "approval") and name:
        if not groups:
            work.errors["a-role"] = [_("Choose who does it.")]
        deadline = texts.free_deadline(work.files, model.free_id(name))
        said = typed.deadline("a", name, work.errors)
        if said is not None:
            work.put(texts.set_deadline(work.files, deadline, said))
        due = f'=deadline("{deadline}")'
    if work.errors:
        return "", ""
    wanted = templates.Wanted(template, name, groups, due, typed.get("a-form"), work.words.settings.language)
    added = templates.add(model, typed.get("a-place"), wanted, [*texts.forms(work.files).values()])
    work.put({**added.files, work.file: model.redrawn()})
    told = [("", name, typed.languages("a-name", work.words.languages))]
    if template == "approval":
        told += _approval_words(work.words)
    work.put(texts.retell(work.files, told))
    return _("“%(step)s” is added. What the checks say of it stands under Publish.", step=name), added.id


def _approval_words(words: Words) -> list[tuple[str, str, Mapping[str, str]]]:
    own = templates.APPROVAL_WORDS.get(words.settings.language, templates.APPROVAL_WORDS["sv"])
    return [
        ("", text, {language: other[key] for language, other in templates.APPROVAL_WORDS.items()})
        for key, text in own.items()
    ]


def _move(up: bool) -> Callable[[Work, str], tuple[str, str]]:
    def move(work: Work, key: str) -> tuple[str, str]:
        flow.move(work.model, key, up=up)
        work.put({work.file: work.model.redrawn()})
        name = work.words.name(key)
        if up:
            return _("“%(step)s” now comes one step earlier.", step=name), key
        return _("“%(step)s” now comes one step later.", step=name), key

    return move


def _remove(work: Work, key: str) -> tuple[str, str]:
    name = work.words.name(key)
    before = [one.get("sourceRef", "") for one in work.model.into(key)] if key in work.model.nodes else []
    flow.take_out(work.model, key)
    work.put({work.file: work.model.redrawn()})
    beside = next((one for one in before if read.find(read.steps(work.model), one)), "")
    return _("“%(step)s” is taken out. Undo is under What differs.", step=name), beside


_DO: Mapping[str, Callable[[Work, str], tuple[str, str]]] = {
    "change": _change,
    "add": _add,
    "up": _move(up=True),
    "down": _move(up=False),
    "remove": _remove,
}


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
