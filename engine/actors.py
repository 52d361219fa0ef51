"""Who does something: a person with their units and roles, or the system itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: The role of scheduler, simulation and tools: may do everything.
SYSTEM_ROLE = "system"


@dataclass(frozen=True, init=False)
class Actor:
    """A person, for one command. Units and roles are plain ids: an empty directory will do."""

    id: str
    units: tuple[str, ...]
    #: staff | unit-manager | process-owner | administrator | system, and plain group names of bare models.
    roles: tuple[str, ...]

    def __init__(self, id: str, units: Sequence[str] = (), roles: Sequence[str] = ()) -> None:
        object.__setattr__(self, "id", id)
        object.__setattr__(self, "units", tuple(units))
        object.__setattr__(self, "roles", tuple(roles))

    @property
    def unit(self) -> str | None:
        """The unit that the person acts for: the first."""
        return self.units[0] if self.units else None

    @property
    def is_system(self) -> bool:
        """May this actor do everything?"""
        return SYSTEM_ROLE in self.roles


#: What schedulers and deliveries act as.
SYSTEM = Actor(id="system", roles=(SYSTEM_ROLE,))
