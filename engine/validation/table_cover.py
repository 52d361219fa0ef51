"""What the boxes of a decision table leave open, and which of them lie over one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import and_, or_

#: Atoms a dimension, as bits.
Box = tuple[int, ...]

#: Combinations that are looked at of one table (some 0.3 s); and tests times atoms.
MOST_STEPS = 200_000
MOST_CELLS = 400_000
MOST_INPUTS = 100


class TooLarge(Exception):
    """The table has too many combinations."""


class Budget:
    """What may be spent on one table."""

    def __init__(self) -> None:
        self.left = MOST_STEPS

    def spend(self, steps: int) -> None:
        """Raises TooLarge."""
        self.left -= steps
        if self.left < 0:
            raise TooLarge


def gap(boxes: Sequence[Box], room: Box, budget: Budget) -> Box | None:
    """A cell of the room in which no box lies, made as wide as it can be; None if there is none. Raises TooLarge."""
    if not all(room):
        return None
    boxes = [met for box in boxes if all(met := meet(box, room))]
    cell = _Sweep(boxes, room, budget).cell()
    return None if cell is None else _widened(cell, boxes, room)


def overlaps(boxes: Sequence[Box], room: Box) -> Iterator[tuple[int, int, Box]]:
    """Every two boxes that share something: the earlier, the later, and what they share. Raises TooLarge."""
    held = _held(boxes, room)
    everything = (1 << len(boxes)) - 1
    for later, box in enumerate(boxes):
        met = (
            reduce(or_, (hits[atom] for atom in _bits(own & mask)), 0)
            for own, mask, hits in zip(box, room, held, strict=True)
        )
        for earlier in _bits(reduce(and_, met, everything) & ((1 << later) - 1)):
            yield earlier, later, meet(meet(boxes[earlier], box), room)


def meet(one: Box, other: Box) -> Box:
    """What both hold."""
    return tuple(a & b for a, b in zip(one, other, strict=True))


class _Sweep:
    """Dimension after dimension, the boxes that are still met; what has been seen to be full is not looked at again."""

    def __init__(self, boxes: Sequence[Box], room: Box, budget: Budget) -> None:
        self.budget = budget
        self.full: set[tuple[int, int]] = set()
        self.all = (1 << len(boxes)) - 1
        self.held = _held(boxes, room)
        budget.spend(sum(map(len, self.held)) * max(1, len(boxes) // 64))
        #: Boxes that hold all that is left from this dimension on.
        self.rest = [self.all]
        for dimension in reversed(range(len(room))):
            whole = (1 << number for number, box in enumerate(boxes) if box[dimension] == room[dimension])
            self.rest.insert(0, self.rest[0] & reduce(or_, whole, 0))

    def cell(self) -> Box | None:
        """One that no box holds."""
        return self._find(0, self.all)

    def _find(self, dimension: int, alive: int) -> Box | None:
        if not alive:
            return tuple(1 << next(iter(held)) for held in self.held[dimension:])
        if alive & self.rest[dimension] or (dimension, alive) in self.full:
            return None
        self.budget.spend(len(self.held[dimension]))
        tried: set[int] = set()
        for atom, held in self.held[dimension].items():
            if alive & held not in tried:
                tried.add(alive & held)
                found = self._find(dimension + 1, alive & held)
                if found is not None:
                    return (1 << atom, *found)
        self.full.add((dimension, alive))
        return None


def _held(boxes: Sequence[Box], room: Box) -> list[dict[int, int]]:
    """For each dimension: atom → the boxes that hold it."""
    if len(room) > MOST_INPUTS or len(boxes) * sum(mask.bit_count() for mask in room) > MOST_CELLS:
        raise TooLarge
    held = [dict.fromkeys(_bits(mask), 0) for mask in room]
    for number, box in enumerate(boxes):
        for own, mask, hits in zip(box, room, held, strict=True):
            for atom in _bits(own & mask):
                hits[atom] |= 1 << number
    return held


def _bits(mask: int) -> list[int]:
    return [number for number in range(mask.bit_length()) if mask >> number & 1]


def _widened(cell: Box, boxes: Sequence[Box], room: Box) -> Box:
    """First what does not matter is left out, then each dimension grows to its neighbours."""

    def free(wider: Box) -> bool:
        return not any(all(meet(box, wider)) for box in boxes)

    for dimension in range(len(room)):
        wider = (*cell[:dimension], room[dimension], *cell[dimension + 1 :])
        cell = wider if free(wider) else cell
    for dimension, most in enumerate(room):
        for atom in _bits(most & ~cell[dimension]):
            wider = (*cell[:dimension], cell[dimension] | 1 << atom, *cell[dimension + 1 :])
            cell = wider if free(wider) else cell
    return cell
