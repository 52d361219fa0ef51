"""Where the names of events, gateways and flows stand: near what they name, and where nothing else is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, pairwise

from engine.layout.picture import Box, Picture, Point
from engine.layout.routes import Path
from engine.layout.scopes import Flow, Node, Scope
from engine.layout.sizes import Size

#: Pixels between a shape or line and its name.
_SPACE = 5.0


def hanging(node: Node, paths: Mapping[Flow, Path]) -> tuple[float, float]:
    """Pixels that a node needs above and below its middle, with the names around it."""
    up = down = node.size.height / 2
    above, below = _used(node, paths)
    if node.label.height:
        room = node.size.height / 2 + _SPACE + node.label.height
        if _prefers_above(node, above, below):
            up = max(up, room)
        else:
            down = max(down, room)
    for event in node.borders:
        down = max(down, node.size.height / 2 + event.size.height / 2 + max(event.label.height, 14) + 2 * _SPACE)
    for flow, path in paths.items():
        if flow.name and flow.source is node and path[0][0] == path[1][0]:
            room = node.size.height / 2 + flow.label.height + 2 * _SPACE
            up, down = (max(up, room), down) if path[1][1] < path[0][1] else (up, max(down, room))
    return up, down


def _used(node: Node, paths: Mapping[Flow, Path]) -> tuple[bool, bool]:
    """Whether a flow leaves or enters above, and below."""
    above = below = False
    for flow, path in paths.items():
        for end, near, far in ((flow.source, path[0], path[1]), (flow.target, path[-1], path[-2])):
            if end is node and near[0] == far[0] and not flow.dotted:
                above, below = above or far[1] < near[1], below or far[1] > near[1]
    return above, below


def _prefers_above(node: Node, above: bool, below: bool) -> bool:
    return not above if node.is_gateway else below and not above


def put_labels(scope: Scope, drawn: Picture) -> None:
    """Sets the labels of what is in the scope."""
    # The corners of the box around a gateway are empty.
    taken = [
        drawn.shapes[node.id].grown(-9 if node.is_gateway else 0)
        for node in scope.everything()
        if node.id in drawn.shapes
    ]
    for node in scope.everything():
        if node.label.height:
            _put(node.id, _around(node, drawn), drawn, taken)
    for flow in scope.flows:
        if flow.name:
            line = drawn.lines.get(flow.id, [])
            own = _own_part(line, [drawn.lines.get(one.id, []) for one in scope.flows if _beside(flow, one)])
            _put(flow.id, chain(_along(flow.label, own), _along(flow.label, line)), drawn, taken)


def _put(name: str, places: Iterator[Box], drawn: Picture, taken: list[Box]) -> None:
    best, least = None, float("inf")
    for number, box in enumerate(places):
        roomy = box.grown(1)
        fault = sum(roomy.overlap(other) for other in taken) * 3
        for line in drawn.lines.values():
            fault += sum(roomy.cut(start, end) * 20 for start, end in pairwise(line))
        fault += number
        if fault < least:
            best, least = box, fault
    if best:
        drawn.labels[name] = best
        taken.append(best)


def _around(node: Node, drawn: Picture) -> Iterator[Box]:
    """Places beside a shape, the best first."""
    box, (width, height) = drawn.shapes[node.id], node.label
    x, _y = box.centre
    below = Box(x - width / 2, box.bottom + _SPACE, width, height)
    above = Box(x - width / 2, box.y - _SPACE - height, width, height)
    if node.host:
        yield Box(x + _SPACE + 2, box.bottom + 1, width, height)
        yield Box(x - _SPACE - 2 - width, box.bottom + 1, width, height)
        yield Box(box.right + _SPACE, box.centre[1] + 3, width, height)
        yield Box(box.x - _SPACE - width, box.centre[1] + 3, width, height)
    yield from (above, below) if node.is_gateway else (below, above)
    edges = (box.y - height + 7, box.bottom - 7)
    for edge in edges if node.is_gateway else edges[::-1]:
        yield Box(x - _SPACE - 5 - width, edge, width, height)
        yield Box(x + _SPACE + 5, edge, width, height)
    for away in (12.0, 24.0, 36.0):
        for sideways in (0.0, -width / 2, width / 2):
            yield above.moved(sideways, -away)
            yield below.moved(sideways, away)


def _beside(flow: Flow, other: Flow) -> bool:
    return flow is not other and flow.source is other.source


def _own_part(line: list[Point], others: list[list[Point]]) -> list[Point]:
    """The line from where it has parted from others of the same source."""
    parted = [point for other in others if (point := _parting(line, other))]
    if not parted:
        return line
    number, length = max(parted)
    (x, y), (to_x, to_y) = line[number], line[number + 1]
    share = length / max(1.0, abs(to_x - x) + abs(to_y - y))
    if share > 0.99 and number + 2 < len(line):
        return line[number + 1 :]
    return [(x + (to_x - x) * share, y + (to_y - y) * share), *line[number + 1 :]]


def _parting(line: list[Point], other: list[Point]) -> tuple[int, float] | None:
    """Where a line leaves another that begins with it: the number of its piece, and pixels along that."""
    found = None
    for number, (mine, its) in enumerate(zip(pairwise(line), pairwise(other), strict=False)):
        (x, y), (to_x, to_y) = mine
        (_, _), (end_x, end_y) = its
        if mine[0] != its[0]:
            break
        upright = (x == to_x, x == end_x)
        ahead = (to_x - x) * (end_x - x) + (to_y - y) * (end_y - y)
        if upright[0] != upright[1] or ahead <= 0:
            break
        length = min(abs(to_x - x) + abs(to_y - y), abs(end_x - x) + abs(end_y - y))
        found = number, length
        if mine[1] != its[1]:
            break
    return found


def _along(size: Size, line: list[Point]) -> Iterator[Box]:
    """Places beside a line, near its source first."""
    width, height = size
    for (x, y), (to_x, to_y) in pairwise(line):
        length = abs(to_x - x) + abs(to_y - y)
        for share in (0.0, 0.5, 1.0):
            if y == to_y:
                spare = max(0.0, length - width - 6)
                left = x + 4 + share * spare if to_x > x else x - 4 - width - share * spare
                yield Box(left, y - height - 3, width, height)
                yield Box(left, y + 4, width, height)
            else:
                spare = max(0.0, length - height - 6)
                top = y + 5 + share * spare if to_y > y else y - 5 - height - share * spare
                yield Box(x + 5, top, width, height)
                yield Box(x - 5 - width, top, width, height)
