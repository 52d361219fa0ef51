"""A token game, written from chapter 13 of the BPMN 2.0 standard. It knows nothing of the engine.

Tokens lie on sequence flows; activities and events that have begun and not ended are `Active`. `settle` moves every
token that moves by itself; what is left are user tasks, events waited for, and tokens that are stuck. Where the standard
leaves open what happens first, `pick` decides; `tests.token_space` tries each way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations, count
from typing import TypeVar

from tests.random_models import Element, Flow, Scope

T = TypeVar("T")

#: Of several that could be meant, the oldest is.
_births = count()
#: What is not waited for as a token: whoever throws looks for it.
_SOUGHT = ("error", "escalation")


class Endless(Exception):
    """The model moves by itself without end."""


@dataclass(eq=False)
class Values:
    """The variable v. A multi-instance child and a called process have their own once it is written there."""

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
    #: Multi-instance: the children that run, and how many have not begun or are done.
    children: list[Active] = field(default_factory=list)
    to_come: int = 0
    done: int = 0
    #: Boundary events that have not gone off for good, and those whose condition was true when last looked at.
    armed: list[Element] = field(default_factory=list)
    true: set[str] = field(default_factory=set)
    born: int = field(default_factory=lambda: next(_births))


@dataclass(eq=False)
class Instance:
    """A running process or sub-process."""

    scope: Scope
    values: Values
    tokens: Counter[str] = field(default_factory=Counter)
    active: list[Active] = field(default_factory=list)
    #: Event sub-processes that may still begin.
    armed: list[Element] = field(default_factory=list)
    true: set[str] = field(default_factory=set)
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

    def clear(self) -> None:
        """Stop everything here."""
        self.tokens.clear()
        self.active.clear()
        self.stuck.clear()


def first(options: Sequence[T]) -> T:
    """The way taken where nobody says otherwise."""
    return options[0]


class TokenGame:
    """Plays one model; `v` is the variable that conditions ask for. `free`: conditions may be true or not."""

    def __init__(self, model: Scope, v: int, *, budget: int = 4_000, at: str | None = None, free: bool = False) -> None:
        self.allowance = self.budget = budget
        self.free = free
        self.pick: Callable[[Sequence], object] = first
        #: Every element that a token has been at.
        self.reached: set[str] = set()
        self.root = self._begin(model, Values(v), at)
        self.ended = False

    # What the outside sees

    @property
    def open(self) -> list[str]:
        """The open user tasks."""
        return sorted(one.element.id for _, one in self._leaves() if one.element.kind == "user")

    @property
    def waiting(self) -> list[str]:
        """The events waited for."""
        return sorted(event.id for _, event, _ in self._listeners())

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

    def _listeners(self) -> Iterator[tuple[int, Element, Callable[[], None]]]:
        """How old each is that waits, for what, and what to do when it happens."""
        for instance in self.root.everything():
            for event in instance.armed:
                if event.trigger not in _SOUGHT:
                    start = Element(**{**vars(event), "id": event.inside.start().id})  # type: ignore[union-attr]
                    yield instance.born, start, partial(self._event_sub, instance, event)
            for active in instance.active:
                yield from self._at_activity(instance, active)

    def _at_activity(self, instance: Instance, active: Active) -> Iterator[tuple[int, Element, Callable[[], None]]]:
        if active.element.kind in ("catch", "receive"):
            yield active.born, active.element, partial(self._leave, instance, active)
        for event in active.armed:
            if event.trigger not in _SOUGHT:
                yield active.born, event, partial(self._boundary, instance, active, event)
        if active.element.kind == "events":
            for flow in instance.scope.leaving(active.element.id):
                event = instance.scope.elements[flow.target]
                yield active.born, event, partial(self._chosen, instance, active, event.id)

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
        """A timer fires, a message comes or (where conditions are free) a condition is true: for the oldest there."""
        min((one for one in self._listeners() if one[1].id == element_id), key=lambda one: one[0])[2]()
        self.settle()

    def signal(self, name: str) -> None:
        """A signal comes from outside."""
        self._signal(name)
        self.settle()

    def _signal(self, name: str | None) -> None:
        """Everybody who waits now hears it, before anything moves; who is gone by then does not."""
        meant = {
            (age, event.id) for age, event, _ in self._listeners() if (event.trigger, event.name) == ("signal", name)
        }
        while True:
            left = sorted((one for one in self._listeners() if (one[0], one[1].id) in meant), key=lambda one: one[0])
            if not left:
                return
            age, event, happen = self._choice(left)
            meant.discard((age, event.id))
            happen()

    def _choice(self, options: Sequence[T]) -> T:
        return options[0] if len(options) == 1 else self.pick(options)  # type: ignore[return-value]

    def _chosen(self, instance: Instance, gateway: Active, element_id: str) -> None:
        instance.active.remove(gateway)
        self.reached.add(element_id)
        self._produce(instance, element_id)

    def _boundary(self, instance: Instance, active: Active, boundary: Element) -> None:
        if boundary.interrupting:
            instance.active.remove(active)
        elif boundary.trigger == "timer":
            active.armed.remove(boundary)
        self.reached.add(boundary.id)
        self._produce(instance, boundary.id)

    def _event_sub(self, instance: Instance, event: Element) -> None:
        if event.interrupting:
            # 13.5.4: and no other event handler of it begins any more.
            instance.clear()
            instance.armed.clear()
        elif event.trigger == "timer":
            instance.armed.remove(event)
        self.reached.add(event.id)
        instance.active.append(Active(event, self._begin(event.inside, instance.values)))  # type: ignore[arg-type]

    # Moving

    def settle(self) -> None:
        """Move everything that moves by itself; inclusive joins only when nothing else does."""
        self.budget = self.allowance
        while True:
            self.budget -= 1
            if self.budget < 0:
                raise Endless
            if not (self._move() or self._join_inclusive() or self._look_at_conditions() or self._finish()):
                return

    def _begin(self, scope: Scope, values: Values, at: str | None = None) -> Instance:
        instance = Instance(scope, values, armed=[one for one in scope.elements.values() if one.kind == "event_sub"])
        start = at or scope.start().id
        self.reached.add(start)
        self._produce(instance, start)
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
            self.reached.add(element.id)
            self._produce(instance, element.id)
            return True
        if element.kind == "or" and len(entering) > 1:
            return False
        instance.tokens[flow.id] -= 1
        self.reached.add(element.id)
        self._reach(instance, element)
        return True

    def _reach(self, instance: Instance, element: Element) -> None:
        if element.kind == "pass":
            self._produce(instance, element.id)
        elif element.kind in ("xor", "or"):
            self._choose(instance, element)
        elif element.kind in ("script", "decide"):
            v = instance.values.v
            instance.values.own = (v + element.add) % 10 if element.kind == "script" else 9 - v
            self._produce(instance, element.id)
        elif element.kind == "service":
            self._serve(instance, element)
        elif element.kind in ("throw", "end"):
            self._throw(instance, element)
        else:
            self._begin_activity(instance, element)

    def _serve(self, instance: Instance, element: Element) -> None:
        """A service; it may answer with an error, which its own boundary event hears first."""
        ways = [element.at_least is not None and instance.values.v >= element.at_least]
        if self.free and element.at_least is not None:
            ways = [False, True]
        if not self._choice(ways):
            self._produce(instance, element.id)
            return
        boundary = next(one for one in instance.scope.elements.values() if one.host == element.id)
        self.reached.add(boundary.id)
        self._produce(instance, boundary.id)

    def _throw(self, instance: Instance, element: Element) -> None:
        if element.trigger == "terminate":
            # 13.5.6: the whole instance ends, and what would still have been caught is not.
            instance.clear()
            instance.armed.clear()
        elif element.trigger == "error":
            if not self._seek(instance, "error", element.name):
                instance.stuck.append(element.id)
        elif element.trigger is not None:
            # What is thrown may stop the throwing token itself.
            here = Active(element)
            instance.active.append(here)
            self._send(instance, element)
            if here in instance.active and instance in self.root.everything():
                self._leave(instance, here)

    def _send(self, instance: Instance, element: Element) -> None:
        if element.trigger == "escalation":
            self._seek(instance, "escalation", element.name)
        elif element.trigger == "signal":
            self._signal(element.name)
        else:
            waiting = [one for one in self._listeners() if one[1].trigger == "message" and one[1].name == element.name]
            if waiting:
                min(waiting, key=lambda one: one[0])[2]()

    def _seek(self, instance: Instance, kind: str, code: str | None) -> bool:
        """Tell the nearest around that expects a code. False if nobody does."""
        inside: Element | None = None
        for here, active in reversed(self._around(instance)):
            for event in sorted(here.armed, key=_catches_all):
                if event.trigger == kind and event.name in (None, code) and event is not inside:
                    self._event_sub(here, event)
                    return True
            if active is None:
                return False
            outer, body = active
            for event in sorted(body.armed, key=_catches_all):
                if event.trigger == kind and event.name in (None, code):
                    self._boundary(outer, body, event)
                    return True
            inside = body.element
        return False

    def _around(self, wanted: Instance) -> list[tuple[Instance, tuple[Instance, Active] | None]]:
        """The instances around one, the outermost first, each with the activity that it is the inside of."""

        def search(instance: Instance, host: tuple[Instance, Active] | None) -> list | None:
            if instance is wanted:
                return [(instance, host)]
            for active in instance.active:
                for one in (active, *active.children):
                    found = one.inside and search(one.inside, (instance, active))
                    if found:
                        return [(instance, host), *found]
            return None

        return search(self.root, None) or []

    def _choose(self, instance: Instance, element: Element) -> None:
        leaving = instance.scope.leaving(element.id)
        if self.free and len(leaving) > 1:
            sizes = (1,) if element.kind == "xor" else range(1, len(leaving) + 1)
            ways = [chosen for size in sizes for chosen in combinations(leaving, size)]
            instance.tokens.update(one.id for one in self._choice(ways))
            return
        true = [one for one in leaving if one.at_least is not None and instance.values.v >= one.at_least]
        if element.kind == "xor":
            true = true[:1]
        otherwise = [one for one in leaving if one.default or one.at_least is None]
        instance.tokens.update(one.id for one in (true or otherwise[:1]))

    def _look_at_conditions(self) -> bool:
        """A condition that has become true since it was last looked at."""
        if self.free:
            return False
        ready = []
        for instance in self.root.everything():
            holders: list[Instance | Active] = [instance, *instance.active]
            for holder in holders:
                one_of = (
                    self._at_activity(instance, holder) if isinstance(holder, Active) else self._at_instance(holder)
                )
                for _, event, act in one_of:
                    if event.trigger != "condition":
                        continue
                    if instance.values.v < event.at_least:  # type: ignore[operator]
                        holder.true.discard(event.id)
                    elif event.id not in holder.true:
                        ready.append((holder, event, act))
        if not ready:
            return False
        holder, event, act = self._choice(ready)
        holder.true.add(event.id)
        act()
        return True

    def _at_instance(self, instance: Instance) -> Iterator[tuple[int, Element, Callable[[], None]]]:
        for event in instance.armed:
            yield instance.born, event, partial(self._event_sub, instance, event)

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
            active.inside = self._begin(element.inside, self._inner(element, instance.values))

    @staticmethod
    def _inner(element: Element, values: Values) -> Values:
        return Values(None, values) if element.kind == "call" else values

    def _child(self, instance: Instance, element: Element) -> Active:
        own = Values(None, instance.values)
        if element.inside is None:
            return Active(element)
        return Active(element, self._begin(element.inside, self._inner(element, own)))

    def _child_ends(self, instance: Instance, body: Active, child: Active) -> None:
        body.children.remove(child)
        body.done += 1
        if element_is_enough(body):
            self._leave(instance, body)
        elif body.to_come:
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
                    self.reached.add(element.id)
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
                    if active.element.kind == "call" and active.inside.values.own is not None:
                        instance.values.own = active.inside.values.own
                    self._leave(instance, active)
                    return True
        if self.root.done and not self.ended:
            self.ended = True
            self.root.armed.clear()
        return False


def _catches_all(event: Element) -> bool:
    """Who names the code hears it before who hears every code, as in Camunda 8."""
    return event.name is None


def element_is_enough(body: Active) -> bool:
    """Is the completion condition of a multi-instance met?"""
    return body.element.enough is not None and body.done >= body.element.enough
