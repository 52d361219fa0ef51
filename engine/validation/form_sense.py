"""What is odd within one form: questions nobody sees, defaults that are refused, options that are no list."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import forms
from engine.errors import FeelError
from engine.feel import FeelContext, current_feel
from engine.findings import Finding
from engine.rules import Text, finding
from engine.validation.form_walk import Field, Path, fields
from forms.components import DynamicList, Expression, Question
from forms.components.choices import Choice, Several

#: Any moment will do: what looks at the time is not asked here.
_SOMETIME = FeelContext(now=datetime(2026, 1, 5, 12, tzinfo=UTC))


def findings(form: forms.Form, file: str, others: Mapping[str, forms.Form]) -> Iterator[Finding]:
    """Of one form; `others` are all forms of its package."""
    asked = list(fields(form))
    refused = _refused_defaults(form)
    for place, field in enumerate(asked):
        name = field.name
        if any(_is_always(source) for source in field.hides):
            required = isinstance(field.component, Question) and field.component.required
            yield finding(
                "form-never-shown.required" if required else "form-never-shown", file, name, field=field.shown
            )
        if (later := _asked_later(form.id, field, asked[place + 1 :], asked[:place])) is not None:
            yield finding("form-order", file, name, field=field.shown, later=later.shown)
        if name in refused:
            yield finding(
                "form-default",
                file,
                name,
                field=field.shown,
                reason=Text(refused[name].text("en"), refused[name].text("sv")),
            )
        if (source := _no_list(field, form, others)) is not None:
            yield finding("form-options", file, name, field=field.shown, source=source)


def _is_always(source: str) -> bool:
    """Is this true whatever the data?"""
    try:
        expression = current_feel().compile(source)
        known = not expression.reads and not expression.needs_context
        return known and expression.evaluate({}, _SOMETIME, strict=False) is True
    except FeelError:
        return False


def _asked_later(form_id: str, field: Field, later: Collection[Field], earlier: Collection[Field]) -> Field | None:
    """A question further down that decides whether this one is shown: it would appear above the answer."""
    if not field.hides or field.in_rows or isinstance(field.component, Expression):
        return None
    read = {path for source in field.hides for path in _reads(source)}
    read |= {path[1:] for path in read if path[0] == form_id}
    known = {one.path for one in earlier}
    return next(
        (
            one
            for one in later
            if not one.in_rows and isinstance(one.component, Question) and one.path in read and one.path not in known
        ),
        None,
    )


def _refused_defaults(form: forms.Form) -> dict[str, forms.Message]:
    """Path of a question → why its default value would be refused, for those whose rules are constants."""
    with_default = {
        ".".join(field.path): field.component
        for field in fields(form)
        if isinstance(field.component, Question) and field.component.default is not None and not field.in_rows
    }
    constant = {
        path
        for path, question in with_default.items()
        if not any(name.startswith(("validate", "values", "readonly")) for name in question.expressions())
        and not (isinstance(question, Choice) and question.source.key)
    }
    if not constant:
        return {}
    try:
        form.clean({}, _evaluate)
    except forms.InvalidInput as error:
        told = {path: message for path, messages in error.errors.items() for message in messages[:1]}
        return {path: one for path, one in told.items() if path in constant and not one.key.startswith("required")}
    return {}


def _evaluate(source: str, variables: Mapping[str, Any]) -> Any:
    try:
        return current_feel().compile(source).evaluate(variables, _SOMETIME, strict=False)
    except FeelError:
        return None


def _no_list(field: Field, form: forms.Form, others: Mapping[str, forms.Form]) -> str | None:
    """Where the options of a choice come from, if that certainly is no list."""
    if not isinstance(field.component, Choice) or field.component.picker:
        return None
    source = field.component.source
    if source.key:
        asked = _meant(tuple(source.key.split(".")), form, others)
        return source.key if asked is not None and not _holds_list(asked) else None
    if not source.expression:
        return None
    try:
        expression = current_feel().compile(source.expression)
        if not expression.reads and not expression.needs_context:
            found = expression.evaluate({}, _SOMETIME, strict=False)
            return None if isinstance(found, list) else source.expression
    except FeelError:
        return None
    path = next(iter(expression.reads)) if len(expression.reads) == 1 else ()
    asked = _meant(path, form, others) if ".".join(path) == source.expression.strip() else None
    return source.expression if asked is not None and not _holds_list(asked) else None


def _meant(path: Path, form: forms.Form, others: Mapping[str, forms.Form]) -> Field | None:
    """The question that a path means: of this form, or of another."""
    own = next((field for field in fields(form) if field.path == path and not field.in_rows), None)
    if own is not None or len(path) < 2 or path[0] not in others:
        return own
    return next((field for field in fields(others[path[0]]) if field.path == path[1:] and not field.in_rows), None)


def _holds_list(field: Field) -> bool:
    """May its answer be a list?"""
    question = field.component
    if isinstance(question, (DynamicList, Several, Expression)):
        return True
    return isinstance(question, Question) and isinstance(question.blank(), list)


def _reads(source: str) -> frozenset[Path]:
    try:
        return current_feel().compile(source).reads
    except FeelError:
        return frozenset()
