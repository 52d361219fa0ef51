"""A form: what it asks, what it makes of answers, how it is shown."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from forms.answers import Answer, answers_of, flat
from forms.components import Component, Container, DynamicList, Expression, Filepicker, Question
from forms.components.files import FileRule
from forms.conditions import self_hiding
from forms.errors import InvalidInput
from forms.filling import Filling, dotted
from forms.keys import Keys, keys_of, pruned
from forms.messages import Message
from forms.reading import Fields, RowChange, change_rows, component_named, read_post, seen_names
from forms.scope import Evaluate, Lookups, Situation
from forms.view import FormView, Viewer

if TYPE_CHECKING:
    from marshmallow import Schema

#: Swedish wall clocks, unless the caller says otherwise.
ZONE = "Europe/Stockholm"


@dataclass(frozen=True)
class FormExpression:
    """FEEL somewhere in a form, for whoever checks it before the form is used."""

    component: str
    #: `conditional.hide`, `valuesExpression`, `validate.min` and so on.
    property: str
    #: Without its leading "=".
    source: str


@dataclass(frozen=True)
class Form:
    """A form that was read without a fault. Made by `forms.load`; immutable and shareable between threads."""

    id: str
    title: str
    file: str
    components: tuple[Component, ...]

    def clean(
        self,
        raw: Mapping[str, Any],
        evaluate: Evaluate,
        *,
        known: Mapping[str, Any] | None = None,
        lookups: Lookups | None = None,
        zone: str = ZONE,
    ) -> dict[str, Any]:
        """What is stored of these answers: JSON data, the form's own keys only, hidden ones left out.

        `known` is the case's data: expressions see it, read-only questions keep what is under the form's id. `lookups`
        say what pickers may hold; without them anything goes. `zone` is the organisation's time zone. Answers missing
        from `raw` take their default, else their empty value. Raises InvalidInput with the messages by path.
        """
        filling = self._filling(raw, evaluate, known, lookups, zone)
        problems = filling.problems()
        if problems:
            raise InvalidInput({dotted(path): messages for path, messages in problems.items()})
        return filling.data()

    def schema(
        self,
        evaluate: Evaluate,
        *,
        known: Mapping[str, Any] | None = None,
        lookups: Lookups | None = None,
        zone: str = ZONE,
        language: str = "sv",
    ) -> type[Schema]:
        """A marshmallow schema whose `load` is `clean`; errors come as marshmallow's own, in `language`."""
        from forms.schema import schema_of

        return schema_of(self, lambda raw: self.clean(raw, evaluate, known=known, lookups=lookups, zone=zone), language)

    def read_post(
        self, fields: Fields, uploads: Mapping[str, Sequence[Mapping[str, Any]]] | None = None
    ) -> dict[str, Any]:
        """What was typed into the page, nested as the answers are; nothing is checked.

        `uploads`: field name → references of files just stored.
        """
        return read_post(self, fields, uploads or {})

    def change_rows(self, fields: Fields, raw: Mapping[str, Any]) -> RowChange | None:
        """What was typed, with a row added or removed if that is the button that was pressed; else None."""
        return change_rows(self, fields, raw)

    def prefill(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """Raw answers to begin with: what this form was answered with before, and a list's first empty rows."""
        earlier = known.get(self.id)
        raw = copy.deepcopy(dict(earlier)) if isinstance(earlier, Mapping) else {}
        asked = pruned(raw, self.keys)
        _first_rows(self.components, asked)
        return asked

    def view(
        self,
        raw: Mapping[str, Any] | None,
        errors: Mapping[str, Sequence[Message | str]] | None,
        evaluate: Evaluate,
        *,
        known: Mapping[str, Any] | None = None,
        lookups: Lookups | None = None,
        zone: str = ZONE,
        language: str = "sv",
        focus: str = "",
    ) -> FormView:
        """The form as a page shows it. `raw` is what was typed (None: begin afresh), `errors` those of `clean`.

        `focus`: element to put the focus on, as `change_rows` says. `language`: `sv` or `en`.
        """
        raw = self.prefill(known or {}) if raw is None else raw
        filling = self._filling(raw, evaluate, known, lookups, zone, language)
        return Viewer(self, filling, errors or {}).view(focus)

    def unseen(
        self,
        fields: Fields,
        raw: Mapping[str, Any],
        evaluate: Evaluate,
        *,
        known: Mapping[str, Any] | None = None,
        lookups: Lookups | None = None,
        zone: str = ZONE,
    ) -> dict[str, list[Message]]:
        """Questions that these answers ask for and the posting page did not show, as errors by path.

        Without JavaScript a condition takes effect only when the page comes back: a question that an answer has made
        visible must be shown once before the answers are taken. Empty when the page did not say what it showed.
        """
        shown = seen_names(fields)
        filling = self._filling(raw, evaluate, known, lookups, zone)
        return filling.unseen(shown) if shown is not None else {}

    def answers(
        self,
        data: Mapping[str, Any],
        lookups: Lookups | None = None,
        *,
        language: str = "sv",
        known: Mapping[str, Any] | None = None,
        evaluate: Evaluate | None = None,
        zone: str = ZONE,
    ) -> list[Answer]:
        """Stored answers in words, groups and rows kept together. `data` is what `clean` gave.

        `evaluate` is needed only for labels and options that are expressions.
        """
        return answers_of(self, data, Situation(self.id, evaluate or _nothing, known or {}, lookups, zone, language))

    def describe(
        self, data: Mapping[str, Any], lookups: Lookups | None = None, *, language: str = "sv", zone: str = ZONE
    ) -> list[tuple[str, str]]:
        """Stored answers as (question, answer in words), one after another."""
        return list(flat(self.answers(data, lookups, language=language, zone=zone), language))

    def file_rule(self, name: str) -> FileRule | None:
        """What may be attached to the file field of this name on the page; None when there is no such field."""
        component = component_named(self, name)
        return component.rule if isinstance(component, Filepicker) else None

    def expressions(self) -> list[FormExpression]:
        """All FEEL in the form."""
        return [
            FormExpression(".".join(getattr(component, "keys", ())) or component.id, name, source)
            for component in self.walk()
            for name, source in component.expressions().items()
        ]

    def walk(self) -> Iterator[Component]:
        """Every component, containers before what they hold."""
        return _walk(self.components)

    @cached_property
    def is_dynamic(self) -> bool:
        """Does anything depend on other answers?"""
        return any(
            component.hide
            or isinstance(component, Expression)
            or (isinstance(component, Question) and (component.depends or isinstance(component.readonly, str)))
            for component in self.walk()
        )

    @cached_property
    def self_hiding(self) -> frozenset[str]:
        """Ids of the questions whose own condition looks at their own answer."""
        return self_hiding(self.id, self.components)

    @cached_property
    def keys(self) -> Keys:
        """The keys that answers may have."""
        return keys_of(self.components)

    def _filling(
        self,
        raw: Any,
        evaluate: Evaluate,
        known: Mapping[str, Any] | None,
        lookups: Lookups | None,
        zone: str,
        language: str = "sv",
    ) -> Filling:
        return Filling(self, raw, Situation(self.id, evaluate, known or {}, lookups, zone, language))


def _nothing(source: str, variables: Mapping[str, Any]) -> None:
    """Evaluates nothing: labels that are expressions stay empty."""


def _first_rows(components: Sequence[Component], raw: dict[str, Any]) -> None:
    """Give lists that have no rows yet their first ones."""
    for component in components:
        if not isinstance(component, Container):
            continue
        place = raw
        for key in component.keys[:-1] if isinstance(component, DynamicList) else component.keys:
            place = place.setdefault(key, {})
        if isinstance(component, DynamicList):
            rows = place.setdefault(component.keys[-1], [{} for _ in range(component.initial)])
            for row in rows:
                _first_rows(component.children, row)
        else:
            _first_rows(component.children, place)


def _walk(components: Sequence[Component]) -> Iterator[Component]:
    for component in components:
        yield component
        if isinstance(component, Container):
            yield from _walk(component.children)
