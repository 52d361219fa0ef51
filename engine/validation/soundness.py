"""Is a process sound? Model checking of its control flow, scope by scope, on the specs that the engine runs.

Data is left out: a gateway may take any of its ways. A sub-process is one step here and is checked by itself.
Found: deadlocks, parts that are never reached, tokens that multiply without bound, loops without a wait. Each with a
path of elements that leads there.

Of several tokens that can move, only the first one's moves are tried where that loses nothing (nets without inclusive
joins are free-choice, so one token's choices never depend on another's): parallel branches do not multiply the states.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from engine.bpmn.events import BoundaryEvent, EndEvent, EventStart, EventSubProcess
from engine.bpmn.gateways import EventGateway, ExclusiveGateway, InclusiveGateway, ParallelGateway
from engine.bpmn.nodes import Node
from engine.bpmn.processes import ProcessSpec, Root
from engine.findings import Finding
from engine.rules import finding
from engine.validation.loops import endless_loops
from engine.validation.subject import Subject

Kind = Literal["deadlock", "dead", "unbounded", "endless-loop", "not-proven"]
_RULES: dict[Kind, str] = {
    "deadlock": "deadlock",
    "dead": "dead-part",
    "unbounded": "unbounded",
    "endless-loop": "loop-without-wait",
    "not-proven": "soundness-not-proven",
}

#: Of so many tokens at one place at once, one more is taken for "without bound" when a state repeats with more.
_MANY = 3
#: An inclusive gateway with more ways than this is tried with each way alone, each pair, and all together.
_ALL_SUBSETS = 6
#: The last elements of a path that a finding shows.
_SHOWN = 12
#: For all the processes of a package together.
TIME_LIMIT = 5.0


@dataclass(frozen=True)
class Problem:
    """Something unsound."""

    kind: Kind
    #: The element it is about; the process itself for `not-proven`.
    element: str
    name: str | None
    #: The elements from the start to where it goes wrong.
    nodes: tuple[Node, ...] = ()
    file: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(node.bpmn_id for node in self.nodes)

    def finding(self, seconds: float = TIME_LIMIT) -> Finding:
        """The same for its process owner."""
        shown = [node.bpmn_name or node.bpmn_id for node in self.nodes]
        way = " → ".join(["…"] * (len(shown) > _SHOWN) + shown[-_SHOWN:])
        rule = _RULES[self.kind]
        return finding(rule, self.file, self.element, name=self.name, path=self.path, way=way, seconds=seconds)


#: A place is a flow id, or a node's name for a token that stays there; after a non-interrupting event, `name!`.
State = tuple[tuple[tuple[str, int], ...], bool]


class _Net:
    """One scope as places and moves."""

    def __init__(self, spec: ProcessSpec) -> None:
        self.nodes: dict[str, Node] = {
            name: node
            for name, node in spec.task_specs.items()
            if not isinstance(node, (Root, EventStart, EventSubProcess)) and not name.endswith(" [child]")
        }
        self.starts = [node for node in spec.start_events if node.name in self.nodes]
        self.flow_targets = {flow.id: flow.target for node in self.nodes.values() for flow in node.outgoing}
        self.rank = self._ranks()
        self._alone: dict[str, bool] = {}

    def _ranks(self) -> dict[str, int]:
        """How far from the start each node is: behind all that lead to it, circles aside."""
        order: list[str] = []
        met: set[str] = set()
        for start in self.starts:
            stack: list[tuple[Node, Iterator[Node]]] = [(start, self._following(start))]
            met.add(start.name)
            while stack:
                _, following = stack[-1]
                target = next((one for one in following if one.name not in met), None)
                if target is None:
                    order.append(stack.pop()[0].name)
                else:
                    met.add(target.name)
                    stack.append((target, self._following(target)))
        return {name: rank for rank, name in enumerate(reversed(order))}

    @staticmethod
    def _following(node: Node) -> Iterator[Node]:
        yield from (flow.target for flow in node.outgoing)
        yield from getattr(node, "boundaries", ())

    def urgency(self, place: str) -> tuple[bool, int, str]:
        """Which token moves first: the one furthest on, so that the ways of a branch meet again before the next begins.

        Ends come last: tokens that pile up without bound are seen before they are gone.
        """
        node = self.nodes.get(place.removesuffix("!")) or self.flow_targets[place]
        return isinstance(node, EndEvent), -self.rank.get(node.name, 0), place

    def goes_back(self, name: str) -> bool:
        """Does a flow into or out of this node lead back towards the start? Every circle has one."""
        node = self.nodes[name]
        return any(
            self.rank.get(flow.target.name, 0) <= self.rank.get(flow.source.name, 0)
            for flow in (*node.outgoing, *node.incoming)
        )

    def stands_alone(self, boundary: BoundaryEvent) -> bool:
        """Does what follows a non-interrupting event neither join, stop nor repeat the rest? It is looked at alone."""
        if boundary.name not in self._alone:
            met: set[str] = {boundary.name}
            todo = [flow.target for flow in boundary.outgoing]
            while todo:
                node = todo.pop()
                if node.name not in met:
                    met.add(node.name)
                    todo += [flow.target for flow in node.outgoing]
                    todo += getattr(node, "boundaries", [])
            joins = [
                self.nodes[name] for name in met if isinstance(self.nodes[name], (ParallelGateway, InclusiveGateway))
            ]
            meets = any(flow.source.name not in met for join in joins for flow in join.incoming)
            stops = any(_stops(self.nodes[name]) for name in met)
            again = boundary.host_activity.name in met
            self._alone[boundary.name] = not (meets or stops or again)
        return self._alone[boundary.name]

    def begin(self) -> Iterator[tuple[str, dict[str, int]]]:
        """Each start with its first state."""
        for start in self.starts:
            yield start.name, _added({}, [flow.id for flow in start.outgoing])


class _Search:
    """Explores the states of one scope until all are seen or time is up."""

    def __init__(self, spec: ProcessSpec, until: float) -> None:
        self.spec = spec
        self.net = _Net(spec)
        self.until = until
        self.seen: dict[State, tuple[State | None, str]] = {}
        self.reached: set[str] = {start.name for start in self.net.starts}
        self.problems: dict[tuple[Kind, str], Problem] = {}

    def run(self) -> list[Problem]:
        """Every problem found."""
        queue: deque[State] = deque()
        for start, places in self.net.begin():
            self._meet(_state(places, ghost=False), None, start, queue)
        while queue:
            if time.monotonic() > self.until:
                self._problem("not-proven", self.spec.name.rsplit("/")[-1], self.spec.description, ())
                return list(self.problems.values())
            state = queue.popleft()
            self._expand(state, queue)
        for node in self.net.nodes.values():
            if node.name not in self.reached:
                self._problem("dead", node.bpmn_id, node.bpmn_name, ())
        return list(self.problems.values())

    def _meet(self, state: State, before: State | None, element: str, queue: deque[State]) -> bool:
        if state in self.seen:
            return False
        self.seen[state] = (before, element)
        if before is not None and self._multiplies(state):
            node = self.net.nodes[element]
            self._problem("unbounded", node.bpmn_id, node.bpmn_name, self._path(state))
            return True
        queue.append(state)
        return True

    def _expand(self, state: State, queue: deque[State]) -> None:
        places, ghost = dict(state[0]), state[1]
        moves = self._moves(places)
        first = next(moves, None)
        if first is None:
            self._at_rest(state, places, queue, ghost=ghost)
            return
        fresh = self._follow(state, first, queue, ghost=ghost)
        # Round a loop and back where it was: the first token could go round for ever and the others be forgotten.
        for following in moves if not fresh and self.net.goes_back(first[0]) else ():
            self._follow(state, following, queue, ghost=ghost)

    def _follow(
        self, state: State, move: tuple[str, list[tuple[dict[str, int], bool]]], queue: deque[State], *, ghost: bool
    ) -> bool:
        element, outcomes = move
        fresh = False
        for places, is_ghost in outcomes:
            fresh |= self._meet(_state(places, ghost=ghost or is_ghost), state, element, queue)
        return fresh

    def _at_rest(self, state: State, places: dict[str, int], queue: deque[State], *, ghost: bool) -> None:
        """Nothing moves but inclusive joins; where nothing does at all and tokens are left, they wait in vain."""
        for node in self.net.nodes.values():
            if isinstance(node, InclusiveGateway) and len(node.incoming) > 1:
                waiting = [flow.id for flow in node.incoming if places.get(flow.id)]
                standing = {target for flow in places if (target := self.net.flow_targets[flow].name) != node.name}
                if waiting and node.may_join(waiting, standing):
                    self.reached.add(node.name)
                    left = _removed(places, waiting)
                    outcomes = [(_added(left, chosen), False) for chosen in _inclusive(node)]
                    self._follow(state, (node.name, outcomes), queue, ghost=ghost)
                    return
        if places and not ghost:
            for flow in places:
                node = self.net.flow_targets[flow]
                self._problem("deadlock", node.bpmn_id, node.bpmn_name, (*self._path(state), node))

    def _moves(self, places: Mapping[str, int]) -> Iterator[tuple[str, list[tuple[dict[str, int], bool]]]]:
        """For each token that can move: the element and the states it leads to (True: only to see what is reached)."""
        for place in sorted(places, key=self.net.urgency):
            node = self.net.nodes.get(place.removesuffix("!"))
            if node is not None:
                yield node.name, self._leave(places, place, node)
                continue
            target = self.net.flow_targets[place]
            if isinstance(target, ParallelGateway):
                incoming = [flow.id for flow in target.incoming]
                if all(places.get(flow) for flow in incoming):
                    self.reached.add(target.name)
                    outgoing = [flow.id for flow in target.outgoing]
                    yield target.name, [(_added(_removed(places, incoming), outgoing), False)]
            elif not (isinstance(target, InclusiveGateway) and len(target.incoming) > 1):
                self.reached.add(target.name)
                yield target.name, self._enter(_removed(places, [place]), target)

    def _enter(self, left: dict[str, int], node: Node) -> list[tuple[dict[str, int], bool]]:
        if isinstance(node, EndEvent):
            if _stops(node):
                # The rest is stopped; what it would have reached first is looked at all the same.
                return [({}, False), (left, True)] if left else [({}, False)]
            return [(left, False)]
        if isinstance(node, ExclusiveGateway):
            return [(_added(left, [flow.id]), False) for flow in node.outgoing] or [(left, False)]
        if isinstance(node, InclusiveGateway):
            return [(_added(left, chosen), False) for chosen in _inclusive(node)]
        if isinstance(node, EventGateway):
            self.reached.update(flow.target.name for flow in node.outgoing)
            return [(_added(left, [flow.target.name]), False) for flow in node.outgoing]
        if getattr(node, "boundaries", None):
            return [(_added(left, [node.name]), False)]
        return [(_added(left, [flow.id for flow in node.outgoing]), False)]

    def _leave(self, places: Mapping[str, int], place: str, node: Node) -> list[tuple[dict[str, int], bool]]:
        """An activity that is watched ends, or one of its boundary events happens."""
        left = _removed(places, [place])
        outcomes = [(_added(left, [flow.id for flow in node.outgoing]), False)]
        for boundary in getattr(node, "boundaries", ()):
            self.reached.add(boundary.name)
            outgoing = [flow.id for flow in boundary.outgoing]
            if boundary.cancel_activity:
                outcomes.append((_added(left, outgoing), False))
            elif self.net.stands_alone(boundary):
                # Two at once, as it may happen again before the first is done.
                outcomes += [(_added({}, outgoing), False), (_added({}, outgoing * 2), False)]
            elif not place.endswith("!"):
                outcomes.append((_added(left, [f"{node.name}!", *outgoing]), False))
        return outcomes

    def _multiplies(self, state: State) -> bool:
        places = dict(state[0])
        if max(places.values(), default=0) <= _MANY:
            return False
        before = self.seen[state][0]
        while before is not None:
            earlier = dict(before[0])
            if earlier != places and all(places.get(place, 0) >= count for place, count in earlier.items()):
                return True
            before = self.seen[before][0]
        return False

    def _path(self, state: State) -> tuple[Node, ...]:
        path: list[Node] = []
        at: State | None = state
        while at is not None:
            before, element = self.seen[at]
            path.append(self.net.nodes[element])
            at = before
        return tuple(reversed(path))

    def _problem(self, kind: Kind, element: str, name: str | None, path: tuple[Node, ...]) -> None:
        self.problems.setdefault((kind, element), Problem(kind, element, name, path, self.spec.file))


def _stops(node: Node) -> bool:
    return isinstance(node, EndEvent) and node.trigger.kind in ("terminate", "error")


def _state(places: Mapping[str, int], *, ghost: bool) -> State:
    return tuple(sorted((place, count) for place, count in places.items() if count)), ghost


def _added(places: Mapping[str, int], new: list[str]) -> dict[str, int]:
    result = dict(places)
    for place in new:
        result[place] = result.get(place, 0) + 1
    return result


def _removed(places: Mapping[str, int], gone: list[str]) -> dict[str, int]:
    result = dict(places)
    for place in gone:
        result[place] -= 1
        if not result[place]:
            del result[place]
    return result


def _inclusive(node: Node) -> list[list[str]]:
    flows = [flow.id for flow in node.outgoing]
    if len(flows) <= _ALL_SUBSETS:
        return [list(chosen) for size in range(1, len(flows) + 1) for chosen in combinations(flows, size)] or [[]]
    return [list(chosen) for size in (1, 2) for chosen in combinations(flows, size)] + [flows]


def findings(specs: Mapping[str, ProcessSpec], *, seconds: float = TIME_LIMIT) -> list[Finding]:
    """`check` as findings."""
    return [problem.finding(seconds) for problem in check(specs, seconds=seconds)]


def check(specs: Mapping[str, ProcessSpec], *, seconds: float = TIME_LIMIT) -> list[Problem]:
    """Everything unsound in these processes; what cannot be decided in time is said to be not proven."""
    until = time.monotonic() + seconds
    found = [
        Problem("endless-loop", loop.element.bpmn_id, loop.element.bpmn_name, loop.way, loop.spec.file)
        for loop in endless_loops(specs)
    ]
    for spec in specs.values():
        found += _Search(spec, until).run()
    return found


def check_subject(subject: Subject) -> list[Finding]:
    """Every process of the package and what it calls."""
    return findings(subject.model.specs) if subject.model else []
