"""Which flow runs where in a channel: side by side, in the order in which they cross least."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from engine.layout.routes import Path
from engine.layout.scopes import Flow

Axis = Literal["down", "across"]
#: Flow and the number of a piece of its path.
Piece = tuple[Flow, int]


@dataclass
class Bundle:
    """Pieces that share a track: they come from the same node, or lead into the same."""

    pieces: list[Piece] = field(default_factory=list)
    #: From where to where along the channel.
    spans: list[tuple[float, float]] = field(default_factory=list)
    #: Where something leaves the channel, and to which side: -1 left or above, 1 right or below.
    ends: list[tuple[float, int]] = field(default_factory=list)

    def meets(self, other: Bundle) -> bool:
        return any(low <= last and first <= high for low, high in self.spans for first, last in other.spans)

    def crossings_before(self, other: Bundle) -> int:
        """How often they cross when this one lies left of, or above, the other."""
        mine = sum(side > 0 and other.covers(at) for at, side in self.ends)
        return mine + sum(side < 0 and self.covers(at) for at, side in other.ends)

    def covers(self, at: float) -> bool:
        return any(low <= at <= high for low, high in self.spans)


class Tracks:
    """The tracks of all channels of a direction: `of` a piece, counted from left or above; how many there are `in` a
    channel."""

    def __init__(self, paths: Mapping[Flow, Path], axis: Axis) -> None:
        self.of: dict[Piece, int] = {}
        self.count: dict[int, int] = defaultdict(int)
        along = 1 if axis == "down" else 0
        for channel, bundles in _bundles(paths, along).items():
            for bundle, track in _tracks(_ordered(bundles)):
                for piece in bundle.pieces:
                    self.of[piece] = track
                self.count[channel] = max(self.count[channel], track + 1)


def _bundles(paths: Mapping[Flow, Path], along: int) -> dict[int, list[Bundle]]:
    """Channel → what runs in it. `along` is the co-ordinate that changes in the channel."""
    found: dict[int, dict[object, Bundle]] = defaultdict(dict)
    for flow, path in paths.items():
        if flow.dotted:
            continue
        for number, (point, following) in enumerate(pairwise(path)):
            at = point[1 - along]
            if point[along] == following[along] or at % 2:
                continue
            bundle = found[int(at)].setdefault(_key(flow, path, number), Bundle())
            bundle.pieces.append((flow, number))
            bundle.spans.append((min(point[along], following[along]), max(point[along], following[along])))
            bundle.ends.append((point[along], 1 if path[number - 1][1 - along] > at else -1))
            bundle.ends.append((following[along], 1 if path[number + 2][1 - along] > at else -1))
    return {channel: [*bundles.values()] for channel, bundles in found.items()}


def _key(flow: Flow, path: Path, number: int) -> object:
    """The last turn before the same side of a node is shared; so is the first one after leaving it."""
    if number == len(path) - 3:
        return "to", flow.target, path[-1], path[-2][0] == path[-1][0]
    if number == 1:
        return "from", flow.source, path[1][0] == path[0][0], path[1] > path[0]
    return flow, number


def _ordered(bundles: Sequence[Bundle]) -> list[Bundle]:
    """Each put where it crosses the others least; again until none moves."""
    order: list[Bundle] = []
    for bundle in bundles:
        order.insert(_best_place(order, bundle), bundle)
    for _round in range(4):
        for bundle in bundles:
            order.remove(bundle)
            order.insert(_best_place(order, bundle), bundle)
    return order


def _best_place(order: Sequence[Bundle], bundle: Bundle) -> int:
    cost = sum(bundle.crossings_before(other) for other in order if bundle.meets(other))
    best, least = 0, cost
    for number, other in enumerate(order):
        if bundle.meets(other):
            cost += other.crossings_before(bundle) - bundle.crossings_before(other)
        if cost < least:
            best, least = number + 1, cost
    return best


def _tracks(order: Sequence[Bundle]) -> Iterable[tuple[Bundle, int]]:
    """As far left or above as what it meets allows."""
    placed: list[tuple[Bundle, int]] = []
    for bundle in order:
        track = max((track + 1 for other, track in placed if bundle.meets(other)), default=0)
        placed.append((bundle, track))
    return placed
