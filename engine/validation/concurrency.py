"""Which flows of a scope can have a token at the same time, as far as the drawing tells.

A relation between flows, grown to its fixpoint: what a parallel split sends out is side by side, and what follows one
of two flows that are side by side is beside the other. Where branches meet they are taken to be joined, so a fault is
told where it happens and not at all that follows. Over 30,000 random graphs of exclusive and parallel gateways it said
neither too much nor too little (tests/unit/test_concurrency.py plays some); conditions are not looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from heapq import heappop, heappush
from operator import and_

from lxml import etree

from engine.bpmn.reading import BPMN
from engine.bpmn.supported import FLOW_NODES

#: So many pairs of flows are looked at, in all: some half a second's worth.
MOST_PAIRS = 400_000


class TooEntangled(Exception):
    """More pairs of flows run side by side than are looked at."""


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
        self._beside = [0] * len(self._flows)
        #: The flows that can have a token at all, as bits.
        self._reached = 0
        self._left = MOST_PAIRS

    def meetings(self) -> Iterator[etree._Element]:
        """The elements at which branches that run side by side come together without being joined.

        Raises `TooEntangled`.
        """
        suspects = [node for name, node in self._nodes.items() if _passes_each(node) and len(self._into[name]) > 1]
        if suspects and any(map(self._splits, self._nodes.values())):
            self._grow()
            for node in suspects:
                arriving = self._into[node.get("id")]
                if any(self._beside[one] & _bits(arriving) for one in arriving):
                    yield node

    def _splits(self, node: etree._Element) -> bool:
        """Can more tokens leave than came?"""
        if node.get("cancelActivity") == "false":
            return True
        return _local(node) in ("parallelGateway", "inclusiveGateway") and len(self._out_of[node.get("id")]) > 1

    def _grow(self) -> None:
        """What lies further ahead waits until all before it has been settled."""
        steps = [step for name in self._ranked() for step in self._steps(self._nodes[name])]
        takers: dict[int, list[int]] = defaultdict(list)
        for number, step in enumerate(steps):
            for flow in step.takes:
                takers[flow].append(number)
        waiting = list(range(len(steps)))
        queued = set(waiting)
        while waiting:
            number = heappop(waiting)
            queued.discard(number)
            for flow in self._apply(steps[number]):
                for taker in takers[flow]:
                    if taker not in queued:
                        queued.add(taker)
                        heappush(waiting, taker)

    def _ranked(self) -> list[str]:
        """The elements that a start leads to, each behind all that lead to it, circles aside."""
        done: list[str] = []
        met: set[str] = set()
        for first in [name for name, node in self._nodes.items() if _local(node) == "startEvent"]:
            stack = [(first, iter(self._following(first)))]
            met.add(first)
            while stack:
                name, following = stack[-1]
                ahead = next((one for one in following if one not in met), None)
                if ahead is None:
                    done.append(name)
                    stack.pop()
                else:
                    met.add(ahead)
                    stack.append((ahead, iter(self._following(ahead))))
        return done[::-1]

    def _following(self, name: str) -> list[str]:
        flows = [*self._out_of[name], *(flow for link in self._throws[name] for flow in self._catches[link])]
        return [self._flows[flow].get("targetRef") for flow in flows] + [
            event.get("id") for event in self._events[name]
        ]

    def _comes(self, step: _Step) -> bool:
        """Can what it takes ever be there, as far as is known by now?"""
        if not step.all_at_once:
            return bool(_bits(step.takes) & self._reached)
        together = _bits(step.takes)
        each = all((self._beside[flow] | 1 << flow) & together == together for flow in step.takes)
        return each and bool(together & self._reached)

    def _around(self, step: _Step) -> int:
        """What is beside the tokens that a step puts, the ones that it puts aside."""
        if not step.takes:
            return 0
        masks = {flow: self._beside[flow] for flow in step.takes}
        if step.all_at_once:
            return reduce(and_, masks.values())
        siblings = _bits(step.takes)
        around = 0
        for mask in masks.values():
            # With those that meet it here: only what is beside all of them is still beside what comes out.
            for other in _numbers(mask & siblings):
                self._spend(1)
                mask &= masks[other]
            around |= mask
        return around

    def _apply(self, step: _Step) -> set[int]:
        """The flows beside which something new is."""
        if step.takes and not self._comes(step):
            return set()
        around = self._around(step)
        changed: set[int] = set()
        for group in step.puts:
            for flow in group:
                changed |= self._put(flow, (around | _bits(group)) & ~(1 << flow))
        return changed

    def _put(self, flow: int, others: int) -> set[int]:
        new = others & ~self._beside[flow]
        if not new and self._reached >> flow & 1:
            return set()
        self._reached |= 1 << flow
        self._spend(new.bit_count())
        self._beside[flow] |= new
        beside = list(_numbers(new))
        for other in beside:
            self._beside[other] |= 1 << flow
        return {flow, *beside}

    def _spend(self, pairs: int) -> None:
        self._left -= pairs
        if self._left < 0:
            raise TooEntangled

    def _steps(self, node: etree._Element) -> Iterator[_Step]:
        name, kind = node.get("id"), _local(node)
        into, out_of = self._into[name], self._out_of[name]
        if kind == "boundaryEvent":
            return
        if kind in ("exclusiveGateway", "eventBasedGateway"):
            yield _Step(into, [[flow] for flow in out_of])
        elif kind == "inclusiveGateway":
            yield _Step(into, [out_of])
        elif kind == "parallelGateway":
            yield _Step(into, [out_of], all_at_once=True)
        else:
            jumps = [flow for link in self._throws[name] for flow in self._catches[link]]
            yield _Step(into, [*self._ways_out(name, jumps or out_of)])

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


def _numbers(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _bits(flows: list[int]) -> int:
    bits = 0
    for flow in flows:
        bits |= 1 << flow
    return bits


def _local(node: etree._Element) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
