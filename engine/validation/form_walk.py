"""The questions of a form with the path of each answer, from the form's own object on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import forms
from forms.components import Component, Container, DynamicList, Expression, Question

Path = tuple[str, ...]


@dataclass(frozen=True)
class Field:
    """A question, a list of rows or a computed value."""

    path: Path
    component: Question | Expression | DynamicList
    #: The conditions that hide it, those of the groups around it included.
    hides: tuple[str, ...]
    #: Is it in the rows of a list?
    in_rows: bool = False

    @property
    def name(self) -> str:
        """By which findings name it as an element: its path."""
        return ".".join(self.path)

    @property
    def shown(self) -> str:
        """What people see: its label, where that is plain text; else its path."""
        label = getattr(self.component, "label", None)
        words = label.parts if label is not None and not label.expressions else ()
        return "".join(map(str, words)).strip() or self.name


def fields(form: forms.Form) -> Iterator[Field]:
    """In the order of the page; a list comes before the fields of its rows."""
    yield from _fields(form.components, (), (), in_rows=False)


def _fields(components: Sequence[Component], path: Path, hides: tuple[str, ...], *, in_rows: bool) -> Iterator[Field]:
    for component in components:
        mine = (*hides, component.hide) if component.hide else hides
        if isinstance(component, (DynamicList, Question, Expression)):
            yield Field((*path, *component.keys), component, mine, in_rows)
        if isinstance(component, Container):
            inside = in_rows or isinstance(component, DynamicList)
            yield from _fields(component.children, (*path, *component.keys), mine, in_rows=inside)
