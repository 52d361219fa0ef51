"""What the tests of forms share: forms written short, the real FEEL, and a page to show them on."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import lxml.html
from werkzeug.datastructures import MultiDict

import forms
from engine.calendars import Calendar
from engine.feel import FeelContext, current_feel

#: A Monday morning in Stockholm.
NOW = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)
_CONTEXT = FeelContext(now=NOW, calendar=Calendar("Europe/Stockholm").table(2016, 2036))
_TEMPLATES = Path(__file__).parent.parent / "web" / "templates"
_pages = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
)
_page = _pages.from_string(
    """{% from "forms/form.html" import render_form, render_answers %}<!doctype html>
<html lang="sv"><head><title>Formulär</title></head><body><main><h1>Formulär</h1>
{% if view %}<form method="post" action="/"><input type="hidden" name="csrf_token" value="x">{{ render_form(view) }}
<button name="_do" value="complete">Klart</button></form>{% endif %}
{% if answers %}{{ render_answers(answers) }}{% endif %}</main></body></html>"""
)


def evaluate(source: str, variables: Mapping[str, Any]) -> Any:
    """The engine's FEEL, lenient as the façade asks it to be for forms."""
    return current_feel().compile(source).evaluate(variables, _CONTEXT, strict=False)


def form(*components: dict[str, Any], id: str = "plan") -> forms.Form:
    """A form of these components."""
    return forms.load({"type": "default", "id": id, "schemaVersion": 19, "components": list(components)}, f"{id}.form")


def field(type: str, key: str, **more: Any) -> dict[str, Any]:
    """A component with a label of its key."""
    return {"type": type, "key": key, "label": key.capitalize(), **more}


def options(*values: str) -> list[dict[str, str]]:
    """Options labelled by their values."""
    return [{"label": value.upper(), "value": value} for value in values]


def clean(form: forms.Form, raw: Any, **more: Any) -> dict[str, Any]:
    """Clean with the real FEEL."""
    return form.clean(raw, evaluate, **more)


def errors(form: forms.Form, raw: Any, language: str = "sv", **more: Any) -> dict[str, list[str]]:
    """What is wrong with answers, in words; empty when nothing is."""
    try:
        clean(form, raw, **more)
    except forms.InvalidInput as invalid:
        return invalid.texts(language)
    return {}


def reasons(*components: dict[str, Any], **root: Any) -> list[str]:
    """Rules by which a form is refused."""
    try:
        forms.load(
            {"type": "default", "id": "plan", "schemaVersion": 19, "components": list(components), **root}, "x.form"
        )
    except forms.InvalidForm as invalid:
        return [reason.rule.partition(".")[0] for reason in invalid.reasons]
    return []


def html(view: forms.FormView | None = None, answers: Any = None) -> str:
    """A page with a form, or with answers."""
    return _page.render(view=view, answers=answers)


def posted(page: str, **typed: Any) -> MultiDict[str, str]:
    """What a browser sends from a page, some fields typed anew."""
    root = lxml.html.fromstring(page)
    fields: MultiDict[str, str] = MultiDict()
    for control in root.iter("input", "select", "textarea"):
        name, kind = control.get("name"), control.get("type", "text")
        if not name or kind == "file" or (kind in ("checkbox", "radio") and control.get("checked") is None):
            continue
        if control.tag == "select":
            chosen = [option.get("value") for option in control.iter("option") if option.get("selected") is not None]
            fields.add(name, chosen[0] if chosen else control.find("option").get("value"))
        else:
            fields.add(name, control.text or "" if control.tag == "textarea" else control.get("value", ""))
    for name, value in typed.items():
        fields.setlist(name.replace("__", "-"), value if isinstance(value, list) else [value])
    return fields
