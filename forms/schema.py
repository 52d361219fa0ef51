"""A form as a marshmallow schema: fields that describe the answers, and a `load` that reads them as the form does.

The fields carry JSON Schema keywords for the API's documentation; whether an answer is right depends on the others
(conditions, computed options), so that `load` asks the form as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from marshmallow import Schema, ValidationError, fields

from forms.components import (
    Checkbox,
    Component,
    Container,
    Datetime,
    DynamicList,
    Expression,
    Filepicker,
    Number,
    Question,
)
from forms.components.choices import Choice, Several
from forms.errors import InvalidInput

if TYPE_CHECKING:
    from forms.form import Form

Clean = Callable[[Any], dict[str, Any]]


class FormSchema(Schema):
    """What the schemas of all forms have in common."""

    clean: ClassVar[Clean]
    language: ClassVar[str]

    def load(self, data: Any, *, many: bool | None = None, partial: Any = None, unknown: Any = None) -> Any:
        """Clean answers. Raises marshmallow's ValidationError; partial loading is not possible for a form."""
        if many or self.many:
            return [self.load(one, many=False) for one in data]
        if partial or unknown:
            raise TypeError("a form is read whole and refuses unknown keys")
        try:
            return type(self).clean(data)
        except InvalidInput as invalid:
            raise ValidationError(invalid.nested(self.language), data=data) from None

    def validate(self, data: Any, *, many: bool | None = None, partial: Any = None) -> dict[str, Any]:
        """The errors that `load` would raise."""
        try:
            self.load(data, many=many, partial=partial)
        except ValidationError as error:
            return dict(error.messages_dict)
        return {}


def schema_of(form: Form, clean: Clean, language: str) -> type[Schema]:
    """A schema class bound to a way of cleaning."""
    described = _describe(form.components)
    name = "".join(part.capitalize() for part in form.id.replace("-", "_").split("_")) or "Form"
    schema = FormSchema.from_dict(described, name=f"{name}Schema")
    schema.clean, schema.language = staticmethod(clean), language  # type: ignore[attr-defined]
    return schema


def _describe(components: tuple[Component, ...]) -> dict[str, fields.Field[Any]]:
    """Fields by name. Attribute names are our own, so that a key called `Meta` or `load` harms nothing."""
    tree: dict[str, Any] = {}
    _collect(components, tree)
    return _as_fields(tree)


def _collect(components: tuple[Component, ...], tree: dict[str, Any]) -> None:
    for component in components:
        if isinstance(component, DynamicList):
            inner = Schema.from_dict(_describe(component.children), name=f"{component.keys[-1]}Row")
            _put(tree, component.keys, fields.List(fields.Nested(inner)))
        elif isinstance(component, Container):
            branch = tree
            for key in component.keys:
                branch = branch.setdefault(key, {})
            _collect(component.children, branch)
        elif isinstance(component, Expression):
            _put(tree, component.keys, fields.Raw(dump_only=True, metadata={"readOnly": True}))
        elif isinstance(component, Question):
            _put(tree, component.keys, _field(component))


def _put(tree: dict[str, Any], keys: tuple[str, ...], field: fields.Field[Any]) -> None:
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
    tree[keys[-1]] = field


def _as_fields(tree: Mapping[str, Any]) -> dict[str, fields.Field[Any]]:
    found: dict[str, fields.Field[Any]] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            value = fields.Nested(Schema.from_dict(_as_fields(value), name=f"{key}Group"))
        value.data_key = value.attribute = key
        found[f"answer_{key}"] = value
    return found


def _field(question: Question) -> fields.Field[Any]:
    about = {
        "title": "".join(part for part in question.label.parts if isinstance(part, str)),
        "description": "".join(part for part in question.description.parts if isinstance(part, str)),
        **question.schema_metadata(),
    }
    #: A hidden question is never required; whether it is hidden is known only when the answers are.
    options: dict[str, Any] = {
        "required": question.required and not question.hide,
        "allow_none": not question.required,
        "metadata": {name: value for name, value in about.items() if value != ""},
    }
    if isinstance(question, Checkbox):
        return fields.Boolean(**options)
    if isinstance(question, Filepicker):
        return fields.List(fields.Dict(keys=fields.String()), **options)
    if isinstance(question, Several):
        choices = options["metadata"].pop("enum", None)
        return fields.List(fields.Raw(metadata={"enum": choices} if choices else {}), **options)
    if isinstance(question, Choice):
        return fields.Raw(**options)
    if isinstance(question, Number):
        return fields.String(**options) if question.as_text else fields.Float(**options)
    if isinstance(question, Datetime):
        return fields.String(**options)
    return fields.String(**options)
