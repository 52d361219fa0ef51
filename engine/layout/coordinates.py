"""From the grid to pixels: how wide the columns and channels are, where the shapes lie and the flows run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from engine.layout.labels import hanging, put_labels
from engine.layout.picture import Box, Picture, Point
from engine.layout.routes import Grid, Path
from engine.layout.rows import BORDER
from engine.layout.scopes import Flow, Node, Scope
from engine.layout.sizes import width_of
from engine.layout.tracks import Tracks

#: Pixels: between two columns, two rows and two tracks; from the border of a lane to what is in it.
GAP, ROW_GAP, TRACK, PADDING = 50.0, 28.0, 14.0, 18.0
#: From the last track to the node that the flow enters: the arrow needs it.
_ARROW = 24.0


class Sheet:
    """The grid of a scope, measured."""

    def __init__(self, scope: Scope, grid: Grid, lane_of: Sequence[int]) -> None:
        self.scope, self.grid, self.lane_of = scope, grid, lane_of
        self.down, self.across = Tracks(grid.paths, "down"), Tracks(grid.paths, "across")
        self.column_left, self.column_width, self.channel_left, self.channel_width = self._widths()
        self.above, self.below = self._heights()
        self._set_heights()

    # --- left to right ------------------------------------------------------------------------------------------------

    def _widths(self) -> tuple[list[float], list[float], list[float], list[float]]:
        columns = self.grid.columns
        widths = [36.0] * columns
        for node in self.scope.nodes:
            if node.first == node.last:
                widths[node.first] = max(widths[node.first], node.size.width, node.label.width)
        channels = [self._channel_width(number, widths) for number in range(columns + 1)]
        for node in sorted(self.scope.nodes, key=lambda node: node.last):
            if node.last > node.first:
                room = sum(widths[node.first : node.last + 1]) + sum(channels[node.first + 1 : node.last + 1])
                widths[node.last] += max(0.0, node.size.width - room)
        lefts, channel_lefts, x = [], [], 0.0
        for column in range(columns):
            channel_lefts.append(x)
            x += channels[column]
            lefts.append(x)
            x += widths[column]
        channel_lefts.append(x)
        self.width = x + channels[columns]
        return lefts, widths, channel_lefts, channels

    def _channel_width(self, number: int, widths: Sequence[float]) -> float:
        count = self.down.count.get(2 * number, 0)
        tracks = (count - 1) * TRACK if count else 0.0
        if number in (0, self.grid.columns):
            return tracks + 2 * _ARROW if count else _ARROW
        width = max(GAP, tracks + 2 * _ARROW)
        for flow, path in self.grid.paths.items():
            if flow.name and path[0][1] == path[1][1] and path[1][0] > path[0][0] and flow.source.last == number - 1:
                spare = (widths[number - 1] - flow.source.size.width) / 2
                width = max(width, flow.label.width + 14 - spare + (tracks + _ARROW if count else 0))
        return width

    def x_of(self, flow: Flow, path: Path, number: int) -> float:
        """The place of an upright piece of a flow."""
        x = path[number][0]
        if number == 0:
            return self._dock(flow.source)
        if number == len(path) - 2:
            return self._dock(flow.target)
        if x % 2:
            column = int(x) // 2
            return self.column_left[column] + self.column_width[column] / 2
        channel = int(x) // 2
        count = self.down.count[int(x)]
        free = self.channel_width[channel] - (count - 1) * TRACK
        # Near what it leads to, so that names near the source have room.
        start = free - _ARROW if channel < self.grid.columns else _ARROW
        start = min(start, free / 2 + 200) if channel == 0 else start
        return self.channel_left[channel] + start + self.down.of[flow, number] * TRACK

    def _dock(self, node: Node) -> float:
        """Where lines from above and below meet the node."""
        box = self.box(node)
        if node.host or node.first == node.last:
            return box.centre[0]
        middle = self.column_left[node.port] + self.column_width[node.port] / 2
        return min(max(middle, box.x + 20), box.right - 20)

    # --- from above ---------------------------------------------------------------------------------------------------

    def _heights(self) -> tuple[list[float], list[float]]:
        """What each row needs above and below its middle."""
        above, below = ([0.0 if lane == BORDER else 20.0 for lane in self.lane_of] for _side in range(2))
        for node in self.scope.nodes:
            up, down = hanging(node, self.grid.paths)
            above[node.row] = max(above[node.row], up)
            below[node.row] = max(below[node.row], down)
        return above, below

    def _set_heights(self) -> None:
        self.row_middle: list[float] = []
        self.channel_top: dict[int, float] = {}
        self.lane_top: dict[int, float] = {}
        y = 0.0
        for row, lane in enumerate(self.lane_of):
            if row == 0 or self.lane_of[row - 1] == BORDER:
                self.lane_top[lane] = y
            y = self._below_channel(row, y)
            if lane == BORDER:
                y = self._lane_end(row, y)
            self.row_middle.append(y + self.above[row])
            y += self.above[row] + self.below[row]
        self.height = self._lane_end(self.grid.rows, self._below_channel(self.grid.rows, y))

    def _below_channel(self, row: int, y: float) -> float:
        """Where the row begins whose channel begins at y."""
        count = self.across.count.get(2 * row, 0)
        tracks = (count - 1) * TRACK if count else 0.0
        at_edge = row in (0, self.grid.rows) or BORDER in self.lane_of[row - 1 : row + 1]
        self.channel_top[2 * row] = y + (PADDING if at_edge else ROW_GAP / 2)
        return y + (PADDING + (tracks + PADDING if count else 0) if at_edge else ROW_GAP + tracks)

    def _lane_end(self, end: int, y: float) -> float:
        """Where the lane ends whose rows end before this one: it is as tall as its name is long."""
        rows = [row for row in range(end) if self.lane_of[row] == self.lane_of[end - 1]] if end else []
        missing = (self.lane_top[self.lane_of[end - 1]] + self.least_height(self.lane_of[end - 1]) - y) if end else 0.0
        if missing > 0:
            for row in rows:
                self.row_middle[row] += missing / 2
                self.channel_top[2 * row] += missing / 2
            self.channel_top[2 * end] += missing / 2
        return y + max(0.0, missing)

    def least_height(self, lane: int) -> float:
        """A lane is as tall as its name is long."""
        if not self.scope.lanes:
            return 0.0
        return max(90.0, width_of(self.scope.lanes[lane][1]) * 1.06 + 20)

    def y_of(self, flow: Flow, path: Path, number: int) -> float:
        """The place of a level piece of a flow."""
        y = path[number][1]
        if y % 2 or not float(y).is_integer():
            return self.row_middle[int(y) // 2]
        return self.channel_top[int(y)] + self.across.of[flow, number] * TRACK

    # --- the picture --------------------------------------------------------------------------------------------------

    def box(self, node: Node) -> Box:
        if node.host:
            return self._border_box(node, self.box(node.host))
        left = self.column_left[node.first]
        right = self.column_left[node.last] + self.column_width[node.last]
        middle = self.row_middle[node.row]
        width, height = node.size
        return Box((left + right - width) / 2, middle - height / 2, width, height)

    @staticmethod
    def _border_box(event: Node, host: Box) -> Box:
        borders = event.host.borders if event.host else []
        count = len(borders)
        if count > 1:
            x = host.x + host.width * (borders.index(event) + 1) / (count + 1)
        else:
            x = host.centre[0] + min(host.width * 0.2, 40)
        return Box(x - event.size.width / 2, host.bottom - event.size.height / 2, event.size.width, event.size.height)

    def picture(self) -> Picture:
        """Shapes, lines and labels; the lanes are the pool's."""
        drawn = Picture()
        for node in self.scope.everything():
            drawn.shapes[node.id] = self.box(node)
        for flow, path in self.grid.paths.items():
            drawn.lines[flow.id] = self._line(flow, path)
        put_labels(self.scope, drawn)
        return drawn

    def _line(self, flow: Flow, path: Path) -> list[Point]:
        source, target = self.box(flow.source), self.box(flow.target)
        if flow.dotted:
            return _straight(source, target)
        upright = [x == to_x for (x, _), (to_x, _) in pairwise(path)]
        at = [
            self.x_of(flow, path, number) if up else self.y_of(flow, path, number) for number, up in enumerate(upright)
        ]
        points: list[Point] = []
        for number in range(len(upright) - 1):
            points.append((at[number], at[number + 1]) if upright[number] else (at[number + 1], at[number]))
        first = points[0] if points else target.centre
        last = points[-1] if points else source.centre
        return [
            _docked(source, at[0], upright[0], first), *points, _docked(target, at[-1], upright[-1], last)
        ]  # fmt: skip


def _docked(box: Box, at: float, upright: bool, other: Point) -> Point:
    """Where a line meets the border of a shape, coming from the other point."""
    if upright:
        return at, (box.bottom if other[1] > box.centre[1] else box.y)
    return (box.right if other[0] > box.centre[0] else box.x), at


def _straight(source: Box, target: Box) -> list[Point]:
    """From border to border."""
    low, high = max(source.x, target.x), min(source.right, target.right)
    if low < high:
        x = (low + high) / 2
        down = target.y > source.y
        return [(x, source.bottom if down else source.y), (x, target.y if down else target.bottom)]
    right = target.x > source.x
    return [
        (source.right if right else source.x, source.centre[1]),
        (target.x if right else target.right, target.centre[1]),
    ]


def lanes_of(sheet: Sheet, width: float) -> dict[str, Box]:
    """The lanes, from above, all as wide as said."""
    tops = [sheet.lane_top[lane] for lane in sorted(sheet.lane_top)]
    bottoms = [*tops[1:], sheet.height]
    boxes: dict[str, Box] = {}
    for number, (top, bottom) in enumerate(zip(tops, bottoms, strict=True)):
        if number < len(sheet.scope.lanes):
            boxes[sheet.scope.lanes[number][0]] = Box(0, top, width, bottom - top)
    return boxes
