"""From left to right: which flows run back, in which column each node stands, and which way is the main one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from engine.layout.scopes import Flow, Node, Scope

#: Pixels: what a column with the space behind it takes at least; wider nodes take several.
PITCH = 150
#: An end this near to the farthest one, as a share, may be the one that the main way leads to.
_MAIN_END = 0.7


def set_columns(scope: Scope) -> None:
    """Sets `back` of the flows, and `first` and `last` of the nodes that are on the flow.

    The column of a node is the longest way to it, back flows left out.
    """
    nodes = [node for node in scope.nodes if not node.apart and not node.artifact]
    flows = [flow for flow in scope.flows if not flow.dotted]
    leaving = _by_start(flows)
    order = _in_order(nodes, leaving)
    for node in nodes:
        node.first = 0
    for node in order:
        node.last = node.first + _span(node) - 1
        for flow in leaving[node]:
            if not flow.back:
                flow.end.first = max(flow.end.first, node.last + 1)
    _put_below(scope, set(main_way(scope)), leaving)
    for flow in scope.flows:
        if flow.dotted:
            _put_beside(*((flow.source, flow.end) if flow.source.artifact else (flow.target, flow.start)))


def _put_below(scope: Scope, main: set[Node], leaving: dict[Node, list[Flow]]) -> None:
    """What ends a way right behind a gateway, or leads back from there, stands below or above it: two at most."""
    entering: dict[Node, list[Flow]] = defaultdict(list)
    for flow in scope.flows:
        if not flow.dotted and not flow.back:
            entering[flow.end].append(flow)
    count: dict[Node, int] = defaultdict(int)
    for node, flows in entering.items():
        gateway = flows[0].source
        is_last = all(flow.back for flow in leaving[node]) and node.first == node.last
        if len(flows) == 1 and gateway.is_gateway and is_last and node not in main and not node.borders:
            straight_on = any(flow.end in main for flow in leaving[gateway] if not flow.back)
            if abs(node.lane - gateway.lane) < 2 and straight_on and count[gateway] < 2:
                count[gateway] += 1
                node.first = node.last = gateway.last


def _put_beside(artifact: Node, about: Node) -> None:
    """A note is two columns wide, and begins where that which it is about stands."""
    artifact.first = about.port
    artifact.last = about.port + (artifact.size.width > PITCH - 30)


def main_way(scope: Scope) -> list[Node]:
    """The nodes from the start to the main end.

    Where ways part: the one past what only delays it, else the first one in the file; but only ways to an end about as
    far as the farthest.
    """
    nodes = [node for node in scope.nodes if not node.apart and not node.artifact]
    flows = [flow for flow in scope.flows if not flow.dotted and not flow.back]
    leaving = _by_start(flow for flow in flows if not flow.source.host)
    entered = {flow.end for flow in scope.flows if not flow.dotted}
    starts = [node for node in nodes if node not in entered and leaving[node]] or nodes[:1]
    best: list[Node] = []
    for start in starts:
        way = _way_from(start, leaving)
        if len(way) > len(best) * (1.5 if best else 1):
            best = way
    return best


def _way_from(start: Node, leaving: dict[Node, list[Flow]]) -> list[Node]:
    reached = _reached(start, leaving)
    ends = [node for node in reached if not leaving[node]]
    farthest = max((end.last - start.first for end in ends), default=0)
    wanted = {end for end in ends if end.last - start.first >= farthest * _MAIN_END}
    way, node = [start], start
    while node not in wanted:
        useful = [flow for flow in leaving[node] if wanted & _reached(flow.end, leaving).keys()]
        node = _straight_on(useful, leaving, wanted).end
        way.append(node)
    return way


def _straight_on(flows: list[Flow], leaving: dict[Node, list[Flow]], wanted: set[Node]) -> Flow:
    for flow in flows:
        others = [_reached(other.end, leaving, without=flow.end) for other in flows if other is not flow]
        if others and not any(wanted & reached.keys() for reached in others):
            return flow
    return flows[0]


def _reached(start: Node, leaving: dict[Node, list[Flow]], *, without: Node | None = None) -> dict[Node, None]:
    found: dict[Node, None] = {}
    waiting = [start]
    while waiting:
        node = waiting.pop()
        if node not in found and node is not without:
            found[node] = None
            waiting += [flow.end for flow in reversed(leaving[node])]
    return found


def _by_start(flows: Iterable[Flow]) -> dict[Node, list[Flow]]:
    found: dict[Node, list[Flow]] = defaultdict(list)
    for flow in flows:
        found[flow.start].append(flow)
    return found


def _in_order(nodes: list[Node], leaving: dict[Node, list[Flow]]) -> list[Node]:
    """The nodes so that every flow leads forward, but those that close a circle: these are set to run back."""
    entered = {flow.end for flows in list(leaving.values()) for flow in flows if flow.end is not flow.start}
    done: list[Node] = []
    state: dict[Node, str] = {}
    for root in [*(node for node in nodes if node not in entered), *nodes]:
        if root in state:
            continue
        state[root] = "open"
        stack = [(root, iter(leaving[root]))]
        while stack:
            node, flows = stack[-1]
            flow = next(flows, None)
            if flow is None:
                state[node] = "done"
                done.append(node)
                stack.pop()
                continue
            flow.back = state.get(flow.end) == "open"
            if flow.end not in state:
                state[flow.end] = "open"
                stack.append((flow.end, iter(leaving[flow.end])))
    return done[::-1]


def _span(node: Node) -> int:
    return max(1, -int(-(node.size.width - 30) // PITCH)) if node.inside else 1
