"""The data-flow's fixpoint over a whole model: what is known at every element, on every way that leads there."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import combinations

from engine.bpmn.activities import CallActivity
from engine.bpmn.events import BoundaryEvent, EventStart, EventSubProcess, StartEvent
from engine.bpmn.flows import Flow
from engine.bpmn.gateways import ExclusiveGateway, InclusiveGateway, ParallelGateway
from engine.bpmn.model import Model
from engine.bpmn.nodes import Activity, Node
from engine.bpmn.processes import ProcessSpec, Root
from engine.validation.data_steps import Read, Steps, ends_normally, inside_of, rests
from engine.validation.written import Fact, State, either, together

#: Spec key and node name.
Place = tuple[str, str]
#: An element is looked at two to five times; so many times would be a model beyond reason.
_MOST_VISITS = 100


class Ways:
    """Run once with `solve`; then `before`, `after` and `reads` answer."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.nodes: dict[Place, Node] = {}
        self.before: dict[Place, State] = {}
        self.after: dict[Place, State] = {}
        #: Spec → the places it is entered from, with what is known there.
        self.entries: dict[str, dict[Place, State]] = {}
        self._exits: dict[str, State] = {}
        #: Spec → all that may be written in it, and what is known whenever it waits.
        self._inside: dict[str, State] = {}
        self._rest: dict[str, State] = {}
        self._forks: dict[str, list[list[set[str]]]] = {}
        self._at: Place = ("", "")
        self._queue: list[tuple[int, Place]] = []
        self._queued: set[Place] = set()
        self._order: dict[Place, int] = {}
        for key, spec in model.specs.items():
            for node in _ordered(spec):
                self.nodes[key, node.name] = node
                self._order[key, node.name] = len(self._order)
        self._called = {
            inner.inside
            for node in self.nodes.values()
            if isinstance(inner := getattr(node, "inner", node), CallActivity)
        }
        self._steps = Steps(model, self)

    @classmethod
    def solved(cls, model: Model) -> Ways | None:
        """Of a model; None if that takes too long, and nothing is to be concluded."""
        ways = cls(model)
        return ways if ways.solve() else None

    def solve(self) -> bool:
        """Go round until nothing changes. False if that takes too long, and nothing is to be concluded."""
        left = _MOST_VISITS * len(self.nodes)
        for place, node in self.nodes.items():
            if isinstance(node, StartEvent) and self._starts_cases(place[0]):
                self._push(place)
        while self._queue or self._begin_events():
            while self._queue:
                _, place = heapq.heappop(self._queue)
                self._queued.discard(place)
                self._visit(place)
                left -= 1
                if left < 0:
                    return False
        return True

    @cached_property
    def reads(self) -> list[Read]:
        """Once solved: every expression of the model that something can reach, with what is known there."""
        found: list[Read] = []
        steps = Steps(self.model, self, found)
        for place, state in self.before.items():
            self._at = place
            spec, node = self.model.specs[place[0]], self.nodes[place]
            left = steps.after(spec, node, state)
            for flow in node.outgoing if left is not None else ():
                if _asked(node, flow):
                    steps.note(spec, node, flow.condition, left or state, strict=True, element=flow.id)
        for key, spec in self.model.specs.items():
            state_at_start = self._started(key)
            for start in spec.event_starts if state_at_start is not None else ():
                self._at = key, start.name
                steps.event_start(spec, start, state_at_start or State(), self._rest[key])
        return found

    def hosts(self, key: str) -> list[Place]:
        """Where a spec is entered from."""
        return list(self.entries.get(key, ()))

    # What the steps ask

    def enter(self, inside: str, state: State) -> None:
        entries = self.entries.setdefault(inside, {})
        if entries.get(self._at) == state:
            return
        entries[self._at] = state
        for place, node in self.nodes.items():
            if place[0] == inside and isinstance(node, StartEvent):
                self._push(place)

    def leave(self, inside: str) -> State | None:
        return self._exits.get(inside)

    # One step

    def _push(self, place: Place) -> None:
        if place not in self._queued:
            self._queued.add(place)
            heapq.heappush(self._queue, (self._order[place], place))

    def _visit(self, place: Place) -> None:
        key, node = place[0], self.nodes[place]
        state = self._arriving(key, node)
        if state is None:
            return
        self._at = place
        left = self._steps.after(self.model.specs[key], node, state)
        if left is not None and isinstance(node, BoundaryEvent):
            left = self._interrupted(node, left)
        changed = self.before.get(place) != state
        self.before[place] = state
        if changed:
            for boundary in getattr(node, "boundaries", ()):
                self._push((key, boundary.name))
        if left is None or self.after.get(place) == left:
            return
        self.after[place] = left
        for flow in node.outgoing:
            self._push((key, flow.target.name))
        if not node.outgoing:
            self._end(key)

    def _arriving(self, key: str, node: Node) -> State | None:
        if isinstance(node, StartEvent):
            return self._starting(key, node)
        if isinstance(node, BoundaryEvent):
            host: Activity = node.host_activity
            inside = inside_of(host)
            state = self.before.get((key, host.name)) if inside is None or inside in self._rest else None
            return state.may_hold(self._inside[inside].kinds) if state and inside in self._inside else state
        arrivals = [(flow, state) for flow in node.incoming if (state := self._along(key, flow)) is not None]
        joins = isinstance(node, ParallelGateway) or (
            isinstance(node, InclusiveGateway) and beside([flow.source for flow, _ in arrivals], self.forks(key))
        )
        return (together if joins else either)(state for _, state in arrivals)

    def _interrupted(self, node: BoundaryEvent, state: State) -> State:
        """What comes from outside comes only while what is inside the host waits."""
        inside = inside_of(node.host_activity)
        if inside is None or node.trigger.kind in ("error", "escalation"):
            return state
        rest = self._rest.get(inside)
        return state if rest is None else state.and_surely(rest)

    def _starting(self, key: str, node: StartEvent) -> State | None:
        states = list(self.entries.get(key, {}).values())
        if self._starts_cases(key):
            states.append(self._steps.start(self.model.specs[key], node))
        return either(states)

    def _starts_cases(self, key: str) -> bool:
        return key in self.model.process_ids and (key == self.model.main or key not in self._called)

    def _along(self, key: str, flow: Flow) -> State | None:
        state = self.after.get((key, flow.source.name))
        facts = decision(flow)
        return state.decide(facts) if state is not None and facts else state

    def forks(self, key: str) -> list[list[set[str]]]:
        """Where a token of this spec becomes several: what each of its branches leads to."""
        if key not in self._forks:
            forks = [node for (of, _), node in self.nodes.items() if of == key and _is_fork(node)]
            self._forks[key] = [
                [{node.name for node in reached([flow.target], avoid=fork)} for flow in fork.outgoing] for fork in forks
            ]
        return self._forks[key]

    # Ends, and what may happen at any time

    def _end(self, key: str) -> None:
        starts = self.model.specs[key].start_events
        ends = [
            (node, self.after[key, node.name])
            for node in reached(starts, step=_surely_following)
            if ends_normally(node) and (key, node.name) in self.after
        ]
        all_happen = beside([node for node, _ in ends], self.forks(key))
        states = [(together if all_happen else either)(state for _, state in ends)]
        for start in self.model.specs[key].event_starts:
            if start.interrupting:
                states.append(self._exits.get(start.sub_process.inside))
        left = either(state for state in states if state is not None)
        if left is not None and key in self._inside:
            left = left.may_hold(self._inside[key].kinds)
        if left is None or self._exits.get(key) == left:
            return
        self._exits[key] = left
        for of, name in self.hosts(key):
            if isinstance(self.model.specs[of].task_specs[name], EventStart):
                self._end(of)
            else:
                self._push((of, name))

    def _begin_events(self) -> bool:
        """With all else settled: what event sub-processes and boundary events may find. True if that moves anything."""
        for key in self.model.specs:
            held = _all_kinds(state for (of, _), state in self.after.items() if of == key)
            changed = self._inside.get(key) != held
            self._inside[key] = held
            if (state := self._started(key)) is not None:
                waiting = [one for (of, name), one in self.before.items() if of == key and rests(self.nodes[of, name])]
                rest = (either(waiting) or state).may_hold(held.kinds)
                changed = changed or self._rest.get(key) != rest
                self._rest[key] = rest
            if changed:
                self._end(key)
                self._push_boundaries(key)
        for key, spec in self.model.specs.items():
            for start in spec.event_starts:
                state = self._started(key)
                if state is not None:
                    self._at = key, start.name
                    self.enter(start.sub_process.inside, self._steps.event_start(spec, start, state, self._rest[key]))
        return bool(self._queue)

    def _push_boundaries(self, inside: str) -> None:
        for of, name in self.hosts(inside):
            for boundary in getattr(self.model.specs[of].task_specs[name], "boundaries", ()):
                self._push((of, boundary.name))

    def _started(self, key: str) -> State | None:
        """What is known as soon as a spec runs, with what may come to be known later."""
        starts = [self.after.get((key, start.name)) for start in self.model.specs[key].start_events]
        state = either(state for state in starts if state is not None)
        return state.may_hold(self._inside[key].kinds) if state is not None and key in self._inside else state


def decision(flow: Flow) -> set[Fact]:
    """What a token on this flow has decided: the paths that the gateway's conditions look at."""
    if not isinstance(flow.source, (ExclusiveGateway, InclusiveGateway)) or len(flow.source.outgoing) < 2:
        return set()
    read: set[tuple[str, ...]] = set()
    for way in flow.source.outgoing:
        if way.condition is not None and way.condition.expression is not None:
            read |= way.condition.expression.reads
    return {(path, flow.id, flow.source.name) for path in read}


def _asked(node: Node, flow: Flow) -> bool:
    return isinstance(node, (ExclusiveGateway, InclusiveGateway)) and not flow.is_default


def _is_fork(node: Node) -> bool:
    return isinstance(node, (ParallelGateway, InclusiveGateway)) and len(node.outgoing) > 1


def beside(ends: list[Node], forks: list[list[set[str]]]) -> bool:
    """Are two of these in branches of one fork, so that both are reached?"""
    if len(ends) < 2:
        return False
    for ways in forks:
        sides = [frozenset(number for number, way in enumerate(ways) if end.name in way) for end in ends]
        if any(first - second and second - first for first, second in combinations(sides, 2)):
            return True
    return False


def following(node: Node) -> Iterator[Node]:
    """Where a token can go from here, events that watch included."""
    yield from (flow.target for flow in node.outgoing)
    yield from getattr(node, "boundaries", ())


def _surely_following(node: Node) -> Iterator[Node]:
    """The same without what an event starts beside the host."""
    yield from (flow.target for flow in node.outgoing)
    yield from (event for event in getattr(node, "boundaries", ()) if event.cancel_activity)


def reached(
    nodes: Iterable[Node], *, avoid: Node | None = None, step: Callable[[Node], Iterator[Node]] = following
) -> list[Node]:
    """These and all that can be reached from them without passing through `avoid`."""
    todo, seen = list(nodes), dict[str, Node]()
    while todo:
        node = todo.pop()
        if node.name not in seen and node is not avoid:
            seen[node.name] = node
            todo += step(node)
    return list(seen.values())


def _ordered(spec: ProcessSpec) -> list[Node]:
    """The nodes on which tokens stand, each behind all that lead to it, circles aside."""
    done: list[Node] = []
    met: set[str] = set()
    for root in (*spec.start_events, *spec.task_specs.values()):
        if root.name in met or isinstance(root, (Root, EventStart, EventSubProcess)) or root.name.endswith(" [child]"):
            continue
        met.add(root.name)
        stack = [(root, following(root))]
        while stack:
            node, targets = stack[-1]
            target = next((one for one in targets if one.name not in met), None)
            if target is None:
                done.append(node)
                stack.pop()
            else:
                met.add(target.name)
                stack.append((target, following(target)))
    return done[::-1]


def _all_kinds(states: Iterable[State]) -> State:
    held = State()
    for state in states:
        held = held.may_hold(state.kinds)
    return held
