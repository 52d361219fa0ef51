"""Where can a case of a version stand? Asked before a case that stands somewhere is moved onto it.

A position is what rests in one process or sub-process: tokens at steps that wait, and branches that wait at a join for
the others. The control flow is explored from the start, data left out: a gateway may take any of its ways, an event may
come or not. A case may only be moved to a position that is found: so it can never stand before a join that waits
for a branch which it does not have, nor do the same thing twice.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from engine.bpmn.activities import Inside, UserTask
from engine.bpmn.events import CatchEvent, EndEvent
from engine.bpmn.gateways import EventGateway, ExclusiveGateway, InclusiveGateway, ParallelGateway
from engine.bpmn.multi_instance import MultiInstance
from engine.bpmn.nodes import Node
from engine.bpmn.processes import ProcessSpec

#: Place → how many tokens. A place is a node's name where a token rests, or a flow's id where one waits at a join.
Position = tuple[tuple[str, int], ...]
#: As many or more at one place are not told apart.
MANY = 2
#: What is looked at of one process at most, positions on the way included.
MOST_POSITIONS, SECONDS = 20_000, 2.0


def position_of(places: Mapping[str, int]) -> Position:
    """As a position."""
    return tuple(sorted((place, min(count, MANY)) for place, count in places.items() if count > 0))


class _TooMany(Exception):
    """More positions than are looked at."""


class Positions:
    """The positions of one process or sub-process; found once, and asked for each case."""

    def __init__(self, spec: ProcessSpec, also: frozenset[str] = frozenset()) -> None:
        """`also`: nodes that nobody waits at, and where a case stands all the same: as an incident."""
        self._spec, self._also = spec, also
        self._targets = {flow.id: flow.target for node in spec.task_specs.values() for flow in node.outgoing}
        self._from_start: set[Position] | None = None
        self._is_complete = False

    def can_stand(self, position: Position) -> bool | None:
        """Can a case that started here come to stand like this? None: not known in time."""
        if not position:
            return True
        if self._from_start is None:
            starts = [Counter({flow.id: 1 for flow in node.outgoing}) for node in self._spec.start_events]
            self._from_start, self._is_complete = self._explore(starts)[:2]
        if position in self._from_start:
            return True
        if self._is_complete:
            return False
        _, is_complete, is_stuck = self._explore([Counter(dict(position))])
        return None if is_stuck or not is_complete else True

    def _explore(self, begin: Iterable[Counter[str]]) -> tuple[set[Position], bool, bool]:
        """The positions that follow, whether those are all, and whether branches wait in vain in one of them."""
        self._until, stuck = time.monotonic() + SECONDS, False
        found: set[Position] = set()
        met: set[Position] = set()
        try:
            todo = [one for start in begin for one in self._settled(start, met)]
            while todo:
                position = todo.pop()
                if position in found:
                    continue
                found.add(position)
                places = dict(position)
                nodes = [place for place in places if place in self._spec.task_specs]
                stuck = stuck or bool(places and not nodes)
                moved = [after for place in nodes for after in self._left(places, place)]
                todo += [one for after in moved for one in self._settled(after, met)]
        except _TooMany:
            return found, False, stuck
        return found, True, stuck

    def _settled(self, places: Counter[str], met: set[Position]) -> Iterator[Position]:
        """Let everything move that moves by itself; each way is tried."""
        todo = [places]
        while todo:
            here = Counter({place: min(count, MANY) for place, count in todo.pop().items() if count > 0})
            moving = position_of(here)
            if moving in met:
                continue
            met.add(moving)
            if len(met) > MOST_POSITIONS or time.monotonic() > self._until:
                raise _TooMany
            outcomes = self._move(here)
            if outcomes is None:
                yield moving
            else:
                todo += outcomes

    def _move(self, places: Counter[str]) -> list[Counter[str]] | None:
        """One token moves; None: all rest."""
        for place in places:
            node = self._targets.get(place)
            if node is None or place in self._spec.task_specs:
                continue
            if isinstance(node, ParallelGateway) and len(node.incoming) > 1:
                if all(places[flow.id] for flow in node.incoming):
                    return [
                        one
                        for left in _without(places, [f.id for f in node.incoming])
                        for one in self._enter(left, node)
                    ]
            elif not (isinstance(node, InclusiveGateway) and len(node.incoming) > 1):
                return [one for left in _without(places, [place]) for one in self._enter(left, node)]
        for join in self._spec.inclusive_joins:
            waiting = [flow.id for flow in join.incoming if places[flow.id]]
            if len(join.incoming) > 1 and waiting and join.may_join(waiting, self._standing(places, join)):
                return [one for left in _without(places, waiting) for one in self._enter(left, join)]
        return None

    def _standing(self, places: Mapping[str, int], join: Node) -> set[str]:
        names = {place if place in self._spec.task_specs else self._targets[place].name for place in places}
        return names - {join.name}

    def _enter(self, left: Counter[str], node: Node) -> list[Counter[str]]:
        if node.name in self._also or rests(node):
            return [left + Counter([node.name])]
        return self._through(left, node)

    def _through(self, left: Counter[str], node: Node) -> list[Counter[str]]:
        flows = [flow.id for flow in node.outgoing]
        if isinstance(node, EndEvent):
            return [Counter()] if node.trigger.kind in ("terminate", "error") else [left]
        if isinstance(node, ExclusiveGateway):
            return [left + Counter([flow]) for flow in flows] or [left]
        if isinstance(node, InclusiveGateway):
            sizes = range(1, len(flows) + 1) if len(flows) < 7 else (1, 2, len(flows))
            return [left + Counter(ways) for size in sizes for ways in combinations(flows, size)] or [left]
        interrupted = [left + Counter(one) for one in _boundary_ways(node, interrupting=True)]
        beside = [left + Counter(flows) + Counter(one) for one in _boundary_ways(node, interrupting=False)]
        return [left + Counter(flows), *interrupted, *beside]

    def _left(self, places: Mapping[str, int], place: str) -> Iterator[Counter[str]]:
        """What rests at a node goes on, or an event there happens."""
        node = self._spec.task_specs[place]
        for left in _without(Counter(places), [place]):
            if isinstance(node, EventGateway):
                for flow in node.outgoing:
                    yield from self._through(left, flow.target)
                    if flow.target.name in self._also:
                        yield left + Counter([flow.target.name])
            else:
                yield from self._through(left, node)
        for ways in _boundary_ways(node, interrupting=False):
            yield Counter(places) + Counter(ways)


def rests(node: Node) -> bool:
    """Can a token stay here?"""
    if isinstance(node, CatchEvent):
        return node.trigger.kind not in ("link", "none")
    return isinstance(node, (UserTask, Inside, MultiInstance, EventGateway))


def _boundary_ways(node: Node, *, interrupting: bool) -> Iterator[list[str]]:
    for boundary in getattr(node, "boundaries", ()):
        if bool(boundary.cancel_activity) == interrupting:
            yield [flow.id for flow in boundary.outgoing]


def _without(places: Counter[str], gone: list[str]) -> list[Counter[str]]:
    """One token less at each; of many, there may be many left."""
    results = [Counter(places)]
    for place in gone:
        more = [one.copy() for one in results] if places[place] >= MANY else []
        for one in results:
            one[place] -= 1
        results += more
    return results
