"""Which flows of a scope can have a token at the same time, as far as the drawing tells.

A relation between flows, grown to its fixpoint: what a parallel split sends out is side by side, and what follows one
of two flows that are side by side is beside the other. Choices that depend on each other are not seen, so it may say
too much; of faults that follow from one further up, it says the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import and_, or_

from lxml import etree

from engine.bpmn.reading import BPMN
from engine.bpmn.supported import FLOW_NODES

#: So many meetings of a scope are told.
MOST = 10


@dataclass
class _Step:
    """What an element does to tokens: takes one of `takes` (a parallel gateway: all), and puts some."""

    takes: list[int]
    #: Groups of flows, of which one group is filled.
    puts: list[list[int]] = field(default_factory=list)
    all_at_once: bool = False


class Concurrency:
    """The relation in one process or sub-process."""

    def __init__(self, scope: etree._Element) -> None:
        self._nodes = {node.get("id"): node for node in scope if _local(node) in FLOW_NODES}
        self._flows = [
            flow
            for flow in scope.iterchildren(f"{{{BPMN}}}sequenceFlow")
            if flow.get("sourceRef") in self._nodes and flow.get("targetRef") in self._nodes
        ]
        self._into: dict[str, list[int]] = defaultdict(list)
        self._out_of: dict[str, list[int]] = defaultdict(list)
        for number, flow in enumerate(self._flows):
            self._into[flow.get("targetRef")].append(number)
            self._out_of[flow.get("sourceRef")].append(number)
        self._events: dict[str, list[etree._Element]] = defaultdict(list)
        self._catches: dict[str, list[int]] = defaultdict(list)
        self._throws: dict[str, list[str]] = defaultdict(list)
        for name, node in self._nodes.items():
            if node.get("attachedToRef"):
                self._events[node.get("attachedToRef")].append(node)
            for link in _links(node, "intermediateCatchEvent"):
                self._catches[link] += self._out_of[name]
            self._throws[name] += _links(node, "intermediateThrowEvent")
        #: Flow number → the numbers of those beside it, as bits.
        self._beside: list[int] = []
        self._joined: set[str] = set()

    def meetings(self) -> Iterator[etree._Element]:
        """The elements at which branches that run side by side come together without being joined, first ones first.

        Each is taken to be joined from then on: what follows from it is not told.
        """
        if not any(map(self._splits, self._nodes.values())):
            return
        suspects = [self._nodes[name] for name in self._order() if _passes_each(self._nodes[name])]
        for _ in range(MOST):
            self._grow()
            found = next((node for node in suspects if node.get("id") not in self._joined and self._meet(node)), None)
            if found is None:
                return
            yield found
            self._joined.add(found.get("id"))

    def _meet(self, node: etree._Element) -> bool:
        """Can two of the flows that lead here have a token at once?"""
        arriving = self._into[node.get("id")]
        return any(self._beside[one] & _bits(arriving) for one in arriving)

    def _order(self) -> Iterator[str]:
        """The elements by how far from a start they are."""
        waiting = [name for name, node in self._nodes.items() if not self._into[name] and not node.get("attachedToRef")]
        met = set(waiting)
        for name in waiting:
            yield name
            follows = [*self._out_of[name], *(flow for link in self._throws[name] for flow in self._catches[link])]
            names = [self._flows[flow].get("targetRef") for flow in follows]
            names += [event.get("id") for event in self._events[name]]
            new = [one for one in dict.fromkeys(names) if one not in met]
            met.update(new)
            waiting += new

    def _splits(self, node: etree._Element) -> bool:
        """Can more tokens leave than came?"""
        if node.get("cancelActivity") == "false":
            return True
        return _local(node) in ("parallelGateway", "inclusiveGateway") and len(self._out_of[node.get("id")]) > 1

    def _grow(self) -> None:
        self._beside = [0] * len(self._flows)
        steps = [step for node in self._nodes.values() for step in self._steps(node)]
        waiting = list(range(len(steps)))
        takers: dict[int, list[int]] = defaultdict(list)
        for number, step in enumerate(steps):
            for flow in step.takes:
                takers[flow].append(number)
        while waiting:
            changed = self._apply(steps[waiting.pop()])
            waiting += [number for flow in changed for number in takers[flow]]

    def _apply(self, step: _Step) -> set[int]:
        """The flows beside which something new is."""
        masks = [self._beside[flow] for flow in step.takes]
        around = reduce(and_ if step.all_at_once else or_, masks) if masks else 0
        changed: set[int] = set()
        for group in step.puts:
            for flow in group:
                changed |= self._put(flow, (around | _bits(group)) & ~(1 << flow))
        return changed

    def _put(self, flow: int, others: int) -> set[int]:
        new = others & ~self._beside[flow]
        if not new:
            return set()
        self._beside[flow] |= new
        changed = {flow}
        while new:
            lowest = new & -new
            other = lowest.bit_length() - 1
            self._beside[other] |= 1 << flow
            changed.add(other)
            new ^= lowest
        return changed

    def _steps(self, node: etree._Element) -> Iterator[_Step]:
        name, kind = node.get("id"), _local(node)
        into, out_of = self._into[name], self._out_of[name]
        if kind == "boundaryEvent":
            return
        joined = name in self._joined
        if kind in ("exclusiveGateway", "eventBasedGateway"):
            yield _Step(into, [[flow] for flow in out_of], joined)
        elif kind in ("parallelGateway", "inclusiveGateway"):
            # That an inclusive one may go on with less is left out: what it waits for is what runs beside.
            yield _Step(into, [out_of], all_at_once=True)
        else:
            jumps = [flow for link in self._throws[name] for flow in self._catches[link]]
            yield _Step(into, [*self._ways_out(name, jumps or out_of)], joined)

    def _ways_out(self, name: str, out_of: list[int]) -> Iterator[list[int]]:
        """With its boundary events: one that does not interrupt goes on beside the rest."""
        events = self._events[name]
        lasting = [event for event in events if event.get("cancelActivity") == "false"]
        beside = [flow for event in lasting for flow in self._out_of[event.get("id")]]
        yield [*out_of, *beside]
        for event in events:
            if event not in lasting:
                yield [*self._out_of[event.get("id")], *beside]


def _passes_each(node: etree._Element) -> bool:
    """Does the element go on for each token that comes? Ends aside: to end twice is to end."""
    return _local(node) not in ("parallelGateway", "inclusiveGateway", "endEvent")


def _links(node: etree._Element, kind: str) -> Iterator[str]:
    """The names of its links."""
    if _local(node) == kind:
        yield from (link.get("name", "") for link in node.iterchildren(f"{{{BPMN}}}linkEventDefinition"))


def _bits(flows: list[int]) -> int:
    bits = 0
    for flow in flows:
        bits |= 1 << flow
    return bits


def _local(node: etree._Element) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
