"""The components a form may have, by form-js's names for them, and those it may not, with the reason."""

from __future__ import annotations

from forms.components.base import Component, Question
from forms.components.choices import Checkbox, Checklist, Radio, Select, Taglist
from forms.components.containers import Container, DynamicList, Group
from forms.components.expression import Expression
from forms.components.files import Filepicker
from forms.components.moments import Datetime
from forms.components.number import Number
from forms.components.shown import Separator, Spacer, Table, TextView
from forms.components.texts import Textarea, Textfield

#: The registry of components. A plug-in adds its class here under its type.
COMPONENTS: dict[str, type[Component]] = {
    component.type: component
    for component in (
        Textfield,
        Textarea,
        Number,
        Datetime,
        Checkbox,
        Checklist,
        Radio,
        Select,
        Taglist,
        Group,
        DynamicList,
        TextView,
        Separator,
        Spacer,
        Table,
        Expression,
        Filepicker,
    )
}

#: Components of form-js that Samled refuses → the variant of the rule `unsupported-component` that says why.
REFUSED: dict[str, str] = {
    "html": "html",
    "iframe": "iframe",
    "image": "image",
    "button": "button",
    "documentPreview": "document",
    "multipage": "page",
    "page": "page",
}

__all__ = [
    "COMPONENTS",
    "REFUSED",
    "Checkbox",
    "Checklist",
    "Component",
    "Container",
    "Datetime",
    "DynamicList",
    "Expression",
    "Filepicker",
    "Group",
    "Number",
    "Question",
    "Radio",
    "Select",
    "Separator",
    "Spacer",
    "Table",
    "Taglist",
    "TextView",
    "Textarea",
    "Textfield",
]
