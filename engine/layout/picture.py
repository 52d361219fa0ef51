"""A drawing in pixels: shapes, lines and labels by the ids of what they show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

Point = tuple[float, float]


class Box(NamedTuple):
    """Pixels from the upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def centre(self) -> Point:
        return self.x + self.width / 2, self.y + self.height / 2

    def moved(self, right: float, down: float) -> Box:
        return self._replace(x=self.x + right, y=self.y + down)

    def grown(self, by: float) -> Box:
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def overlap(self, other: Box) -> float:
        """Square pixels that both cover."""
        wide = min(self.right, other.right) - max(self.x, other.x)
        high = min(self.bottom, other.bottom) - max(self.y, other.y)
        return wide * high if wide > 0 and high > 0 else 0.0

    def cut(self, start: Point, end: Point) -> float:
        """How much of a straight line lies inside: pixels for a right-angled one, 1 for a slanting one that does."""
        (x, y), (to_x, to_y) = start, end
        low_x, high_x, low_y, high_y = min(x, to_x), max(x, to_x), min(y, to_y), max(y, to_y)
        if high_x <= self.x or low_x >= self.right or high_y <= self.y or low_y >= self.bottom:
            return 0.0
        if x == to_x or y == to_y:
            return max(min(high_x, self.right) - max(low_x, self.x), min(high_y, self.bottom) - max(low_y, self.y))
        corners = [(self.x, self.y), (self.right, self.y), (self.x, self.bottom), (self.right, self.bottom)]
        sides = [(to_x - x) * (cy - y) - (to_y - y) * (cx - x) for cx, cy in corners]
        return 1.0 if min(sides) < 0 < max(sides) else 0.0


@dataclass
class Picture:
    """What is drawn on a plane."""

    shapes: dict[str, Box] = field(default_factory=dict)
    #: Lines by id, from their source to their target.
    lines: dict[str, list[Point]] = field(default_factory=dict)
    #: Where the name of a shape or a line stands.
    labels: dict[str, Box] = field(default_factory=dict)
    #: Sub-processes that show what is in them, and those that do not.
    opened: set[str] = field(default_factory=set)
    folded: set[str] = field(default_factory=set)
    #: Pools and lanes: they lie flat.
    flat: set[str] = field(default_factory=set)

    def add(self, other: Picture, right: float, down: float) -> None:
        """Puts another drawing into this one, moved."""
        self.shapes |= {name: box.moved(right, down) for name, box in other.shapes.items()}
        self.labels |= {name: box.moved(right, down) for name, box in other.labels.items()}
        for name, points in other.lines.items():
            self.lines[name] = [(x + right, y + down) for x, y in points]
        self.opened |= other.opened
        self.folded |= other.folded
        self.flat |= other.flat

    def bounds(self) -> Box:
        """Around everything."""
        boxes = [*self.shapes.values(), *self.labels.values()]
        points = [point for line in self.lines.values() for point in line]
        xs = [x for x, _ in points] + [edge for box in boxes for edge in (box.x, box.right)]
        ys = [y for _, y in points] + [edge for box in boxes for edge in (box.y, box.bottom)]
        if not xs:
            return Box(0, 0, 0, 0)
        return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
