"""What a process package says, in the reader's language: names of steps, roles and processes, and whole forms.

A package translates by text (`translations/en.toml`); what nobody has translated is shown as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from flask import Flask, g

import forms
from engine.caching import Published
from engine.packages import Package
from forms import Form
from web.context import engine
from web.i18n import language
from web.remembered import the_version

#: Properties of a form's components that people read.
READ = frozenset(
    {"label", "description", "text", "title", "dateLabel", "timeLabel", "prefixAdorner", "suffixAdorner"}
    | {"patternErrorMessage", "rowLabel"}
)


def text_of(published: Published, text: str) -> str:
    """A text of the version, in the reader's language."""
    for package in _packages(published):
        if text in package.translations.get(language(), {}):
            return package.translate(text, language())
    return text


def process_text(text: str, process_id: str) -> str:
    """A text of a process of which only the id is known: as its newest version says it. A template filter too."""
    if "newest" not in g:
        g.newest = {version.process_id: version.id for version in engine().processes()}
    version = g.newest.get(process_id)
    return text_of(the_version(version), text) if version else text


def form_of(published: Published, form: Form) -> Form:
    """The same form in the reader's language: other words, the same questions and answers."""
    for package in _packages(published):
        # Parts that are called may have forms of the same name.
        if package.form_files.get(form.id) == form.file and _as_written(package, form.id, form.file) == form:
            translated = package.translations.get(language())
            return _translated(package, form.id, form.file, language()) if translated else form
    return form


@lru_cache(maxsize=500)
def _as_written(package: Package, form_id: str, file: str) -> Form:
    return forms.load(package.forms[form_id], file)


@lru_cache(maxsize=500)
def _translated(package: Package, form_id: str, file: str, wanted: str) -> Form:
    content = json.loads(package.forms[form_id])
    return forms.load(_in_words(content, package.translations[wanted]), file)


def _in_words(value: Any, table: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_in_words(item, table) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: table.get(item, item) if key in READ and isinstance(item, str) else _in_words(item, table)
        for key, item in value.items()
    }


def _packages(published: Published) -> Iterator[Package]:
    yield published.package
    yield from published.package.called.values()


def init_app(app: Flask) -> None:
    app.jinja_env.filters["of_process"] = process_text
