"""What has been written where: a forward data-flow over the specs that the engine runs, to a fixpoint.

At each element: which variables are written on every way that leads there (*sure*), which on some way (*kinds*, with
what they hold), and which are either sure or may have come with something that can bring anything, such as a task
without a form (*covered*). Variables are roots of paths: `plan` of `plan.owner`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce

#: What a variable may hold: `package/form id`, or this for anything.
ANYTHING = "?"
#: A path that a decision looked at, the flow taken, and the gateway.
Fact = tuple[tuple[str, ...], str, str]


@dataclass(frozen=True)
class State:
    """What is known of the variables at one place."""

    sure: frozenset[str] = frozenset()
    #: None: all of them.
    covered: frozenset[str] | None = frozenset()
    #: Variable that may be written → what it may hold.
    kinds: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: Names of the elements on the way that can bring anything.
    taints: frozenset[str] = frozenset()
    #: The decisions that every way here has taken.
    facts: frozenset[Fact] = frozenset()

    def write(self, name: str, kinds: Iterable[str] = (ANYTHING,)) -> State:
        """The variable has been written."""
        covered = None if self.covered is None else self.covered | {name}
        return replace(self, sure=self.sure | {name}, covered=covered, kinds={**self.kinds, name: frozenset(kinds)})

    def taint(self, element: str) -> State:
        """Something has happened that may have written anything."""
        return replace(self, covered=None, taints=self.taints | {element})

    def decide(self, facts: Iterable[Fact]) -> State:
        """A decision has been taken."""
        return replace(self, facts=self.facts.union(facts))

    def may_hold(self, kinds: Mapping[str, frozenset[str]]) -> State:
        """These may have been written besides."""
        return replace(self, kinds=_united(self.kinds, kinds)) if kinds else self

    def and_surely(self, other: State) -> State:
        """What is sure in `other` is known here as well."""
        covered = None if self.covered is None else self.covered | other.sure
        return replace(self.may_hold(other.kinds), sure=self.sure | other.sure, covered=covered)

    def outside(self, names: frozenset[str], outer: State) -> State:
        """After a scope of its own: these names were local, and outside are as before."""
        if not names:
            return self
        before = names if outer.covered is None else outer.covered & names
        covered = None if self.covered is None else (self.covered - names) | before
        kinds = {name: held for name, held in self.kinds.items() if name not in names}
        kinds |= {name: outer.kinds[name] for name in names if name in outer.kinds}
        return replace(self, sure=(self.sure - names) | (outer.sure & names), covered=covered, kinds=kinds)


def either(states: Iterable[State]) -> State | None:
    """One of these, nobody knows which; None if there is none."""
    return _reduced(_either, states)


def together(states: Iterable[State]) -> State | None:
    """All of these have happened."""
    return _reduced(_together, states)


def _reduced(merge: Callable[[State, State], State], states: Iterable[State]) -> State | None:
    known = list(states)
    return reduce(merge, known) if known else None


def _either(first: State, second: State) -> State:
    if first is second:
        return first
    return State(
        first.sure & second.sure,
        _common(first.covered, second.covered),
        _united(first.kinds, second.kinds),
        first.taints | second.taints,
        first.facts & second.facts,
    )


def _common(first: frozenset[str] | None, second: frozenset[str] | None) -> frozenset[str] | None:
    if first is None or second is None:
        return second if first is None else first
    return first & second


def _together(first: State, second: State) -> State:
    covered = None if first.covered is None or second.covered is None else first.covered | second.covered
    return State(
        first.sure | second.sure,
        covered,
        _united(first.kinds, second.kinds),
        first.taints | second.taints,
        first.facts | second.facts,
    )


def _united(first: Mapping[str, frozenset[str]], second: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    if first is second:
        return first
    more = {
        name: held | first[name] if name in first else held
        for name, held in second.items()
        if name not in first or not held <= first[name]
    }
    return {**first, **more} if more else first
