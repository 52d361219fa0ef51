"""A form: what it asks, what it makes of answers, how it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from forms.components import Component, Container, Expression, Question
from forms.errors import InvalidInput
from forms.filling import Filling, dotted
from forms.keys import Keys, keys_of
from forms.reading import Fields, RowChange, change_rows, read_post
from forms.scope import Evaluate, Lookups, Situation

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


def _walk(components: Sequence[Component]) -> Iterator[Component]:
    for component in components:
        yield component
        if isinstance(component, Container):
            yield from _walk(component.children)
