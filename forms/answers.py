"""Answers in words: what a form was answered with, for the case page, the timeline and the printed plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from forms.components import Component, Container, DynamicList, Question
from forms.filling import Path, at, is_missing
from forms.messages import say
from forms.scope import Scope, Situation

if TYPE_CHECKING:
    from forms.form import Form


class Answer(NamedTuple):
    """A question and its answer, or a group or list and what is in it."""

    label: str
    #: The answer in words; empty for a group or list.
    text: str
    #: Of a list: its rows. Of a group: one row.
    rows: tuple[tuple[Answer, ...], ...] = ()
    is_list: bool = False


def answers_of(form: Form, data: Mapping[str, Any], situation: Situation) -> list[Answer]:
    """What the data says, in the form's order. Questions that the data has no answer to (hidden ones) are left out."""
    return list(_answers(form.components, data, (), Scope.root(situation, data)))


def flat(answers: Sequence[Answer], language: str, around: str = "") -> Iterator[tuple[str, str]]:
    """Answers one after another; those in a row are labelled `Goal 2: text`."""
    for answer in answers:
        label = f"{around}: {answer.label}" if around else answer.label
        if not answer.rows:
            yield label, answer.text
        for number, row in enumerate(answer.rows, start=1):
            name = say("word.row", language, label=label, number=number) if answer.is_list else label
            yield from flat(row, language, name)


def _answers(components: Sequence[Component], data: Mapping[str, Any], path: Path, scope: Scope) -> Iterator[Answer]:
    language = scope.situation.language
    for component in components:
        if isinstance(component, DynamicList):
            rows = at(data, (*path, *component.keys))
            if isinstance(rows, list):
                label = component.label.render(scope) or component.keys[-1].replace("_", " ")
                text = "" if rows else say("word.no-rows", language)
                yield Answer(label, text, tuple(_rows(component, rows, scope)), True)
        elif isinstance(component, Container):
            inside = tuple(_answers(component.children, data, (*path, *component.keys), scope))
            label = component.label.render(scope).strip()
            if inside and label:
                yield Answer(label, "", (inside,))
            else:
                yield from inside
        elif isinstance(component, Question):
            value = at(data, (*path, *component.keys))
            if not is_missing(value):
                text = component.in_words(value, scope) or say("word.unanswered", language)
                yield Answer(component.label.render(scope).strip(), text)


def _rows(component: DynamicList, rows: Sequence[Any], scope: Scope) -> Iterator[tuple[Answer, ...]]:
    for number, row in enumerate(rows, start=1):
        if isinstance(row, Mapping):
            yield tuple(_answers(component.children, row, (), scope.row(number, row)))
