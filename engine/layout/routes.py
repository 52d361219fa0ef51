"""Ways of flows over a grid: right-angled, around what stands in the way, and each judged against the others.

The grid has a line through the middle of every column and row (odd numbers) and a channel between any two (even
numbers), wide enough for as many flows as run in it. Column 3 is x = 7, the channel before it x = 6. On the middle
lines only one flow may run; in channels each gets a track of its own (tracks.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from engine.layout.scopes import Flow, Node

Point = tuple[float, float]
Path = tuple[Point, ...]

#: What makes a drawing worse, in units of a bend.
BEND, ACROSS, ALONG = 1.0, 0.30, 0.12
CROSSING, SHARED_START, SHARED, BACKWARDS = 9.0, 6.0, 40.0, 5.0
_BLOCKED = 400.0


#: Line → what runs on it: from, to, whose it is, and which piece of its path.
Lines = dict[float, list[tuple[float, float, Flow, int]]]


class Way(NamedTuple):
    """A path with what it costs by itself."""

    path: Path
    cost: float


class Grid:
    """Where nodes stand and flows run."""

    def __init__(self, nodes: Iterable[Node], columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        #: Row → first x, last x, node.
        self.stands: dict[int, list[tuple[float, float, Node]]] = defaultdict(list)
        self.paths: dict[Flow, Path] = {}
        self._across: Lines = defaultdict(list)
        self._down: Lines = defaultdict(list)
        for node in nodes:
            self.put(node)

    # --- nodes --------------------------------------------------------------------------------------------------------

    def put(self, node: Node) -> None:
        self.stands[node.row].append((2 * node.first + 1, 2 * node.last + 1, node))

    def take(self, node: Node) -> None:
        self.stands[node.row] = [one for one in self.stands[node.row] if one[2] is not node]

    def is_free(self, node: Node, row: int) -> bool:
        """May the node stand in that row, in its columns?"""
        low, high = 2 * node.first + 1, 2 * node.last + 1
        return not any(first <= high and low <= last and one is not node for first, last, one in self.stands[row])

    # --- flows --------------------------------------------------------------------------------------------------------

    def lay(self, flow: Flow, path: Path) -> None:
        self.paths[flow] = path
        for number, ((x, y), (to_x, to_y)) in enumerate(pairwise(path)):
            if y == to_y:
                self._across[y].append((min(x, to_x), max(x, to_x), flow, number))
            else:
                self._down[x].append((min(y, to_y), max(y, to_y), flow, number))

    def lift(self, flow: Flow) -> Path | None:
        path = self.paths.pop(flow, None)
        for (x, y), (_, to_y) in zip(path or (), (path or ())[1:], strict=False):
            lines, at = (self._across, y) if y == to_y else (self._down, x)
            lines[at] = [one for one in lines[at] if one[2] is not flow]
        return path

    def route(self, flow: Flow) -> None:
        """Lay the flow on its best way. The main one runs straight where it can: the others make room."""
        self.lift(flow)
        straight = (place(flow.source), place(flow.target))
        if flow.is_main and straight[0][1] == straight[1][1] and not self.is_blocked(flow, straight):
            self.lay(flow, straight)
            return
        ways = sorted(self.ways(flow), key=lambda way: way.cost)
        best, least = None, float("inf")
        for way in ways:
            if way.cost >= least:
                break
            cost = way.cost + self.friction(flow, way.path, least - way.cost)
            if cost < least:
                best, least = way, cost
        if best:
            self.lay(flow, best.path)

    def cost(self, flow: Flow) -> float:
        """What the flow costs as it is laid."""
        path = self.paths.get(flow)
        if path is None:
            return _BLOCKED
        return own_cost(flow, path) + self.friction(flow, path)

    def ways(self, flow: Flow) -> list[Way]:
        """The ways that lead around everything; the plain ones, or where there is none, all of few bends."""
        for thorough in (False, True):
            found = {path: None for path in candidates(self, flow, thorough) if not self.is_blocked(flow, path)}
            if found:
                return [Way(path, own_cost(flow, path)) for path in found]
        return []

    def is_blocked(self, flow: Flow, path: Path) -> bool:
        """Does the path run through a shape?"""
        ends = (flow.start, flow.end)
        for (x, y), (to_x, to_y) in pairwise(path):
            if y == to_y:
                if y % 2 == 1 and self._stands_across(int(y - 1) // 2, min(x, to_x), max(x, to_x), ends):
                    return True
            elif self._stands_down(x, min(y, to_y), max(y, to_y), ends):
                return True
        return False

    def _stands_across(self, row: int, low: float, high: float, ends: Sequence[Node]) -> bool:
        for first, last, node in self.stands.get(row, ()):
            if node in ends:
                if low < first and last < high:
                    return True
            elif first <= high and low <= last:
                return True
        return False

    def _stands_down(self, x: float, low: float, high: float, ends: Sequence[Node]) -> bool:
        for row in range(max(0, int(low // 2)), int(high // 2) + 1):
            y = 2 * row + 1
            if low <= y <= high:
                for first, last, node in self.stands.get(row, ()):
                    if first - 0.5 < x < last + 0.5 and (node not in ends or low < y < high):
                        return True
        return False

    def friction(self, flow: Flow, path: Path, limit: float = float("inf")) -> float:
        """What crossing others and running where they run costs; once above the limit, it counts no further."""
        cost = 0.0
        for number, ((x, y), (to_x, to_y)) in enumerate(pairwise(path)):
            if y == to_y:
                low, high = min(x, to_x), max(x, to_x)
                cost += _crossed(flow, y, low, high, self._down) + self._met(flow, path, number, y, low, high, 0)
            else:
                low, high = min(y, to_y), max(y, to_y)
                cost += _crossed(flow, x, low, high, self._across) + self._met(flow, path, number, x, low, high, 1)
            if cost > limit:
                break
        return cost

    def _met(self, flow: Flow, path: Path, number: int, at: float, low: float, high: float, along: int) -> float:
        """What runs along the same line: on a middle line it is in the way, in a channel it may have to be crossed."""
        cost = 0.0
        for first, last, other, piece in (self._down if along else self._across).get(at, ()):
            if other is flow or first > high or low > last:
                continue
            if at % 2:
                cost += self._beside(flow, path, other) if first < high and low < last else 0.0
            elif not flow.dotted and not other.dotted:
                cost += 0.4 + CROSSING * _crossings_beside(path, number, self.paths[other], piece, along)
        return cost

    def _beside(self, flow: Flow, path: Path, other: Flow) -> float:
        """Two flows on one middle line: as they meet at their end, as they part at their start, or with no reason."""
        its = self.paths[other]
        if flow.target is other.target and _direction(path[-2], path[-1]) == _direction(its[-2], its[-1]):
            return 0.3
        if flow.source is other.source and _direction(path[0], path[1]) == _direction(its[0], its[1]):
            return SHARED_START
        return SHARED


def _crossed(flow: Flow, at: float, low: float, high: float, lines: Lines) -> float:
    return CROSSING * sum(
        first < at < last and other is not flow
        for place, there in lines.items()
        if low < place < high
        for first, last, other, _ in there
    )


def _crossings_beside(path: Path, number: int, other: Path, piece: int, along: int) -> int:
    """How often two flows must cross that run side by side in a channel, in the better order."""
    mine, its = _ends(path, number, along), _ends(other, piece, along)
    if mine is None or its is None:
        return 0
    return min(_crossings(mine, its), _crossings(its, mine))


def _ends(path: Path, number: int, along: int) -> list[tuple[float, bool]] | None:
    """Where a piece in a channel begins and ends, and whether it goes on to the right (or below) there."""
    if not 0 < number < len(path) - 2:
        return None
    at = path[number][1 - along]
    return [
        (path[number][along], path[number - 1][1 - along] > at),
        (path[number + 1][along], path[number + 2][1 - along] > at),
    ]


def _crossings(first: list[tuple[float, bool]], second: list[tuple[float, bool]]) -> int:
    """How often they cross when the first one is left of (or above) the second."""
    low, high = sorted(at for at, _ in second)
    before = sum(right and low <= at <= high for at, right in first)
    low, high = sorted(at for at, _ in first)
    return before + sum(not right and low <= at <= high for at, right in second)


# --- ways -------------------------------------------------------------------------------------------------------------


def candidates(grid: Grid, flow: Flow, thorough: bool) -> Iterator[Path]:
    """Right-angled paths: out of a side, to a level, along it, and into a side."""
    if flow.dotted:
        yield from _dotted(flow)
        return
    if flow.start is flow.end:
        yield from _round_itself(flow)
        return
    levels = _levels(grid, flow, thorough)
    for start, outs in _exits(grid, flow, thorough):
        for goal, ins in _entries(grid, flow, thorough):
            for out_x in outs:
                for in_x in ins:
                    for level in levels:
                        path = _through(start, out_x, level, in_x, goal)
                        if _holds(path, out_x == start[0], in_x == goal[0], flow):
                            yield path


def place(node: Node) -> Point:
    """Where lines above and below a node meet it; an event on a border lies a little lower."""
    if node.host:
        host, count = node.host, len(node.host.borders)
        offset = (host.borders.index(node) + 1) / (count + 1) - 0.5 if count > 1 else 0.15
        return 2 * host.port + 1 + offset * 0.8, 2 * host.row + 1.3
    return 2 * node.port + 1, 2 * node.row + 1


def _exits(grid: Grid, flow: Flow, thorough: bool) -> Iterator[tuple[Point, Sequence[float]]]:
    """Starts, with where to turn: at the start's own x means out of it above or below."""
    x, y = place(flow.source)
    yield (x, y), (x,)
    if flow.source.host:
        return
    right = 2 * flow.start.last + 2
    yield (x, y), range(right, 2 * grid.columns + 1, 2) if thorough else (right,)
    if flow.back:
        yield (x, y), (2 * flow.start.first,)


def _entries(grid: Grid, flow: Flow, thorough: bool) -> Iterator[tuple[Point, Sequence[float]]]:
    x, y = place(flow.target)
    left = 2 * flow.end.first
    yield (x, y), range(0, left + 1, 2) if thorough else (left,)
    yield (x, y), (x,)


def _levels(grid: Grid, flow: Flow, thorough: bool) -> list[float]:
    start, end = flow.start.row, flow.end.row
    middle = [2 * row + 1 for row in (start, end)]
    if thorough:
        return [*middle, *range(0, 2 * grid.rows + 1, 2)]
    near = {2 * row + beside for row in (start, end) for beside in (0, 2)}
    if flow.back:
        low, high = min(start, end), max(start, end)
        near |= {2 * max(0, low - 1), 2 * min(grid.rows, high + 2)}
    return [*middle, *sorted(near)]


def _through(start: Point, out_x: float, level: float, in_x: float, goal: Point) -> Path:
    points = [start, (out_x, start[1]), (out_x, level), (in_x, level), (in_x, goal[1]), goal]
    return _simplified(points)


def _simplified(points: Sequence[Point]) -> Path:
    kept: list[Point] = []
    for point in points:
        if len(kept) > 1 and (kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]):
            kept.pop()
        if not kept or point != kept[-1]:
            kept.append(point)
    return tuple(kept)


def _holds(path: Path, out_vertical: bool, in_vertical: bool, flow: Flow) -> bool:
    """Does it leave and enter by the sides that were meant, without turning back on itself?"""
    if len(path) < 2:
        return False
    (x, y), (second_x, second_y) = path[0], path[1]
    if out_vertical != (x == second_x):
        return False
    (before_x, before_y), (last_x, last_y) = path[-2], path[-1]
    if in_vertical != (before_x == last_x):
        return False
    if flow.source.host and second_y < y:
        return False
    if not out_vertical and second_x < x and not flow.back:
        return False
    if not in_vertical and before_x > last_x:
        return False
    # Out below and in again by the same line, or along its own side.
    return not (in_vertical and before_y == last_y) and not (out_vertical and y == second_y)


def _round_itself(flow: Flow) -> Iterator[Path]:
    x, y = place(flow.source)
    right, left = 2 * flow.start.last + 2, 2 * flow.start.first
    tx, ty = place(flow.target)
    for level in (2 * flow.start.row, 2 * flow.start.row + 2):
        if not flow.source.host:
            yield ((x, y), (right, y), (right, level), (left, level), (left, ty), (tx, ty))
            yield ((x, y), (right, y), (right, level), (tx, level), (tx, ty))
        elif level > y:
            yield ((x, y), (x, level), (left, level), (left, ty), (tx, ty))


def _dotted(flow: Flow) -> Iterator[Path]:
    """Straight to what a note is about; it may be aslant."""
    yield (place(flow.source), place(flow.target))


def own_cost(flow: Flow, path: Path) -> float:
    """Bends, length, and the sides it uses."""
    if flow.dotted:
        (x, y), (to_x, to_y) = path
        return abs(to_x - x) * 2 + abs(to_y - y) + (8 if y == to_y else 0)
    cost = BEND * (len(path) - 2)
    for (x, y), (to_x, to_y) in pairwise(path):
        cost += ALONG * abs(to_x - x) + ACROSS * abs(to_y - y)
        if to_x < x and not flow.back:
            cost += BACKWARDS + (x - to_x)
    return cost + _out_cost(flow, _direction(path[0], path[1])) + _in_cost(flow, _direction(path[-2], path[-1]))


def _out_cost(flow: Flow, direction: str) -> float:
    node = flow.source
    if node.host or direction == "right":
        return 0.0
    if direction == "left":
        return 1.0 if not node.is_gateway else 3.0
    if node.is_gateway:
        return 0.2
    return 2.5 if flow.back else 5.0


def _in_cost(flow: Flow, direction: str) -> float:
    node = flow.target
    if direction == "right":
        return 0.0
    if node.is_gateway:
        return 0.3
    if node.kind == "endEvent":
        return 0.5
    return 1.0 if flow.back or flow.source.is_gateway else 2.0


def _direction(point: Point, following: Point) -> str:
    (x, y), (to_x, to_y) = point, following
    if y == to_y:
        return "right" if to_x > x else "left"
    return "down" if to_y > y else "up"
