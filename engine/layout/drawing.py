"""Draws a scope: columns, rows, routes, pixels; the parts that are open inside it first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from engine.layout.columns import PITCH, set_columns
from engine.layout.coordinates import Sheet
from engine.layout.picture import Picture
from engine.layout.routes import Grid
from engine.layout.rows import best_rows, compact
from engine.layout.scopes import SUB_PROCESSES, Flow, Node, Scope
from engine.layout.sizes import Size

#: Pixels around what is in an open sub-process, and its title.
_MARGIN, _TITLE = 6.0, 24.0
#: Rounds in which every flow is laid again now that the others are.
_ROUNDS = 3


def sheet_of(scope: Scope) -> Sheet:
    """The scope on its grid, measured."""
    set_columns(scope)
    rows = best_rows(scope)
    lane_of = compact(rows)
    columns = max((node.last + 1 for node in rows.flow_nodes), default=1)
    if any(node.apart for node in scope.nodes):
        columns = _put_apart(scope, lane_of, columns, _routed(rows.flow_nodes, rows.flows, columns, lane_of))
    return Sheet(scope, _routed(scope.nodes, rows.flows, columns, lane_of), lane_of)


def _routed(nodes: Sequence[Node], flows: Sequence[Flow], columns: int, lane_of: Sequence[int]) -> Grid:
    grid = Grid(nodes, columns, len(lane_of))
    for _round in range(_ROUNDS):
        for flow in flows:
            grid.route(flow)
    return grid


def picture_of(sheet: Sheet) -> Picture:
    """The scope with what is open in it."""
    drawn = sheet.picture()
    for node in sheet.scope.nodes:
        if node.inside:
            inside = picture_of(sheet_of(node.inside))
            bounds, box = inside.bounds(), drawn.shapes[node.id]
            left = box.x + (box.width - bounds.width) / 2
            top = box.y + _TITLE + _MARGIN
            drawn.add(inside, left - bounds.x, top - bounds.y)
            drawn.opened.add(node.id)
        elif node.kind in SUB_PROCESSES:
            drawn.folded.add(node.id)
    return drawn


def size_open(scope: Scope) -> Size:
    """How large a sub-process is around what is in it."""
    bounds = picture_of(sheet_of(scope)).bounds()
    return Size(max(140.0, bounds.width + 2 * _MARGIN + 28), max(100.0, bounds.height + 2 * _MARGIN + _TITLE))


def _put_apart(scope: Scope, lane_of: list[int], columns: int, flowing: Grid) -> int:
    """Event sub-processes in rows of their own at the bottom of their lane, where flows do not pass. Gives how many
    columns there are now."""
    passing = {lane: _passing(flowing, lane_of, lane) for lane in {*lane_of}}
    for lane in range(max(1, len(scope.lanes))):
        taken: dict[int, list[tuple[int, int]]] = {}
        for node in [node for node in scope.nodes if node.apart and node.lane == lane]:
            span = max(1, -int(-(node.size.width + 10) // PITCH))
            columns = max(columns, span, min(5, columns + span))
            free = [
                (row, column)
                for row, spans in taken.items()
                for column in range(columns - span + 1)
                if not any(first < column + span and column <= last for first, last in spans)
                and not _met(passing[lane], column, span)
            ]
            if not free:
                row = _new_row(scope, lane_of, lane)
                taken[row] = []
                met = [_met(passing[lane], column, span) for column in range(columns - span + 1)]
                free = [(row, met.index(min(met)))]
            node.row, node.first = free[0]
            node.last = node.first + span - 1
            taken[node.row].append((node.first, node.last))
    return columns


def _passing(grid: Grid, lane_of: Sequence[int], lane: int) -> list[float]:
    """Where flows run down out of the lane."""
    border = 2 * max(row for row, one in enumerate(lane_of) if one == lane) + 2
    return [
        x
        for path in grid.paths.values()
        for (x, y), (_, to_y) in pairwise(path)
        if min(y, to_y) < border < max(y, to_y)
    ]


def _met(passing: Sequence[float], column: int, span: int) -> int:
    return sum(2 * column < x < 2 * (column + span) for x in passing)


def _new_row(scope: Scope, lane_of: list[int], lane: int) -> int:
    """Below the last row of a lane; the rows of the lanes below it move down."""
    row = max((number + 1 for number, one in enumerate(lane_of) if one == lane), default=len(lane_of))
    lane_of.insert(row, lane)
    for node in scope.nodes:
        if node.row >= row:
            node.row += 1
    return row
