"""Which combinations can arrive at a gateway, when others on the way there look at the same values.

A flow inside one process or sub-process: a gateway lets through what its conditions say, and whatever writes a value
sets it free again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.bpmn.events import BoundaryEvent, EventStart, StartEvent
from engine.bpmn.flows import Flow
from engine.bpmn.gateways import ExclusiveGateway, InclusiveGateway, ParallelGateway
from engine.bpmn.model import Model
from engine.bpmn.nodes import Node
from engine.bpmn.processes import ProcessSpec
from engine.validation.combinations import Combination, Combinations
from engine.validation.data_ways import following
from engine.validation.domains import UNKNOWN
from engine.validation.known import brings_anything, inside_of, written
from engine.validation.logic import Condition

Arriving = frozenset[Combination]


def asked(node: Node) -> list[Flow]:
    """The flows whose conditions a gateway asks, in its order; none of any other element."""
    if not isinstance(node, (ExclusiveGateway, InclusiveGateway)):
        return []
    return [flow for flow in node.outgoing if flow.condition is not None and not flow.is_default]


class Narrowing:
    """Of one spec. `conditions`: flow id → its condition, of every gateway that matters."""

    def __init__(
        self, model: Model, spec: ProcessSpec, combinations: Combinations, conditions: Mapping[str, Condition]
    ) -> None:
        self.model = model
        self.spec = spec
        self.combinations = combinations
        self.conditions = conditions
        self.everything: Arriving = frozenset(combinations.all)
        self._out: dict[str, Arriving] = {}
        self._roots = [
            {path[0] for path in term.reads} | ({term.path[0]} if term.path else set()) for term in combinations.terms
        ]
        #: Terms that only forms, scripts and decisions write: what may bring anything does not bring these.
        self._own = [combinations.domains[term] is not UNKNOWN for term in combinations.terms]

    def arriving(self, gateway: Node) -> Arriving:
        """The combinations with which a token can come to `gateway`."""
        waiting: list[Node] = list(self.spec.start_events)
        waiting += [node for node in self.spec.task_specs.values() if isinstance(node, EventStart)]
        while waiting:
            node = waiting.pop()
            before = self._before(node)
            after = self._after(node, before)
            if self._out.get(node.name) == after:
                continue
            self._out[node.name] = after
            waiting += following(node)
        return self._before(gateway)

    def _before(self, node: Node) -> Arriving:
        if isinstance(node, (StartEvent, EventStart)):
            return self.everything
        if isinstance(node, BoundaryEvent):
            host = node.host_activity
            return self._before(host) | self._out.get(host.name, frozenset())
        arrivals = [
            self._along(flow, self._out[flow.source.name]) for flow in node.incoming if flow.source.name in self._out
        ]
        if isinstance(node, ParallelGateway) and arrivals:
            both = frozenset.intersection(*arrivals)
            return both or frozenset().union(*arrivals)
        return frozenset().union(*arrivals)

    def _along(self, flow: Flow, arriving: Arriving) -> Arriving:
        flows = asked(flow.source)
        known = [self.conditions.get(one.id) for one in flows]
        if not flows or len(flow.source.outgoing) < 2 or None in known:
            return arriving
        conditions = [one for one in known if one is not None]
        if flow in flows:
            place = flows.index(flow)
            before = conditions[:place] if isinstance(flow.source, ExclusiveGateway) else []
            return frozenset(
                one for one in arriving if self._says(conditions[place], one, True) and self._none(before, one)
            )
        return frozenset(one for one in arriving if self._none(conditions, one))

    def _says(self, condition: Condition, combination: Combination, wanted: bool) -> bool:
        return self.combinations.says(condition, combination) is wanted

    def _none(self, conditions: Sequence[Condition], combination: Combination) -> bool:
        return all(self._says(one, combination, False) for one in conditions)

    def _after(self, node: Node, arriving: Arriving) -> Arriving:
        """What an element writes may be anything afterwards."""
        roots, anything = self._writes(node)
        free = [
            bool(self._roots[index] & roots) or (anything and not self._own[index])
            for index in range(len(self.combinations.terms))
        ]
        if not any(free) or not arriving:
            return arriving
        kept = {_without(one, free) for one in arriving}
        return frozenset(one for one in self.everything if _without(one, free) in kept)

    def _writes(self, node: Node, depth: int = 0) -> tuple[frozenset[str], bool]:
        roots, anything = written(node), brings_anything(node)
        inside = inside_of(node)
        if inside is not None and inside in self.model.specs and depth < 20:
            for inner in self.model.specs[inside].task_specs.values():
                if isinstance(inner, Node) and inner is not node:
                    more, any_more = self._writes(inner, depth + 1)
                    roots, anything = roots | more, anything or any_more
        return roots, anything


def _without(combination: Combination, free: Sequence[bool]) -> Combination:
    return tuple(None if left else value for value, left in zip(combination, free, strict=True))
