"""A token game, written from chapter 13 of the BPMN 2.0 standard. It knows nothing of the engine.

Tokens lie on sequence flows; activities and events that have begun and not ended are `Active`. `settle` moves every
token that moves by itself; what is left are user tasks, events waited for, and tokens that are stuck.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from tests.random_models import Element, Flow, Scope

#: Of several that could be meant, the oldest is.
_births = count()


class Endless(Exception):
    """The model moves by itself without end."""


@dataclass(eq=False)
class Values:
    """The variable v. A multi-instance child has its own from when it is first written there."""

    own: int | None
    around: Values | None = None

    @property
    def v(self) -> int:
        """What can be read here."""
        return self.own if self.own is not None else self.around.v  # type: ignore[union-attr]


@dataclass(eq=False)
class Active:
    """An activity or event that has begun."""

    element: Element
    inside: Instance | None = None
    #: Multi-instance: the children that run, and how many have not begun.
    children: list[Active] = field(default_factory=list)
    to_come: int = 0
    #: Boundary events that have not gone off for good.
    armed: list[Element] = field(default_factory=list)
    born: int = field(default_factory=lambda: next(_births))


@dataclass(eq=False)
class Instance:
    """A running process or sub-process."""

    scope: Scope
    values: Values
    tokens: Counter[str] = field(default_factory=Counter)
    active: list[Active] = field(default_factory=list)
    armed: list[Element] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    born: int = field(default_factory=lambda: next(_births))

    def everything(self) -> list[Instance]:
        """This instance and all inside it."""
        found = [self]
        for active in self.active:
            for one in (active, *active.children):
                if one.inside is not None:
                    found += one.inside.everything()
        return found

    @property
    def done(self) -> bool:
        """Nothing is left here."""
        return not (+self.tokens or self.active or self.stuck)


class TokenGame:
    """Plays one model; `v` is the variable that conditions ask for."""

    def __init__(self, model: Scope, v: int, budget: int = 4_000) -> None:
        self.budget = budget
        self.root = self._begin(model, Values(v))
        self.ended = False
        self.settle()

    # What the outside sees

    @property
    def open(self) -> list[str]:
        """The open user tasks."""
        return sorted(one.element.id for _, one in self._leaves() if one.element.kind == "user")

    @property
    def waiting(self) -> list[str]:
        """The events waited for."""
        found = [one.element.id for _, one in self._leaves() if one.element.kind in ("timer", "message")]
        for instance in self.root.everything():
            found += [_start(event) for event in instance.armed]
            for active in instance.active:
                found += [event.id for event in active.armed]
                if active.element.kind == "events":
                    found += [flow.target for flow in instance.scope.leaving(active.element.id)]
        return sorted(found)

    @property
    def stuck(self) -> list[str]:
        """Where tokens can never move again."""
        return sorted(name for instance in self.root.everything() for name in instance.stuck)

    def _leaves(self) -> list[tuple[Instance, Active]]:
        found = []
        for instance in self.root.everything():
            for active in instance.active:
                found += [
                    (instance, one) for one in (active.children if active.element.times is not None else [active])
                ]
        return found

    # What the outside does

    def complete(self, element_id: str, v: int) -> None:
        """Complete the oldest open task of an element."""
        instance, leaf = min(
            ((i, one) for i, one in self._leaves() if one.element.id == element_id), key=lambda pair: pair[1].born
        )
        body = next(active for active in instance.active if leaf is active or leaf in active.children)
        if body is not leaf:
            self._child_ends(instance, body, leaf)  # what is written inside a child stays there
        else:
            instance.values.own = v
            self._leave(instance, body)
        self.settle()

    def happen(self, element_id: str) -> None:
        """A timer fires or a message comes, for the oldest that waits at an element."""
        candidates = [found for instance in self.root.everything() for found in self._listeners(instance, element_id)]
        min(candidates, key=lambda found: found[0])[1]()
        self.settle()

    def _listeners(self, instance: Instance, element_id: str) -> Iterator[tuple[int, Callable[[], None]]]:
        """How old each is that waits at an element, and what to do when it happens."""
        for event in instance.armed:
            if _start(event) == element_id:
                yield instance.born, partial(self._event_sub, instance, event)
        for active in instance.active:
            if active.element.id == element_id and active.element.kind in ("timer", "message"):
                yield active.born, partial(self._leave, instance, active)
            for event in active.armed:
                if event.id == element_id:
                    yield active.born, partial(self._boundary, instance, active, event)
            if active.element.kind == "events":
                for flow in instance.scope.leaving(active.element.id):
                    if flow.target == element_id:
                        yield active.born, partial(self._chosen, instance, active, element_id)

    def _chosen(self, instance: Instance, gateway: Active, element_id: str) -> None:
        instance.active.remove(gateway)
        self._produce(instance, element_id)

    def _boundary(self, instance: Instance, active: Active, boundary: Element) -> None:
        if boundary.interrupting:
            instance.active.remove(active)
        elif boundary.trigger == "timer":
            active.armed.remove(boundary)
        self._produce(instance, boundary.id)

    def _event_sub(self, instance: Instance, event: Element) -> None:
        if event.interrupting:
            instance.tokens.clear()
            instance.active.clear()
            instance.armed.clear()
            instance.stuck.clear()
        elif event.trigger == "timer":
            instance.armed.remove(event)
        instance.active.append(Active(event, self._begin(event.inside, instance.values)))  # type: ignore[arg-type]

    # Moving

    def settle(self) -> None:
        """Move everything that moves by itself; inclusive joins only when nothing else does."""
        while True:
            self.budget -= 1
            if self.budget < 0:
                raise Endless
            if not (self._move() or self._join_inclusive() or self._finish()):
                return

    def _begin(self, scope: Scope, values: Values) -> Instance:
        instance = Instance(scope, values, armed=[one for one in scope.elements.values() if one.kind == "event_sub"])
        start = next(one for one in scope.elements.values() if one.kind == "start")
        self._produce(instance, start.id)
        return instance

    def _produce(self, instance: Instance, element_id: str) -> None:
        instance.tokens.update(flow.id for flow in instance.scope.leaving(element_id))

    def _leave(self, instance: Instance, active: Active) -> None:
        instance.active.remove(active)
        if active.element.kind != "event_sub":
            self._produce(instance, active.element.id)

    def _move(self) -> bool:
        for instance in self.root.everything():
            for flow in instance.scope.flows:
                if instance.tokens[flow.id] > 0 and self._enter(instance, flow):
                    return True
        return False

    def _enter(self, instance: Instance, flow: Flow) -> bool:
        element = instance.scope.elements[flow.target]
        entering = instance.scope.entering(element.id)
        if element.kind == "and":
            if any(instance.tokens[one.id] == 0 for one in entering):
                return False
            instance.tokens.subtract(one.id for one in entering)
            self._produce(instance, element.id)
            return True
        if element.kind == "or" and len(entering) > 1:
            return False
        instance.tokens[flow.id] -= 1
        self._reach(instance, element)
        return True

    def _reach(self, instance: Instance, element: Element) -> None:
        if element.kind == "pass":
            self._produce(instance, element.id)
        elif element.kind in ("xor", "or"):
            self._choose(instance, element)
        elif element.kind == "terminate":
            instance.tokens.clear()
            instance.active.clear()
            instance.stuck.clear()
        elif element.kind != "end":
            self._begin_activity(instance, element)

    def _choose(self, instance: Instance, element: Element) -> None:
        leaving = instance.scope.leaving(element.id)
        true = [one for one in leaving if one.at_least is not None and instance.values.v >= one.at_least]
        if element.kind == "xor":
            true = true[:1]
        otherwise = [one for one in leaving if one.default or one.at_least is None]
        instance.tokens.update(one.id for one in (true or otherwise[:1]))

    def _begin_activity(self, instance: Instance, element: Element) -> None:
        active = Active(element)
        if element.times == 0:
            self._produce(instance, element.id)
            return
        instance.active.append(active)
        active.armed = [
            one for one in instance.scope.elements.values() if one.kind == "boundary" and one.host == element.id
        ]
        if element.times is not None:
            now = 1 if element.sequential else element.times
            active.to_come = element.times - now
            active.children = [self._child(instance, element) for _ in range(now)]
        elif element.inside is not None:
            active.inside = self._begin(element.inside, instance.values)

    def _child(self, instance: Instance, element: Element) -> Active:
        own = Values(None, instance.values)
        return Active(element, self._begin(element.inside, own) if element.inside is not None else None)

    def _child_ends(self, instance: Instance, body: Active, child: Active) -> None:
        body.children.remove(child)
        if body.to_come:
            body.to_come -= 1
            body.children.append(self._child(instance, body.element))
        elif not body.children:
            self._leave(instance, body)

    def _join_inclusive(self) -> bool:
        for instance in self.root.everything():
            for element in instance.scope.elements.values():
                if element.kind == "or" and self._may_join(instance, element):
                    for flow in instance.scope.entering(element.id):
                        instance.tokens[flow.id] -= instance.tokens[flow.id] > 0
                    self._choose(instance, element)
                    return True
        return False

    def _may_join(self, instance: Instance, join: Element) -> bool:
        """13.4.3: a token that can reach an empty flow must be able to reach one that is not empty as well."""
        entering = instance.scope.entering(join.id)
        if len(entering) < 2:
            return False
        filled = {flow.id for flow in entering if instance.tokens[flow.id] > 0}
        if not filled:
            return False
        elsewhere = [
            flow.target for flow in instance.scope.flows if instance.tokens[flow.id] > 0 and flow.target != join.id
        ]
        for active in instance.active:
            if active.element.kind != "event_sub":
                elsewhere.append(active.element.id)
        for start in elsewhere:
            reached = self._reachable(instance.scope, start, join.id)
            if reached - filled and not reached & filled:
                return False
        return True

    def _reachable(self, scope: Scope, start: str, join: str) -> set[str]:
        seen, found, todo = {join}, set(), [start]
        while todo:
            here = todo.pop()
            if here in seen:
                continue
            seen.add(here)
            for flow in scope.leaving(here):
                if flow.target == join:
                    found.add(flow.id)
                else:
                    todo.append(flow.target)
            todo += [one.id for one in scope.elements.values() if one.host == here]
        return found

    def _finish(self) -> bool:
        """Sub-processes in which nothing is left end; tokens that wait in vain are stuck."""
        for instance in reversed(self.root.everything()):
            if not instance.active and +instance.tokens and not instance.stuck:
                joins = {flow.target for flow in instance.scope.flows if instance.tokens[flow.id] > 0}
                instance.stuck += sorted(joins)
                instance.tokens.clear()
                return True
            for active in list(instance.active):
                for child in list(active.children):
                    if child.inside is not None and child.inside.done:
                        self._child_ends(instance, active, child)
                        return True
                if active.inside is not None and active.inside.done:
                    self._leave(instance, active)
                    return True
        if self.root.done and not self.ended:
            self.ended = True
            self.root.armed.clear()
        return False


def _start(event: Element) -> str:
    return next(one.id for one in event.inside.elements.values() if one.kind == "start")  # type: ignore[union-attr]
