"""What a process keeps in memory: parsed versions, a snapshot of the organisation, and warm cases.

All three may be thrown away at any time. A version never changes; the snapshot and a case are used only when the
number that comes with the case's lock says that they are still what the database holds.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from engine import counters, directory, organisations, rhythms, versions
from engine.bpmn.model import Model
from engine.bpmn.run import Run
from engine.calendars import Calendar
from engine.directory import Organisation
from engine.errors import NotFound
from engine.feel.context import MeetingTable
from engine.organisations import Settings
from engine.packages import Package
from engine.parties import Party
from engine.process_settings import DeadlineSetting, Role
from engine.school_years import Stretch
from engine.versions import Version

if TYPE_CHECKING:
    from engine.projection import Projection
    from engine.roles import CaseRoles
    from forms import Form

#: Bytes that the warm cases of a process may take, as estimated: some 4,000 cases with 20 short answers each.
WARM_BYTES = 64_000_000
#: What a case, each of its tokens and each byte of its state's JSON take in memory (measured with tracemalloc: 6.6 kB
#: new, 19 kB with 7.6 kB of state, 55 kB with 43 kB; estimated 10, 20 and 64).
_CASE_BYTES, _TOKEN_BYTES, _STATE_BYTES = 8_000, 2_000, 1.25


@dataclass
class Published:
    """A version, ready to run."""

    version: Version
    package: Package
    model: Model
    _forms: dict[tuple[str, str], Form] = field(default_factory=dict)
    _names: dict[str, str | None] = field(default_factory=dict)

    def form(self, process_id: str, form_id: str) -> Form:
        """A form of the package that a process comes from. Raises NotFound."""
        key = (process_id, form_id)
        if key not in self._forms:
            import forms

            package = self.model.package_of(process_id)
            if form_id not in package.forms:
                raise NotFound(f"There is no form {form_id} in {package.name}. Look at the package's files.")
            self._forms[key] = forms.load(package.forms[form_id], package.form_files[form_id])
        return self._forms[key]

    @cached_property
    def deadlines(self) -> Mapping[str, DeadlineSetting]:
        """Deadlines of the package and of those it calls; its own come first where names are alike."""
        packages = [*self.package.called.values(), self.package]
        return {name: setting for package in packages for name, setting in package.deadlines.items()}

    @cached_property
    def roles(self) -> Mapping[str, Role]:
        """Roles of the package and of those it calls, likewise."""
        packages = [*self.package.called.values(), self.package]
        return {name: role for package in packages for name, role in package.roles.items()}

    @property
    def names(self) -> dict[str, str | None]:
        """Element id → name."""
        if not self._names:
            self._names.update({info.id: info.name for info in self.model.elements.values()})
        return self._names


class Publications:
    """Versions that were used, by id."""

    def __init__(self) -> None:
        self._known: dict[int, Published] = {}
        self._lock = threading.Lock()

    def get(self, tx: Connection, version_id: int) -> Published:
        """A version, parsed once a process. Raises NotFound."""
        found = self._known.get(version_id)
        if found is None:
            package = versions.package(tx, version_id)
            found = Published(versions.get(tx, version_id), package, Model.load(package))
            with self._lock:
                found = self._known.setdefault(version_id, found)
        return found

    def keep(self, published: Published) -> None:
        """A version that has been parsed already, such as for a simulation."""
        with self._lock:
            self._known[published.version.id] = published


@dataclass(frozen=True)
class Snapshot:
    """The organisation and its settings after so many changes."""

    changes: int
    organisation: Organisation
    settings: Settings
    #: Year → when units meet in the years around it: worked out once, and told to FEEL once.
    _meetings: dict[int, MeetingTable] = field(default_factory=dict, repr=False, compare=False)

    def meetings(self, now: datetime) -> MeetingTable:
        """When the units that have a rhythm meet: from the year before to two years after."""
        year = now.year
        if year not in self._meetings:
            known = {unit: (rhythm, self.calendar_of([unit])) for unit, rhythm in self.settings.rhythms.items()}
            self._meetings[year] = rhythms.table(known, year - 1, year + 2)
        return self._meetings[year]

    def principals(self, units: Sequence[str], owner: str) -> tuple[str, ...]:
        """Whose settings hold when units are asked in a case: their organisation's where it is one, then the owner's.

        An organisation is a unit's principal (huvudman).
        """
        known = self.organisation.units
        asked = {known[unit].principal if unit in known else None for unit in units}
        first = asked.pop() if len(asked) == 1 else None
        return tuple(dict.fromkeys(one for one in (first, self.organisation.principal(owner)) if one))

    def deadline_values(
        self,
        process_id: str,
        declared: Mapping[str, DeadlineSetting],
        now: datetime,
        roles: CaseRoles,
        groups: Iterable[str] = (),
    ) -> dict[str, str]:
        """Deadline name → the value in force for those whom candidate groups mean in a case; none: for the case."""
        principals = self.principals([unit for group in groups for unit in roles.units_of_group(group)], roles.owner)
        return self.settings.deadline_values(process_id, declared, now, principals)

    def roles(self, process_id: str, declared: Mapping[str, Role], owner: str) -> Mapping[str, Role]:
        """The roles of a process as the organisation of a case's owner has set them."""
        return self.settings.roles(process_id, declared, self.organisation.principal(owner))

    def calendar_of(self, units: Iterable[str]) -> Calendar:
        """The calendar on which these units are asked."""
        known = self.organisation.units
        return self.settings.calendar_of([known[unit] for unit in units if unit in known])

    def calendar_of_groups(self, groups: Iterable[str], roles: CaseRoles) -> Calendar:
        """The calendar of the units that candidate groups mean in a case; of its owner where they mean none."""
        units = [unit for group in groups for unit in roles.units_of_group(group)]
        return self.calendar_of(units or [roles.owner])

    def school_break(self, units: Sequence[str], day: date) -> Stretch | None:
        """First and last day of the break in which a day falls for all of these units; None: one of them is there."""
        return self.settings.school_years.shared_break([self.organisation.units.get(unit) for unit in units], day)


class Snapshots:
    """The newest snapshot."""

    def __init__(self) -> None:
        self._newest: Snapshot | None = None

    def get(self, tx: Connection, changes: int | None = None) -> Snapshot:
        """A snapshot that is not older than `changes`; asks the database when the caller does not know."""
        wanted = changes if changes is not None else counters.organisation_changes(tx)
        newest = self._newest
        if newest is None or newest.changes != wanted:
            newest = Snapshot(wanted, directory.load(tx), organisations.load(tx))
            self._newest = newest
        return newest


@dataclass
class Warm:
    """A case in memory, as it was at a revision."""

    revision: int
    run: Run
    parties: list[Party]
    projection: Projection
    #: How long the JSON of its state is, in bytes.
    state_bytes: int = 0

    @property
    def bytes(self) -> int:
        """About how much memory it takes."""
        tokens = self.projection.tasks.keys() | self.projection.deadlines.keys() | self.projection.subscriptions.keys()
        return int(_CASE_BYTES + _TOKEN_BYTES * len(tokens) + _STATE_BYTES * self.state_bytes)


@dataclass(frozen=True, slots=True)
class WarmStatistics:
    """How the warm cases of this process have done since it began."""

    cases: int
    #: About how much memory they take, and may take.
    bytes: int
    most_bytes: int
    #: Commands that found their case in memory as the database had it, and those that had to restore it.
    hits: int
    misses: int
    #: Cases dropped to make room.
    evictions: int


class WarmCases:
    """Cases by inner id, bounded by their memory: the least recently used are dropped first.

    `take` removes: whoever has a case holds its lock in the database too, and puts it back after the commit. A command
    that fails never does, so that what it changed in memory is gone.
    """

    def __init__(self, most_bytes: int = WARM_BYTES) -> None:
        self._cases: OrderedDict[int, tuple[Warm, int]] = OrderedDict()
        self._lock = threading.Lock()
        self.most_bytes = most_bytes
        self._bytes = self._hits = self._misses = self._evictions = 0

    def take(self, case: int, revision: int) -> Warm | None:
        """The case if it is here as of this revision."""
        with self._lock:
            found = self._remove(case)
            if found is not None and found.revision == revision:
                self._hits += 1
                return found
            self._misses += 1
            return None

    def put(self, case: int, warm: Warm) -> None:
        """Keep a case for the next command; one that alone takes all the room is not kept."""
        size = warm.bytes
        with self._lock:
            self._remove(case)
            self._cases[case] = warm, size
            self._bytes += size
            while self._bytes > self.most_bytes:
                self._remove(next(iter(self._cases)))
                self._evictions += 1

    def _remove(self, case: int) -> Warm | None:
        warm, size = self._cases.pop(case, (None, 0))
        self._bytes -= size
        return warm

    def statistics(self) -> WarmStatistics:
        """As they are now."""
        with self._lock:
            return WarmStatistics(
                len(self._cases), self._bytes, self.most_bytes, self._hits, self._misses, self._evictions
            )

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._cases.clear()
            self._bytes = 0
