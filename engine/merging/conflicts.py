"""What two sides of a merge have both changed, and what was chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from engine.errors import SamledError

#: `ours`: the local variant; `theirs`: the revised base.
Side = Literal["ours", "theirs"]


class NoSuchConflict(SamledError):
    """There is no such conflict to choose in. Look at the list of conflicts."""

    def __init__(self, unknown: Sequence[str]) -> None:
        super().__init__(f"There is no conflict “{unknown[0]}”. Look at the list of conflicts.")
        #: Every id that was chosen in without being one.
        self.unknown = tuple(unknown)


@dataclass(frozen=True)
class Conflict:
    """Both sides say something else than the base, and not the same. Until somebody chooses, ours stands."""

    file: str
    #: Element id, component id, key of `process.toml`; empty for the file as a whole.
    element: str
    name: str
    #: Which of the element's aspects; empty for the element as a whole.
    aspect: str
    #: What each has; None: it is not there.
    base: str | None
    ours: str | None
    theirs: str | None
    #: What stays or falls with the side that stands, as it leads to the element: ids.
    along: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What it is chosen by."""
        return ":".join(part for part in (self.file, self.element, self.aspect) if part)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {"id": self.id, **asdict(self)}


@dataclass
class Choices:
    """Conflicts as they are met, and the side that somebody took in some of them."""

    take: Mapping[str, Side] = field(default_factory=dict)
    #: Those in which nobody has chosen yet.
    open: list[Conflict] = field(default_factory=list)
    met: set[str] = field(default_factory=set)

    def choose(self, conflict: Conflict) -> Side:
        """The side that was taken; ours, and an open conflict, where nobody has."""
        self.met.add(conflict.id)
        side = self.take.get(conflict.id)
        if side is None:
            self.open.append(conflict)
        return side or "ours"

    def demand_met(self) -> None:
        """Raises NoSuchConflict when a choice was made in what is no conflict."""
        unknown = sorted(set(self.take) - self.met)
        if unknown:
            raise NoSuchConflict(unknown)
