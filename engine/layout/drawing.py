"""Draws a scope: columns, rows, routes, pixels; the parts that are open inside it first."""

from __future__ import annotations

from engine.layout.columns import PITCH, set_columns
from engine.layout.coordinates import Sheet
from engine.layout.picture import Picture
from engine.layout.routes import Grid
from engine.layout.rows import Rows, compact
from engine.layout.scopes import SUB_PROCESSES, Scope
from engine.layout.sizes import Size

#: Pixels around what is in an open sub-process, and its title.
_MARGIN, _TITLE = 6.0, 24.0
#: Rounds in which every flow is laid again now that the others are.
_ROUNDS = 3


def sheet_of(scope: Scope) -> Sheet:
    """The scope on its grid, measured."""
    set_columns(scope)
    rows = Rows(scope)
    rows.improve()
    lane_of = compact(rows)
    columns = max((node.last + 1 for node in rows.flow_nodes), default=0)
    columns = _put_apart(scope, lane_of, columns)
    grid = Grid(scope.nodes, columns, len(lane_of))
    for _round in range(_ROUNDS):
        for flow in rows.flows:
            grid.route(flow)
    return Sheet(scope, grid, lane_of)


def picture_of(sheet: Sheet) -> Picture:
    """The scope with what is open in it."""
    drawn = sheet.picture()
    for node in sheet.scope.nodes:
        if node.inside:
            inside = picture_of(sheet_of(node.inside))
            bounds, box = inside.bounds(), drawn.shapes[node.id]
            left = box.x + (box.width - bounds.width) / 2
            top = box.y + _TITLE + (box.height - _TITLE - bounds.height) / 2
            drawn.add(inside, left - bounds.x, top - bounds.y)
            drawn.opened.add(node.id)
        elif node.kind in SUB_PROCESSES:
            drawn.folded.add(node.id)
    return drawn


def size_open(scope: Scope) -> Size:
    """How large a sub-process is around what is in it."""
    bounds = picture_of(sheet_of(scope)).bounds()
    return Size(max(140.0, bounds.width + 2 * _MARGIN + 28), max(100.0, bounds.height + 2 * _MARGIN + _TITLE))


def _put_apart(scope: Scope, lane_of: list[int], columns: int) -> int:
    """Event sub-processes in rows of their own at the bottom of their lane. Gives how many columns there are now."""
    for lane in range(max(1, len(scope.lanes))):
        row, column = -1, 0
        for node in [node for node in scope.nodes if node.apart and node.lane == lane]:
            span = max(1, -int(-(node.size.width + 10) // PITCH))
            if row < 0 or column + span > max(columns, 5):
                row, column = _new_row(scope, lane_of, lane), 0
            node.first, node.last, node.row = column, column + span - 1, row
            column += span
            columns = max(columns, column)
    return max(columns, 1)


def _new_row(scope: Scope, lane_of: list[int], lane: int) -> int:
    """Below the last row of a lane; the rows of the lanes below it move down."""
    row = max((number + 1 for number, one in enumerate(lane_of) if one == lane), default=len(lane_of))
    lane_of.insert(row, lane)
    for node in scope.nodes:
        if node.row >= row:
            node.row += 1
    return row
