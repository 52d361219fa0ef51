"""What keeps a package's form from being used, found before it is published."""

from __future__ import annotations

from collections.abc import Iterator

import forms
from engine.errors import FeelError
from engine.feel import current_feel
from engine.findings import Finding
from engine.rules import finding
from engine.validation.subject import Subject


def form_findings(content: bytes, file: str) -> list[Finding]:
    """What the loader refuses of a form, else the FEEL in it that cannot be read."""
    try:
        form = forms.load(content, file)
    except forms.InvalidForm as invalid:
        return [finding(reason.rule, file, reason.component, **reason.values) for reason in invalid.reasons]
    return [found for expression in form.expressions() if (found := _feel_finding(expression, file))]


def check(subject: Subject) -> Iterator[Finding]:
    """Every form of the package, and of those it calls."""
    own = subject.package
    for package in (own, *dict.fromkeys(own.called.values())) if own else ():
        for form_id, content in package.forms.items():
            file = package.form_files[form_id]
            yield from form_findings(content, file if package is own else f"{package.name}/{file}")


def _feel_finding(expression: forms.FormExpression, file: str) -> Finding | None:
    try:
        current_feel().compile(expression.source, element=expression.component, file=file)
    except FeelError as error:
        return error.finding("feel.form", property=expression.property)
    return None
