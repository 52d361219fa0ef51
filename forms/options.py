"""Where the options of a choice come from, and how they are compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forms.limits import SHORT_TEXT
from forms.messages import in_words
from forms.nodes import Node
from forms.scope import Option, Scope

_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def canonical(value: Any) -> str:
    """JSON text that tells values apart by type too: 1 and "1", true and 1."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _encode(value)


def token(value: Any) -> str:
    """What the page sends for an option: the text itself, or JSON of anything else."""
    return value if isinstance(value, str) else canonical(value)


def normalised(values: Any) -> list[Option]:
    """Options of what an expression or the case data gives: words, numbers, or objects with a label and a value."""
    options = []
    for item in values if isinstance(values, list) else []:
        if isinstance(item, Mapping):
            value, label = item.get("value"), item.get("label")
            if value is None:
                value = label
            if value is not None:
                options.append(Option(value, in_words(label if label is not None else value, "sv")))
        elif isinstance(item, (str, int, float)):
            options.append(Option(item, in_words(item, "sv")))
    return options


def find(options: Iterable[Option], value: Any) -> Option | None:
    """The option with this value, or the one whose token on the page this is."""
    options = list(options)
    wanted = canonical(value)
    for option in options:
        if canonical(option.value) == wanted:
            return option
    if isinstance(value, str):
        for option in options:
            if token(option.value) == value:
                return option
    return None


def in_order(values: list[Any], options: Sequence[Option]) -> list[Any]:
    """Chosen values in the order of the options; what is no option comes last, as it was."""
    places = {canonical(option.value): place for place, option in enumerate(options)}
    return sorted(values, key=lambda value: places.get(canonical(value), len(places)))


@dataclass(frozen=True)
class OptionSource:
    """`values`, `valuesKey` or `valuesExpression` of a choice."""

    static: tuple[Option, ...] = ()
    #: Dotted path in the case data, or in this form's earlier answers.
    key: str = ""
    #: FEEL source.
    expression: str = ""

    @classmethod
    def load(cls, node: Node, *, needed: bool) -> OptionSource:
        """Read from the file. `needed`: refuse a choice without any."""
        key, expression = node.text("valuesKey"), node.content.get("valuesExpression")
        if key:
            return cls(key=key)
        if node.content.get("values") is not None:
            return cls(static=tuple(_static(node, needed)))
        if expression:
            return cls(expression=node.feel("valuesExpression", expression))
        if needed:
            node.refuse("missing-options", type=node.type)
        return cls()

    @property
    def depends(self) -> bool:
        """Can the options change while the form is filled in?"""
        return bool(self.expression)

    def options(self, scope: Scope) -> list[Option]:
        """The options just now."""
        if self.key:
            known = scope.situation.known
            found = _at(known, self.key)
            return normalised(found if found is not None else _at(scope.situation.earlier(), self.key))
        if self.expression:
            return normalised(scope.feel(self.expression))
        return list(self.static)


def _static(node: Node, needed: bool) -> list[Option]:
    values = node.content.get("values")
    options: list[Option] = []
    for item in values if isinstance(values, list) else [None]:
        value = item.get("value") if isinstance(item, Mapping) else item
        label = item.get("label") if isinstance(item, Mapping) else item
        value = label if value is None else value
        if not isinstance(value, (str, int, float)) or len(str(value)) > SHORT_TEXT:
            node.refuse("option")
            continue
        if any(canonical(value) == canonical(option.value) for option in options):
            node.refuse("option.twice", value=value)
        options.append(Option(value, str(label if label not in (None, "") else value)))
    if needed and not options:
        node.refuse("missing-options", type=node.type)
    return options


def _at(data: Any, path: str) -> Any:
    for segment in path.split("."):
        if not isinstance(data, Mapping):
            return None
        data = data.get(segment)
    return data
