"""Word what a unit promises whoever asks it something."""

from __future__ import annotations

from engine import promises
from engine.access import UnitAccess, may
from engine.actors import Actor
from engine.commands.change import Workplace
from engine.errors import Forbidden, NotFound
from engine.promises import Promise


def set_promise(place: Workplace, unit: str, promise: Promise, reason: str, by: Actor | None) -> None:
    """Word a unit's promise. Raises NotFound, Forbidden, ValueError for a text that is too long."""
    with place.database.command() as tx:
        organisation = place.snapshots.get(tx).organisation
        if unit not in organisation.units:
            raise NotFound(f"There is no unit {unit}. Check the link.")
        if by is not None and not may(by, "set-promise", UnitAccess(unit, organisation.managers.get(unit, ()))):
            raise Forbidden("What a unit promises is worded by its managers and by administrators. Ask one of them.")
        promises.put(tx, unit, promise, by.id if by else None, place.clock.now(tx), reason)
