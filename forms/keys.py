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


def pruned(raw: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
    """The part of stored answers that a form still asks for: it may have changed since they were given."""
    kept: dict[str, Any] = {}
    for key, inside in keys.items():
        value = raw.get(key)
        if key not in raw:
            continue
        if isinstance(inside, ListKeys):
            rows = value if isinstance(value, list) else []
            kept[key] = [pruned(row, inside.row) for row in rows if isinstance(row, Mapping)]
        elif isinstance(inside, Mapping):
            kept[key] = pruned(value, inside) if isinstance(value, Mapping) else {}
        else:
            kept[key] = value
    return kept


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
