"""Three-way merging of plain data, such as a form or a `process.toml`: dicts by key, lists of entries by their ids."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.differences.texts import identity
from engine.merging.conflicts import Choices, Conflict

#: It is not there. JSON has a null of its own.
MISSING: Final = object()


@dataclass(frozen=True)
class _Place:
    """Where in a file a value stands."""

    file: str
    element: str = ""
    name: str = ""
    path: str = ""

    def key(self, key: str) -> _Place:
        return _Place(self.file, self.element, self.name, f"{self.path}.{key}" if self.path else key)

    def entry(self, key: str, entry: Any) -> _Place:
        """An entry with an id of its own is an element; an option of a question is part of it."""
        if isinstance(entry, Mapping) and entry.get("type") and (entry.get("id") or entry.get("key")):
            return _Place(self.file, key, str(entry.get("label") or entry.get("text") or key))
        return _Place(self.file, self.element, self.name, f"{self.path}[{key}]")


@dataclass(frozen=True)
class DataMerge:
    """One file's merge."""

    file: str
    choices: Choices

    def merge(self, base: Any, theirs: Any, ours: Any) -> Any:
        """The merged data; nothing that was given is changed."""
        return self._value(base, theirs, ours, _Place(self.file))

    def _value(self, base: Any, theirs: Any, ours: Any, place: _Place) -> Any:
        if _same(ours, theirs) or _same(theirs, base):
            return ours
        if _same(ours, base):
            return theirs
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            return self._dict(base if isinstance(base, Mapping) else {}, theirs, ours, place)
        if _entries(ours) and _entries(theirs) and (base is MISSING or _entries(base)):
            return self._list([] if base is MISSING else base, theirs, ours, place)
        conflict = Conflict(place.file, place.element, place.name, place.path, _said(base), _said(ours), _said(theirs))
        return theirs if self.choices.choose(conflict) == "theirs" else ours

    def _dict(self, base: Mapping[str, Any], theirs: Mapping[str, Any], ours: Mapping[str, Any], place: _Place) -> Any:
        merged = {}
        for key in joined(list(ours), list(theirs)):
            old, new, own = (one.get(key, MISSING) for one in (base, theirs, ours))
            value = self._value(old, new, own, place.key(key))
            if value is not MISSING:
                merged[key] = value
        return merged

    def _list(self, base: Sequence[Any], theirs: Sequence[Any], ours: Sequence[Any], place: _Place) -> Any:
        sides = [{str(identity(one)): one for one in side} for side in (base, theirs, ours)]
        old, new, own = sides
        merged = {}
        for key in joined(list(own), list(new)):
            was, their, our = (side.get(key, MISSING) for side in sides)
            value = self._value(was, their, our, place.entry(key, their if our is MISSING else our))
            if value is not MISSING:
                merged[key] = value
        order = self._order(list(old), list(new), list(own), place)
        return [merged[key] for key in _reordered(list(merged), order)]

    def _order(self, base: list[str], theirs: list[str], ours: list[str], place: _Place) -> list[str]:
        """In which order those that all three have come."""
        common = set(base) & set(theirs) & set(ours)
        old, new, own = ([key for key in side if key in common] for side in (base, theirs, ours))
        if new in (old, own):
            return own
        if own == old:
            return new
        was, our, their = (", ".join(side) for side in (old, own, new))
        conflict = Conflict(place.file, place.element, place.name, f"{place.path} order".strip(), was, our, their)
        return new if self.choices.choose(conflict) == "theirs" else own


def joined(ours: list[str], theirs: list[str]) -> list[str]:
    """Ours, with what only theirs has after what comes before it there."""
    result = list(ours)
    for place, key in enumerate(theirs):
        if key not in result:
            before = next((one for one in reversed(theirs[:place]) if one in result), None)
            result.insert(result.index(before) + 1 if before is not None else 0, key)
    return result


def _reordered(keys: list[str], order: list[str]) -> list[str]:
    """The same keys, those in `order` in that order at the places they have together."""
    wanted = iter([key for key in order if key in keys])
    known = set(order)
    return [next(wanted) if key in known else key for key in keys]


def _entries(value: Any) -> bool:
    """Is it a list whose entries can be told apart?"""
    if not isinstance(value, list) or not all(isinstance(one, Mapping) and identity(one) for one in value):
        return False
    return len({identity(one) for one in value}) == len(value)


def _same(one: Any, other: Any) -> bool:
    return (one is MISSING) == (other is MISSING) and (one is other or (type(one) is type(other) and one == other))


def _said(value: Any) -> str | None:
    if value is MISSING:
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
