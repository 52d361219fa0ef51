"""The words of a draft: what the process, its roles and its forms say, and its deadlines. Works without JavaScript.

One part is open at a time; what is typed stays when somebody else was first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.editing import texts
from engine.editing.drafts import Draft
from engine.editing.steps.model import StepRefused
from engine.errors import Conflict, InvalidModel, NotFound
from web.auth import actor
from web.context import engine
from web.editing import frame, say_not_saved
from web.permissions import requires
from web.step_words import Words, refusal
from web.typed import Errors, Typed, for_fields

blueprint = Blueprint("package_texts", __name__, url_prefix="/processes")
#: The parts that can be open, as they are named in the address.
PARTS = ("role", "deadline", "form")


@dataclass
class Work:
    """A draft's words, and what a person wants changed in them."""

    draft: Draft
    typed: Typed
    errors: Errors = field(default_factory=dict)
    #: Texts that are said otherwise: before, now, language → the same in it.
    told: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.files = dict(self.draft.files)
        self.words = Words(self.files, [])
        self.forms = texts.forms(self.files)

    def put(self, changes: Mapping[str, str]) -> None:
        self.files |= changes

    def said(self, form_id: str) -> list[texts.Said]:
        """What a form says. Raises StepRefused: it is not there."""
        if form_id not in self.forms:
            raise StepRefused("gone")
        return texts.form_texts(self.files[self.forms[form_id]])

    def text(self, name: str, before: str) -> str:
        """What was typed, told in the other languages too; an error where it is needed and empty."""
        now = self.typed.block(name)
        others = {code: self.typed.block(f"{name}-{code}") for code in self.words.languages}
        self.told.append((before, now, others))
        return now

    def needed(self, name: str, before: str) -> str:
        """The same of a text that may not be empty."""
        now = self.text(name, before)
        if not now:
            self.errors[name] = [_("Write a text. It cannot be empty.")]
        return now


@blueprint.get("/drafts/<int:draft_id>/texts")
@requires("publish")
def show(draft_id: int) -> ResponseReturnValue:
    """All words; `role`, `deadline` or `form` names the part that is open."""
    opened = next(((part, request.args[part]) for part in PARTS if request.args.get(part)), ("process", ""))
    return _page(engine().editing.draft(draft_id, actor()), opened, Typed())


@blueprint.post("/drafts/<int:draft_id>/texts")
@requires("publish")
def change(draft_id: int) -> ResponseReturnValue:
    """Save the part that is open, or take a deadline away."""
    draft = engine().editing.draft(draft_id, actor())
    what, _space, key = request.form.get("_do", "").partition(" ")
    if what not in _DO:
        raise NotFound
    part = ("deadline" if what == "drop" else what, key)
    typed = Typed(request.form)
    try:
        if typed.get("revision") != str(draft.revision):
            raise Conflict
        work = Work(draft, typed)
        _DO[what](work, key)
        if work.errors:
            return _page(draft, part, typed, work.errors), 422
        work.put(texts.retell(work.files, work.told))
        changed = {name: text for name, text in work.files.items() if draft.files.get(name) != text}
        engine().editing.save(draft_id, changed, draft.revision, actor())
    except (StepRefused, InvalidModel) as error:
        flash(refusal(error), "warn")
        return _page(draft, part, typed), 422
    except Conflict as error:
        draft = engine().editing.draft(draft_id, actor())
        say_not_saved(draft, error)
        return _page(draft, part, typed), 409
    flash(_("Taken away.") if what == "drop" else _("Saved."), "good")
    return redirect(url_for(".show", draft_id=draft_id, _anchor="words"), code=303)


def _page(draft: Draft, opened: tuple[str, str], typed: Typed, errors: Errors | None = None) -> str:
    shared = frame(draft, "texts")
    work = Work(draft, typed)
    part, key = opened if shared["may_edit"] else ("", "")
    settings = work.words.settings
    there = {"role": settings.roles, "deadline": settings.deadlines, "form": work.forms}
    if part in there and key not in there[part]:
        flash(refusal(StepRefused("gone")), "warn")
        part, key = "process", ""
    return render_template(
        "editing/texts.html",
        **shared,
        **for_fields(),
        words=work.words,
        settings=settings,
        forms=work.forms,
        part=part,
        key=key,
        said=work.said(key) if part == "form" else [],
        in_use=part == "deadline" and texts.uses(work.files, key),
        typed=typed,
        errors=errors or {},
        whats=_whats(),
    )


def _whats() -> dict[str, str]:
    """Property of a form's component → what it is to a reader."""
    return {
        "label": _("Question or heading"),
        "description": _("Help"),
        "option": _("Answer to choose"),
        "text": _("Text"),
        "title": _("Heading"),
        "dateLabel": _("Name of the day"),
        "timeLabel": _("Name of the time"),
        "rowLabel": _("Name of a row"),
        "patternErrorMessage": _("What is said of an answer that does not fit"),
    }


# --- what is done -----------------------------------------------------------------------------------------------------


def _process(work: Work, _key: str) -> None:
    settings = work.words.settings
    title, description = work.needed("title", settings.title), work.text("description", settings.description)
    work.put(texts.set_process(work.files, title, description))


def _role(work: Work, key: str) -> None:
    role = work.words.settings.roles.get(key)
    if role is None:
        raise StepRefused("gone")
    title, description = work.needed("title", role.title), work.text("description", role.description)
    work.put(texts.set_role(work.files, key, title, description))


def _deadline(work: Work, key: str) -> None:
    now = work.words.settings.deadlines.get(key)
    if now is None:
        raise StepRefused("gone")
    title = work.needed("title", now.title)
    said = work.typed.deadline("d", title, work.errors)
    if said is not None:
        work.put(texts.set_deadline(work.files, key, said))


def _drop(work: Work, key: str) -> None:
    work.put(texts.drop_deadline(work.files, key))


def _form(work: Work, key: str) -> None:
    changes = {}
    for number, said in enumerate(work.said(key)):
        is_needed = said.what in ("label", "option", "text")
        now = (work.needed if is_needed else work.text)(f"t-{number}", said.text)
        if now != said.text:
            changes[said.path] = now
    if not work.errors:
        work.put(texts.set_form_texts(work.files, work.forms[key], changes))


_DO: Mapping[str, Callable[[Work, str], None]] = {
    "process": _process,
    "role": _role,
    "deadline": _deadline,
    "drop": _drop,
    "form": _form,
}


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
