"""Components that hold others: a group, and a list whose rows are groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from forms.components.base import Component
from forms.limits import ROWS
from forms.nodes import Node
from forms.templating import Template

_PROPERTIES = frozenset({"path", "label", "showOutline", "verticalAlignment", "components"})


@dataclass(frozen=True, kw_only=True)
class Container(Component):
    """What groups and lists have in common."""

    keys: tuple[str, ...] = ()
    label: Template
    children: tuple[Component, ...] = ()

    @classmethod
    def settings(cls, node: Node) -> dict[str, Any]:
        return {"keys": node.keys("path", required=False), "label": node.template("label")}

    def expressions(self) -> dict[str, str]:
        found = super().expressions()
        return {**found, **{f"label.{number}": source for number, source in enumerate(self.label.expressions)}}


@dataclass(frozen=True, kw_only=True)
class Group(Container):
    """Questions that belong together; with a `path`, their answers are one object."""

    type = "group"
    properties = _PROPERTIES


@dataclass(frozen=True, kw_only=True)
class DynamicList(Container):
    """Questions asked once a row; the answer is a list of objects at `path`."""

    type = "dynamiclist"
    properties = _PROPERTIES | {
        "isRepeating",
        "allowAddRemove",
        "defaultRepetitions",
        "disableCollapse",
        "nonCollapsedItems",
        "readonly",
    }

    #: Rows shown before anything is filled in.
    initial: int = 1
    #: May the person add and remove rows?
    changeable: bool = True

    @classmethod
    def settings(cls, node: Node) -> dict[str, Any]:
        if not node.flag("isRepeating", True):
            node.refuse("unsupported-property.repeating")
        if node.flag("readonly"):
            node.refuse("unsupported-property.readonly")
        initial = node.whole_number("defaultRepetitions", 1) or 0
        if initial > ROWS:
            node.refuse("property-type.repetitions", limit=ROWS)
        return {
            "keys": node.keys("path", required=True),
            "label": node.template("label"),
            "initial": min(initial, ROWS),
            "changeable": node.flag("allowAddRemove", True),
        }
