"""Which planes a file has, and what lies on each: pools with their lanes, processes in none, folded sub-processes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from lxml import etree

from engine.bpmn.reading import BPMN
from engine.layout.coordinates import lanes_of
from engine.layout.drawing import picture_of, sheet_of, size_open
from engine.layout.picture import Box, Picture
from engine.layout.scopes import DRAWN, SUB_PROCESSES, Scope, read_scope

#: Elements on a plane: more than a reader takes in at once. Then sub-processes are folded, the largest first.
MOST = 30
#: Pixels: the title of a pool or lane, between two pools, the height of an empty one.
_TITLE, _GAP, _BAND = 30.0, 40.0, 60.0


@dataclass
class Plane:
    """A drawing of its own in the file."""

    #: The collaboration, process or sub-process that it shows.
    shows: str
    picture: Picture


class Planes:
    """The planes of a file."""

    def __init__(self, root: etree._Element, fold: Collection[str] = ()) -> None:
        self.root = root
        self.processes = root.findall(f"{{{BPMN}}}process")
        self.folded = {*fold}
        collaboration = root.find(f"{{{BPMN}}}collaboration")
        self.collaboration = collaboration
        self.pools = [] if collaboration is None else collaboration.findall(f"{{{BPMN}}}participant")
        self._fold()

    def build(self) -> Iterator[Plane]:
        """The pools, then what is in none, each followed by what is folded in it."""
        pooled = {pool.get("processRef") for pool in self.pools}
        if self.pools and self.collaboration is not None:
            picture = self._pools()
            yield Plane(self.collaboration.get("id"), picture)
            yield from self._inside(picture)
        for process in self.processes:
            if process.get("id") not in pooled:
                picture = picture_of(sheet_of(self._scope(process, lanes=False)))
                if picture.shapes:
                    yield Plane(process.get("id"), picture)
                    yield from self._inside(picture)

    # --- folding ------------------------------------------------------------------------------------------------------

    def _fold(self) -> None:
        """Folds the largest sub-processes of every plane that would have too many elements."""
        pooled = {pool.get("processRef") for pool in self.pools}
        planes = [[process for process in self.processes if process.get("id") in pooled]]
        planes += [[process] for process in self.processes if process.get("id") not in pooled]
        while planes:
            roots = planes.pop()
            while sum(map(self._count, roots)) > MOST:
                opened = [one for root in roots for one in self._opened(root)]
                if not opened:
                    break
                self.folded.add(max(opened, key=self._count).get("id"))
            planes += [[one] for root in roots for one in self._folded_in(root)]

    def _count(self, scope: etree._Element) -> int:
        """Elements on the plane: what is in folded ones is not."""
        found = 0
        for child in scope.iterchildren(*(f"{{{BPMN}}}{kind}" for kind in DRAWN)):
            found += 1 + (self._count(child) if self._is_open(child) else 0)
        return found

    def _opened(self, scope: etree._Element) -> Iterator[etree._Element]:
        for child in scope.iterchildren(*(f"{{{BPMN}}}{kind}" for kind in SUB_PROCESSES)):
            if self._is_open(child):
                yield child
                yield from self._opened(child)

    def _folded_in(self, scope: etree._Element) -> Iterator[etree._Element]:
        for child in scope.iterchildren(*(f"{{{BPMN}}}{kind}" for kind in SUB_PROCESSES)):
            if self._is_open(child):
                yield from self._folded_in(child)
            elif _has_content(child):
                yield child

    def _is_open(self, sub_process: etree._Element) -> bool:
        is_sub = etree.QName(sub_process).localname in SUB_PROCESSES
        return is_sub and sub_process.get("id") not in self.folded and _has_content(sub_process)

    def _inside(self, picture: Picture) -> Iterator[Plane]:
        """A plane for each folded sub-process that is on another."""
        for element in self.root.iter(*(f"{{{BPMN}}}{kind}" for kind in SUB_PROCESSES)):
            if element.get("id") in picture.folded and _has_content(element):
                inside = picture_of(sheet_of(self._scope(element, lanes=False)))
                yield Plane(element.get("id"), inside)
                yield from self._inside(inside)

    def _scope(self, element: etree._Element, *, lanes: bool) -> Scope:
        scope = read_scope(element, self._is_open, size_open)
        if not lanes:
            scope.lanes, scope.outer_lanes = [], []
            for node in scope.everything():
                node.lane = 0
        return scope

    # --- pools --------------------------------------------------------------------------------------------------------

    def _pools(self) -> Picture:
        """Each pool around its process, one below the other, all as wide as the widest."""
        drawn = Picture()
        process_of = {process.get("id"): process for process in self.processes}
        sheets = {
            pool: sheet_of(self._scope(process_of[pool.get("processRef")], lanes=True))
            for pool in self.pools
            if pool.get("processRef") in process_of
        }
        title = {pool: _TITLE * (1 + _levels(sheet.scope)) for pool, sheet in sheets.items()}
        width = max([600.0, *(sheet.width + title[pool] for pool, sheet in sheets.items())])
        top = 0.0
        for pool in self.pools:
            sheet = sheets.get(pool)
            height = max(sheet.height, _BAND) if sheet else _BAND
            drawn.shapes[pool.get("id")] = Box(0, top, width, height)
            drawn.flat.add(pool.get("id"))
            if sheet:
                self._put_lanes(drawn, sheet.scope, lanes_of(sheet, width), top)
                drawn.add(picture_of(sheet), title[pool], top)
            top += height + _GAP
        return drawn

    @staticmethod
    def _put_lanes(drawn: Picture, scope: Scope, lanes: dict[str, Box], top: float) -> None:
        boxes = [*lanes.values()]
        for depth, (name, first, last) in enumerate(_outside_in(scope)):
            del depth
            inset = _TITLE * (1 + _depth(scope, first, last))
            box = boxes[first]
            height = boxes[last].bottom - box.y
            drawn.shapes[name] = Box(inset, box.y + top, box.width - inset, height)
            drawn.flat.add(name)
        for number, (name, box) in enumerate(lanes.items()):
            inset = _TITLE * (1 + sum(first <= number <= last for _, first, last in scope.outer_lanes))
            drawn.shapes[name] = Box(inset, box.y + top, box.width - inset, box.height)
            drawn.flat.add(name)


def _outside_in(scope: Scope) -> list[tuple[str, int, int]]:
    return sorted(scope.outer_lanes, key=lambda lane: lane[1] - lane[2])


def _depth(scope: Scope, first: int, last: int) -> int:
    return sum(
        low <= first and last <= high and (low, high) != (first, last) for _, low, high in scope.outer_lanes
    )  # fmt: skip


def _levels(scope: Scope) -> int:
    """How many lanes lie inside one another; none without lanes."""
    depths = [
        1 + sum(first <= number <= last for _, first, last in scope.outer_lanes) for number in range(len(scope.lanes))
    ]
    return max(depths, default=0)


def _has_content(sub_process: etree._Element) -> bool:
    return any(True for _ in sub_process.iterchildren(*(f"{{{BPMN}}}{kind}" for kind in DRAWN)))
