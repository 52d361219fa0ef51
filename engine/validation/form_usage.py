"""Check 8, forms: what nothing uses, what nobody sees, and what is written twice at once.

That nothing reads an answer is no fault: people read it on the case's page. Only a computed value, which no page shows,
is there for expressions alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.findings import Finding
from engine.references import References
from engine.rules import finding
from engine.validation import form_sense, side_by_side
from engine.validation.form_walk import fields
from engine.validation.reading_places import ReadingPlaces
from engine.validation.subject import Subject
from forms.components import Expression

_NAME = re.compile(r"[^\W\d]\w*")
#: What the engine itself keeps in a case's data.
RESERVED = frozenset({"case"})


def check(subject: Subject) -> Iterator[Finding]:
    """Every form of the package that can be read (`form_files` tells of the others)."""
    package = subject.package
    if package is None:
        return
    places = ReadingPlaces(subject)
    named = _named(subject)
    for form_id, form in subject.forms.items():
        file = package.form_files[form_id]
        yield from _id_findings(form_id, file, places)
        yield from form_sense.findings(form, file, subject.forms)
        if named is not None and form_id not in named:
            yield finding("form-unused", file, form=form.title)
            continue
        for field in fields(form) if named is not None else ():
            if isinstance(field.component, Expression) and not (field.in_rows or places.reads((form_id, *field.path))):
                yield finding("form-unread", file, field.name, field=field.name)
    yield from side_by_side.check(subject)


def _named(subject: Subject) -> frozenset[str] | None:
    """The forms that processes name; None where that is computed, or where there is no process."""
    models = subject.package.bpmn.values() if subject.package is not None else ()
    if not models or any(re.search(rb"""formId\s*=\s*["']\s*=""", model) for model in models):
        return None
    return References.of(models).forms


def _id_findings(form_id: str, file: str, places: ReadingPlaces) -> Iterator[Finding]:
    """The answers are kept under the form's id: expressions must be able to name it, and nothing else may be there."""
    if form_id in RESERVED:
        yield finding("form-id-unreadable.reserved", file, id=form_id)
    elif not _NAME.fullmatch(form_id) and any(form_id in source for source in places.sources):
        yield finding("form-id-unreadable.name", file, id=form_id)
