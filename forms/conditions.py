"""Which field depends on which, so that a circle is refused when the form is loaded.

Without circles, hiding and computing settle on one answer whatever was posted, and reading the answers a second time
gives the same. Names are found by looking, not by parsing FEEL: a name inside a text literal does not count, a function
or a local name that happens to be called like a field does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from forms.components import Component, Container, DynamicList, Expression, Question

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_CHAIN = re.compile(r"[^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*)*")
#: First words of a chain that mean "here", "around" or "the form" and are followed by the name itself.
_HERE = frozenset({"this", "parent", "_this_", "_parent_", "item"})


@dataclass(frozen=True)
class _Place:
    """One field: where it writes, under which name in its own row, and what it reads."""

    component: Component
    path: tuple[str, ...]
    local: tuple[str, ...]
    #: Names in its own hide condition.
    own: frozenset[tuple[str, ...]]
    #: Names in the conditions around it, and in what it computes.
    around: frozenset[tuple[str, ...]]

    def reads(self, other: _Place) -> bool:
        """Does it depend on the other field? A question may look at itself in its own condition (*hide when empty*)."""
        if other is self and isinstance(self.component, Question):
            return _touches(self.around, self)
        return _touches(self.own | self.around, other)


def names_in(source: str) -> frozenset[tuple[str, ...]]:
    """Dotted names in FEEL source, cut at the dots."""
    bare = _COMMENT.sub(" ", _STRING.sub('""', source))
    chains = {tuple(part.strip() for part in found[0].split(".")) for found in _CHAIN.finditer(bare)}
    return frozenset(chain[1:] if chain[0] in _HERE and len(chain) > 1 else chain for chain in chains)


def circles(components: Sequence[Component]) -> list[list[str]]:
    """Each circle once, as the names of the fields it goes through."""
    places = list(_places(components, (), (), frozenset()))
    edges = {at: [to for to, other in enumerate(places) if place.reads(other)] for at, place in enumerate(places)}
    found: list[list[str]] = []
    done: set[int] = set()
    for start in edges:
        circle = _circle_from(start, edges, done)
        if circle:
            found.append([".".join(places[index].path) for index in circle])
    return found


def self_hiding(components: Sequence[Component]) -> frozenset[str]:
    """Ids of the questions whose own condition looks at their own answer."""
    places = _places(components, (), (), frozenset())
    return frozenset(place.component.id for place in places if _touches(place.own, place))


def _places(
    components: Sequence[Component],
    above: tuple[str, ...],
    local: tuple[str, ...],
    inherited: frozenset[tuple[str, ...]],
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


def _touches(names: frozenset[tuple[str, ...]], other: _Place) -> bool:
    """Does one of the names read mean the other field, something in it or something around it?"""
    for name in names:
        for path in (other.path, other.local):
            shorter = min(len(name), len(path))
            if name[:shorter] == path[:shorter]:
                return True
    return False


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
