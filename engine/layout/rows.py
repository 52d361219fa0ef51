"""From above: in which row of its lane each node stands. A first guess, then a search for something better.

The main way keeps one row of each lane; the others are moved, alone or as the branch that they are in, as long as
that makes the drawing better. Nothing is left to chance: the same model is always drawn the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise

from engine.layout.columns import main_way
from engine.layout.routes import Grid
from engine.layout.scopes import Flow, Node, Scope

#: How many flows may be laid in the search, and in the rest of it for the largest: bounds the time that it takes.
WORK = 2_500
#: In which order rows are tried at first, counted from the main one: mostly below, mostly above, in turn.
GUESSES = ((1, -1, 2), (-1, 1, -2), (1, 2, -1), (-1, -2, 1))
#: With more flows than this, only the first guess is followed up.
MANY = 160
#: The lane of a row that is a border between two.
BORDER = -1
#: What a row away from the main one costs a node, and one above instead of below.
_AWAY, _ABOVE = 0.25, 0.15


def best_rows(scope: Scope) -> Rows:
    """The best of several searches that begin differently; of one where there is much to place."""
    tries = max(1, min(len(GUESSES), MANY // (len(scope.flows) + 1)))
    best: tuple[float, Rows, list[int]] | None = None
    for guess in GUESSES[:tries]:
        rows = Rows(scope, guess)
        rows.improve()
        cost = rows.cost()
        if best is None or cost < best[0] - 0.01:
            best = cost, rows, [node.row for node in rows.flow_nodes]
    assert best is not None  # noqa: S101 - there is at least one guess
    _, rows, found = best
    for node, row in zip(rows.flow_nodes, found, strict=True):
        node.row = row
    return rows


class Rows:
    """The search for the rows of a scope."""

    def __init__(self, scope: Scope, guess: Sequence[int]) -> None:
        self.scope, self.guess = scope, guess
        self.flow_nodes = [node for node in scope.nodes if not node.apart]
        self.way = main_way(scope)
        self.main = set(self.way)
        steps = set(pairwise(self.way))
        for flow in scope.flows:
            flow.is_main = (flow.source, flow.target) in steps and not flow.back
        self.flows = [*self._flows_in_order()]
        self.of = self._flows_by_node()
        self.chains = [*self._chains()]
        self.above, self.below = self._first_guess()
        self._settle()
        self.work = 0

    # --- the first guess ----------------------------------------------------------------------------------------------

    def _flows_in_order(self) -> Iterable[Flow]:
        """Main way first, then short before long, then what runs back."""

        def rank(flow: Flow) -> tuple[int, int]:
            if flow.dotted:
                return 3, 0
            if flow.back:
                return 2, abs(flow.start.first - flow.end.first)
            return int(not flow.is_main), flow.end.first - flow.start.last

        return sorted(self.scope.flows, key=rank)

    def _flows_by_node(self) -> dict[Node, list[Flow]]:
        found: dict[Node, list[Flow]] = defaultdict(list)
        for flow in self.flows:
            found[flow.start].append(flow)
            if flow.end is not flow.start:
                found[flow.end].append(flow)
        return found

    def _chains(self) -> Iterable[list[Node]]:
        """Branches: nodes of a lane that follow one another, none of them on the main way."""
        taken = set(self.main)
        leaving: dict[Node, list[Node]] = defaultdict(list)
        for flow in self.scope.flows:
            if not flow.back and not flow.dotted and not flow.source.host:
                leaving[flow.source].append(flow.target)
        for node in sorted(self.flow_nodes, key=lambda node: (node.artifact, node.first)):
            if node in taken:
                continue
            chain = [node]
            taken.add(node)
            while True:
                further = [
                    one for one in leaving[chain[-1]]
                    if one not in taken and one.lane == node.lane and one.first > chain[-1].last
                ]  # fmt: skip
                if not further:
                    break
                chain.append(further[0])
                taken.add(further[0])
            yield chain

    def _first_guess(self) -> tuple[dict[int, int], dict[int, int]]:
        """Rows counted from the main one of each lane, and how many a lane needs above and below it."""
        cells: dict[tuple[int, int], set[int]] = defaultdict(set)
        #: Lane → columns of its main row that belong to the main way.
        self.kept: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for node in self.flow_nodes:
            node.row = 0
        for node, following in zip(self.way, [*self.way[1:], None], strict=True):
            # Up to the next one, so that the main way runs straight.
            stops = following.first if following and following.lane == node.lane else node.last + 1
            self.kept[node.lane].append((node.first, stops - 1))
            cells[node.lane, 0].update(range(node.first, stops))
        for chain in self.chains:
            lane, columns = chain[0].lane, {*range(chain[0].first, chain[-1].last + 1)}
            rows = [0, *self.guess, *range(3, len(self.flow_nodes) + 3)]
            if chain[0].artifact:
                rows = [-1, 1, -2, 2, *rows]
            elif any(flow.start in self.main for flow in self.of[chain[0]]):
                rows = rows[1:]
            row = next(row for row in rows if not cells[lane, row] & columns)
            for node in chain:
                node.row = row
            cells[lane, row] |= columns
        lanes = range(max(1, len(self.scope.lanes)))
        rows_of = {lane: [node.row for node in self.flow_nodes if node.lane == lane] for lane in lanes}
        above = {lane: 1 - min([0, *rows_of[lane]]) for lane in lanes}
        below = {lane: 1 + max([0, *rows_of[lane]]) for lane in lanes}
        return above, below

    def _settle(self) -> None:
        """Counts all rows from the uppermost, with an empty one above and below in each lane to move to."""
        self.lane_rows: dict[int, range] = {}
        top = 0
        for lane in range(max(1, len(self.scope.lanes))):
            for node in self.flow_nodes:
                if node.lane == lane:
                    node.row += top + self.above[lane]
            self.lane_rows[lane] = range(top, top + self.above[lane] + self.below[lane] + 1)
            top = self.lane_rows[lane].stop
        self.main_row = {lane: rows.start + self.above[lane] for lane, rows in self.lane_rows.items()}
        columns = max((node.last for node in self.flow_nodes), default=0) + 1
        self.grid = Grid(self.flow_nodes, columns, top)

    # --- the search ---------------------------------------------------------------------------------------------------

    def improve(self) -> None:
        """Moves nodes as long as it helps and the work is not too much."""
        for flow in self.flows:
            self._lay(flow)
        moved = True
        while moved and self.work < WORK:
            moved = False
            for flow in self.flows:
                self._lay(flow)
            for group in self._groups():
                moved = self._moved(group) or moved
                if self.work >= WORK:
                    break
            moved = self._swapped() or moved

    def cost(self) -> float:
        """What the drawing costs as it is."""
        return sum(self.grid.cost(flow) for flow in self.flows) + self._standing(self.flow_nodes)

    def _lay(self, flow: Flow) -> None:
        self.grid.route(flow)
        self.work += 1

    def _groups(self) -> list[list[Node]]:
        """What is moved together: whole branches, the later parts of them, and each node alone."""
        groups = []
        for chain in self.chains:
            groups += [chain[start:] for start in range(len(chain))] if len(chain) < 8 else [chain]
            groups += [[node] for node in chain[:-1]] if len(chain) > 1 else []
        return groups

    def _moved(self, group: Sequence[Node]) -> bool:
        """Tries the other rows of the lane; true when one of them is better."""
        at = group[0].row
        better = False
        rows = sorted(self.lane_rows[group[0].lane], key=lambda row: abs(row - at))
        for row in rows[:7]:
            if row != group[0].row and all(self._may_stand(node, row) for node in group):
                better = self._try(group, [row] * len(group)) or better
        return better

    def _swapped(self) -> bool:
        """Tries to exchange what stands in two rows of a lane."""
        better = False
        for lane, rows in self.lane_rows.items():
            for upper, lower in combinations([row for row in rows if row != self.main_row[lane]], 2):
                group = [node for node in self.flow_nodes if node.row in (upper, lower)]
                if len({node.row for node in group}) == 2 and self.work < WORK:
                    better = self._try(group, [upper + lower - node.row for node in group]) or better
        return better

    def _may_stand(self, node: Node, row: int) -> bool:
        kept = self.kept[node.lane] if row == self.main_row[node.lane] else []
        return self.grid.is_free(node, row) and not any(
            first <= node.last and node.first <= last for first, last in kept
        )

    def _try(self, group: Sequence[Node], rows: Sequence[int]) -> bool:
        before = [node.row for node in group]
        touched = self._touching(group, rows)
        cost = sum(self.grid.cost(flow) for flow in touched) + self._standing(group)
        paths = {flow: self.grid.lift(flow) for flow in touched}
        self._put(group, rows)
        for flow in touched:
            self._lay(flow)
        if sum(self.grid.cost(flow) for flow in touched) + self._standing(group) < cost - 0.01:
            return True
        for flow in touched:
            self.grid.lift(flow)
        self._put(group, before)
        for flow, path in paths.items():
            if path:
                self.grid.lay(flow, path)
        return False

    def _touching(self, group: Sequence[Node], rows: Sequence[int]) -> list[Flow]:
        """Flows of the nodes, and those that run where they would stand."""
        found = {flow for node in group for flow in self.of[node]}
        cells = [(2 * node.first + 1, 2 * node.last + 1, 2 * row + 1) for node, row in zip(group, rows, strict=True)]
        for flow, path in self.grid.paths.items():
            if flow not in found and _passes(path, cells):
                found.add(flow)
        return [flow for flow in self.flows if flow in found]

    def _put(self, group: Sequence[Node], rows: Sequence[int]) -> None:
        for node, row in zip(group, rows, strict=True):
            self.grid.take(node)
            node.row = row
            self.grid.put(node)

    def _standing(self, group: Sequence[Node]) -> float:
        cost = 0.0
        for node in group:
            away = node.row - self.main_row[node.lane]
            cost += _AWAY * abs(away) + (_ABOVE if away < 0 else 0)
            if all(one[2] in group for one in self.grid.stands[node.row]):
                cost += 1.0 / len(group)
        return cost


def _passes(path: Sequence[tuple[float, float]], cells: Sequence[tuple[float, float, float]]) -> bool:
    for (x, at), (to_x, to_at) in pairwise(path):
        for low, high, y in cells:
            if min(x, to_x) < high + 0.5 and low - 0.5 < max(x, to_x) and min(at, to_at) <= y <= max(at, to_at):
                return True
    return False


def compact(rows: Rows) -> list[int]:
    """Takes out rows where nothing stands. Gives the lane of each row that is left; every lane keeps one.

    Between two lanes there is a row of no height, so that each has a channel on its own side of the border.
    """
    kept: list[int] = []
    lane_of: list[int] = []
    for lane, span in rows.lane_rows.items():
        if lane_of:
            kept.append(-1)
            lane_of.append(BORDER)
        used = [row for row in span if any(node.row == row for node in rows.flow_nodes)]
        for row in used or [span.start]:
            kept.append(row)
            lane_of.append(lane)
    number = {row: index for index, row in enumerate(kept)}
    for node in rows.flow_nodes:
        node.row = number[node.row]
    return lane_of
