"""Which field depends on which, so that a circle is refused when the form is loaded.

Without circles, hiding and computing settle on one answer whatever was posted, and reading the answers a second time
gives the same. Names are found by looking, not by parsing FEEL: a name inside a text literal does not count, a function
or a local name that happens to be called like a field does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from forms.components import Component, Container, DynamicList, Expression, Question

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_CHAIN = re.compile(r"[^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*)*")
#: First words of a chain that mean "here", "around" or "the form" and are followed by the name itself.
_HERE = frozenset({"this", "parent", "_this_", "_parent_", "item"})


@dataclass(frozen=True)
class _Name:
    """A dotted name in an expression, cut at the dots."""

    parts: tuple[str, ...]
    #: After `this` or `parent`: a name within the row, too.
    local: bool = False


@dataclass(frozen=True)
class _Place:
    """One field: where it writes, under which name in its own row, and what it reads."""

    component: Component
    path: tuple[str, ...]
    local: tuple[str, ...]
    #: Names in its own hide condition.
    own: frozenset[_Name]
    #: Names in the conditions around it, and in what it computes.
    around: frozenset[_Name]


class _Fields:
    """All fields of a form, found by the names that mean them."""

    def __init__(self, form_id: str, components: Sequence[Component]) -> None:
        self._form_id = form_id
        self.places = list(_places(components, (), (), frozenset()))
        #: Name from the root (False) or within a row (True) → fields at it or below it, and fields exactly there.
        self._below: dict[tuple[bool, tuple[str, ...]], set[int]] = {}
        self._exact: dict[tuple[bool, tuple[str, ...]], set[int]] = {}
        for index, place in enumerate(self.places):
            for within, path in ((False, place.path), (True, place.path), (True, place.local)):
                self._exact.setdefault((within, path), set()).add(index)
                for length in range(len(path) + 1):
                    self._below.setdefault((within, path[:length]), set()).add(index)

    def meant_by(self, names: Iterable[_Name]) -> set[int]:
        """Fields that the names mean, something in them or something around them."""
        found: set[int] = set()
        for name in names:
            found |= self._at(name.parts, name.local)
            if name.parts[:1] == (self._form_id,):
                found |= self._at(name.parts[1:], False)
        return found

    def _at(self, parts: tuple[str, ...], within: bool) -> set[int]:
        found = set(self._below.get((within, parts), ()))
        for length in range(1, len(parts)):
            found |= self._exact.get((within, parts[:length]), set())
        return found

    def read_by(self, index: int) -> set[int]:
        """Fields that a field depends on. A question may look at itself in its own condition (*hide when empty*)."""
        place = self.places[index]
        around = self.meant_by(place.around)
        own = self.meant_by(place.own)
        return around | (own - {index} if isinstance(place.component, Question) else own)


def names_in(source: str) -> frozenset[_Name]:
    """The names that FEEL source reads."""
    bare = _COMMENT.sub(" ", _STRING.sub('""', source))
    names = set()
    for found in _CHAIN.finditer(bare):
        parts = tuple(part.strip() for part in found[0].split("."))
        local = parts[0] in _HERE
        names.add(_Name(parts[1:] if local else parts, local))
    return frozenset(names)


def circles(form_id: str, components: Sequence[Component]) -> list[list[str]]:
    """Each circle once, as the names of the fields it goes through."""
    fields = _Fields(form_id, components)
    edges = {index: sorted(fields.read_by(index)) for index in range(len(fields.places))}
    found: list[list[str]] = []
    done: set[int] = set()
    for start in edges:
        circle = _circle_from(start, edges, done)
        if circle:
            found.append([".".join(fields.places[index].path) for index in circle])
    return found


def self_hiding(form_id: str, components: Sequence[Component]) -> frozenset[str]:
    """Ids of the questions whose own condition looks at their own answer."""
    fields = _Fields(form_id, components)
    return frozenset(
        place.component.id for index, place in enumerate(fields.places) if index in fields.meant_by(place.own)
    )


def _places(
    components: Sequence[Component],
    above: tuple[str, ...],
    local: tuple[str, ...],
    inherited: frozenset[_Name],
) -> Iterator[_Place]:
    for component in components:
        own = names_in(component.hide) if component.hide else frozenset()
        if isinstance(component, DynamicList):
            yield from _places(component.children, (*above, *component.keys), (), inherited | own)
        elif isinstance(component, Container):
            inside = (*above, *component.keys), (*local, *component.keys)
            yield from _places(component.children, *inside, inherited | own)
        elif isinstance(component, (Question, Expression)):
            around = inherited
            if isinstance(component, Expression):
                around |= names_in(component.source)
            elif isinstance(component.readonly, str):
                around |= names_in(component.readonly)
            yield _Place(component, (*above, *component.keys), (*local, *component.keys), own, around)


def _circle_from(start: int, edges: dict[int, list[int]], done: set[int]) -> list[int] | None:
    """Depth first, without recursion: a form may hold a long chain of conditions."""
    if start in done:
        return None
    trail, choices = [start], [iter(edges[start])]
    on_trail = {start}
    while trail:
        following = next(choices[-1], None)
        if following is None:
            choices.pop()
            on_trail.discard(trail[-1])
            done.add(trail.pop())
        elif following in on_trail:
            circle = [*trail[trail.index(following) :], following]
            done.update(on_trail)
            return circle
        elif following not in done:
            trail.append(following)
            on_trail.add(following)
            choices.append(iter(edges[following]))
    return None
