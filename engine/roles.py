"""Which units a role means in a case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.directory import Organisation
from engine.parties import Party
from engine.process_settings import UNIT_MANAGER, Role

#: What people are at their units (`memberships.role`), whichever unit it is.
WORK_ROLES = frozenset({"staff", UNIT_MANAGER, "process-owner", "administrator", "system"})


class CaseRoles(Mapping[str, Sequence[str]]):
    """Role → units, worked out when asked. Valid for one owner and one set of parties."""

    def __init__(
        self, roles: Mapping[str, Role], owner: str, parties: Sequence[Party], organisation: Organisation
    ) -> None:
        #: The unit that answers for the case.
        self.owner = owner
        self._roles, self._owner, self._parties, self._organisation = roles, owner, parties, organisation
        self._found: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, role: str) -> tuple[str, ...]:
        if role not in self._found:
            self._found[role] = self._resolve(role)
        return self._found[role]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._roles, *(role for party in self._parties for role in party.roles)]))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, role: object) -> bool:
        return role in self._roles or any(role in party.roles for party in self._parties)

    def _resolve(self, role: str) -> tuple[str, ...]:
        """The parties that hold it; else the owner if it may; else parties of a fitting kind; else the owner."""
        if role not in self:
            raise KeyError(role)
        if held := tuple(party.unit for party in self._parties if role in party.roles):
            return held
        kinds = self._kinds(role)
        if not kinds or self._organisation.kind(self._owner) in kinds:
            return (self._owner,)
        fitting = tuple(party.unit for party in self._parties if self._organisation.kind(party.unit) in kinds)
        return fitting or (self._owner,)

    def _kinds(self, role: str) -> tuple[str, ...]:
        return self._roles[role].kinds if role in self._roles else ()

    def is_guest(self, unit: str) -> bool:
        """Whether a unit neither owns the case nor takes part in it."""
        return unit != self._owner and all(party.unit != unit for party in self._parties)

    def units_of_group(self, group: str) -> tuple[str, ...]:
        """The units a candidate group means: a role's, or a unit's own id; empty for a plain name."""
        if group in self:
            return self[group]
        known = group == self._owner or group in self._organisation.units
        return (group,) if known or any(group == party.unit for party in self._parties) else ()

    def is_plain(self, group: str) -> bool:
        """Is it a name that anybody may carry? Where roles are declared, a work role of the directory is not one.

        Else `unit-manager`, written as a group and not declared, would open the case to every manager there is.
        """
        return not (self._roles and group in WORK_ROLES)

    def recipients(self, name: str, units: Sequence[str]) -> list[str]:
        """Who hears of an escalation, as `person:<id>` and `unit:<id>`. `units`: those that hold the task."""
        holding = list(units) or [self._owner]
        if name == UNIT_MANAGER:
            managers = [person for unit in holding for person in self._organisation.managers.get(unit, ())]
            return [f"person:{person}" for person in dict.fromkeys(managers)] or [f"unit:{unit}" for unit in holding]
        held = [party.unit for party in self._parties if name in party.roles]
        if not held and (kinds := self._kinds(name)):
            held = self._organisation.of_kinds(kinds, self._organisation.municipality(self._owner))
        return [f"unit:{unit}" for unit in held or [self._owner]]
