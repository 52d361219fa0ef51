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

#: Components of form-js that Samled refuses: type → (why, what to do instead).
REFUSED: dict[str, tuple[str, str]] = {
    "html": ("it would put markup of the form's own into the page", "Use a text component with Markdown"),
    "iframe": (
        "it would show another site inside the page, with what that site then learns",
        "Link to it from a text component",
    ),
    "image": ("it would fetch pictures from elsewhere", "Describe it in a text component, or attach a file"),
    "button": ("the page has its own buttons for saving and completing", "Remove it"),
    "documentPreview": (
        "it shows documents of another platform's store",
        "Use a filepicker, or a link in a text component",
    ),
    "multipage": ("it is not in form-js 1.x files that Samled reads", "Use groups, or one user task a page"),
    "page": ("it is not in form-js 1.x files that Samled reads", "Use groups, or one user task a page"),
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
