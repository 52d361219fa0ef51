"""How well a diagram can be read: what hides something, what runs through something, what crosses, what runs back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from lxml import etree

from engine.bpmn.reading import BPMN
from engine.layout.picture import Box, Point
from engine.layout.scopes import DRAWN

DI = "http://www.omg.org/spec/BPMN/20100524/DI"
_FRAMES = ("participant", "lane", "group")
#: Pixels that a line or a name may reach into something before it counts: borders have a width, and people are human.
_TOUCH = 4.0
#: Pixels: lines closer than this run on one another.
_SAME = 3.0


@dataclass
class Quality:
    """What there is to say of a plane; ids of what it shows."""

    shows: str
    #: Flow nodes on it.
    elements: int = 0
    overlapping: list[tuple[str, str]] = field(default_factory=list)
    #: A flow, and the shape that it runs through.
    through: list[tuple[str, str]] = field(default_factory=list)
    #: Two flows, once for every time they cross.
    crossing: list[tuple[str, str]] = field(default_factory=list)
    #: Two flows that run on one another and neither part nor meet there.
    shared: list[tuple[str, str]] = field(default_factory=list)
    #: Flows that run against the direction of reading and close no circle.
    backwards: list[str] = field(default_factory=list)
    #: Names that lie on a shape or on a line.
    covered: list[str] = field(default_factory=list)


#: Flow nodes: of a plane with more than these no more is measured, which would take long and help nobody.
LARGEST = 150


def measure(root: etree._Element) -> list[Quality]:
    """Every plane of a file."""
    nodes = {node.get("id"): node for node in root.iter(f"{{{BPMN}}}*") if node.get("id")}
    return [_Plane(plane, nodes).measured() for plane in root.iter(f"{{{DI}}}BPMNPlane")]


class _Plane:
    """The shapes and lines of a plane."""

    def __init__(self, plane: etree._Element, nodes: Mapping[str, etree._Element]) -> None:
        self.nodes = nodes
        self.quality = Quality(_shown(plane))
        self.shapes: dict[str, Box] = {}
        self.labels: dict[str, Box] = {}
        self.lines: dict[str, list[Point]] = {}
        for drawn in plane.iterchildren(f"{{{DI}}}BPMNShape", f"{{{DI}}}BPMNEdge"):
            name = _shown(drawn)
            if name not in nodes:
                continue
            if (box := _bounds(drawn)) and _local(nodes[name]) not in _FRAMES:
                self.shapes[name] = box
            points = [(_number(point, "x"), _number(point, "y")) for point in drawn.iterchildren("{*}waypoint")]
            if len(points) > 1 and _local(nodes[name]) == "sequenceFlow":
                self.lines[name] = points
            for label in drawn.iterchildren(f"{{{DI}}}BPMNLabel"):
                if (box := _bounds(label)) and box.width and nodes[name].get("name"):
                    self.labels[name] = box

    def measured(self) -> Quality:
        found = self.quality
        found.elements = sum(_local(self.nodes[name]) in DRAWN for name in self.shapes)
        if found.elements > LARGEST:
            return found
        found.overlapping = [*self._overlapping()]
        found.through = [*self._through()]
        around = {name: _around(line) for name, line in self.lines.items()}
        for (one, line), (other, its) in combinations(self.lines.items(), 2):
            # Most are far from one another, which is quickly seen.
            if around[one].overlap(around[other]):
                self._compare(one, line, other, its)
        found.backwards = [*self._backwards()]
        found.covered = [*self._covered()]
        return found

    def _overlapping(self) -> Iterator[tuple[str, str]]:
        for (one, box), (other, its) in combinations(self.shapes.items(), 2):
            if box.grown(-_TOUCH).overlap(its) and not self._belong_together(one, other):
                yield one, other

    def _belong_together(self, one: str, other: str) -> bool:
        """One is in the other, or on its border."""
        for name, around in ((one, other), (other, one)):
            node = self.nodes[name]
            host = node.get("attachedToRef")
            if (
                host == around
                or self._is_in(node, around)
                or (host in self.nodes and self._is_in(self.nodes[host], around))
            ):
                return True
        return False

    @staticmethod
    def _is_in(node: etree._Element, around: str) -> bool:
        return any(outer.get("id") == around for outer in node.iterancestors())

    def _through(self) -> Iterator[tuple[str, str]]:
        insides = {shape: box.grown(-_TOUCH) for shape, box in self.shapes.items()}
        for name, line in self.lines.items():
            for shape, inside in insides.items():
                if any(inside.cut(start, end) > _TOUCH or (_is_aslant(start, end) and inside.cut(start, end))
                       for start, end in pairwise(line)) and not self._is_in(self.nodes[name], shape):  # fmt: skip
                    yield name, shape

    def _compare(self, one: str, line: list[Point], other: str, its: list[Point]) -> None:
        for start, end in pairwise(line):
            for first, last in pairwise(its):
                if _cross(start, end, first, last):
                    self.quality.crossing.append((one, other))
                elif _run_together(start, end, first, last) and not self._are_joined(one, other):
                    self.quality.shared.append((one, other))

    def _are_joined(self, one: str, other: str) -> bool:
        first, second = self.nodes[one], self.nodes[other]
        return any(first.get(end) == second.get(end) for end in ("sourceRef", "targetRef"))

    def _backwards(self) -> Iterator[str]:
        following: dict[str, set[str]] = defaultdict(set)
        for node in self.nodes.values():
            if _local(node) == "sequenceFlow":
                following[node.get("sourceRef", "")].add(node.get("targetRef", ""))
            elif node.get("attachedToRef"):
                following[node.get("attachedToRef", "")].add(node.get("id", ""))
        for name in self.lines:
            source, target = self.nodes[name].get("sourceRef", ""), self.nodes[name].get("targetRef", "")
            if source in self.shapes and target in self.shapes:
                runs_back = self.shapes[target].right < self.shapes[source].x
                if runs_back and source not in _reached(target, following):
                    yield name

    def _covered(self) -> Iterator[str]:
        solids = {shape: self._solid(shape) for shape in self.shapes}
        for name, label in self.labels.items():
            inner = label.grown(-_TOUCH)
            on_shape = any(
                inner.overlap(solid) and not self._is_in(self.nodes[name], shape) for shape, solid in solids.items()
            )
            if on_shape or any(inner.cut(*piece) for line in self.lines.values() for piece in pairwise(line)):
                yield name

    def _solid(self, name: str) -> Box:
        """The corners around a gateway and an event are empty."""
        kind, box = _local(self.nodes[name]), self.shapes[name]
        return box.grown(-box.width / 5) if kind.endswith(("Gateway", "Event")) else box


def _around(line: list[Point]) -> Box:
    """All that a line can cross or run on lies in this."""
    xs, ys = zip(*line, strict=True)
    return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)).grown(_SAME)


def _reached(start: str, following: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += following.get(name, ())
    return found


def _is_aslant(start: Point, end: Point) -> bool:
    return start[0] != end[0] and start[1] != end[1]


def _cross(start: Point, end: Point, first: Point, last: Point) -> bool:
    """Do two straight lines cross, neither at its end?"""
    sides = [_side(start, end, point) for point in (first, last)]
    others = [_side(first, last, point) for point in (start, end)]
    # Pixels times pixels: lines that only touch do not cross.
    return sides[0] * sides[1] < -1 and others[0] * others[1] < -1


def _side(start: Point, end: Point, point: Point) -> float:
    return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])


def _run_together(start: Point, end: Point, first: Point, last: Point) -> bool:
    for along in (0, 1):
        across = 1 - along
        level = max(abs(point[across] - start[across]) for point in (end, first, last))
        if level < _SAME:
            low = max(min(start[along], end[along]), min(first[along], last[along]))
            return min(max(start[along], end[along]), max(first[along], last[along])) - low > 2 * _TOUCH
    return False


def _bounds(shape: etree._Element) -> Box | None:
    bounds = shape.find("{*}Bounds")
    return None if bounds is None else Box(*(_number(bounds, name) for name in ("x", "y", "width", "height")))


def _number(node: etree._Element, name: str) -> float:
    try:
        return float(node.get(name, ""))
    except ValueError:
        return 0.0


def _shown(drawn: etree._Element) -> str:
    return str(drawn.get("bpmnElement", "")).rpartition(":")[2]


def _local(node: etree._Element) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
