"""Which keys the answers of a form may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forms.components import Component, Container, DynamicList, Expression, Question

#: Key → None of an answer, the keys inside a group, or the keys of a list's rows.
Keys = Mapping[str, Any]


@dataclass(frozen=True)
class ListKeys:
    """A list, and the keys of each of its rows."""

    component: DynamicList
    row: Keys


def keys_of(components: Sequence[Component]) -> Keys:
    """The keys that these components write to."""
    keys: dict[str, Any] = {}
    _collect(components, keys)
    return keys


def _collect(components: Sequence[Component], keys: dict[str, Any]) -> None:
    for component in components:
        if isinstance(component, DynamicList):
            _object_at(keys, component.keys[:-1])[component.keys[-1]] = ListKeys(component, keys_of(component.children))
        elif isinstance(component, Container):
            _collect(component.children, _object_at(keys, component.keys))
        elif isinstance(component, (Question, Expression)):
            _object_at(keys, component.keys[:-1])[component.keys[-1]] = None


def _object_at(keys: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for segment in path:
        keys = keys.setdefault(segment, {})
    return keys
