"""Variables in nested scopes, as in Camunda 8.

The outermost scope is the case's data. An activity with an input mapping, and each child of a multi-instance, has a
scope of its own. A result is written where its name is already known, else in the outermost scope that may be reached:
a multi-instance child and a called process keep what is written inside them.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Any


class Scope:
    """One set of variables. Values are replaced, never changed in place: history may still hold the old ones."""

    __slots__ = ("id", "keeps", "parent", "values")

    def __init__(self, id: int, parent: Scope | None, *, keeps: bool, values: dict[str, Any] | None = None) -> None:
        self.id = id
        self.parent = parent
        #: Do results written inside stay inside?
        self.keeps = keeps or parent is None
        self.values = values if values is not None else {}

    def chain(self) -> Mapping[str, Any]:
        """Every variable that can be read here, the innermost first."""
        if self.parent is None:
            return self.values
        maps, scope = [self.values], self.parent
        while scope is not None:
            maps.append(scope.values)
            scope = scope.parent  # type: ignore[assignment]
        return ChainMap(*maps)

    def write(self, name: str, value: Any) -> None:
        """Write a result: where the name is known, else as far out as it may go."""
        scope = self
        while name not in scope.values and not scope.keeps and scope.parent is not None:
            scope = scope.parent
        scope.values[name] = value

    def write_all(self, values: Mapping[str, Any]) -> None:
        """Write several results."""
        for name, value in values.items():
            self.write(name, value)
